/* SPDX-License-Identifier: GPL-2.0-only */
/* Long-mode page tables: the hypervisor's own, and AMD's nested ones, alike but for a bit. */
#ifndef PAGING_H
#define PAGING_H

#include "arch/x86/processor.h"
#include "logic/page_table.h"

/* Accessed and dirty are set from the start: the processor has nothing to write back. */
#define PAGING_FORMAT(user)                                                                        \
	{                                                                                          \
		.present = PTE_PRESENT, .address = PTE_ADDRESS,                                    \
		.table = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | (user),                          \
		.leaf = PTE_PRESENT | PTE_ACCESSED | (user), .large = PTE_LARGE,                   \
		.write = PTE_WRITE | PTE_DIRTY, .no_execute = PTE_NX, .device = PTE_PCD | PTE_PWT, \
	}

/* APM vol. 2, 5.3: supervisor pages, for the hypervisor itself. */
static const struct page_table_format paging_host_format = PAGING_FORMAT(0);
/* APM vol. 2, 15.25.5: nested entries are walked as user accesses. */
static const struct page_table_format paging_nested_format = PAGING_FORMAT(PTE_USER);

#endif /* PAGING_H */
