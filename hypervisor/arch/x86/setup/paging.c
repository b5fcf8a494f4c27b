// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/setup/paging.h"

/* Accessed and dirty are set from the start: the processor has nothing to write back. */
#define FORMAT(user)                                                                               \
	{                                                                                          \
		.present = PTE_PRESENT, .address = PTE_ADDRESS,                                    \
		.table = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | (user),                          \
		.leaf = PTE_PRESENT | PTE_ACCESSED | (user), .large = PTE_LARGE,                   \
		.write = PTE_WRITE | PTE_DIRTY, .no_execute = PTE_NX, .device = PTE_PCD | PTE_PWT, \
	}

const struct page_table_format paging_host_format = FORMAT(0);
const struct page_table_format paging_nested_format = FORMAT(PTE_USER);
