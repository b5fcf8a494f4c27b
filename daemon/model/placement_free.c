// SPDX-License-Identifier: GPL-2.0-only
/* What of the pool nobody has, and what it lacks. */
#include <string.h>

#include "model/placement_parts.h"

void obstacles_add_existing(struct obstacles *obstacles, const struct placement_input *input,
			    const char *except)
{
	obstacles_add(obstacles, input->hypervisor);
	obstacles_add_machine(obstacles, input->machine, input->leaving);
	for (size_t i = 0; i < input->num_links; i++)
		obstacles_add_link(obstacles, &input->links[i]);
	for (size_t i = 0; i < input->num_cells; i++) {
		const struct placement_cell *cell = &input->cells[i];

		if (except && strcmp(cell->name, except) == 0)
			continue;
		for (size_t j = 0; j < cell->placement.num_memory; j++)
			obstacles_add(obstacles, cell->placement.memory[j]);
		for (size_t j = 0; j < cell->placement.num_links; j++)
			obstacles_add_link(obstacles, &cell->placement.links[j]);
	}
}

/* From gap to gap: an obstacle at this point, or else the next one behind it. */
static uint64_t free_of_piece(const struct obstacles *obstacles, struct address_range piece,
			      uint64_t *largest)
{
	const uint64_t end = range_end(piece);
	uint64_t at = piece.start, total = 0;

	while (at < end) {
		const struct address_range here = {.start = at, .size = 1};
		const struct address_range *obstacle = obstacles_find(obstacles, here);
		uint64_t gap_end = end;

		if (obstacle) {
			at = range_end(*obstacle);
			continue;
		}
		for (size_t i = 0; i < obstacles->num_memory; i++) {
			if (obstacles->memory[i].start > at && obstacles->memory[i].start < gap_end)
				gap_end = obstacles->memory[i].start;
		}
		total += gap_end - at;
		if (gap_end - at > *largest)
			*largest = gap_end - at;
		at = gap_end;
	}
	return total;
}

uint64_t placement_free(const struct placement_input *input, uint64_t *ret_largest)
{
	_cleanup_(obstacles_done) struct obstacles obstacles = {0};
	uint64_t total = 0;

	*ret_largest = 0;
	obstacles_add_existing(&obstacles, input, NULL);
	for (size_t i = 0; i < input->pool.count; i++)
		total += free_of_piece(&obstacles, input->pool.pieces[i].range, ret_largest);
	return total;
}

size_t placement_unused(const struct placement_input *input)
{
	_cleanup_(obstacles_done) struct obstacles obstacles = {0};
	const struct pool *pool = &input->pool;
	size_t i;

	obstacles_add_existing(&obstacles, input, NULL);
	if (obstacles.out_of_memory)
		return pool->count;
	for (i = 0; i < pool->count; i++) {
		if (pool_piece_may_go(&pool->pieces[i]) &&
		    !obstacles_find(&obstacles, pool->pieces[i].range))
			break;
	}
	return i;
}
