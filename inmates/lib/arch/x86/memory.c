// SPDX-License-Identifier: BSD-2-Clause
/* More of the address space than the first 4 GiB, and other memory types in it. */
#include "arch/x86/cpu.h"

#define POOL_TABLES   10
#define TABLE_ENTRIES 512
#define ADDRESS_LIMIT (1ull << 47)

#define PIECE_PAGES (LARGE_PAGE_SIZE / PAGE_BYTES)

/* entry.S, inmate.lds */
extern uint64_t page_map[TABLE_ENTRIES];
extern uint64_t inmate_guard_tables[][TABLE_ENTRIES], inmate_guard_tables_end[][TABLE_ENTRIES];

static uint64_t pool[POOL_TABLES][TABLE_ENTRIES] __attribute__((aligned(PAGE_BYTES)));
static unsigned int pool_used;
static unsigned int guard_tables_used;

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

/* The entry of a piece of 2 MiB; NULL if there is no table left. */
static uint64_t *piece_entry(uint64_t address)
{
	uint64_t *table = next_table(&page_map[address >> 39]);

	if (table)
		table = next_table(&table[address >> 30 & (TABLE_ENTRIES - 1)]);
	return table ? &table[address >> 21 & (TABLE_ENTRIES - 1)] : NULL;
}

static int map_piece(uint64_t address, uint64_t flags)
{
	uint64_t *entry = piece_entry(address), *pages;

	if (!entry)
		return -ENOMEM;
	if (!(*entry & PTE_PRESENT) || (*entry & PTE_LARGE)) {
		*entry = address | flags | PTE_LARGE;
		return 0;
	}
	/* One with stacks: what guards them stays. */
	pages = next_table(entry);
	for (unsigned int n = 0; n < PIECE_PAGES; n++) {
		if (pages[n] & PTE_PRESENT)
			pages[n] = (address + n * PAGE_BYTES) | flags;
	}
	return 0;
}

void memory_guard(uintptr_t page)
{
	uint64_t *entry = piece_entry(page), *pages;
	uint64_t begin = page & ~(LARGE_PAGE_SIZE - 1ull);

	if (*entry & PTE_LARGE) {
		pages = inmate_guard_tables[guard_tables_used++];
		if (pages >= *inmate_guard_tables_end)
			inmate_fail("no tables for the stacks: inmate.lds is of another release");
		for (unsigned int n = 0; n < PIECE_PAGES; n++)
			pages[n] = (begin + n * PAGE_BYTES) | PTE_PRESENT | PTE_WRITE;
		*entry = (uintptr_t)pages | PTE_PRESENT | PTE_WRITE;
	}
	next_table(entry)[page / PAGE_BYTES % PIECE_PAGES] = 0;
}

int memory_map(uint64_t start, uint64_t size, enum memory_type type)
{
	uint64_t flags = PTE_PRESENT | PTE_WRITE;
	int err = 0;

	if (size == 0)
		return 0;
	if (start >= ADDRESS_LIMIT || size > ADDRESS_LIMIT - start)
		return -EINVAL;
	if (type == MEMORY_UNCACHED)
		flags |= PTE_PCD | PTE_PWT;
	for (uint64_t address = start & ~(LARGE_PAGE_SIZE - 1ull); address < start + size && !err;
	     address += LARGE_PAGE_SIZE)
		err = map_piece(address, flags);
	/* Old translations of the range go. */
	write_cr3(read_cr3());
	return err;
}
