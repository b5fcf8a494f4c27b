/* SPDX-License-Identifier: GPL-2.0-only */
/* Long-mode page tables: the hypervisor's own, and AMD's nested ones, alike but for a bit. */
#ifndef PAGING_H
#define PAGING_H

#include "arch/x86/processor.h"
#include "logic/page_table.h"

/* APM vol. 2, 5.3: supervisor pages, for the hypervisor itself. */
extern const struct page_table_format paging_host_format;
/* APM vol. 2, 15.25.5: nested entries are walked as user accesses. */
extern const struct page_table_format paging_nested_format;

#endif /* PAGING_H */
