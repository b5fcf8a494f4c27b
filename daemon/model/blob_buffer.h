/* SPDX-License-Identifier: GPL-2.0-only */
/* A growing piece of memory that blobs are written into. A value that starts out zeroed. */
#ifndef BLOB_BUFFER_H
#define BLOB_BUFFER_H

#include "blob.h"
#include "lib/blob/blob_check.h"
#include "common/cleanup.h"
#include "util/cpu_mask.h"
#include "util/problem.h"

struct blob_buffer {
	uint8_t *data; /* malloc()ed */
	size_t size;
	bool out_of_memory; /* something could not be appended; then the content is of no use */
};

void blob_append(struct blob_buffer *buffer, const void *data, size_t size);

/* Appends the bitmap of a CPU set. Returns its size in bytes, a multiple of 8. */
uint32_t blob_append_cpus(struct blob_buffer *buffer, const struct cpu_mask *cpus);

/* Fills signature, revision, architecture and name of a cell descriptor. */
void blob_init_cell(struct cell_desc *desc, const char *name);

typedef int blob_check(const void *blob, size_t size, struct blob_error *ret_error);

/*
 * Ends a blob that begins with head, whose counts are known now: it has to pass the checker that
 * hypervisor and module use as well. place may be NULL. Returns 0 with malloc()ed memory, -EINVAL
 * with an error in problems, -ENOMEM.
 */
int blob_finish(struct blob_buffer *buffer, const void *head, size_t head_size, blob_check *check,
		const struct problem_place *place, struct problems *problems, void **ret_blob,
		size_t *ret_size);

static inline void blob_buffer_done(struct blob_buffer *buffer)
{
	free(buffer->data);
}

#endif /* BLOB_BUFFER_H */
