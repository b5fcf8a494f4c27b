/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own address space. */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdint.h>

#include "core/cpu.h"
#include "page.h"

#define TEMPORARY_BASE 0x80000000ull /* ARCH_TEMPORARY_PAGES for each CPU */
#define APIC_VIRT      0x80200000ull /* the local APIC of whatever CPU looks */

/* Where a CPU's temporary page is, whatever it shows. */
static inline void *mapping_of_page(const struct cpu *cpu, unsigned int slot)
{
	return (void *)(TEMPORARY_BASE +
			(cpu->id * ARCH_TEMPORARY_PAGES + slot) * (uint64_t)PAGE_BYTES);
}

/* Builds the final tables; every CPU then loads mapping_cr3(). */
int mapping_init(void);
uint64_t mapping_cr3(void);

#endif /* MAPPING_H */
