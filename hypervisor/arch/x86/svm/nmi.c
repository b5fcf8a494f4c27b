// SPDX-License-Identifier: GPL-2.0-only
/*
 * NMIs of a guest: none before the IRET of the one before (APM vol. 2, 8.1.3). Newer processors see
 * to that themselves (15.21.10). For others IRET is intercepted, which happens before it is
 * executed; where another NMI waits by then, the IRET is stepped.
 */
#include "arch/x86/asm.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/svm.h"
#include "arch/x86/svm/svm.h"

enum nmi_state {
	NMI_READY,
	NMI_IN_HANDLER, /* IRET is intercepted */
	NMI_AT_IRET,	/* which is done once the guest is somewhere else */
	NMI_STEPPING,	/* #DB comes after it */
};

void svm_nmi_reset(struct vmcb *vmcb)
{
	vmcb->virtual_interrupt = cpuid(CPUID_SVM, 0).edx & CPUID_SVM_EDX_VNMI ? V_NMI_ENABLE : 0;
	vmcb->nmi_state = NMI_READY;
	vmcb->intercept_misc1 &= ~VMCB_IRET;
}

static void forget_iret(struct vmcb *vmcb)
{
	if (vmcb->nmi_state == NMI_STEPPING && !vmcb->nmi_own_db)
		vmcb->intercept_exceptions &= ~(1u << VECTOR_DB);
	vmcb->nmi_state = NMI_READY;
}

bool svm_inject_nmi(struct cpu *cpu)
{
	struct vmcb *vmcb = cpu->arch.control;

	if (vmcb->virtual_interrupt & V_NMI_ENABLE) {
		vmcb->virtual_interrupt |= V_NMI_PENDING;
		return true;
	}
	/* Done, or left behind for a fault: then no step comes either. */
	if (vmcb->nmi_state >= NMI_AT_IRET && vmcb->rip != vmcb->nmi_iret)
		forget_iret(vmcb);
	if (vmcb->nmi_state == NMI_AT_IRET) {
		vmcb->nmi_state = NMI_STEPPING;
		vmcb->nmi_own_step = vmcb->rflags & RFLAGS_TF;
		vmcb->nmi_own_db = vmcb->intercept_exceptions & 1u << VECTOR_DB;
		vmcb->intercept_exceptions |= 1u << VECTOR_DB;
		/* A breakpoint on the IRET has been there already. */
		vmcb->rflags |= RFLAGS_TF | RFLAGS_RF;
	}
	if (vmcb->nmi_state != NMI_READY)
		return false;
	if (vmcb->event_injection & EVENT_VALID) {
		/* First what is injected; then this, before the guest's next instruction. */
		apic_kick(cpu);
		return false;
	}
	vmcb->event_injection = VECTOR_NMI | EVENT_TYPE_NMI | EVENT_VALID;
	vmcb->nmi_state = NMI_IN_HANDLER;
	vmcb->intercept_misc1 |= VMCB_IRET;
	return true;
}

enum verdict svm_on_iret(struct cpu *cpu)
{
	struct vmcb *vmcb = cpu->arch.control;

	vmcb->intercept_misc1 &= ~VMCB_IRET;
	vmcb->nmi_state = NMI_AT_IRET;
	vmcb->nmi_iret = vmcb->rip;
	return VERDICT_HANDLED;
}

bool svm_stepped(struct cpu *cpu)
{
	struct vmcb *vmcb = cpu->arch.control;

	if (vmcb->nmi_state != NMI_STEPPING)
		return false;
	forget_iret(vmcb);
	/* The guest's own step, or a breakpoint of its own. */
	if (vmcb->nmi_own_step || (vmcb->dr6 & DR6_BREAKPOINTS))
		return false;
	vmcb->dr6 &= ~DR6_BS;
	return true;
}

bool svm_counter_waits(void)
{
	const uint64_t tells = PERF_CTL_ENABLE | PERF_CTL_INTERRUPT;
	uint64_t value;

	for (uint32_t msr = MSR_PERF_CORE_FIRST; msr < MSR_PERF_CORE_LAST; msr += 2) {
		if (msr_try_read(msr, &value) && (value & tells) == tells &&
		    msr_try_read(msr + 1, &value) && !(value & PERF_COUNT_SIGN))
			return true;
	}
	return (msr_try_read(MSR_IBS_FETCH_CTL, &value) && (value & IBS_FETCH_VALID)) ||
	       (msr_try_read(MSR_IBS_OP_CTL, &value) && (value & IBS_OP_VALID));
}
