// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/exit/refuse.h"

#include "arch/x86/asm.h"
#include "arch/x86/exit/access.h"

#define ALL_ONES (~0ull)

void refuse_tell(struct cpu *cpu, enum failure_reason reason, uint64_t address, uint64_t value,
		 unsigned int size)
{
	exit_fault(cpu, reason, address, value, size);
	record_tell(cpu, "refused");
}

enum verdict refuse_memory(struct cpu *cpu, enum failure_reason reason, uint64_t guest_phys,
			   const struct mmio_insn *insn)
{
	struct mmio_effect effect = {0};

	if (insn)
		access_apply(cpu, insn, ALL_ONES, &effect);
	if (refuse_count())
		refuse_tell(cpu, reason, guest_phys,
			    insn && insn->access == MMIO_WRITE ? effect.memory : 0,
			    insn ? insn->width : 0);
	if (insn)
		access_complete(cpu, insn, &effect);
	else /* all ones would be fetched, which is no instruction */
		return reason == FAILURE_MEMORY_EXECUTE ? VERDICT_UD : VERDICT_GP;
	return VERDICT_HANDLED;
}

void refuse_other(struct cpu *cpu)
{
	if (refuse_count())
		record_tell(cpu, "refused");
	switch (cpu->failure.reason) {
	case FAILURE_UNHANDLED_EXIT:
	case FAILURE_TRIPLE_FAULT:
	case FAILURE_MACHINE_CHECK:
		record_tell(cpu, "stopped");
		cell_fail(cpu);
		break;
	default:
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
	}
}
