/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands between the operators, the governor and the plant: judges commands, trips, raises
 * alarms. Pure calculation, as the model.
 */
#ifndef TURBINE_CONTROL_H
#define TURBINE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "cellmgr_link.h"
#include "turbine_link.h"
#include "turbine_model.h"

struct turbine_control {
	struct governor governor;
	struct turbine_commands last; /* as they were read, good or not */
	uint64_t sequence;	      /* of that block */
	bool has_read;
	unsigned int unread; /* cycles since a block came through */
	bool load_commanded;
	double load; /* commanded, 1 = rated */
	bool on_network;
	enum turbine_trip trip;
	uint32_t alarms, alarms_seen, alarm_count;
};

/* Under load at the speed that the governor is made for (turbine_init()). */
void control_init(struct turbine_control *control, const struct governor *governor);

/*
 * What a cycle has found of the operators' block, before its control_step(): with LINK_OK commands
 * and their sequence, with all others neither. speed: as below.
 */
void control_take(struct turbine_control *control, enum link_result result,
		  const struct turbine_commands *commands, uint64_t sequence, double speed);

/*
 * A cycle of dt s at a measured speed (1 = rated): the wanted valve position, 0 … 1. A speed that
 * is too high, or no number, has tripped when this returns. *ret_connected: whether the generator
 * is to feed the network.
 */
double control_step(struct turbine_control *control, double speed, double dt, bool *ret_connected);

#endif /* TURBINE_CONTROL_H */
