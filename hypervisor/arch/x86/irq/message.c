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

/* A route: the command, and either the CPU or the destination, in the upper half. */
#define ROUTE_UPPER(upper) ((uint64_t)(upper) << 32)
#define ROUTE_VALID	   ROUTE_UPPER(1u << 16)
#define ROUTE_CPU	   ROUTE_UPPER(1u << 17) /* it was the cell's when the route was made */

static const struct cpu *find_cpu(const struct cell *cell, uint32_t apic_id)
{
	for_each_cpu (cpu, cell->cpus) {
		if (cpu->arch.apic_id == apic_id)
			return cpu;
	}
	return NULL;
}

uint64_t arch_message_route(const struct cell *cell, uint64_t address, uint32_t data)
{
	uint32_t destination = MESSAGE_DESTINATION(address), command = (data & 0xff) | ICR_ASSERT;
	const struct cpu *to;

	if ((address & MESSAGE_BASE_BITS) != MESSAGE_BASE || (address & MESSAGE_REMAPPED) ||
	    (data & MESSAGE_LEVEL) || ICR_MODE(data) > ICR_LOWEST || (data & 0xff) < 16)
		return 0;
	to = (address & MESSAGE_LOGICAL) ? NULL : find_cpu(cell, destination);
	if (to)
		return ROUTE_VALID | ROUTE_CPU | ROUTE_UPPER(to->id) | command;
	return ROUTE_VALID | ROUTE_UPPER(destination) | command | ICR_MODE(data) |
	       ((address & MESSAGE_LOGICAL) ? ICR_LOGICAL : 0);
}

/* To all that it means, or to the first of them, where it says so. */
static void __attribute__((cold, noinline)) send_to_each(const struct cell *cell, uint64_t route)
{
	const struct ipi ipi = {route, route >> 32 & 0xff, false};

	for_each_cpu (cpu, cell->cpus) {
		/* Just given to another cell: that one's. */
		if (cpu->cell != cell || !apic_matches(cpu, &ipi))
			continue;
		apic_command(cpu->arch.apic_id, (ipi.command & 0xff) | ICR_ASSERT);
		if (ICR_MODE(ipi.command) == ICR_LOWEST)
			break;
	}
}

void arch_message_send(struct cpu *self, const struct cell *cell, uint64_t route)
{
	const struct cpu *to = cpu_of_cell(route >> 32 & 0xff);

	if (likely(route & ROUTE_CPU)) {
		if (unlikely(to->cell != cell))
			return;
		if (likely(apic_x2)) {
			apic_command_x2(to->arch.apic_id, route);
			return;
		}
		apic_command(to->arch.apic_id, route);
	} else {
		send_to_each(cell, route);
	}
	apic_show_icr(self);
}
