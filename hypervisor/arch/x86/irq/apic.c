// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC when it changes hands, and NMIs: kicks, and those that are the guest's. */
#include "arch/x86/irq/apic.h"

#include <errno.h>

#include "arch/x86/asm.h"
#include "core/console.h"
#include "core/subsystem.h"

static int apic_cpu_init(struct cpu *cpu)
{
	uint32_t id = apic_get(APIC_ID) >> (apic_x2 ? 0 : 24);

	if (!(rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC) == apic_x2) {
		console_printf("CPU %u: its APIC is in another mode than CPU 0's\n", cpu->id);
		return -EOPNOTSUPP;
	}
	if (id != cpu->arch.apic_id) {
		console_printf("CPU %u: APIC id %u, configured %u\n", cpu->id, id,
			       cpu->arch.apic_id);
		return -EINVAL;
	}
	apic_cpus[(uint8_t)id] = cpu->id;
	cpu->arch.apic_icr = apic_get(APIC_ICR_LOW) & ~(apic_x2 ? 0 : ICR_PENDING);
	if (apic_x2)
		return 0;
	cpu->arch.apic_ldr = apic_get(APIC_LDR);
	cpu->arch.apic_dfr = apic_get(APIC_DFR);
	cpu->arch.apic_icr |= (uint64_t)apic_get(APIC_ICR_HIGH) << 32;
	return 0;
}

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

/*
 * CPUs that are nobody's wait in Linux' code with interrupts off, and an NMI or a write to that
 * code would make them go on, with all of memory before them. After an INIT they execute nothing
 * and take no NMI until a start-up IPI (APM vol. 2, 14.1.2), which only this hypervisor could send.
 */
static int apic_init(void)
{
	int err = apic_regs_init();

	for (unsigned int id = 0; id < IMAGE_MAX_CPUS && !err; id++) {
		if (image_header.cpu_left_out[id] && !image_header.cpu_entering[id])
			apic_command(image_header.hardware_ids[id], ICR_INIT | ICR_ASSERT);
	}
	return err;
}

bool arch_cpu_reset(struct cpu *cpu)
{
	if (!cpu->arch.takes_init)
		return false;
	apic_command(cpu->arch.apic_id, ICR_INIT | ICR_ASSERT);
	apic_show_icr(this_cpu());
	return true;
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

/* Interrupts that wait for their last owner's handlers are taken here and dropped. */
static void drop_interrupts(struct cpu *cpu)
{
	for (unsigned int tries = 0; tries < DROP_TRIES; tries++) {
		uint32_t pending = 0;

		cpu->arch.drops_interrupts = true;
		vendor->take_interrupts(cpu, true);
		cpu->arch.drops_interrupts = false;
		apic_took_nmi(cpu);
		for (unsigned int n = 0; n < 8; n++)
			pending |= apic_get(APIC_IRR + n * 0x10) | apic_get(APIC_ISR + n * 0x10);
		if (!pending)
			return;
		/* In service without a handler of ours having run: end it by hand. */
		apic_set(APIC_EOI, 0);
	}
}

/*
 * What an INIT does to the APIC (APM vol. 2, 16.3.2), by hand: INIT itself never reaches a
 * partitioned CPU. Interrupts pending or in service are dropped, so that nothing of the last owner
 * reaches or blocks the next one.
 */
static void apic_cpu_reset(struct cpu *cpu)
{
	apic_set(APIC_TIMER_INITIAL, 0);
	apic_set(APIC_SVR, SVR_ENABLE | 0xff);
	for (unsigned int offset = APIC_LVT_CMCI; offset < EXTENDED_LVT_END; offset += 0x10) {
		if (apic_is_lvt(offset) && apic_has(offset))
			apic_set(offset, LVT_MASKED);
	}
	/* Cells find what this ABI says; the processor's own reset leaves 0. */
	apic_set(APIC_TIMER_DIVIDE, cpu->cell == &root_cell ? 0 : TIMER_DIVIDE_16);
	apic_set(APIC_TPR, 0);
	drop_interrupts(cpu);
	/* Each write shows what errors there were since the one before (16.4.6). */
	apic_set(APIC_ESR, 0);
	apic_set(APIC_ESR, 0);
	cpu->arch.apic_ldr = 0;
	cpu->arch.apic_dfr = 0xffffffff;
	cpu->arch.apic_icr = 0;
	/* In x2APIC mode there are no such registers. */
	if (!apic_x2) {
		apic_set(APIC_LDR, 0);
		apic_set(APIC_DFR, 0xffffffff);
		apic_set(APIC_ICR_HIGH, 0);
	}
	/* Software-disabled last: it would drop the writes to the vectors above on some parts. */
	apic_set(APIC_SVR, 0xff);
}

bool arch_overlaps_interrupt_controller(uint64_t phys, uint64_t size)
{
	return ranges_overlap(phys, size, APIC_PHYS, PAGE_SIZE);
}

int arch_cell_map_interrupt_controller(struct cell *cell)
{
	/* In x2APIC mode there is none: cells' accesses are carried out for them, root has none. */
	if (apic_x2)
		return page_table_unmap(&cell->stage2, APIC_PHYS, PAGE_SIZE);
	return page_table_map(&cell->stage2, APIC_PHYS, APIC_PHYS, PAGE_SIZE, PT_READ | PT_DEVICE,
			      true);
}

SUBSYSTEM(10, apic_subsystem) = {
	.name = "local APIC",
	.init = apic_init,
	.cpu_init = apic_cpu_init,
	.cpu_reset = apic_cpu_reset,
};
