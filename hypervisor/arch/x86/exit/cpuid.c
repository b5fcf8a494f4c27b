// SPDX-License-Identifier: GPL-2.0-only
/* CPUID: the signature, and less of what the processor has than it says. */
#include "arch/x86/asm.h"
#include "cell_abi.h"
#include "arch/x86/exit/exit.h"

enum verdict exit_cpuid(struct cpu *cpu)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint32_t leaf = gprs->rax, subleaf = gprs->rcx;
	struct cpuid answer;

	switch (leaf) {
	case CELL_CPUID_BASE:
		answer = (struct cpuid){CELL_CPUID_FEATURES, CELL_CPUID_EBX, CELL_CPUID_ECX,
					CELL_CPUID_EDX};
		break;
	case CELL_CPUID_FEATURES:
		answer = (struct cpuid){0};
		break;
	default:
		answer = cpuid(leaf, subleaf);
	}
	if (leaf == 1) {
		answer.ecx |= CPUID_1_ECX_HYPERVISOR;
		/* The processor answers for the hypervisor's CR4; the guest asks about its own. */
		answer.ecx &= ~CPUID_1_ECX_OSXSAVE;
		if (vcpu_get(cpu, VCPU_CR4) & CR4_OSXSAVE)
			answer.ecx |= CPUID_1_ECX_OSXSAVE;
	}
	if (leaf == 7 && subleaf == 0) {
		answer.ecx &= ~CPUID_7_ECX_OSPKE;
		if (vcpu_get(cpu, VCPU_CR4) & CR4_PKE)
			answer.ecx |= CPUID_7_ECX_OSPKE;
	}
	/*
	 * Root keeps seeing what it saw before: a CPU that comes back from a cell and lacked a
	 * feature would make Linux forget that feature for the whole machine, for good.
	 */
	if (cpu->cell != &root_cell) {
		if (leaf == 1)
			answer.ecx &= ~(CPUID_1_ECX_MONITOR | CPUID_1_ECX_X2APIC);
		/* Flushes the translations of all CPUs, everybody's: not enabled for guests. */
		if (leaf == 0x80000008)
			answer.ebx &= ~CPUID_8000_0008_EBX_INVLPGB;
		if (leaf == vendor->feature_leaf)
			answer.ecx &= ~vendor->feature_ecx;
		if (leaf == vendor->own_leaf)
			answer = (struct cpuid){0};
	}
	gprs->rax = answer.eax;
	gprs->rbx = answer.ebx;
	gprs->rcx = answer.ecx;
	gprs->rdx = answer.edx;
	return VERDICT_NEXT;
}
