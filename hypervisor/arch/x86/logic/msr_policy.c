// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/logic/msr_policy.h"

#include "arch/x86/msr.h"

struct msr_rule {
	uint32_t first, last;
	enum msr_access cell_read, cell_write, root_read, root_write;
};

#define MSR_RULE(first, last, cell_read, cell_write, root_read, root_write, why) \
	{first, last, MSR_##cell_read, MSR_##cell_write, MSR_##root_read, MSR_##root_write},
static const struct msr_rule rules[] = {
#include "arch/x86/logic/msr_policy.inc"
};

enum msr_access msr_policy(bool root, uint32_t msr, bool write)
{
	for (unsigned int n = 0; n < sizeof(rules) / sizeof(rules[0]); n++) {
		if (msr < rules[n].first || msr > rules[n].last)
			continue;
		if (root)
			return write ? rules[n].root_write : rules[n].root_read;
		return write ? rules[n].cell_write : rules[n].cell_read;
	}
	return root ? MSR_PASS : MSR_REFUSE;
}
