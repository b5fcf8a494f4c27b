/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only calls upwards: what the core tells whoever shows it to others (bus/). The table is
 * handed down once, to manager_new(). All calls come from the loop's thread and may read everything
 * of the core, but not change it.
 */
#ifndef CORE_EVENTS_H
#define CORE_EVENTS_H

#include <stdint.h>

struct cell;

struct core_events {
	/* A cell is there, with all its properties, and can be found by its name. */
	void (*cell_added)(const struct cell *cell, void *userdata);

	/* A cell that was added is about to go; it can still be found. */
	void (*cell_removed)(const struct cell *cell, void *userdata);

	/*
	 * Properties of a cell that was added have new values: bits of enum cell_property. Not
	 * before the driver has told which cells there are.
	 */
	void (*cell_changed)(const struct cell *cell, uint32_t properties, void *userdata);

	/*
	 * A cell has failed, told once for each failure, after the change of its properties. reason
	 * is a word: failure_reason_name()'s, "cpu", "heartbeat" or "gone". crash_record is the
	 * path of its record; "" where there is none.
	 */
	void (*cell_failed)(const struct cell *cell, const char *reason, const char *crash_record,
			    void *userdata);

	/* It was ended, or is not to be started, since one has failed: nothing is to bring it back
	 * by itself. */
	void (*cell_stopped)(const struct cell *cell, void *userdata);

	/* Properties of the manager have new values: bits of enum manager_property. */
	void (*manager_changed)(uint32_t properties, void *userdata);
};

#endif /* CORE_EVENTS_H */
