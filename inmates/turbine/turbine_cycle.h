/* SPDX-License-Identifier: GPL-2.0-only */
/* A control cycle of the turbine: commands, control, plant, telemetry. The same on the host. */
#ifndef TURBINE_CYCLE_H
#define TURBINE_CYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cycle_clock.h"
#include "turbine_control.h"

/* Sections of the link; common NULL: nobody commands. */
struct turbine_exchange {
	const void *common;
	size_t common_bytes;
	struct link_writer telemetry;
};

/* Everything that the interrupt handler and the main program share. */
struct turbine {
	struct plant plant;
	struct turbine_control control;
	struct cycle_clock clock;
	const struct load_profile *profile; /* until a load is commanded */
	double load_setpoint;		    /* in force, 1 = rated */
	double voltage;
	struct turbine_exchange *exchange; /* NULL: no link */
	uint32_t told_alarms;		   /* alarm_count at the last ring */
};

/* At rest at the set point (1 = rated) under the first load of the profile, which stays the
 * caller's. period: of a cycle, in units of the clock. */
void turbine_start(struct turbine *turbine, double set_point, const struct load_profile *profile,
		   uint64_t period);

/*
 * One cycle that began at now. True if an alarm has come, which the caller rings. Of what others
 * write into the link nothing makes it longer than a bound.
 */
bool turbine_cycle(struct turbine *turbine, uint64_t now);

#endif /* TURBINE_CYCLE_H */
