/* SPDX-License-Identifier: GPL-2.0-only */
/* The device and what is sent to it. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "blob.h"
#include "driver_abi.h"
#include "tests/fuzz/mutate.h"
#include "snapshot.h"

#define BLOB_CAPACITY 16384u

/* Bytes whose end is the end of what can be read: one byte further is a fault. */
struct edge {
	uint8_t *end;
};

void edge_open(struct edge *ret);
/* A copy of the bytes right before the edge; size is BLOB_CAPACITY at most. */
void *edge_put(const struct edge *edge, const void *bytes, size_t size);

struct device {
	int fd;
	struct cellvisor_pool pool;
	struct address_pieces {
		uint64_t hypervisor, hypervisor_size, cells, cells_size;
	} pieces;
	struct edge edge;
	struct mutator mutator;
	struct snapshot idle; /* what there was before the try */
	unsigned int sent, accepted, refused, withheld;
};

/* Says what went wrong and ends the program; the hypervisor may be on then. */
void broken(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* An ioctl; returns 0 or a negative errno. */
int device_call(const struct device *device, unsigned long code, const void *argument);

/* Takes what there is, when that changes no more, as device->idle. */
void device_settle(struct device *device);

/* After a try: counts it; what there is must be as in device->idle. */
void device_count(struct device *device, int result, const char *what);

/* A system blob for this machine, and one of a cell "fuzz" on the last CPU, malloc()ed. */
void *blob_of_system(const struct device *device, size_t *ret_size);
void *blob_of_cell(const struct device *device, size_t *ret_size);

/* Sound configurations of memory that is not theirs to have: all are refused. */
void claim_root_memory(struct device *device);
void claim_foreign_memory(struct device *device);

/* Configurations that are sound but for one thing, which the kernel's log names. */
void refuse_systems(struct device *device);
void refuse_cells(struct device *device);

/* The three parts of the test; each returns after so many tries. */
void fuzz_enable(struct device *device, unsigned int tries);
void fuzz_create(struct device *device, unsigned int tries);
void fuzz_cells(struct device *device, unsigned int tries);

#endif /* DEVICE_H */
