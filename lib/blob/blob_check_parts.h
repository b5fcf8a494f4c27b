/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the blob checker share; nobody else includes it. */
#ifndef BLOB_CHECK_PARTS_H
#define BLOB_CHECK_PARTS_H

#include "lib/blob/blob_check.h"

struct blob_check {
	const struct cell_desc *cell;
	bool is_root;
	uint64_t shared_bytes;	 /* of ivshmem sections, so far */
	struct blob_error error; /* where the check is; what is wrong there, in the end */
};

/* Says what is wrong at the place where the check is. Returns -EINVAL. */
int blob_fail(struct blob_check *c, enum blob_error_code code, const char *field, uint64_t value,
	      uint64_t expected);

/* Whether the range is inside the addresses that exist. */
int blob_check_address(struct blob_check *c, const char *field, uint64_t start, uint64_t size);

/* Elements 0 to count - 1 of an array, up to the first that is refused. */
int blob_check_each(struct blob_check *c, enum blob_part part, unsigned int count,
		    int (*check)(struct blob_check *c, unsigned int n));

/* One kind of elements, all of them. Everything that the counts reach is inside the blob. */
int blob_check_memory(struct blob_check *c);
int blob_check_pci(struct blob_check *c);

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

#endif /* BLOB_CHECK_PARTS_H */
