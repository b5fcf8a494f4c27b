// SPDX-License-Identifier: GPL-2.0-only
#include "logic/page_table.h"

#include <errno.h>

#include "core/page_pool.h"

static uint64_t level_size(unsigned int level)
{
	return 1ull << (PAGE_SHIFT + (level - 1) * PAGE_TABLE_LEVEL_BITS);
}

static unsigned int entry_index(uint64_t virt, unsigned int level)
{
	return virt / level_size(level) % PAGE_TABLE_ENTRIES;
}

static uint64_t *entry_table(const struct page_table *table, uint64_t entry)
{
	return (uint64_t *)((entry & table->format->address) - table->phys_offset);
}

static uint64_t table_entry(const struct page_table *table, const uint64_t *entries)
{
	return ((uint64_t)entries + table->phys_offset) | table->format->table;
}

static bool is_present(const struct page_table *table, uint64_t entry)
{
	return entry & table->format->present;
}

/* Of an entry that is present. */
static bool is_leaf(const struct page_table *table, uint64_t entry, unsigned int level)
{
	return level == 1 || (entry & table->format->large);
}

/* The inverse of page_table_leaf_entry(). */
static unsigned int entry_attributes(const struct page_table *table, uint64_t entry)
{
	const struct page_table_format *format = table->format;

	return PT_READ | ((entry & format->write) ? PT_WRITE : 0) |
	       ((entry & format->no_execute) ? 0 : PT_EXECUTE) |
	       ((entry & format->device) ? PT_DEVICE : 0);
}

/* A hardware walker may look at the entry at any time: one store, never a partial value. */
static void entry_set(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static bool range_valid(const struct page_table *table, uint64_t virt, uint64_t size)
{
	uint64_t limit = level_size(PAGE_TABLE_LEVELS) * PAGE_TABLE_ENTRIES;

	return size > 0 && ((virt | size) & ~PAGE_MASK) == 0 && virt < limit &&
	       size <= limit - virt;
}

int page_table_init(struct page_table *table, const struct page_table_format *format,
		    unsigned int max_leaf_level, uint64_t phys_offset)
{
	*table = (struct page_table){
		.format = format,
		.max_leaf_level = max_leaf_level,
		.root = page_pool_alloc(1),
		.phys_offset = phys_offset,
	};
	return table->root ? 0 : -ENOMEM;
}

static void free_subtree(struct page_table *table, uint64_t entry, unsigned int level)
{
	uint64_t *entries;

	if (!is_present(table, entry) || is_leaf(table, entry, level))
		return;
	entries = entry_table(table, entry);
	if (level > 2)
		for (unsigned int n = 0; n < PAGE_TABLE_ENTRIES; n++)
			free_subtree(table, entries[n], level - 1);
	page_pool_free_deferred(entries, 1);
}

/* Makes *entry of this level point to a table; a leaf is split into equivalent smaller ones. */
static int make_table(struct page_table *table, uint64_t *entry, unsigned int level)
{
	uint64_t *entries, step = level_size(level - 1), leaf = *entry;

	if (is_present(table, *entry) && !is_leaf(table, *entry, level))
		return 0;
	entries = page_pool_alloc(1);
	if (!entries)
		return -ENOMEM;
	if (level == 2)
		leaf &= ~table->format->large;
	for (unsigned int n = 0; n < PAGE_TABLE_ENTRIES && is_present(table, leaf); n++)
		entries[n] = leaf + n * step;
	entry_set(entry, table_entry(table, entries));
	return 0;
}

/* Replaces a table by one larger leaf, or by nothing, where its entries amount to that. */
static void merge_table(struct page_table *table, uint64_t *entry, unsigned int level)
{
	uint64_t *entries = entry_table(table, *entry), first = entries[0], step = 0;

	if (is_present(table, first)) {
		if (level > table->max_leaf_level || !is_leaf(table, first, level - 1) ||
		    (first & table->format->address & (level_size(level) - 1)))
			return;
		step = level_size(level - 1);
	}
	for (unsigned int n = 1; n < PAGE_TABLE_ENTRIES; n++) {
		if (entries[n] != first + n * step)
			return;
	}
	entry_set(entry, step ? first | table->format->large : 0);
	page_pool_free_deferred(entries, 1);
}

struct map_request {
	uint64_t offset; /* from virtual to physical addresses */
	unsigned int attributes;
	bool no_huge;
};

/* An entry may say at once what is asked of so many bytes, the first of them its own. */
static bool entry_fits(const struct page_table *table, const struct map_request *request,
		       uint64_t virt, uint64_t size, unsigned int level)
{
	if (level == 1)
		return true;
	if (size < level_size(level) || (virt & (level_size(level) - 1)))
		return false;
	return !request->attributes || (!request->no_huge && level <= table->max_leaf_level &&
					((virt + request->offset) & (level_size(level) - 1)) == 0);
}

/* Nothing is to be done, and no large page to be split for it. */
static bool already_maps(const struct page_table *table, uint64_t entry, unsigned int level,
			 uint64_t virt, const struct map_request *request)
{
	if (!is_present(table, entry))
		return !request->attributes;
	return is_leaf(table, entry, level) && !request->no_huge &&
	       (entry & table->format->address) + (virt & (level_size(level) - 1)) ==
		       virt + request->offset &&
	       entry_attributes(table, entry) == request->attributes;
}

/* All entries of one table that are about nothing else, in a row. Returns their bytes. */
static uint64_t map_run(struct page_table *table, uint64_t *entries, unsigned int level,
			uint64_t virt, uint64_t size, const struct map_request *request)
{
	uint64_t step = level_size(level), done = 0, old;
	uint64_t *entry = &entries[entry_index(virt, level)], *end = entries + PAGE_TABLE_ENTRIES;
	uint64_t value = page_table_leaf_entry(table->format, virt + request->offset,
					       request->attributes, level);

	for (; entry < end && size - done >= step; entry++, done += step) {
		old = *entry;
		entry_set(entry, value);
		if (is_present(table, old) && !is_leaf(table, old, level))
			free_subtree(table, old, level);
		value += value ? step : 0;
	}
	return done;
}

static int map_level(struct page_table *table, uint64_t *entries, unsigned int level, uint64_t virt,
		     uint64_t size, const struct map_request *request)
{
	int err = 0;

	for (uint64_t chunk; size > 0 && !err; virt += chunk, size -= chunk) {
		uint64_t *entry = &entries[entry_index(virt, level)];

		if (entry_fits(table, request, virt, size, level)) {
			chunk = map_run(table, entries, level, virt, size, request);
			continue;
		}
		chunk = level_size(level) - (virt & (level_size(level) - 1));
		if (chunk > size)
			chunk = size;
		if (already_maps(table, *entry, level, virt, request))
			continue;
		err = make_table(table, entry, level);
		if (!err)
			err = map_level(table, entry_table(table, *entry), level - 1, virt, chunk,
					request);
		if (!err && !request->no_huge)
			merge_table(table, entry, level);
	}
	return err;
}

int page_table_map(struct page_table *table, uint64_t virt, uint64_t phys, uint64_t size,
		   unsigned int attributes, bool no_huge)
{
	const struct map_request request = {phys - virt, attributes, no_huge};

	if (!range_valid(table, virt, size) || (phys & ~PAGE_MASK) != 0 || phys + size < phys)
		return -EINVAL;
	return map_level(table, table->root, PAGE_TABLE_LEVELS, virt, size, &request);
}

/* Sees to it that no page reaches across virt. */
static int split_at(struct page_table *table, uint64_t virt)
{
	uint64_t *entries = table->root;
	int err = 0;

	for (unsigned int level = PAGE_TABLE_LEVELS; !err && virt % level_size(level); level--) {
		uint64_t *entry = &entries[entry_index(virt, level)];

		if (!is_present(table, *entry))
			return 0;
		err = make_table(table, entry, level);
		entries = entry_table(table, *entry);
	}
	return err;
}

int page_table_unmap(struct page_table *table, uint64_t virt, uint64_t size)
{
	static const struct map_request nothing;
	int err;

	if (!range_valid(table, virt, size))
		return -EINVAL;
	/* At its start the first step splits, before anything has changed. */
	err = split_at(table, virt + size);
	return err ? err : map_level(table, table->root, PAGE_TABLE_LEVELS, virt, size, &nothing);
}

/* On the way of some exits: a shift is all that is computed for a level. */
bool page_table_walk(const struct page_table *table, uint64_t virt,
		     struct page_table_leaf *ret_leaf)
{
	const struct page_table_format *format = table->format;
	unsigned int shift = PAGE_SHIFT + PAGE_TABLE_LEVELS * PAGE_TABLE_LEVEL_BITS;
	uint64_t *entries = table->root, entry;

	if (virt >> shift)
		return false;
	for (;;) {
		shift -= PAGE_TABLE_LEVEL_BITS;
		entry = entries[(virt >> shift) & (PAGE_TABLE_ENTRIES - 1)];
		if (!(entry & format->present))
			return false;
		if (shift == PAGE_SHIFT || (entry & format->large))
			break;
		entries = entry_table(table, entry);
	}
	ret_leaf->page_size = 1ull << shift;
	ret_leaf->phys = (entry & format->address) + (virt & (ret_leaf->page_size - 1));
	ret_leaf->attributes = entry_attributes(table, entry);
	return true;
}

void page_table_destroy(struct page_table *table)
{
	if (table->root)
		free_subtree(table, table_entry(table, table->root), PAGE_TABLE_LEVELS + 1);
	table->root = NULL;
}
