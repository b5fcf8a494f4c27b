// SPDX-License-Identifier: GPL-2.0-only
/* What all vendors' exits have in common: hypercalls, exceptions, verdicts. */
#include "arch/x86/exit/exit.h"

#include <errno.h>

#include "arch/x86/asm.h"
#include "arch/x86/exit/refuse.h"
#include "core/hypercall.h"

/* Not inlined, so that what is refused at once needs no stack. */
static enum verdict __attribute__((noinline)) call(struct cpu *cpu, uint32_t code)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint64_t arg1 = gprs->rdi, arg2 = gprs->rsi;
	int32_t result;

	if (!guest_runs_64bit_code(cpu)) {
		arg1 = (uint32_t)arg1;
		arg2 = (uint32_t)arg2;
	}
	/* The CPU may have become another cell's meanwhile: its vCPU is about to be replaced. */
	if (!hypercall(cpu, code, arg1, arg2, &result))
		return VERDICT_HANDLED;
	gprs->rax = (int64_t)result;
	return VERDICT_NEXT;
}

enum verdict exit_hypercall(struct cpu *cpu, bool kernel)
{
	uint32_t code = cpu_gprs(cpu)->rax;

	if (kernel && hypercall_known(code))
		return call(cpu, code);
	cpu_gprs(cpu)->rax = kernel ? -ENOSYS : -EPERM;
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
