// SPDX-License-Identifier: BSD-2-Clause
/* More of the address space than the first 4 GiB, and other memory types in it. */
#include "arch/x86/cpu.h"

#define POOL_TABLES   10
#define TABLE_ENTRIES 512
#define ADDRESS_LIMIT (1ull << 47)

extern uint64_t page_map[TABLE_ENTRIES];

static uint64_t pool[POOL_TABLES][TABLE_ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static unsigned int pool_used;

/* The table below an entry, made if it is not there; NULL if there is none left. */
static uint64_t *next_table(uint64_t *entry)
{
	if (!(*entry & PTE_PRESENT)) {
		if (pool_used == POOL_TABLES)
			return NULL;
		*entry = (uintptr_t)pool[pool_used++] | PTE_PRESENT | PTE_WRITE;
	}
	return (uint64_t *)(*entry & PTE_ADDRESS);
}

static int map_large_page(uint64_t address, uint64_t flags)
{
	uint64_t *table = next_table(&page_map[address >> 39]);

	if (table)
		table = next_table(&table[address >> 30 & (TABLE_ENTRIES - 1)]);
	if (!table)
		return -ENOMEM;
	table[address >> 21 & (TABLE_ENTRIES - 1)] = address | flags;
	return 0;
}

int memory_map(uint64_t start, uint64_t size, enum memory_type type)
{
	uint64_t flags = PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	int err = 0;

	if (size == 0)
		return 0;
	if (start >= ADDRESS_LIMIT || size > ADDRESS_LIMIT - start)
		return -EINVAL;
	if (type == MEMORY_UNCACHED)
		flags |= PTE_PCD | PTE_PWT;
	for (uint64_t address = start & ~(LARGE_PAGE_SIZE - 1ull); address < start + size && !err;
	     address += LARGE_PAGE_SIZE)
		err = map_large_page(address, flags);
	/* Old translations of the range go. */
	write_cr3(read_cr3());
	return err;
}
