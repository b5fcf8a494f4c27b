/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which model-specific registers a guest may touch: rows, each with its reason, those of all x86
 * processors in msr_policy.inc, a vendor's in its directory. Pure logic; how a processor is told is
 * the vendor's affair (struct vendor).
 */
#ifndef MSR_POLICY_H
#define MSR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum msr_access {
	MSR_REFUSE, /* a cell is stopped; root gets #GP, is counted and told of */
	MSR_PASS,   /* straight to the processor */
	MSR_ABSENT, /* #GP, as on a processor without it */
	MSR_IGNORE, /* a write that has no effect */
	MSR_CALL,   /* handled by exit_msr() */
	MSR_NATIVE, /* done by the hypervisor, as the processor lets nobody else: #GP if it says so
		     */
};

struct msr_rule {
	uint32_t first, last;
	uint8_t cell[2], root[2]; /* enum msr_access of reads and writes */
};

/* What every guest reads by a row of a vendor's with MSR_CALL; one without number ends them. */
struct msr_constant {
	uint32_t msr;
	uint64_t value;
};

#define MSR_RULE(first, last, cell_read, cell_write, root_read, root_write, why) \
	{first, last, {MSR_##cell_read, MSR_##cell_write}, {MSR_##root_read, MSR_##root_write}},

#define MSR_ROW(msr, ...) MSR_RULE(msr, msr, __VA_ARGS__)
#define MSR_RULES_MAX	  256

/* Behind all rows: what none of them names, and the end of every search. */
#define MSR_RULES_END MSR_RULE(~0u, ~0u, ABSENT, ABSENT, PASS, PASS, "")

/* Takes all rows of this processor, in order, the common ones among them. */
void msr_policy_init(const struct msr_rule *all_rules);

/* What becomes of the root cell's or any other cell's access. Total: every number has an answer. */
enum msr_access msr_policy(bool root, uint32_t msr, bool write);

#endif /* MSR_POLICY_H */
