// SPDX-License-Identifier: GPL-2.0-only
#include "core/lock.h"

#include <stddef.h>

#include "core/cpu.h"
#include "core/patience.h"

static unsigned int self(void)
{
	return this_cpu()->id + 1;
}

static bool take_from(struct spinlock *lock, unsigned int holder)
{
	return __atomic_compare_exchange_n(&lock->holder, &holder, self(), false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

bool spin_take_over(struct spinlock *lock)
{
	unsigned int holder = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);
	const struct cpu *cpu = holder ? cpu_by_id(holder - 1) : NULL;

	return cpu && cpu_stands_still(cpu) && take_from(lock, holder);
}

void spin_wait(struct spinlock *lock)
{
	struct patience patience = patience_begin(PATIENCE_MS);
	unsigned int holder = 0, now;

	while (!spin_trylock(lock)) {
		now = __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);
		/* Who waited for the last one too long has all patience with the next. */
		if (now != holder)
			patience = patience_begin(PATIENCE_MS);
		else if (!patience_wait(&patience) && take_from(lock, holder))
			return;
		holder = now;
	}
}

bool spin_held(const struct spinlock *lock)
{
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == self();
}
