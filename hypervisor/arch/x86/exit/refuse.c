// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/exit/refuse.h"

#include "arch/x86/asm.h"

void refuse_tell(struct cpu *cpu, enum failure_reason reason, uint64_t address, uint64_t value,
		 unsigned int size)
{
	exit_fault(cpu, reason, address, value, size);
	record_tell(cpu, "refused");
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
