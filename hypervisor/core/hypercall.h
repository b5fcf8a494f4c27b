/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HYPERCALL_H
#define HYPERCALL_H

#include "core/cpu.h"

/*
 * Carries out a hypercall of the calling CPU's cell. ret_result is what the guest reads; false: the
 * CPU was taken away while it waited, there is no guest any more that a result could be given to.
 */
bool hypercall(struct cpu *cpu, uint32_t code, uint64_t arg1, uint64_t arg2, int32_t *ret_result);

#endif /* HYPERCALL_H */
