// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/logic/msr_policy.h"

static const struct msr_rule *rules;

/*
 * The row from which on to look, by group of 64 registers. A group has the numbers that are alike
 * in bits 31, 16 and 12 to 6: those of the other areas (from 0x2000, 0xc0002000 on) share it with
 * lower ones, so the search begins early for them, never late. There are no rows from 0x80000000
 * up to 0xc0000000.
 */
#define GROUPS 512u
static uint8_t first_of_group[GROUPS];

static unsigned int group_of(uint32_t msr)
{
	return (msr >> 31 << 8) | (msr >> 16 & 1) << 7 | (msr >> 6 & 0x7f);
}

void msr_policy_init(const struct msr_rule *all_rules)
{
	unsigned int n = 0;

	rules = all_rules;
	for (unsigned int group = 0; group < GROUPS; group++) {
		uint32_t base = (group & 0x7f) << 6 | (group >> 7 & 1) << 16;

		if (group >> 8)
			base |= 0xc0000000;
		while (rules[n].last < base)
			n++;
		first_of_group[group] = n;
	}
}

enum msr_access msr_policy(bool root, uint32_t msr, bool write)
{
	const struct msr_rule *rule = &rules[first_of_group[group_of(msr)]];

	while (rule->last < msr)
		rule++;
	if (rule->first > msr)
		return root ? MSR_PASS : MSR_ABSENT;
	return root ? rule->root[write] : rule->cell[write];
}
