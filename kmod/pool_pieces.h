/* SPDX-License-Identifier: GPL-2.0-only */
/* The pieces that the memory pool is made of. Pure: tests on the host have it, too. */
#ifndef POOL_PIECES_H
#define POOL_PIECES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* None is empty or wraps around, and none has anything of another. */
struct pool_piece {
	struct pool_piece *next; /* that came later; NULL: none */
	uint64_t start, size;
	bool moving; /* on its way from or to Linux: it is listed so that nobody else takes it */
};

void pool_pieces_add(struct pool_piece **pieces, struct pool_piece *piece);
void pool_pieces_drop(struct pool_piece **pieces, struct pool_piece *piece);

/* Of those that are there, not on their way: the lowest that ends above the address, or NULL. */
const struct pool_piece *pool_pieces_above(const struct pool_piece *pieces, uint64_t address);

/* Whether they have all of the range, which may go from one over to its neighbour. */
bool pool_pieces_have(const struct pool_piece *pieces, uint64_t start, uint64_t size);

/* Whether some of the range is in any, or on its way. */
bool pool_pieces_meet(const struct pool_piece *pieces, uint64_t start, uint64_t size);

/* Whether some of the range is on its way. */
bool pool_pieces_moving(const struct pool_piece *pieces, uint64_t start, uint64_t size);

/* The one, not on its way, that ends with this range; NULL: none. */
struct pool_piece *pool_pieces_ending(struct pool_piece *pieces, uint64_t start, uint64_t size);

#endif /* POOL_PIECES_H */
