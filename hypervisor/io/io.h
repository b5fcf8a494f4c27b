/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who answers an address or a port that a guest does not reach by itself: sorted tables for each
 * cell, the root cell included. They are made when a cell comes or goes and replaced as a whole, so
 * that an exit reads them without a lock.
 */
#ifndef IO_H
#define IO_H

#include "core/cpu.h"

struct io_access {
	uint64_t address; /* or port */
	unsigned int width;
	bool write;
	bool update;	/* a read that a write follows, if it is allowed */
	uint64_t value; /* to be written, or what was read */
};

enum io_answer {
	IO_DONE,
	IO_REFUSED, /* as if nothing were there */
	IO_FAULT,   /* not allowed, and the handler has made the record of it */
};

struct io_region {
	uint64_t start, size;
	/* Called with accesses that lie in the region as a whole. */
	enum io_answer (*handler)(struct cpu *cpu, const struct io_region *region,
				  struct io_access *access);
	const void *argument;
	enum exit_counter counter; /* of the exits that these accesses are */
};

enum io_space { IO_MEMORY, IO_PORTS, IO_SPACES };

struct io_table {
	uint32_t count;
	uint32_t pages;
	uint32_t last; /* found: most exits are about the same one */
	struct io_region regions[];
};

const struct io_region *io_search(struct io_table *table, uint64_t address);

/* The region that was found last, if the address lies in it. */
static inline const struct io_region *io_find_again(const struct io_table *table, uint64_t address)
{
	const struct io_region *last = &table->regions[table->last];

	return likely(address - last->start < last->size) ? last : NULL;
}

/* The region that an address lies in; NULL: nobody answers. table may be NULL. */
static inline const struct io_region *io_find(struct io_table *table, uint64_t address)
{
	const struct io_region *last = table ? io_find_again(table, address) : NULL;

	return likely(last || !table) ? last : io_search(table, address);
}

/* Whether some address in a range is answered. table may be NULL. */
bool io_answers(struct io_table *table, uint64_t start, uint64_t size);

/* It holds so many bytes from the address on, which is in it. */
static inline bool io_holds(const struct io_region *region, uint64_t address, unsigned int width)
{
	return width <= region->size - (address - region->start);
}

/* What subsystems add their regions to: they are counted, then added, by the same calls. */
struct io_builder {
	enum io_space space;
	struct io_table *table; /* NULL: only count */
	uint32_t count;		/* of regions at most */
	int error;
};

/* A region that overlaps another one is an error: the cell is not created. */
void io_add(struct io_builder *builder, struct io_region region);

/* Makes a cell's tables anew; the old ones are there until the next flush. */
int io_update(struct cell *cell);

/* Adds a region that gives way to what is there already, unless there is something; takes a hole
 * out of it, or out of what an earlier call left of it. */
void io_add_around(struct io_builder *builder, struct io_region region, uint64_t hole_start,
		   uint64_t hole_size);

#endif /* IO_H */
