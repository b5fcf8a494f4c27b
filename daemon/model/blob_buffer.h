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

/* Reports what the blob checker found; place may be NULL. Returns -EINVAL. */
int blob_refused(const struct blob_error *error, const struct problem_place *place,
		 struct problems *problems);

static inline void blob_buffer_done(struct blob_buffer *buffer)
{
	free(buffer->data);
}

#endif /* BLOB_BUFFER_H */
