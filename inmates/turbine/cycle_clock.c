// SPDX-License-Identifier: GPL-2.0-only
#include "cycle_clock.h"

#include <stddef.h>

/*
 * Cycles are expected a quarter into their slot: a timer is never early, but the slot's place is
 * only estimated; what is left, three quarters, is room for being late.
 */
#define EXPECTED_PLACE(period) ((period) / 4)
/* A slot follows by 1/64 of the deviation, and at most by 1/1000 of the period: clocks are not that
 * bad. */
#define FOLLOW_SHIFT	       6
#define FOLLOW_LIMIT	       1000

void cycle_clock_init(struct cycle_clock *clock, uint64_t period)
{
	*clock = (struct cycle_clock){.period = period};
}

static void follow(struct cycle_clock *clock, int64_t deviation)
{
	int64_t limit = clock->period / FOLLOW_LIMIT;
	int64_t step = deviation / (1 << FOLLOW_SHIFT);

	if (step > limit)
		step = limit;
	if (step < -limit)
		step = -limit;
	clock->slot_start += step;
}

void cycle_clock_tick(struct cycle_clock *clock, uint64_t now)
{
	uint64_t slots;
	int64_t deviation;

	clock->cycles++;
	clock->last = now;
	if (clock->cycles == 1) {
		clock->first = now;
		clock->slot_start = now - EXPECTED_PLACE(clock->period);
		return;
	}
	/* Following may have moved the slot's start past now: still the slot of the last cycle. */
	slots = now < clock->slot_start ? 0 : (now - clock->slot_start) / clock->period;
	if (slots == 0)
		clock->doubled++;
	else
		clock->skipped += slots - 1;
	clock->slot_start += slots * clock->period;
	deviation = (int64_t)(now - clock->slot_start) - (int64_t)EXPECTED_PLACE(clock->period);
	if (deviation > 0 && (uint64_t)deviation > clock->latest)
		clock->latest = deviation;
	follow(clock, deviation);
}

uint64_t cycle_clock_elapsed(const struct cycle_clock *clock)
{
	return clock->last - clock->first;
}

int64_t cycle_clock_drift_ppm(const struct cycle_clock *clock)
{
	/* Lost and doubled cycles are told on their own. */
	uint64_t expected;

	if (clock->cycles < 2)
		return 0;
	expected = (clock->cycles - 1 + clock->skipped - clock->doubled) * clock->period;
	if (expected == 0)
		return 0;
	return (int64_t)(cycle_clock_elapsed(clock) - expected) * 1000000 / (int64_t)expected;
}
