/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a cell would be stopped for is refused to root like by hardware where nothing is, counted
 * and told on the console: a stray access must not take Linux down.
 */
#ifndef REFUSE_H
#define REFUSE_H

#include "arch/x86/exit/exit.h"
#include "core/compiler.h"
#include "core/state.h"

/* Counts a refusal; true: tell it. Fewer and fewer are: the console is not root's to flood. */
static inline bool refuse_count(void)
{
	uint64_t n = __atomic_add_fetch(&public_area.root_violations, 1, __ATOMIC_SEQ_CST);

	return unlikely((n & (n - 1)) == 0 || n <= 16);
}

static inline void refuse_tell(struct cpu *cpu, enum failure_reason reason, uint64_t address,
			       uint64_t value, unsigned int size)
{
	exit_fault(cpu, reason, address, value, size);
	record_tell(cpu, "refused");
}

#endif /* REFUSE_H */
