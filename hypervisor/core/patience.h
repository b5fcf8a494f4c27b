/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting with an end. Only time that passes while the waiter looks counts: of what lies between
 * two looks no more than a tenth of a millisecond, so that an SMI or a stalled emulator of the
 * waiter itself does not make others late.
 */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* How long a CPU may take to answer. The slowest honest one does so in some milliseconds. */
#define PATIENCE_MS 1000u

struct patience {
	uint64_t last; /* time of the last look, in ticks of arch_clock() */
	uint64_t left; /* ticks */
};

struct patience patience_begin(unsigned int ms);

/* Waits for a moment. False: the time is over; from then on it is false at once. */
bool patience_wait(struct patience *patience);

#endif /* PATIENCE_H */
