/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of the machine's IO-APICs, by the address of the page and the index (ioapic_regs.c). */
#ifndef IOAPIC_H
#define IOAPIC_H

#include <stdint.h>

uint32_t ioapic_get(uint64_t phys, unsigned int index);
void ioapic_set(uint64_t phys, unsigned int index, uint32_t value);
/* Ends level interrupts with this vector, where there is such a register. */
void ioapic_end(uint64_t phys, uint32_t vector);

#endif /* IOAPIC_H */
