// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts that a guest sends. The destination is worked out here and only CPUs of the own cell
 * are ever addressed, each by its physical id: what a logical destination would reach elsewhere
 * does not matter.
 */
#include "arch/x86/irq/apic.h"

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
static bool matches(const struct cpu *cpu, const struct ipi *ipi)
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

static bool is_destination(const struct cpu *self, const struct cpu *cpu, const struct ipi *ipi)
{
	switch (ICR_SHORTHAND(ipi->command)) {
	case ICR_TO_SELF:
		return cpu == self;
	case ICR_TO_ALL:
		return true;
	case ICR_TO_OTHERS:
		return cpu != self;
	default:
		return matches(cpu, ipi);
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

bool apic_send(struct cpu *self, const struct ipi *ipi)
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
	for_each_cpu (cpu, self->cell->cpus) {
		if (!is_destination(self, cpu, ipi))
			continue;
		deliver(self, cpu, command);
		if (ICR_MODE(command) == ICR_LOWEST)
			break;
	}
	return true;
}
