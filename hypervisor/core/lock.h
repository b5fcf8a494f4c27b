/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

#include "core/cpu.h"

/* Knows its holder: the CPU's id and one more; 0 where it is free. */
struct spinlock {
	unsigned int holder;
};

/* From a holder that had an exception and will never let it go. */
bool spin_take_over(struct spinlock *lock);

void spin_wait(struct spinlock *lock);

/* Takes it if it is free, or can be taken over. */
static inline bool spin_trylock(struct spinlock *lock)
{
	unsigned int nobody = 0;

	return __atomic_compare_exchange_n(&lock->holder, &nobody, this_cpu()->id + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) ||
	       spin_take_over(lock);
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
	unsigned int holder = this_cpu()->id + 1;

	__atomic_compare_exchange_n(&lock->holder, &holder, 0, false, __ATOMIC_RELEASE,
				    __ATOMIC_RELAXED);
}

bool spin_held(const struct spinlock *lock);

#endif /* LOCK_H */
