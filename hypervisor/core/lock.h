/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting with an end, and locks. Only time that passes while the waiter looks counts: of what lies
 * between two looks no more than a tenth of a millisecond, so that an SMI or a stalled emulator of
 * the waiter itself does not make others late.
 */
#ifndef LOCK_H
#define LOCK_H

#include "core/cpu.h"

/* How long a CPU may take to answer. The slowest honest one does so in some milliseconds. */
#define PATIENCE_MS 1000u

struct patience {
	uint64_t last; /* time of the last look, in ticks of arch_clock() */
	uint64_t left; /* ticks */
};

struct patience patience_begin(unsigned int ms);

/* Waits for a moment. False: the time is over; from then on it is false at once. */
bool patience_wait(struct patience *patience);

/* Knows its holder: the CPU's id and one more; 0 where it is free. */
struct spinlock {
	unsigned int holder;
};

/* From a holder that had an exception and will never let it go. */
bool spin_take_over(struct spinlock *lock);

void spin_wait(struct spinlock *lock);

bool spin_held(const struct spinlock *lock);

/* From one holder to another, if it is the first one's. */
static inline bool spin_pass(struct spinlock *lock, unsigned int from, unsigned int to)
{
	return __atomic_compare_exchange_n(&lock->holder, &from, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

/* Takes it if it is free, or can be taken over. */
static inline bool spin_trylock(struct spinlock *lock)
{
	return spin_pass(lock, 0, this_cpu()->id + 1) || spin_take_over(lock);
}

/*
 * For short sections that wait for nothing. Whoever does not let it go in time has got lost in
 * there: it is taken from him, since waiting for ever helps nobody.
 */
static inline void spin_lock(struct spinlock *lock)
{
	if (!spin_trylock(lock))
		spin_wait(lock);
}

/* Nothing where the lock is no longer this CPU's. */
static inline void spin_unlock(struct spinlock *lock)
{
	spin_pass(lock, this_cpu()->id + 1, 0);
}

#endif /* LOCK_H */
