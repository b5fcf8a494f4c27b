// SPDX-License-Identifier: GPL-2.0-only
#include "pool_pieces.h"

void pool_pieces_add(struct pool_piece **pieces, struct pool_piece *piece)
{
	while (*pieces)
		pieces = &(*pieces)->next;
	piece->next = NULL;
	*pieces = piece;
}

void pool_pieces_drop(struct pool_piece **pieces, struct pool_piece *piece)
{
	while (*pieces && *pieces != piece)
		pieces = &(*pieces)->next;
	if (*pieces)
		*pieces = piece->next;
}

const struct pool_piece *pool_pieces_above(const struct pool_piece *pieces, uint64_t address)
{
	const struct pool_piece *lowest = NULL;

	for (; pieces; pieces = pieces->next) {
		if (!pieces->moving && pieces->start + pieces->size > address &&
		    (!lowest || pieces->start < lowest->start))
			lowest = pieces;
	}
	return lowest;
}

bool pool_pieces_have(const struct pool_piece *pieces, uint64_t start, uint64_t size)
{
	const struct pool_piece *piece;
	uint64_t part;

	/* A size of 0 is in one of them as well. */
	do {
		piece = pool_pieces_above(pieces, start);
		if (!piece || piece->start > start)
			return false;
		part = piece->start + piece->size - start;
		if (part > size)
			part = size;
		start += part;
		size -= part;
	} while (size);
	return true;
}

static bool meets(const struct pool_piece *piece, uint64_t start, uint64_t size)
{
	return start < piece->start + piece->size &&
	       (start >= piece->start || size > piece->start - start);
}

bool pool_pieces_meet(const struct pool_piece *pieces, uint64_t start, uint64_t size)
{
	for (; pieces; pieces = pieces->next) {
		if (meets(pieces, start, size))
			return true;
	}
	return false;
}

bool pool_pieces_moving(const struct pool_piece *pieces, uint64_t start, uint64_t size)
{
	for (; pieces; pieces = pieces->next) {
		if (pieces->moving && meets(pieces, start, size))
			return true;
	}
	return false;
}

struct pool_piece *pool_pieces_ending(struct pool_piece *pieces, uint64_t start, uint64_t size)
{
	for (; pieces; pieces = pieces->next) {
		if (!pieces->moving && size && start >= pieces->start && size <= pieces->size &&
		    start - pieces->start == pieces->size - size)
			return pieces;
	}
	return NULL;
}
