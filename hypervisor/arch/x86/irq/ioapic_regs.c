// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/irq/ioapic.h"

#include "arch/arch.h"
#include "arch/x86/ioapic.h"

static volatile uint32_t *reg(uint64_t phys, unsigned int offset)
{
	return (volatile uint32_t *)((uint8_t *)arch_map_page(3, phys, true) + offset);
}

uint32_t ioapic_get(uint64_t phys, unsigned int index)
{
	*reg(phys, IOAPIC_INDEX) = index;
	return *reg(phys, IOAPIC_WINDOW);
}

void ioapic_set(uint64_t phys, unsigned int index, uint32_t value)
{
	*reg(phys, IOAPIC_INDEX) = index;
	*reg(phys, IOAPIC_WINDOW) = value;
}

void ioapic_end(uint64_t phys, uint32_t vector)
{
	*reg(phys, IOAPIC_EOI) = vector;
}
