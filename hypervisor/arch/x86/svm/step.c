// SPDX-License-Identifier: GPL-2.0-only
/* Where a guest goes on after an instruction that was done for it, and what that raises. */
#include "arch/x86/asm.h"
#include "arch/x86/svm/svm.h"

static void go_on_at(struct cpu *cpu, struct vmcb *vmcb, uint64_t rip)
{
	bool single_step = vmcb->rflags & RFLAGS_TF;

	/* IP wraps at its size outside 64-bit code. */
	vmcb->rip = (vmcb->cs.attributes & 0x200) ? rip : (uint32_t)rip;
	vmcb->interrupt_shadow = 0;
	vmcb->rflags &= ~RFLAGS_RF;
	/* A trap, after the instruction (APM vol. 2, 13.1.4); BTF: after branches only. */
	if (single_step && !(rdmsr(MSR_DEBUGCTL) & DEBUGCTL_BTF)) {
		vmcb->dr6 |= DR6_BS;
		svm_inject_exception(cpu, VECTOR_DB, false, 0);
	}
}

unsigned int svm_fetched(const struct cpu *cpu, uint8_t *bytes)
{
	const struct vmcb *vmcb = cpu->arch.control;

	if (vmcb->exit_code != VMEXIT_NPF)
		return 0;
	__builtin_memcpy(bytes, vmcb->instruction, INSTRUCTION_MAX);
	return vmcb->bytes_fetched & 0xf;
}

void svm_advance(struct cpu *cpu, unsigned int bytes)
{
	struct vmcb *vmcb = cpu->arch.control;

	go_on_at(cpu, vmcb, vmcb->rip + bytes);
}

#define ESCAPE 0x0f

/*
 * How long the intercepted instruction is, where the processor does not say (emulators, family
 * 0fh). All of those that come here begin with 0F, but for prefixes. What was found out last is
 * remembered: a guest that puts another prefix there between two runs of it harms itself.
 */
static unsigned int find_length(struct cpu *cpu, struct vmcb *vmcb)
{
	unsigned int size, prefixes = 0, opcode = vmcb->exit_code == VMEXIT_VMMCALL ? 3 : 2;
	uint64_t linear = vmcb->cs.base + vmcb->rip;
	uint8_t bytes[INSTRUCTION_MAX];

	if (vmcb->seen_linear == linear && vmcb->seen_cr3 == vmcb->cr3)
		return vmcb->seen_prefixes + opcode;
	size = guest_fetch(cpu, bytes);
	while (prefixes < size && bytes[prefixes] != ESCAPE)
		prefixes++;
	if (prefixes == size)
		return opcode;
	vmcb->seen_linear = linear;
	vmcb->seen_cr3 = vmcb->cr3;
	vmcb->seen_prefixes = prefixes;
	return prefixes + opcode;
}

void svm_next(struct cpu *cpu)
{
	struct vmcb *vmcb = cpu->arch.control;
	uint64_t next = vmcb->next_rip;

	go_on_at(cpu, vmcb, next ? next : vmcb->rip + find_length(cpu, vmcb));
}
