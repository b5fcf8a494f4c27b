/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory accesses that the second-level tables did not let through. */
#ifndef ACCESS_H
#define ACCESS_H

#include "arch/x86/logic/mmio_decode.h"
#include "arch/x86/exit/exit.h"

/* What a decoded instruction of the guest does with data read from memory; changes nothing yet. */
void __attribute__((cold)) access_apply(struct cpu *cpu, const struct mmio_insn *insn,
					uint64_t data, struct mmio_effect *ret_effect);

/* The instruction has done its work: register, flags, next instruction. */
void __attribute__((cold))
access_complete(struct cpu *cpu, const struct mmio_insn *insn, const struct mmio_effect *effect);

#endif /* ACCESS_H */
