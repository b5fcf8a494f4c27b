/* SPDX-License-Identifier: GPL-2.0-only */
/* What time it is, and waiting for it, in microseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <errno.h>
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

/* Sleeps until monotonic_us() is there, also where a signal comes in between. */
static inline void sleep_until_us(uint64_t end_usec)
{
	struct timespec end = {
		.tv_sec = (time_t)(end_usec / 1000000),
		.tv_nsec = (long)(end_usec % 1000000 * 1000),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
		;
}

#endif /* CLOCK_H */
