/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether an image can be entered, and where things lie behind it; pure. */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#endif

#include "image_abi.h"

#define IMAGE_MIN_POOL_PAGES 64u
#define IMAGE_CPU_POOL_PAGES 2u /* beside those, for each CPU */

/* Offsets from the start of hypervisor memory, in bytes. */
struct image_layout {
	uint64_t blob;	 /* the system configuration */
	uint64_t pool;	 /* pages for the hypervisor to allocate */
	uint64_t needed; /* of memory, at least */
};

/* The checksum of an image of so many bytes, which has a header. */
uint64_t image_checksum(const void *image, uint64_t size);

/*
 * What is wrong with an image of so many bytes, as words to go on after "the image is"; NULL where
 * it is whole, of this build, and all that its header tells lies inside of it.
 */
const char *image_fault(const void *image, uint64_t size, uint64_t build_id);

/*
 * Of a header in hypervisor memory, once the module has filled it: the checksum over it. And
 * whether it is one of this build that was filled for this place, and all that it tells lies inside
 * of its memory; to be asked of a copy, as whatever is there may be anything.
 */
uint64_t image_trace_checksum(const struct image_header *header);
bool image_is_trace(const struct image_header *header, uint64_t phys, uint64_t build_id);

/* Of an image without a fault, for up to IMAGE_MAX_CPUS CPUs and IMAGE_MAX_SIZE bytes of blob. */
struct image_layout image_lay_out(const struct image_header *header, uint64_t blob_size,
				  unsigned int max_cpus);

#endif /* IMAGE_CHECK_H */
