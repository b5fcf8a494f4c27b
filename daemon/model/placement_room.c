// SPDX-License-Identifier: GPL-2.0-only
/* What is taken of the pool and of PCI bus 0, and what is left. */
#include <string.h>

#include "common/array.h"
#include "model/placement_parts.h"

#define SMALL_ALIGNMENT 4096ull

void obstacles_done(struct obstacles *obstacles)
{
	free(obstacles->memory);
	free(obstacles->links);
}

void obstacles_add(struct obstacles *obstacles, struct address_range range)
{
	struct address_range *item;

	if (range.size == 0 || obstacles->out_of_memory)
		return;
	item = array_add(&obstacles->memory, &obstacles->num_memory, sizeof(*item));
	if (item)
		*item = range;
	else
		obstacles->out_of_memory = true;
}

void obstacles_add_link(struct obstacles *obstacles, const struct link_place *link)
{
	struct link_place *item;

	obstacles_add(obstacles, link->memory);
	obstacles->slots |= 1u << PCI_SLOT_OF(link->bdf);
	if (obstacles->out_of_memory)
		return;
	item = array_add(&obstacles->links, &obstacles->num_links, sizeof(*item));
	if (item)
		*item = *link;
	else
		obstacles->out_of_memory = true;
}

void obstacles_add_machine(struct obstacles *obstacles, const struct machine *machine,
			   uint32_t leaving)
{
	for (size_t i = 0; machine && i < machine->num_pci; i++) {
		const struct machine_pci *function = &machine->pci[i];

		if (function->domain == 0 && function->bdf >> 8 == 0)
			obstacles->slots |= (1u << PCI_SLOT_OF(function->bdf)) & ~leaving;
	}
}

const struct address_range *obstacles_find(const struct obstacles *obstacles,
					   struct address_range range)
{
	for (size_t i = 0; i < obstacles->num_memory; i++) {
		if (ranges_meet(obstacles->memory[i], range))
			return &obstacles->memory[i];
	}
	return NULL;
}

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static uint64_t alignment_of(uint64_t size)
{
	return size >= LARGE_ALIGNMENT ? LARGE_ALIGNMENT : SMALL_ALIGNMENT;
}

/* Each step goes past the obstacle that is in the way. */
static bool find_in_piece(const struct obstacles *obstacles, struct address_range piece,
			  uint64_t size, struct address_range *ret)
{
	const uint64_t alignment = alignment_of(size);
	const uint64_t end = range_end(piece);
	struct address_range place = {.start = align_up(piece.start, alignment), .size = size};

	while (place.start <= end && size <= end - place.start) {
		const struct address_range *obstacle = obstacles_find(obstacles, place);

		if (!obstacle) {
			*ret = place;
			return true;
		}
		place.start = align_up(range_end(*obstacle), alignment);
	}
	return false;
}

bool obstacles_take_room(struct obstacles *obstacles, const struct pool *pool, uint64_t size,
			 struct address_range *ret)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (!find_in_piece(obstacles, pool->pieces[i].range, size, ret))
			continue;
		obstacles_add(obstacles, *ret);
		return true;
	}
	if (!obstacles->missing)
		return false;
	/* One after the other, as they will be placed. A sum that wraps around is more than any
	 * limit. */
	*ret = (struct address_range){0};
	if (size > UINT64_MAX / 2 - *obstacles->missing)
		*obstacles->missing = UINT64_MAX / 2;
	else
		*obstacles->missing = align_up(*obstacles->missing, alignment_of(size)) + size;
	return true;
}
