// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of a guest's accesses to its APIC, and whom its commands reach. */
#include "arch/x86/asm.h"
#include "arch/x86/irq/apic.h"
#include "core/subsystem.h"

/* APM vol. 2, 16.6.2: flat, one bit a CPU; or cluster in the upper, bit in the lower half. */
static bool matches_logical(const struct cpu *cpu, uint8_t destination)
{
	uint8_t id = cpu->arch.apic_ldr >> 24;

	if ((cpu->arch.apic_dfr >> 28) == DFR_FLAT)
		return id & destination;
	if ((destination >> 4) == 0xf)
		return id & destination & 0xf;
	return (id >> 4) == (destination >> 4) && (id & destination & 0xf);
}

/* By MSR, ids have 32 bits, and the logical one follows from the physical one (16.11.3). */
bool apic_matches(const struct cpu *cpu, const struct ipi *ipi)
{
	uint32_t id = cpu->arch.apic_id;

	if (ipi->destination == (ipi->wide ? ~0u : 0xff))
		return true;
	if (!(ipi->command & ICR_LOGICAL))
		return ipi->destination == id;
	if (!ipi->wide)
		return matches_logical(cpu, ipi->destination);
	return ipi->destination >> 16 == id >> 4 && (ipi->destination & 1u << (id & 15));
}

/* Of a command that is not to the sender alone. */
static bool is_destination(const struct cpu *self, const struct cpu *cpu, const struct ipi *ipi)
{
	switch (ICR_SHORTHAND(ipi->command)) {
	case ICR_TO_ALL:
		return true;
	case ICR_TO_OTHERS:
		return cpu != self;
	default:
		return apic_matches(cpu, ipi);
	}
}

/* Delivers to one CPU of the sender's own cell. */
static void deliver(struct cpu *self, struct cpu *cpu, uint32_t command)
{
	switch (ICR_MODE(command)) {
	case ICR_FIXED:
	case ICR_LOWEST:
		apic_command(cpu->arch.apic_id, (command & 0xff) | ICR_ASSERT);
		return;
	case ICR_NMI:
		cpu_post(cpu, 0, PENDING_NMI);
		break;
	case ICR_INIT:
		if (cpu == self)
			return;
		/* A start-up IPI before it finds a CPU that is not waiting for one. */
		cpu_post(cpu, PENDING_SIPI, PENDING_INIT);
		break;
	case ICR_STARTUP:
		if (cpu == self)
			return;
		__atomic_store_n(&cpu->arch.sipi_vector, command & 0xff, __ATOMIC_SEQ_CST);
		cpu_post(cpu, 0, PENDING_SIPI);
	}
	arch_cpu_kick(cpu);
}

/* False, and nothing sent: there is no such command, or it is no guest's to give. */
static bool send(struct cpu *self, const struct ipi *ipi)
{
	uint32_t command = ipi->command;

	if (ICR_MODE(command) == ICR_SMI || ICR_MODE(command) == ICR_EXTINT ||
	    ICR_MODE(command) == ICR_RESERVED)
		return false;
	/* INIT de-assert: only ever meant something to older parts. */
	if (ICR_MODE(command) == ICR_INIT && (command & ICR_LEVEL) && !(command & ICR_ASSERT))
		return true;
	/* The processor delivers a vector below 16 nowhere and notes an error. */
	if (ICR_MODE(command) <= ICR_LOWEST && (command & 0xff) < 16)
		return true;
	if (ICR_SHORTHAND(command) == ICR_TO_SELF) {
		deliver(self, self, command);
		return true;
	}
	for_each_cpu (cpu, &self->cell->cpus) {
		if (!is_destination(self, cpu, ipi))
			continue;
		deliver(self, cpu, command);
		if (ICR_MODE(command) == ICR_LOWEST)
			break;
	}
	return true;
}

/* Local interrupts as SMI, INIT or from the legacy controller are for root's firmware only. */
static bool lvt_allowed(const struct cpu *cpu, uint32_t value)
{
	unsigned int mode = ICR_MODE(value);

	return mode == ICR_FIXED || mode == ICR_NMI || (value & LVT_MASKED) ||
	       (cpu->cell == &root_cell && (mode == ICR_EXTINT || mode == ICR_SMI));
}

static enum verdict write_lvt(struct cpu *cpu, unsigned int offset, uint32_t value)
{
	if (!lvt_allowed(cpu, value))
		return exit_fault(cpu, FAILURE_APIC, offset, value, 4);
	if (apic_has(offset))
		apic_set(offset, value);
	return VERDICT_HANDLED;
}

void apic_show_icr(const struct cpu *self)
{
	if (!apic_x2)
		apic_set(APIC_ICR_HIGH, self->arch.apic_icr >> 32);
}

static enum verdict send_icr(struct cpu *cpu, bool wide)
{
	uint32_t high = cpu->arch.apic_icr >> 32;
	const struct ipi ipi = {cpu->arch.apic_icr, wide ? high : high >> 24, wide};

	if (!send(cpu, &ipi))
		return exit_fault(cpu, FAILURE_APIC, APIC_ICR_LOW, ipi.command, 4);
	apic_show_icr(cpu);
	return VERDICT_HANDLED;
}

enum verdict apic_page_write(struct cpu *cpu, unsigned int offset, uint32_t value)
{
	/* Between the registers there is nothing. */
	if (offset & 0xf)
		return VERDICT_HANDLED;
	if ((apic_rights(offset) & APIC_PLAIN) && offset != APIC_LVT_TIMER) {
		apic_set(offset, value);
		return VERDICT_HANDLED;
	}
	if (apic_is_lvt(offset))
		return write_lvt(cpu, offset, value);
	switch (offset) {
	case APIC_ICR_HIGH:
		cpu->arch.apic_icr = (uint32_t)cpu->arch.apic_icr | (uint64_t)value << 32;
		apic_show_icr(cpu);
		return VERDICT_HANDLED;
	case APIC_ICR_LOW:
		cpu->arch.apic_icr = (cpu->arch.apic_icr & ~0xffffffffull) | value;
		return send_icr(cpu, false);
	case APIC_LDR:
	case APIC_DFR:
		*(offset == APIC_LDR ? &cpu->arch.apic_ldr : &cpu->arch.apic_dfr) = value;
		/*
		 * Devices of root interrupt logical destinations. A cell that named itself like a
		 * CPU of root would take part, so its ids exist here only.
		 */
		if (cpu->cell == &root_cell)
			apic_set(offset, value);
	}
	/* Read-only and reserved registers do nothing; the id (0x20) stays the firmware's. */
	return VERDICT_HANDLED;
}

uint32_t apic_page_read(const struct cpu *cpu, unsigned int offset)
{
	if (apic_x2) {
		switch (offset) {
		case APIC_ID:
			return cpu->arch.apic_id << 24;
		case APIC_LDR:
			return cpu->arch.apic_ldr;
		case APIC_DFR:
			return cpu->arch.apic_dfr;
		case APIC_ICR_LOW:
			return cpu->arch.apic_icr;
		case APIC_ICR_HIGH:
			return cpu->arch.apic_icr >> 32;
		default:
			if ((offset & 0xf) || !apic_rights(offset))
				return 0;
		}
	}
	return apic_get(offset);
}

/* In xAPIC mode only writes come here, in x2APIC mode reads as well. */
static enum io_answer apic_page(struct cpu *cpu, const struct io_region *region,
				struct io_access *access)
{
	unsigned int offset = access->address - region->start;

	/* APM vol. 2, 16.3.2: registers are accessed with aligned 32-bit accesses. */
	if (access->width != 4 || (offset & 3)) {
		exit_fault(cpu, FAILURE_INSTRUCTION, access->address, 0, access->width);
		return IO_FAULT;
	}
	if (access->write)
		return apic_page_write(cpu, offset, access->value) == VERDICT_FAULT ? IO_FAULT
										    : IO_DONE;
	access->value = apic_page_read(cpu, offset);
	return IO_DONE;
}

static void add_page(struct io_builder *builder, const struct cell *owner, const struct cell *cause)
{
	/* In x2APIC mode there is none (APM vol. 2, 16.11); root, which chose that mode, knows. */
	if (builder->space == IO_MEMORY && owner == cause && !(apic_x2 && owner == &root_cell))
		io_add(builder,
		       (struct io_region){APIC_PHYS, PAGE_SIZE, apic_page, NULL, EXITS_X86_XAPIC});
}

SUBSYSTEM(11, apic_page_subsystem) = {
	.name = "local APIC's page",
	.io_regions = add_page,
};

uint8_t apic_cpus[256];

#define ICR_NOT_PLAIN (ICR_X2_RESERVED | ICR_MODE(~0u) | ICR_LOGICAL | ICR_TO_ALL)

/* The most frequent one: an interrupt to one CPU by its id. NULL: to be looked at in full. */
static const struct cpu *plain_destination(const struct cpu *self, uint64_t command)
{
	uint32_t id = command >> 32;
	const struct cpu *cpu;

	if ((command & ICR_NOT_PLAIN) || (command & 0xff) < 16)
		return NULL;
	if ((command & ICR_TO_SELF) || id == self->arch.apic_id)
		return self;
	cpu = cpu_of_cell(apic_cpus[(uint8_t)id]);
	return cpu->arch.apic_id == id && cpu->cell == self->cell ? cpu : NULL;
}

static enum verdict write_icr(struct cpu *cpu, uint64_t value)
{
	const struct cpu *to = plain_destination(cpu, value);

	if (unlikely(value & ICR_X2_RESERVED))
		return VERDICT_GP;
	cpu->arch.apic_icr = value & ~(uint64_t)ICR_PENDING;
	cpu->exits[EXITS_X86_MSR_OTHER]--;
	cpu->exits[EXITS_X86_MSR_X2APIC_ICR]++;
	if (!to)
		return send_icr(cpu, true);
	apic_command(to->arch.apic_id, (value & 0xff) | ICR_ASSERT);
	apic_show_icr(cpu);
	return VERDICT_NEXT;
}

static enum verdict write_by_msr(struct cpu *cpu, unsigned int offset, uint64_t rights,
				 uint64_t value)
{
	const struct ipi to_self = {(value & 0xff) | ICR_TO_SELF, 0, true};

	/* Extended local vectors. */
	if (offset >= APIC_EXTENDED_LVT && apic_is_lvt(offset) && cpu->cell == &root_cell)
		rights = APIC_WRITE | 0xffffffff;
	if (!(rights & APIC_WRITE) || (value & ~(rights & 0xffffffff)))
		return VERDICT_GP;
	if (offset != APIC_SELF_IPI)
		return apic_page_write(cpu, offset, value);
	send(cpu, &to_self);
	apic_show_icr(cpu);
	return VERDICT_HANDLED;
}

static enum verdict read_by_msr(struct cpu *cpu, unsigned int offset)
{
	struct guest_gprs *gprs = cpu_gprs(cpu);
	uint32_t id = cpu->arch.apic_id, high = 0, low;

	if (offset == APIC_ID) {
		low = id;
	} else if (offset == APIC_LDR) {
		low = (id >> 4) << 16 | 1u << (id & 15);
	} else if (offset == APIC_ICR_LOW) {
		low = cpu->arch.apic_icr;
		high = cpu->arch.apic_icr >> 32;
	} else {
		low = apic_page_read(cpu, offset);
	}
	gprs->rax = low;
	gprs->rdx = high;
	return VERDICT_NEXT;
}

enum verdict apic_msr_exit(struct cpu *cpu, uint32_t msr, bool write)
{
	unsigned int offset = (msr - MSR_X2APIC_FIRST) * 16;
	const struct guest_gprs *gprs = cpu_gprs(cpu);
	uint64_t rights = apic_rights(offset), value;
	enum verdict verdict;

	/* Linux has chosen the page: its registers by MSR are not there, as on hardware. */
	if (!apic_x2 && cpu->cell == &root_cell)
		return VERDICT_GP;
	if (!write)
		return rights & APIC_READ ? read_by_msr(cpu, offset) : VERDICT_GP;
	value = (uint32_t)gprs->rax | gprs->rdx << 32;
	if ((rights & APIC_PLAIN) && !(value & ~(rights & 0xffffffff))) {
		apic_set(offset, value);
		return VERDICT_NEXT;
	}
	verdict = likely(offset == APIC_ICR_LOW) ? write_icr(cpu, value)
						 : write_by_msr(cpu, offset, rights, value);
	return verdict == VERDICT_HANDLED ? VERDICT_NEXT : verdict;
}
