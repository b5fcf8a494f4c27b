/* SPDX-License-Identifier: GPL-2.0-only */
/* What time it is, in microseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Since the epoch; jumps when somebody sets the clock. */
static inline uint64_t realtime_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

/* Since some time in the past; to measure how long something takes. */
static inline uint64_t monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

#endif /* CLOCK_H */
