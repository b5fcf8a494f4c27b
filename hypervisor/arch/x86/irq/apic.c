// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/irq/apic.h"

#include <errno.h>

#include "arch/x86/asm.h"
#include "core/console.h"
#include "arch/x86/setup/mapping.h"
#include "arch/x86/setup/setup.h"
#include "core/state.h"
#include "core/subsystem.h"

/* APM vol. 2, 16.7. */
#define EXTENDED_LVT_COUNT(feature) (((feature) >> 16) & 0xff)
#define MAX_EXTENDED_LVTS	    4

uint32_t apic_read(unsigned int offset)
{
	return *(volatile uint32_t *)(APIC_VIRT + offset);
}

static void apic_write_hw(unsigned int offset, uint32_t value)
{
	*(volatile uint32_t *)(APIC_VIRT + offset) = value;
}

static void send_ipi(uint8_t apic_id, uint32_t icr_low)
{
	while (apic_read(APIC_ICR_LOW) & ICR_PENDING)
		arch_cpu_relax();
	apic_write_hw(APIC_ICR_HIGH, (uint32_t)apic_id << 24);
	apic_write_hw(APIC_ICR_LOW, icr_low);
}

void arch_cpu_kick(struct cpu *cpu)
{
	struct cpu *self = this_cpu();

	if (cpu == self)
		return;
	/* One NMI at a time is on its way, so that each NMI exit can be told from one that is the
	 * guest's. */
	if (__atomic_exchange_n(&cpu->arch.kick_pending, 1, __ATOMIC_SEQ_CST))
		return;
	send_ipi(cpu->arch.apic_id, ICR_NMI | ICR_ASSERT);
	/* The guest reads this register from the hardware. */
	apic_write_hw(APIC_ICR_HIGH, self->arch.apic_icr_high);
}

void apic_account_nmi(struct cpu *cpu)
{
	if (!(__atomic_load_n(&cpu->pending, __ATOMIC_SEQ_CST) & PENDING_NMI_TAKEN))
		return;
	cpu_post(cpu, PENDING_NMI_TAKEN, 0);
	if (!__atomic_exchange_n(&cpu->arch.kick_pending, 0, __ATOMIC_SEQ_CST))
		cpu_post(cpu, 0, PENDING_NMI);
}

/* The intercept leaves the NMI pending (APM vol. 2, 15.13.4): take it in the hypervisor. */
enum verdict exit_nmi(struct cpu *cpu)
{
	vendor->take_interrupts(cpu, false);
	return VERDICT_HANDLED;
}

bool apic_end_interrupt(unsigned int vector)
{
	if (!(apic_read(APIC_ISR + vector / 32 * 0x10) & (1u << vector % 32)))
		return false;
	apic_write_hw(APIC_EOI, 0);
	return true;
}

#define DROP_TRIES 512

/* Interrupts that wait for their last owner's handlers are taken here and dropped. */
static void drop_interrupts(struct cpu *cpu)
{
	uint32_t pending;

	for (unsigned int tries = 0; tries < DROP_TRIES; tries++) {
		setup_interrupt_vectors(true);
		vendor->take_interrupts(cpu, true);
		setup_interrupt_vectors(false);
		apic_account_nmi(cpu);
		pending = 0;
		for (unsigned int n = 0; n < 8; n++)
			pending |= apic_read(APIC_IRR + n * 0x10) | apic_read(APIC_ISR + n * 0x10);
		if (!pending)
			return;
		/* In service without a handler of ours having run: end it by hand. */
		apic_write_hw(APIC_EOI, 0);
	}
}

/* APM vol. 2, 16.6.2: flat model, one bit a CPU; cluster model, cluster in the upper, bit in the
 * lower half. */
static bool matches_logical(const struct cpu *cpu, uint8_t destination)
{
	uint8_t id = cpu->arch.apic_ldr >> 24;

	if ((cpu->arch.apic_dfr >> 28) == DFR_FLAT)
		return id & destination;
	if ((destination >> 4) == 0xf)
		return id & destination & 0xf;
	return (id >> 4) == (destination >> 4) && (id & destination & 0xf);
}

static bool is_destination(const struct cpu *self, const struct cpu *cpu, uint32_t icr_low)
{
	uint8_t destination = self->arch.apic_icr_high >> 24;

	switch (ICR_SHORTHAND(icr_low)) {
	case ICR_TO_SELF:
		return cpu == self;
	case ICR_TO_ALL:
		return true;
	case ICR_TO_OTHERS:
		return cpu != self;
	default:
		if (destination == 0xff)
			return true;
		if (icr_low & ICR_LOGICAL)
			return matches_logical(cpu, destination);
		return cpu->arch.apic_id == destination;
	}
}

/* Delivers to one CPU of the sender's own cell. */
static void deliver(struct cpu *self, struct cpu *cpu, uint32_t icr_low)
{
	switch (ICR_MODE(icr_low)) {
	case ICR_FIXED:
	case ICR_LOWEST:
		send_ipi(cpu->arch.apic_id, (icr_low & 0xff) | ICR_ASSERT);
		break;
	case ICR_NMI:
		cpu_post(cpu, 0, PENDING_NMI);
		arch_cpu_kick(cpu);
		break;
	case ICR_INIT:
		if (cpu == self)
			break;
		/* A start-up IPI before it finds a CPU that is not waiting for one. */
		cpu_post(cpu, PENDING_SIPI, PENDING_INIT);
		arch_cpu_kick(cpu);
		break;
	case ICR_STARTUP:
		if (cpu == self)
			break;
		__atomic_store_n(&cpu->arch.sipi_vector, icr_low & 0xff, __ATOMIC_SEQ_CST);
		cpu_post(cpu, 0, PENDING_SIPI);
		arch_cpu_kick(cpu);
		break;
	}
}

/*
 * An interrupt to other CPUs. The destination is worked out here and only CPUs of the own cell are
 * ever addressed, each by its physical id: what a logical destination would reach elsewhere does
 * not matter.
 */
static enum verdict __attribute__((noinline)) send(struct cpu *self, uint32_t icr_low)
{
	bool sent = false;

	if (ICR_MODE(icr_low) == ICR_SMI || ICR_MODE(icr_low) == ICR_EXTINT ||
	    ICR_MODE(icr_low) == ICR_RESERVED)
		return exit_fault(self, FAILURE_APIC, APIC_ICR_LOW, icr_low, 4);
	/* INIT de-assert: only ever meant something to older parts. */
	if (ICR_MODE(icr_low) == ICR_INIT && (icr_low & ICR_LEVEL) && !(icr_low & ICR_ASSERT))
		return VERDICT_HANDLED;
	/* The processor delivers a vector below 16 nowhere and notes an error. */
	if (ICR_MODE(icr_low) <= ICR_LOWEST && (icr_low & 0xff) < 16)
		return VERDICT_HANDLED;
	for_each_cpu (cpu, self->cell->cpus) {
		if (!is_destination(self, cpu, icr_low))
			continue;
		deliver(self, cpu, icr_low);
		sent = true;
		if (ICR_MODE(icr_low) == ICR_LOWEST)
			break;
	}
	/* The guest reads this register from the hardware. */
	if (sent)
		apic_write_hw(APIC_ICR_HIGH, self->arch.apic_icr_high);
	return VERDICT_HANDLED;
}

/* A cell may not have its local interrupts delivered as SMI, INIT or from the legacy controller;
 * root's firmware may. */
static bool lvt_allowed(const struct cpu *cpu, uint32_t value)
{
	switch (ICR_MODE(value)) {
	case ICR_FIXED:
	case ICR_NMI:
		return true;
	case ICR_EXTINT:
	case ICR_SMI:
		return cpu->cell == &root_cell || (value & LVT_MASKED);
	default:
		return value & LVT_MASKED;
	}
}

/* Local vectors beyond the architectural ones: of error thresholds, sampling and the like. */
static unsigned int extended_lvts(void)
{
	unsigned int count;

	if (!(apic_read(APIC_VERSION) & VERSION_EXTENDED))
		return 0;
	count = EXTENDED_LVT_COUNT(apic_read(APIC_EXTENDED_FEATURE));
	return count < MAX_EXTENDED_LVTS ? count : MAX_EXTENDED_LVTS;
}

enum verdict apic_write(struct cpu *cpu, unsigned int offset, uint32_t value)
{
	if (offset >= APIC_EXTENDED_LVT && offset < APIC_EXTENDED_LVT + 0x10 * extended_lvts()) {
		if (!lvt_allowed(cpu, value))
			return exit_fault(cpu, FAILURE_APIC, offset, value, 4);
		if (!(offset & 0xf))
			apic_write_hw(offset, value);
		return VERDICT_HANDLED;
	}
	switch (offset) {
	case APIC_TPR:
	case APIC_EOI:
	case APIC_SVR:
	case APIC_ESR:
	case APIC_TIMER_INITIAL:
	case APIC_TIMER_DIVIDE:
		apic_write_hw(offset, value);
		return VERDICT_HANDLED;
	case APIC_LVT_CMCI:
	case APIC_LVT_TIMER:
	case APIC_LVT_THERMAL:
	case APIC_LVT_PERF:
	case APIC_LVT_LINT0:
	case APIC_LVT_LINT1:
	case APIC_LVT_ERROR:
		if (!lvt_allowed(cpu, value))
			return exit_fault(cpu, FAILURE_APIC, offset, value, 4);
		apic_write_hw(offset, value);
		return VERDICT_HANDLED;
	case APIC_ICR_HIGH:
		cpu->arch.apic_icr_high = value;
		apic_write_hw(offset, value);
		return VERDICT_HANDLED;
	case APIC_ICR_LOW:
		return send(cpu, value);
	case APIC_LDR:
	case APIC_DFR:
		if (offset == APIC_LDR)
			cpu->arch.apic_ldr = value;
		else
			cpu->arch.apic_dfr = value;
		/*
		 * Devices of root interrupt logical destinations. A cell that named itself like a
		 * CPU of root would take part, so its ids exist here only.
		 */
		if (cpu->cell == &root_cell)
			apic_write_hw(offset, value);
		return VERDICT_HANDLED;
	default:
		/* Read-only and reserved registers: no effect. The id (0x20) stays what the
		 * firmware made it. */
		return VERDICT_HANDLED;
	}
}

static int apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (base & APIC_BASE_X2APIC) {
		console_printf("the local APIC is in x2APIC mode: boot with nox2apic\n");
		return -EOPNOTSUPP;
	}
	if (!(base & APIC_BASE_ENABLE) || (base & 0x000ffffffffff000ull) != APIC_PHYS) {
		console_printf("the local APIC is off or moved: APIC_BASE 0x%lx\n", base);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int apic_cpu_init(struct cpu *cpu)
{
	uint8_t id = apic_read(APIC_ID) >> 24;

	if (id != cpu->arch.apic_id) {
		console_printf("CPU %u: APIC id %u, configured %u\n", cpu->id, id,
			       cpu->arch.apic_id);
		return -EINVAL;
	}
	cpu->arch.apic_ldr = apic_read(APIC_LDR);
	cpu->arch.apic_dfr = apic_read(APIC_DFR);
	cpu->arch.apic_icr_high = apic_read(APIC_ICR_HIGH);
	return 0;
}

/*
 * What an INIT does to the APIC (APM vol. 2, 16.3.2), by hand: INIT itself never reaches a
 * partitioned CPU. Interrupts pending or in service are dropped, so that nothing of the last owner
 * reaches or blocks the next one.
 */
static void apic_cpu_reset(struct cpu *cpu)
{
	static const uint16_t local_vectors[] = {APIC_LVT_TIMER, APIC_LVT_PERF, APIC_LVT_LINT0,
						 APIC_LVT_LINT1, APIC_LVT_ERROR};
	unsigned int n;

	apic_write_hw(APIC_TIMER_INITIAL, 0);
	apic_write_hw(APIC_SVR, SVR_ENABLE | 0xff);
	for (n = 0; n < sizeof(local_vectors) / sizeof(local_vectors[0]); n++)
		apic_write_hw(local_vectors[n], LVT_MASKED);
	/* The highest local vector: 5 says that there is a thermal one, 6 one for corrected errors.
	 */
	n = (apic_read(APIC_VERSION) >> 16) & 0xff;
	if (n >= 5)
		apic_write_hw(APIC_LVT_THERMAL, LVT_MASKED);
	if (n >= 6)
		apic_write_hw(APIC_LVT_CMCI, LVT_MASKED);
	for (n = 0; n < extended_lvts(); n++)
		apic_write_hw(APIC_EXTENDED_LVT + n * 0x10, LVT_MASKED);
	apic_write_hw(APIC_TIMER_DIVIDE, 0);
	apic_write_hw(APIC_TPR, 0);
	drop_interrupts(cpu);
	apic_write_hw(APIC_LDR, 0);
	apic_write_hw(APIC_DFR, 0xffffffff);
	apic_write_hw(APIC_ICR_HIGH, 0);
	/* Software-disabled last: it would drop the writes to the vectors above on some parts. */
	apic_write_hw(APIC_SVR, 0xff);
	cpu->arch.apic_ldr = 0;
	cpu->arch.apic_dfr = 0xffffffff;
	cpu->arch.apic_icr_high = 0;
}

bool arch_overlaps_interrupt_controller(uint64_t phys, uint64_t size)
{
	return ranges_overlap(phys, size, APIC_PHYS, PAGE_SIZE);
}

int arch_cell_map_interrupt_controller(struct cell *cell)
{
	return page_table_map(&cell->stage2, APIC_PHYS, APIC_PHYS, PAGE_SIZE, PT_READ | PT_DEVICE,
			      true);
}

SUBSYSTEM(10, apic_subsystem) = {
	.name = "local APIC",
	.init = apic_init,
	.cpu_init = apic_cpu_init,
	.cpu_reset = apic_cpu_reset,
};
