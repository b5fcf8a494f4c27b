/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the pool share: where pieces come from. All of it with the pool's own lock and
 * without cellvisor_lock: Linux may take its time.
 */
#ifndef POOL_PARTS_H
#define POOL_PARTS_H

#include "cellvisor.h"
#include "pool_pieces.h"
#include "pool_search.h"

#define POOL_ALIGN SZ_2M

struct pool_memory {
	struct pool_piece piece;
	enum cellvisor_pool_source source;
	int node; /* or POOL_ANY_NODE: not known */
	struct iomem_piece iomem;
};

/* pool.c: from now on it is listed as on its way; not at all any more. */
void pool_list(struct pool_memory *memory);
void pool_unlist(struct pool_memory *memory);

/*
 * pool_linux.c: this machine as pool_search.h sees it, for the time that a search may take.
 *
 * pool_take_contiguous(): pages that Linux can allocate side by side. 0, -ENOMEM: there is no such
 *	piece, -ETIMEDOUT: none was found in time, -EINTR.
 * pool_give_contiguous(): some of them, or all.
 */
struct linux_view {
	struct pool_view view;
	bool joined; /* RAM that touches is one piece, whatever it is in the list of who has what */
	unsigned long end; /* in jiffies */
};

struct linux_view linux_view_begin(bool joined);

int pool_take_contiguous(struct pool_memory *memory, u64 size, int node);
void pool_give_contiguous(u64 start, u64 size);

/*
 * pool_blocks.c: whole memory blocks, offline and out of Linux. The errors are the same.
 *
 * pool_give_blocks(): they are Linux' again, online where it brings such memory online itself. An
 *	error: all is as before.
 * pool_is_of_blocks(): whether a range can be given back, or the rest of a piece be kept.
 */
int pool_take_blocks(struct pool_memory *memory, u64 size, int node);
int pool_give_blocks(const struct pool_memory *memory);
bool pool_is_of_blocks(u64 start, u64 size);

#endif /* POOL_PARTS_H */
