// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/setup/paging.h"

static uint64_t host_leaf(uint64_t phys, unsigned int attributes, unsigned int level)
{
	uint64_t entry = phys | PTE_PRESENT | PTE_ACCESSED;

	if (attributes & PT_WRITE)
		entry |= PTE_WRITE | PTE_DIRTY;
	if (!(attributes & PT_EXECUTE))
		entry |= PTE_NX;
	if (attributes & PT_DEVICE)
		entry |= PTE_PCD | PTE_PWT;
	if (level > 1)
		entry |= PTE_LARGE;
	return entry;
}

static uint64_t host_table(uint64_t phys)
{
	return phys | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
}

/* There is no execute-only or write-only page: without PT_READ nothing is mapped at all. */
static uint64_t nested_leaf(uint64_t phys, unsigned int attributes, unsigned int level)
{
	uint64_t entry = host_leaf(phys, attributes, level) | PTE_USER;

	return (attributes & PT_READ) ? entry : entry & ~PTE_PRESENT;
}

static uint64_t nested_table(uint64_t phys)
{
	return host_table(phys) | PTE_USER;
}

static bool entry_present(uint64_t entry)
{
	return entry & PTE_PRESENT;
}

static bool entry_is_leaf(uint64_t entry, unsigned int level)
{
	return level == 1 || (entry & PTE_LARGE);
}

static uint64_t entry_phys(uint64_t entry, unsigned int level)
{
	return entry & PTE_ADDRESS;
}

static unsigned int entry_attributes(uint64_t entry)
{
	return PT_READ | ((entry & PTE_WRITE) ? PT_WRITE : 0) |
	       ((entry & PTE_NX) ? 0 : PT_EXECUTE) | ((entry & PTE_PCD) ? PT_DEVICE : 0);
}

const struct page_table_format paging_host_format = {
	.leaf = host_leaf,
	.table = host_table,
	.present = entry_present,
	.is_leaf = entry_is_leaf,
	.phys = entry_phys,
	.attributes = entry_attributes,
};

const struct page_table_format paging_nested_format = {
	.leaf = nested_leaf,
	.table = nested_table,
	.present = entry_present,
	.is_leaf = entry_is_leaf,
	.phys = entry_phys,
	.attributes = entry_attributes,
};
