// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of devices, by which they interrupt (Intel SDM vol. 3, 11.11): an address that names the
 * destination, and data that says the rest like an APIC's command.
 */
#pragma GCC optimize("O2") /* on the way of doorbells */

#include "arch/x86/irq/message.h"

#define MESSAGE_BASE_BITS 0xfffffffffff00000ull
#define MESSAGE_REMAPPED  (1u << 4)

/*
 * Where an IOMMU remaps interrupts the message names an entry of a table, in which Linux may write
 * at any time (Intel VT-d, 5.1.2 and 9.9).
 */
#define MESSAGE_HANDLE(address)	      (((address) >> 5 & 0x7fff) | ((address) >> 2 & 1) << 15)
#define MESSAGE_ADDS_DATA	      (1u << 3)
#define UNIT_STATUS		      0x1c /* register: what is on (11.4.4.2) */
#define UNIT_STATUS_REMAPS	      (1u << 25)
#define UNIT_TABLE		      0xb8		  /* register: table's address, and */
#define UNIT_TABLE_WIDE(table)	      ((table) >> 11 & 1) /* that ids have 32 bits */
#define UNIT_TABLE_ENTRIES(table)     (2u << ((table)&0xf))
#define ENTRY_PRESENT		      (1u << 0)
#define ENTRY_LOGICAL		      (1u << 2)
#define ENTRY_LEVEL		      (1u << 4)
#define ENTRY_MODE(entry)	      ((entry) << 3 & ICR_MODE(~0u))
#define ENTRY_POSTED		      (1u << 15)
#define ENTRY_VECTOR(entry)	      ((entry) >> 16 & 0xff)
#define ENTRY_DESTINATION(entry)      ((entry) >> 32)
#define ENTRY_DESTINATION_8BIT(entry) ((entry) >> 40 & 0xff)

/*
 * A route: the command, or the number of that entry, and in the upper half the CPU or the
 * destination.
 */
#define ROUTE_UPPER(upper) ((uint64_t)(upper) << 32)
#define ROUTE_VALID	   ROUTE_UPPER(1u << 16)
#define ROUTE_CPU	   ROUTE_UPPER(1u << 17) /* it was the cell's when the route was made */
#define ROUTE_REMAPPED	   ROUTE_UPPER(1u << 18)
#define ROUTE_DEVICE	   ROUTE_UPPER(1u << 19) /* as it was said, and by whom: for AMD's tables */

/* The one that has the devices of no other comes last; NULL: none is told. */
static const struct blob_iommu *last_unit(void)
{
	const struct blob_iommu *unit = system_desc->iommu_units + BLOB_IOMMU_UNITS;

	while (unit-- > system_desc->iommu_units) {
		if (unit->type == BLOB_IOMMU_INTEL)
			return unit;
	}
	return NULL;
}

bool arch_messages_remapped(void)
{
	for (unsigned int n = 0; n < BLOB_IOMMU_UNITS; n++) {
		const struct blob_iommu *unit = &system_desc->iommu_units[n];
		const uint8_t *registers;

		if (unit->type != BLOB_IOMMU_INTEL)
			continue;
		registers = arch_map_page(3, unit->base, true);
		if (*(const volatile uint32_t *)(registers + UNIT_STATUS) & UNIT_STATUS_REMAPS)
			return true;
	}
	/* Linux has all devices remapped or none. */
	return amd_remaps(0);
}

/* Root writes that table: it is only read where it is root's. False: no interrupt, or none that can
 * be told. */
static bool remap(uint32_t index, struct ipi *ret_ipi)
{
	uint64_t base = last_unit()->base, table, entry, at;
	struct page_table_leaf leaf;

	table = *(volatile uint64_t *)((uint8_t *)arch_map_page(3, base, true) + UNIT_TABLE);
	at = (table & PAGE_MASK) + (uint64_t)index * 16;
	if (index >= UNIT_TABLE_ENTRIES(table) || !page_table_walk(&root_cell.stage2, at, &leaf) ||
	    leaf.phys != at)
		return false;
	entry = *(volatile uint64_t *)((uint8_t *)arch_map_page(0, at, false) + (at & ~PAGE_MASK));
	if (!(entry & ENTRY_PRESENT) || (entry & ENTRY_POSTED))
		return false;
	ret_ipi->command = ENTRY_VECTOR(entry) | ENTRY_MODE(entry) |
			   ((entry & ENTRY_LOGICAL) ? ICR_LOGICAL : 0) |
			   ((entry & ENTRY_LEVEL) ? ICR_LEVEL : 0);
	ret_ipi->wide = UNIT_TABLE_WIDE(table);
	ret_ipi->destination =
		ret_ipi->wide ? ENTRY_DESTINATION(entry) : ENTRY_DESTINATION_8BIT(entry);
	return true;
}

/* Of root alone: cells have no such unit. */
static bool is_remapped(uint64_t address)
{
	return (address & MESSAGE_REMAPPED) && last_unit();
}

static uint32_t remapped_index(uint64_t address, uint32_t data)
{
	return MESSAGE_HANDLE(address) + ((address & MESSAGE_ADDS_DATA) ? data & 0xffff : 0);
}

/* What devices of guests may send: a vector, by the edge. */
static bool is_plain(uint32_t command)
{
	return ICR_MODE(command) <= ICR_LOWEST && !(command & ICR_LEVEL) && (command & 0xff) >= 16;
}

uint64_t arch_message_route(const struct cell *cell, uint16_t bdf, uint64_t address, uint32_t data)
{
	uint32_t destination = MESSAGE_DESTINATION(address), command = (data & 0xff) | ICR_ASSERT;
	uint32_t logical = (address & MESSAGE_LOGICAL) ? ICR_LOGICAL : 0;

	if ((address & MESSAGE_BASE_BITS) != MESSAGE_BASE)
		return 0;
	if (cell == &root_cell && is_remapped(address))
		return ROUTE_VALID | ROUTE_REMAPPED | remapped_index(address, data);
	if (cell == &root_cell && amd_remap_is_there())
		return ROUTE_VALID | ROUTE_DEVICE | ROUTE_UPPER(destination) | bdf << 16u |
		       logical | (data & AMD_REMAP_DATA);
	if ((address & MESSAGE_REMAPPED) || !is_plain(data))
		return 0;
	for_each_cpu (cpu, logical ? &cpus_none : &cell->cpus) {
		if (cpu->arch.apic_id == destination)
			return ROUTE_VALID | ROUTE_CPU | ROUTE_UPPER(cpu->id) | command;
	}
	return ROUTE_VALID | ROUTE_UPPER(destination) | command | ICR_MODE(data) | logical;
}

bool arch_message_confine(const struct cell *cell, uint64_t *address, uint32_t *data)
{
	uint64_t route = arch_message_route(cell, 0, *address, *data);
	uint32_t meant = route >> 32 & 0xff;
	const struct ipi ipi = {route, meant, false};

	for_each_cpu (cpu, route ? &cell->cpus : &cpus_none) {
		if ((route & ROUTE_CPU) ? cpu->id != meant : !apic_matches(cpu, &ipi))
			continue;
		/* The last of eight bits means all. */
		if (cpu->arch.apic_id >= 0xff)
			continue;
		*address = MESSAGE_BASE | (uint64_t)cpu->arch.apic_id << MESSAGE_ID_SHIFT;
		*data &= 0xff;
		return true;
	}
	return false;
}

/*
 * Whether hardware delivers it to one of these CPUs, which are cells': in xAPIC mode those have no
 * logical ids.
 */
static bool reaches(const struct ipi *ipi, const struct cpu_set *cpus)
{
	const struct ipi wide = {ipi->command, ipi->destination, true};

	for_each_cpu (cpu, cpus) {
		if (ipi->destination == (ipi->wide ? ~0u : 0xff))
			return true;
		if ((apic_x2 || !(ipi->command & ICR_LOGICAL)) && apic_matches(cpu, &wide))
			return true;
	}
	return false;
}

bool message_spares(const struct cpu_set *cpus, uint16_t bdf, uint64_t address, uint32_t data)
{
	struct ipi ipi = {data, MESSAGE_DESTINATION(address), false};
	uint32_t mode;

	if (cpu_set_covers(&cpus_none, cpus))
		return true;
	if (is_remapped(address)) {
		if (!remap(remapped_index(address, data), &ipi))
			return false;
	} else if (address & MESSAGE_LOGICAL) {
		ipi.command |= ICR_LOGICAL;
	}
	if (!amd_remap(bdf, &ipi))
		return false;
	mode = ICR_MODE(ipi.command);
	return mode != ICR_RESERVED && mode != ICR_STARTUP && !reaches(&ipi, cpus);
}

/* To all that it means, or to the first of them, where it says so. */
static void __attribute__((cold, noinline)) send_to_each(const struct cell *cell, uint64_t route)
{
	struct ipi ipi = {route, route >> 32 & 0xff, false};

	if ((route & ROUTE_REMAPPED) && !remap(route, &ipi))
		return;
	if (route & ROUTE_DEVICE)
		ipi.command = route & (AMD_REMAP_DATA | ICR_LOGICAL);
	if (((route & ROUTE_DEVICE) && !amd_remap(route >> 16, &ipi)) || !is_plain(ipi.command))
		return;
	for_each_cpu (cpu, &cell->cpus) {
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
