/* SPDX-License-Identifier: GPL-2.0-only */
/* Correct configuration blobs with something of everything in them, for tests to break. */
#ifndef SAMPLE_BLOB_H
#define SAMPLE_BLOB_H

#include <stddef.h>

#include "blob.h"

/* The elements of both samples, by their place in the arrays. */
enum sample_memory {
	SAMPLE_RAM,
	SAMPLE_COMM,	  /* in the root cell: device memory */
	SAMPLE_REGISTERS, /* byte-granular; in the root cell: a page */
	SAMPLE_STATE_TABLE,
	SAMPLE_READ_WRITE,
	SAMPLE_OUTPUT_0,
	SAMPLE_OUTPUT_1,
	SAMPLE_MEMORY_COUNT,
};

enum sample_device { SAMPLE_NIC, SAMPLE_IVSHMEM, SAMPLE_BRIDGE, SAMPLE_DEVICE_COUNT };
enum sample_cap { SAMPLE_CAP_MSI, SAMPLE_CAP_EXTENDED, SAMPLE_CAP_COUNT };

#define SAMPLE_CPU_SET_SIZE 8
#define SAMPLE_CACHE_COUNT  2
#define SAMPLE_CHIP_COUNT   2
#define SAMPLE_PIO_COUNT    2
#define SAMPLE_STREAM_COUNT 3

/* A cell or system blob in memory of its own of exactly *ret_size bytes, to be freed. */
void *sample_cell(size_t *ret_size);
void *sample_system(size_t *ret_size);

/* Root's end of a link: its sections are the memory regions from 0 on, its device the only one. */
void *sample_link(size_t *ret_size);

#endif /* SAMPLE_BLOB_H */
