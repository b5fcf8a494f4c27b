/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

#include "arch_relax.h"

struct spinlock {
	bool taken;
};

static inline bool spin_trylock(struct spinlock *lock)
{
	return !__atomic_test_and_set(&lock->taken, __ATOMIC_ACQUIRE);
}

/* For short sections that wait for nothing. */
static inline void spin_lock(struct spinlock *lock)
{
	while (!spin_trylock(lock))
		arch_cpu_relax();
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_clear(&lock->taken, __ATOMIC_RELEASE);
}

#endif /* LOCK_H */
