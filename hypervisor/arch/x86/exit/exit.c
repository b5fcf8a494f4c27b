// SPDX-License-Identifier: GPL-2.0-only
/* What all vendors' exits have in common: hypercalls, exceptions, verdicts. */
#include "arch/x86/exit/exit.h"

#include "arch/x86/asm.h"
#include "arch/x86/exit/refuse.h"
#include "core/hypercall.h"

enum verdict exit_hypercall(struct cpu *cpu)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint64_t arg1 = gprs->rdi, arg2 = gprs->rsi;
	int32_t result = -1; /* EPERM */

	if (!(vcpu_get(cpu, VCPU_EFER) & EFER_LMA)) {
		arg1 = (uint32_t)arg1;
		arg2 = (uint32_t)arg2;
	}
	if (vcpu_get(cpu, VCPU_CPL) == 0 && !(vcpu_get(cpu, VCPU_RFLAGS) & RFLAGS_VM) &&
	    !hypercall(cpu, gprs->rax, arg1, arg2, &result))
		return VERDICT_HANDLED;
	gprs->rax = (int64_t)result;
	return VERDICT_NEXT;
}

void exit_exception_seen(struct cpu *cpu, unsigned int vector)
{

	cpu->arch.last_exception = vector;
	cpu->arch.last_exception_rip = vcpu_get(cpu, VCPU_RIP);
}

enum verdict exit_triple_fault(struct cpu *cpu)
{
	enum verdict verdict;

	verdict = exit_fault(cpu, FAILURE_TRIPLE_FAULT, vcpu_get(cpu, VCPU_CR2), 0, 0);
	/*
	 * Page faults are not intercepted: where the last exception seen was raised elsewhere, the
	 * chain began with a page fault.
	 */
	if (cpu->arch.last_exception != FAILURE_VECTOR_NONE &&
	    cpu->arch.last_exception_rip == vcpu_get(cpu, VCPU_RIP))
		cpu->failure.vector = cpu->arch.last_exception;
	else
		cpu->failure.vector = VECTOR_PF;
	return verdict;
}

void exit_verdict(struct cpu *cpu, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_NEXT:
	case VERDICT_HANDLED:
		return;
	case VERDICT_UD:
		vendor->inject_exception(cpu, VECTOR_UD, false, 0);
		return;
	case VERDICT_GP:
		vendor->inject_exception(cpu, VECTOR_GP, true, 0);
		return;
	case VERDICT_FAULT:
		if (cpu->cell == &root_cell) {
			refuse_other(cpu);
			return;
		}
		record_tell(cpu, "stopped");
		cell_fail(cpu);
		return;
	}
}
