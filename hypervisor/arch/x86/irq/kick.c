// SPDX-License-Identifier: GPL-2.0-only
/* NMIs: those that end another CPU's run of its guest, and those that are the guest's. */
#include "arch/x86/asm.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/setup/setup.h"

void apic_kick(struct cpu *cpu)
{
	/* One at a time is on its way, so that its exit can be told from one for the guest. */
	if (__atomic_exchange_n(&cpu->arch.kick_pending, 1, __ATOMIC_SEQ_CST))
		return;
	apic_command(cpu->arch.apic_id, ICR_NMI | ICR_ASSERT);
	apic_show_icr(this_cpu());
}

void arch_cpu_kick(struct cpu *cpu)
{
	if (cpu != this_cpu())
		apic_kick(cpu);
}

bool apic_took_nmi(struct cpu *cpu)
{
	if (!(__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST) & PENDING_NMI_TAKEN))
		return false;
	cpu_post(cpu, PENDING_NMI_TAKEN, 0);
	/* A counter's that came while a kick was pending was one with it: the counter tells. */
	return !__atomic_exchange_n(&cpu->arch.kick_pending, 0, __ATOMIC_SEQ_CST) ||
	       ((apic_get(APIC_LVT_PERF) & (LVT_MASKED | ICR_MODE(~0u))) == ICR_NMI &&
		vendor->counter_waits());
}

/*
 * The intercept leaves the NMI pending (APM vol. 2, 15.13.4): take it in the hypervisor. So with an
 * INIT from outside, which is redirected there: none of the guest's gets here.
 */
enum verdict exit_nmi(struct cpu *cpu)
{
	vendor->take_interrupts(cpu, false);
	return VERDICT_HANDLED;
}

bool apic_end_interrupt(unsigned int vector)
{
	if (!(apic_get(APIC_ISR + vector / 32 * 0x10) & (1u << vector % 32)))
		return false;
	apic_set(APIC_EOI, 0);
	return true;
}

#define DROP_TRIES 512

void apic_drop_interrupts(struct cpu *cpu)
{
	uint32_t pending;

	for (unsigned int tries = 0; tries < DROP_TRIES; tries++) {
		cpu->arch.drops_interrupts = true;
		vendor->take_interrupts(cpu, true);
		cpu->arch.drops_interrupts = false;
		apic_took_nmi(cpu);
		pending = 0;
		for (unsigned int n = 0; n < 8; n++)
			pending |= apic_get(APIC_IRR + n * 0x10) | apic_get(APIC_ISR + n * 0x10);
		if (!pending)
			return;
		/* In service without a handler of ours having run: end it by hand. */
		apic_set(APIC_EOI, 0);
	}
}
