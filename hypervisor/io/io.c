// SPDX-License-Identifier: GPL-2.0-only
#include "io/io.h"

#include <errno.h>
#include <string.h>

#include "cell/cell.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"

/* The first region that begins behind the address, or the end. */
static const struct io_region *first_behind(const struct io_table *table, uint64_t address)
{
	const struct io_region *first = table->regions;
	uint32_t count = table->count, half;

	while (count > 0) {
		half = count / 2;
		if (first[half].start <= address) {
			first += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return first;
}

const struct io_region *io_search(struct io_table *table, uint64_t address)
{
	const struct io_region *behind = first_behind(table, address);

	if (behind-- == table->regions || address - behind->start >= behind->size)
		return NULL;
	__atomic_store_n(&table->last, behind - table->regions, __ATOMIC_RELAXED);
	return behind;
}

/* The first region with some byte of this range, or NULL. */
static struct io_region *find_overlap(struct io_table *table, uint64_t start, uint64_t size)
{
	struct io_region *region = (struct io_region *)first_behind(table, start);

	if (region > table->regions && start - region[-1].start < region[-1].size)
		return region - 1;
	return region < table->regions + table->count && region->start - start < size ? region
										      : NULL;
}

bool io_answers(struct io_table *table, uint64_t start, uint64_t size)
{
	return table && find_overlap(table, start, size);
}

static void insert(struct io_table *table, struct io_region region)
{
	struct io_region *last = table->regions + table->count++;

	for (; last > table->regions && last[-1].start > region.start; last--)
		*last = last[-1];
	*last = region;
}

void io_add(struct io_builder *builder, struct io_region region)
{
	builder->count++;
	if (!builder->table)
		return;
	if (find_overlap(builder->table, region.start, region.size))
		builder->error = -EINVAL;
	else
		insert(builder->table, region);
}

static void take_out(struct io_table *table, uint64_t start, uint64_t size)
{
	struct io_region *region = find_overlap(table, start, size), rest;
	uint64_t end = start + size;

	if (!region)
		return;
	rest = *region;
	if (region->start < start) {
		region->size = start - region->start;
	} else {
		for (uint32_t n = region - table->regions; n + 1 < table->count; n++)
			table->regions[n] = table->regions[n + 1];
		table->count--;
	}
	if (rest.start + rest.size > end) {
		rest.size = rest.start + rest.size - end;
		rest.start = end;
		insert(table, rest);
	}
}

void io_add_around(struct io_builder *builder, struct io_region region, uint64_t hole_start,
		   uint64_t hole_size)
{
	builder->count += 2;
	if (!builder->table)
		return;
	if (!find_overlap(builder->table, region.start, region.size))
		insert(builder->table, region);
	take_out(builder->table, hole_start, hole_size);
}

/* The root cell's tables depend on all cells, another one's on itself; newcomer may be NULL. */
static void add_all(struct io_builder *builder, const struct cell *owner,
		    const struct cell *newcomer)
{
	if (owner != &root_cell) {
		subsystems_io_regions(builder, owner, owner);
		return;
	}
	for_each_cell (cell)
		subsystems_io_regions(builder, owner, cell);
	if (newcomer)
		subsystems_io_regions(builder, owner, newcomer);
}

static int build(enum io_space space, const struct cell *owner, const struct cell *newcomer,
		 struct io_table **ret_table)
{
	struct io_builder builder = {.space = space};
	uint32_t pages;

	*ret_table = NULL;
	add_all(&builder, owner, newcomer);
	if (builder.count == 0)
		return 0;
	pages = (sizeof(struct io_table) + builder.count * sizeof(struct io_region) + PAGE_SIZE -
		 1) /
		PAGE_SIZE;
	builder.table = page_pool_alloc(pages);
	if (!builder.table)
		return -ENOMEM;
	builder.table->pages = pages;
	add_all(&builder, owner, newcomer);
	*ret_table = builder.table;
	return builder.error;
}

/* CPUs may still read it: until the flush that ends every change of cells. */
static void free_later(struct io_table *table)
{
	if (table)
		page_pool_free_deferred(table, table->pages);
}

static int replace_tables(struct cell *owner, const struct cell *newcomer)
{
	struct io_table *tables[IO_SPACES] = {0};
	int err = 0;

	for (unsigned int space = 0; space < IO_SPACES && !err; space++)
		err = build(space, owner, newcomer, &tables[space]);
	for (unsigned int space = 0; space < IO_SPACES; space++) {
		free_later(err ? tables[space]
			       : __atomic_exchange_n(&owner->io[space], tables[space],
						     __ATOMIC_ACQ_REL));
	}
	return err;
}

int io_update(struct cell *cell)
{
	return replace_tables(cell, NULL);
}

static int io_cell_create(struct cell *cell)
{
	int err = replace_tables(cell, NULL);

	if (!err && cell != &root_cell)
		err = replace_tables(&root_cell, cell);
	return err;
}

static void io_cell_destroy(struct cell *cell)
{
	for (unsigned int space = 0; space < IO_SPACES; space++) {
		free_later(cell->io[space]);
		cell->io[space] = NULL;
	}
	/*
	 * Without a page for new tables root's old ones stay until the next cell comes. They let
	 * root reach through handlers what it has mapped again, and nothing else.
	 */
	replace_tables(&root_cell, NULL);
}

SUBSYSTEM(40, io_subsystem) = {
	.name = "I/O tables",
	.cell_create = io_cell_create,
	.cell_destroy = io_cell_destroy,
};
