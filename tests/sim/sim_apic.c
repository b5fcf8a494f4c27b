// SPDX-License-Identifier: GPL-2.0-only
/* What a local APIC does when one of its registers is written (APM vol. 2, chapter 16). */
#include "arch/x86/apic.h"
#include "sim_cpu.h"

static bool is_local_vector(unsigned int offset)
{
	return offset == APIC_LVT_CMCI || (offset >= APIC_LVT_TIMER && offset <= APIC_LVT_ERROR) ||
	       (offset >= APIC_EXTENDED_LVT && offset < APIC_EXTENDED_LVT + 0x40);
}

/* Of what is in service, the highest vector is it no longer. */
static void end_interrupt(unsigned int cpu)
{
	for (unsigned int n = 8; n-- > 0;) {
		uint32_t *service = sim_apic(cpu, APIC_ISR + n * 0x10);

		if (*service) {
			*service &= ~(1u << (31 - __builtin_clz(*service)));
			return;
		}
	}
}

void sim_command(uint32_t id, uint32_t command)
{
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
	if (offset == APIC_EOI)
		end_interrupt(cpu);
	if (offset == APIC_ICR_LOW)
		sim_command(*sim_apic(cpu, APIC_ICR_HIGH) >> 24, *reg);
}
