/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux' memory blocks, which go out of it and come back as a whole. */
#ifndef MEMORY_BLOCK_H
#define MEMORY_BLOCK_H

#include "driver_abi.h"

/* root: prefix of /sys. Their size in bytes; 0: not known, as where Linux has none. */
uint64_t memory_block_size(const char *root);

/*
 * A piece of the pool that was of such blocks is Linux' again: brings them online, where Linux has
 * not done that itself. The log tells of each that does not come.
 */
void memory_blocks_online(const char *root, const struct cellvisor_pool *piece);

#endif /* MEMORY_BLOCK_H */
