/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory pool as the daemon knows it: pieces, the first of which begins with the hypervisor. */
#ifndef POOL_H
#define POOL_H

#include "model/address_range.h"

#define POOL_MAX_PIECES 32
#define POOL_GRANULE	(2ull << 20) /* sizes of pieces are multiples of it */

struct pool_piece {
	struct address_range range;
	bool grown; /* taken because a cell needed it: given back when none does */
	bool stuck; /* grown, and could not be given back: not tried again for now */
};

/* In the order in which they came: cells are placed in the first that has room. */
struct pool {
	struct pool_piece pieces[POOL_MAX_PIECES];
	size_t count;
};

/* A pool of one piece; of none where the size is 0. */
static inline struct pool pool_of(uint64_t start, uint64_t size)
{
	return (struct pool){.pieces = {{.range = {start, size}}}, .count = size ? 1 : 0};
}

/* All of its bytes. */
uint64_t pool_bytes(const struct pool *pool);

/* Whether one of the pieces has all of the range. */
bool pool_holds(const struct pool *pool, struct address_range range);

/* false: it has as many as it can have. */
bool pool_add(struct pool *pool, struct pool_piece piece);
void pool_remove(struct pool *pool, size_t index);

/* Whether it is one to be given back when nobody needs it. */
static inline bool pool_piece_may_go(const struct pool_piece *piece)
{
	return piece->grown && !piece->stuck;
}

/* Whether there is such a one. */
bool pool_may_shrink(const struct pool *pool);

/* What could not be given back may be tried again. */
void pool_unstick(struct pool *pool);

/*
 * Makes it what there is, in whatever order: what is known of pieces stays known, as long as they
 * begin where they did; new ones come last. grown: of these.
 * Returns whether anything has changed.
 */
bool pool_update(struct pool *pool, const struct address_range *there, size_t count, bool grown);

#endif /* POOL_H */
