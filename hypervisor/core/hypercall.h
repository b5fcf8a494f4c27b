/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "core/cpu.h"
#include "core/planted.h"

/*
 * Carries out a hypercall of the calling CPU's cell. ret_result is what the guest reads; false: the
 * CPU was taken away while it waited, there is no guest any more that a result could be given to.
 */
bool hypercall(struct cpu *cpu, uint32_t code, uint64_t arg1, uint64_t arg2, int32_t *ret_result);

/*
 * Takes the lock for an operation of root's CPU. -ECANCELED: the CPU was taken away while it
 * waited, and has no guest any more; -EIO: who has the lock does not come back.
 */
int management_lock_of(struct cpu *cpu);

/* The codes that there are: two ranges. */
#define HYPERCALLS     (HC_CONSOLE_PUTC + 1u)
#define OWN_HYPERCALLS 6u
#define OWN_CODES      HC_CV_CELL_SHUTDOWN

static inline bool hypercall_known(uint32_t code)
{
	return code < HYPERCALLS || code - OWN_CODES < OWN_HYPERCALLS || planted_known(code);
}

#endif /* HYPERCALL_H */
