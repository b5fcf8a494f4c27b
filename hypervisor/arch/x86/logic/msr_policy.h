/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which model-specific registers a guest may touch: the rows are in msr_policy.inc, each with its
 * reason. Pure logic; how a processor is told is the vendor's affair (struct vendor).
 */
#ifndef MSR_POLICY_H
#define MSR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum msr_access {
	MSR_REFUSE, /* a cell is stopped; root gets #GP */
	MSR_PASS,   /* straight to the processor */
	MSR_ABSENT, /* #GP, as on a processor without it */
	MSR_IGNORE, /* a write that has no effect */
	MSR_CALL,   /* handled by exit_msr() */
};

/* What becomes of the root cell's or any other cell's access. Total: every number has an answer. */
enum msr_access msr_policy(bool root, uint32_t msr, bool write);

#endif /* MSR_POLICY_H */
