/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a link that Linux has an end of, through libcellmgr-link. The link may go at any
 * moment, whoever takes it away: a touch of its memory is SIGBUS then, which ends here as -ENODEV.
 * For one thread; no other may take SIGBUS in hand.
 */
#ifndef LINK_MEMORY_H
#define LINK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/link/linux_link.h"

/*
 * Opens /dev/cellmgr/NAME, for cellmgr_link_close(). Returns 0 or negative errno: -ENOENT where it
 * is not there (yet), -ENODEV where it has just gone.
 */
int link_memory_open(const char *name, struct cellmgr_link **ret);

/* A place in the block of a section. */
struct link_part {
	uint32_t offset, size; /* bytes */
	void *data;
	bool missing; /* its writer's block is not that long; data are all zero */
};

/*
 * Reads places of one section, all of one and the same update; peer is its number or
 * CELLMGR_LINK_COMMON. Bounded, however fast or badly the writer writes. Returns an
 * enum link_result (of which LINK_OK only tells that there are data, LINK_SHORT never comes), or
 * -ENODEV: the link is gone, to be closed.
 */
int link_memory_read(struct cellmgr_link *link, unsigned int peer, struct link_part *parts,
		     size_t count, struct link_stamp *ret_stamp);

/*
 * Writes one place of a section that Linux may write. What else is in the block stays; where there
 * is none yet, or a shorter one, it has block_bytes afterwards, zeroed. Then it rings
 * LINK_VECTOR_CHANGE of all peers whose state is not 0. The first time for all
 * links it waits up to 20 ms, to measure the time stamp counter. LINK_OK; LINK_INVALID: there is no
 * such section or place in this link; or -ENODEV.
 */
int link_memory_write(struct cellmgr_link *link, unsigned int peer, uint32_t block_bytes,
		      const struct link_part *part);

#endif /* LINK_MEMORY_H */
