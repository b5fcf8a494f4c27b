/* SPDX-License-Identifier: GPL-2.0-only */
/* Long-mode page tables: the hypervisor's own, and AMD's nested ones, which have the same format.
 */
#ifndef PAGING_H
#define PAGING_H

#include "logic/page_table.h"

/* APM vol. 2, 5.3: supervisor pages, for the hypervisor itself. */
extern const struct page_table_format paging_host_format;
/* APM vol. 2, 15.25.5: nested entries are walked as user accesses. */
extern const struct page_table_format paging_nested_format;

#define PTE_PRESENT  0x001ull
#define PTE_WRITE    0x002ull
#define PTE_USER     0x004ull
#define PTE_PWT	     0x008ull
#define PTE_PCD	     0x010ull
#define PTE_ACCESSED 0x020ull
#define PTE_DIRTY    0x040ull
#define PTE_LARGE    0x080ull
#define PTE_NX	     (1ull << 63)
#define PTE_ADDRESS  0x000ffffffffff000ull

#endif /* PAGING_H */
