// SPDX-License-Identifier: GPL-2.0-only
#include "core/patience.h"

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
