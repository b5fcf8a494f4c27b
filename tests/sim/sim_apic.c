// SPDX-License-Identifier: GPL-2.0-only
/* What a local APIC does when one of its registers is written (APM vol. 2, chapter 16). */
#include "arch/x86/apic.h"
#include "sim_cpu.h"

static bool is_local_vector(unsigned int offset)
{
	return offset == APIC_LVT_CMCI || (offset >= APIC_LVT_TIMER && offset <= APIC_LVT_ERROR) ||
	       (offset >= APIC_EXTENDED_LVT && offset < APIC_EXTENDED_LVT + 0x40);
}

/* The highest vector that one of these sets has; 0: none. */
static unsigned int highest(unsigned int cpu, unsigned int set)
{
	for (unsigned int vector = 255; vector > 0; vector--) {
		if (*sim_apic(cpu, set + vector / 32 * 16) >> vector % 32 & 1)
			return vector;
	}
	return 0;
}

static void change(unsigned int cpu, unsigned int set, unsigned int vector)
{
	*sim_apic(cpu, set + vector / 32 * 16) ^= 1u << vector % 32;
}

unsigned int sim_take_interrupt(unsigned int cpu)
{
	unsigned int vector = highest(cpu, APIC_IRR);

	if (vector / 16 <= highest(cpu, APIC_ISR) / 16)
		return 0;
	change(cpu, APIC_IRR, vector);
	change(cpu, APIC_ISR, vector);
	return vector;
}

void sim_command(uint32_t id, uint32_t command)
{
	sim.last_command = (uint64_t)id << 32 | command;
	if (ICR_MODE(command) != ICR_NMI || id >= sim.num_cpus)
		return;
	sim.cpu[id].nmi_pending = true;
	sim.cpu[id].kicks++;
}

void sim_apic_written(unsigned int cpu, unsigned int offset, uint32_t before)
{
	uint32_t *reg = sim_apic(cpu, offset);

	/* Some processors drop these writes while software has disabled the APIC. */
	if (is_local_vector(offset) && !(*sim_apic(cpu, APIC_SVR) & SVR_ENABLE))
		*reg = before;
	if (offset == APIC_EOI && highest(cpu, APIC_ISR))
		change(cpu, APIC_ISR, highest(cpu, APIC_ISR));
	if (offset == APIC_ESR) {
		*reg = sim.cpu[cpu].apic_errors;
		sim.cpu[cpu].apic_errors = 0;
	}
	if (offset == APIC_ICR_LOW)
		sim_command(*sim_apic(cpu, APIC_ICR_HIGH) >> 24, *reg);
}
