/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the library know of each other. */
#ifndef LINK_PARTS_H
#define LINK_PARTS_H

#include "linux_link.h"
#include "uio_ivshmem.h"

struct map {
	void *memory; /* NULL: it is not there */
	size_t size;
};

struct cellmgr_link {
	struct map maps[UIO_IVSHMEM_MAP_COUNT];
	int vectors[IVSHMEM_MAX_VECTORS]; /* files; -1 where there is none */
	unsigned int vector_count;
	unsigned int own, peers;
	size_t output_bytes;
	uint64_t khz, counter_then, ns_then; /* khz 0: not measured yet */
};

/*
 * device.c: maps and vectors of what is at that path, as the kernel or the directory has them. A
 * negative errno leaves what was opened to link_release().
 */
int link_open_path(struct cellmgr_link *link, const char *path);
void link_release(struct cellmgr_link *link);

/* The time stamp counter: the architecture's. */
uint64_t link_counter(void);

#endif /* LINK_PARTS_H */
