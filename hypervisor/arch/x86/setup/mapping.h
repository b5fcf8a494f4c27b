/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypervisor's own address space. */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdint.h>

#include "logic/page_table.h"

#define TEMPORARY_BASE 0x80000000ull /* ARCH_TEMPORARY_PAGES for each CPU */
#define APIC_VIRT      0x80200000ull /* the local APIC of whatever CPU looks */

/* Builds the final tables; every CPU then loads mapping_cr3(). */
int mapping_init(void);
uint64_t mapping_cr3(void);

/* Fills the callbacks of a table whose pages come from the pool. */
void mapping_use_page_pool(struct page_table *table);

#endif /* MAPPING_H */
