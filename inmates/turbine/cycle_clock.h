/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Holds the cycles of a periodic task against a clock. Time is cut into slots of one period; every
 * slot should see one cycle. The slots follow the timer slowly, so that two clocks that disagree by
 * some parts per million are no lost cycles; what they disagree by over the whole run is told
 * instead.
 */
#ifndef CYCLE_CLOCK_H
#define CYCLE_CLOCK_H

#include <stdint.h>

struct cycle_clock {
	uint64_t period; /* in units of the clock */
	uint64_t first;	 /* time of the first and the last cycle */
	uint64_t last;
	uint64_t slot_start; /* of the slot that the last cycle was in */
	uint64_t cycles;
	uint64_t skipped; /* slots without a cycle */
	uint64_t doubled; /* cycles in a slot that had one already */
	uint64_t latest;  /* largest time by which a cycle came after its expected place in the slot
			   */
};

/* period > 0, in whatever unit now will have. */
void cycle_clock_init(struct cycle_clock *clock, uint64_t period);

/* A cycle begins; now never goes back. */
void cycle_clock_tick(struct cycle_clock *clock, uint64_t now);

/* Time from the first to the last cycle. */
uint64_t cycle_clock_elapsed(const struct cycle_clock *clock);

/* How much more (or less) time than cycles times period has gone by, in parts per million. */
int64_t cycle_clock_drift_ppm(const struct cycle_clock *clock);

#endif /* CYCLE_CLOCK_H */
