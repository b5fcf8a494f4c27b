// SPDX-License-Identifier: GPL-2.0-only
#include "core/lock.h"

#include "arch/arch.h"

#define STEPS_PER_MS 10u

struct patience patience_begin(unsigned int ms)
{
	return (struct patience){.last = arch_clock(), .left = ms * arch_clock_khz()};
}

bool patience_wait(struct patience *patience)
{
	uint64_t longest = arch_clock_khz() / STEPS_PER_MS + 1, now, step;

	if (!patience->left)
		return false;
	arch_cpu_relax();
	now = arch_clock();
	step = now - patience->last;
	if (step > longest)
		step = longest;
	patience->last = now;
	patience->left = step < patience->left ? patience->left - step : 0;
	return true;
}

static unsigned int holder_of(const struct spinlock *lock)
{
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED);
}

bool spin_take_over(struct spinlock *lock)
{
	unsigned int holder = holder_of(lock);
	const struct cpu *cpu = holder ? cpu_by_id(holder - 1) : NULL;

	return cpu && cpu_stands_still(cpu) && spin_pass(lock, holder, this_cpu()->id + 1);
}

void spin_wait(struct spinlock *lock)
{
	struct patience patience = patience_begin(PATIENCE_MS);
	unsigned int holder = 0, now;

	while (!spin_trylock(lock)) {
		now = holder_of(lock);
		/* Who waited for the last one too long has all patience with the next. */
		if (now != holder)
			patience = patience_begin(PATIENCE_MS);
		else if (!patience_wait(&patience) && spin_pass(lock, holder, this_cpu()->id + 1))
			return;
		holder = now;
	}
}

bool spin_held(const struct spinlock *lock)
{
	return holder_of(lock) == this_cpu()->id + 1;
}
