// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of devices, by which they interrupt (Intel SDM vol. 3, 11.11): an address that names the
 * destination, and data that says the rest like an APIC's command.
 */
#pragma GCC optimize("O2") /* on the way of doorbells */

#include "arch/x86/irq/apic.h"

#define MESSAGE_BASE		     0xfee00000ull
#define MESSAGE_BASE_BITS	     0xfffffffffff00000ull
#define MESSAGE_REMAPPED	     (1u << 4)
#define MESSAGE_LOGICAL		     (1u << 2)
#define MESSAGE_DESTINATION(address) ((address) >> 12 & 0xff)
#define MESSAGE_BROADCAST	     0xff
#define MESSAGE_LEVEL		     (1u << 15)

/* A route: the command as of an APIC, the destination, and what is known of it. */
#define ROUTE_DESTINATION 32
#define ROUTE_BY_ID	  (1ull << 40) /* and not logical or to all */
#define ROUTE_VALID	  (1ull << 41)

uint64_t arch_message_route(uint64_t address, uint32_t data)
{
	uint64_t destination = MESSAGE_DESTINATION(address), command;

	if ((address & MESSAGE_BASE_BITS) != MESSAGE_BASE || (address & MESSAGE_REMAPPED) ||
	    (data & MESSAGE_LEVEL) || ICR_MODE(data) > ICR_LOWEST || (data & 0xff) < 16)
		return 0;
	command = (data & 0xff) | ICR_MODE(data) | ((address & MESSAGE_LOGICAL) ? ICR_LOGICAL : 0);
	if (!(command & ICR_LOGICAL) && destination != MESSAGE_BROADCAST)
		command |= ROUTE_BY_ID;
	return command | destination << ROUTE_DESTINATION | ROUTE_VALID;
}

/* To all that it means, or to the first of them, where it says so. */
static void __attribute__((noinline)) send_to_each(const struct cell *cell, uint64_t route)
{
	const struct ipi ipi = {route, route >> ROUTE_DESTINATION & 0xff, false};

	for_each_cpu (cpu, cell->cpus) {
		/* Just given to another cell: that one's. */
		if (cpu->cell != cell || !apic_matches(cpu, &ipi))
			continue;
		apic_command(cpu->arch.apic_id, (route & 0xff) | ICR_ASSERT);
		if (ICR_MODE(ipi.command) == ICR_LOWEST)
			break;
	}
}

void arch_message_send(const struct cell *cell, uint64_t route)
{
	if (likely(route & ROUTE_BY_ID)) {
		uint32_t id = route >> ROUTE_DESTINATION & 0xff;

		for (uint64_t cpus = cell->cpus; cpus; cpus &= cpus - 1) {
			const struct cpu *cpu = cpu_of_cell(__builtin_ctzll(cpus));

			if (cpu->arch.apic_id != id || cpu->cell != cell)
				continue;
			apic_command(id, (route & 0xff) | ICR_ASSERT);
			break;
		}
	} else {
		send_to_each(cell, route);
	}
	apic_show_icr(this_cpu());
}
