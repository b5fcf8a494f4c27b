/* SPDX-License-Identifier: GPL-2.0-only */
/* What an ivshmem device says of its sections. Pure: tests on the host have it, too. */
#ifndef UIO_IVSHMEM_LAYOUT_H
#define UIO_IVSHMEM_LAYOUT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

struct layout {
	uint64_t base; /* physical */
	uint64_t state_size, common_size, output_size;
	uint32_t id, peers;
	uint64_t size; /* of all sections; set by the check */
};

/*
 * NULL: every section lies within 64 bits, in whole pages, and the peers fit into the state table.
 * Else what cannot be right, and its value.
 */
const char *layout_check(struct layout *layout, uint64_t *ret_value);

#endif /* UIO_IVSHMEM_LAYOUT_H */
