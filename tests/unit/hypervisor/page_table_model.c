// SPDX-License-Identifier: GPL-2.0-only
#include "page_table_model.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86/setup/setup.h"
#include "core/page_pool.h"

#define POOL_PAGES 2048u
#define POOL_PHYS  0x123400000000ull /* nothing like an address of the host */

/* Whose pages are handed out. */
static struct bench *current;

void *page_pool_alloc(uint32_t pages)
{
	struct bench *bench = current;
	unsigned int n;

	if (bench->allowed == 0 || pages != 1)
		return NULL;
	for (n = 0; n < POOL_PAGES && bench->live[n]; n++)
		;
	if (n == POOL_PAGES)
		return NULL;
	if (bench->allowed != ALLOWED_ALL)
		bench->allowed--;
	bench->live[n] = true;
	bench->in_use++;
	ASAN_UNPOISON_MEMORY_REGION(bench->pages + n * PAGE_SIZE, PAGE_SIZE);
	memset(bench->pages + n * PAGE_SIZE, 0, PAGE_SIZE);
	return bench->pages + n * PAGE_SIZE;
}

/* The page's number; aborts where it is no page that was handed out. */
static unsigned int live_page(const struct bench *bench, uint64_t offset)
{
	if (offset % PAGE_SIZE || offset / PAGE_SIZE >= POOL_PAGES ||
	    !bench->live[offset / PAGE_SIZE])
		abort();
	return offset / PAGE_SIZE;
}

void page_pool_free_deferred(void *page, uint32_t pages)
{
	unsigned int n = live_page(current, (uint8_t *)page - current->pages);

	current->live[n] = false;
	current->in_use--;
	ASAN_POISON_MEMORY_REGION(page, PAGE_SIZE);
}

static const uint64_t *table_at(const struct bench *bench, uint64_t entry)
{
	uint64_t offset = (entry & bench->table.format->address) - POOL_PHYS;

	return (const uint64_t *)(bench->pages + live_page(bench, offset) * PAGE_SIZE);
}

void bench_open(struct bench *bench, unsigned int max_leaf_level)
{
	memset(bench, 0, sizeof(*bench));
	bench->pages = aligned_alloc(PAGE_SIZE, POOL_PAGES * PAGE_SIZE);
	bench->live = calloc(POOL_PAGES, sizeof(*bench->live));
	bench->model = calloc(WINDOW_PAGES, sizeof(*bench->model));
	if (!bench->pages || !bench->live || !bench->model)
		abort();
	ASAN_POISON_MEMORY_REGION(bench->pages, POOL_PAGES * PAGE_SIZE);
	bench->allowed = ALLOWED_ALL;
	current = bench;
	if (page_table_init(&bench->table, &paging_nested_format, max_leaf_level,
			    POOL_PHYS - (uint64_t)bench->pages) < 0)
		abort();
}

bool bench_close(struct bench *bench)
{
	bool clean;

	page_table_destroy(&bench->table);
	clean = bench->in_use == 0 && !bench->table.root;
	ASAN_UNPOISON_MEMORY_REGION(bench->pages, POOL_PAGES * PAGE_SIZE);
	free(bench->pages);
	free(bench->live);
	free(bench->model);
	return clean;
}

int bench_map(struct bench *bench, uint64_t virt, uint64_t phys, uint64_t size,
	      unsigned int attributes, bool no_huge)
{
	uint64_t first = (virt - WINDOW_START) / PAGE_SIZE, n;
	int err = page_table_map(&bench->table, virt, phys, size, attributes, no_huge);

	for (n = 0; err == 0 && n < size / PAGE_SIZE; n++)
		bench->model[first + n] =
			(attributes & PT_READ) ? MODEL_MAPPED | attributes | (phys + n * PAGE_SIZE)
					       : 0;
	return err;
}

int bench_unmap(struct bench *bench, uint64_t virt, uint64_t size)
{
	uint64_t first = (virt - WINDOW_START) / PAGE_SIZE;
	int err = page_table_unmap(&bench->table, virt, size);

	if (err == 0)
		memset(bench->model + first, 0, size / PAGE_SIZE * sizeof(*bench->model));
	return err;
}

bool bench_page_matches(const struct bench *bench, uint64_t page)
{
	uint64_t virt = WINDOW_START + page * PAGE_SIZE + 0x123;
	struct page_table_leaf leaf;

	if (!page_table_walk(&bench->table, virt, &leaf))
		return bench->model[page] == 0;
	return (MODEL_MAPPED | leaf.attributes | (leaf.phys & PAGE_MASK)) == bench->model[page] &&
	       (leaf.phys & ~PAGE_MASK) == 0x123;
}

uint64_t bench_mismatches(const struct bench *bench)
{
	uint64_t mismatches = 0;

	for (uint64_t page = 0; page < WINDOW_PAGES; page++)
		mismatches += !bench_page_matches(bench, page);
	return mismatches;
}

static void shape_of(const struct bench *bench, const uint64_t *entries, unsigned int level,
		     bool *seen, struct shape *shape)
{
	const struct page_table_format *format = bench->table.format;
	unsigned int n, present = 0, number = ((uint8_t *)entries - bench->pages) / PAGE_SIZE;

	shape->tables++;
	if (seen[number]) {
		shape->sound = false;
		return;
	}
	seen[number] = true;
	for (n = 0; n < PAGE_TABLE_ENTRIES; n++) {
		if (!(entries[n] & format->present))
			continue;
		present++;
		if (level > 1 && !(entries[n] & format->large)) {
			shape_of(bench, table_at(bench, entries[n]), level - 1, seen, shape);
		} else if (level > bench->table.max_leaf_level) {
			shape->sound = false;
		} else {
			shape->leaves[level]++;
		}
	}
	if (!present && level < PAGE_TABLE_LEVELS)
		shape->empty++;
}

struct shape bench_shape(const struct bench *bench)
{
	bool *seen = calloc(POOL_PAGES, sizeof(*seen));
	struct shape shape = {.sound = true};

	if (!seen)
		abort();
	shape_of(bench, bench->table.root, PAGE_TABLE_LEVELS, seen, &shape);
	free(seen);
	return shape;
}
