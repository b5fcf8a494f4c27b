/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver below: /dev/jailhouse and its sysfs tree, of cellvisor's module or of the original
 * one. Every call may block for as long as the driver likes, so none is made from the bus thread.
 * One handle belongs to one thread at a time.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "driver_abi.h"
#include "model/address_range.h"
#include "util/cpu_mask.h"

struct driver {
	int fd;
	uint64_t features; /* CELLVISOR_FEATURE_*; 0 for the original driver */
	char release[32];  /* "" for the original driver */
};

/* Guest-physical target of bytes in our memory. */
struct driver_image {
	const void *data;
	uint64_t size;
	uint64_t address;
};

/*
 * Opens the device and asks what it can do. Returns -ENOENT or -ENXIO where there is no driver,
 * -EPROTO where its ABI is a newer one than ours, or another negative errno.
 */
int driver_open(struct driver **ret);

/* Takes NULL. */
void driver_close(struct driver *driver);
DEFINE_FREEP(struct driver *, driver_close)

static inline bool driver_has(const struct driver *driver, uint64_t feature)
{
	return (driver->features & feature) == feature;
}

/*
 * The ioctls of driver_abi.h. All return 0 or the negative errno of the driver; -EINTR after
 * worker_interrupt(). Those beyond the original driver return -EOPNOTSUPP where the feature is
 * missing. A 0 is what the driver says, not what is true: look at a snapshot afterwards.
 */
int driver_enable(struct driver *driver, const void *system_blob);
int driver_disable(struct driver *driver);
/* take: as struct cellvisor_cell_create has it; a driver without that takes as it likes. */
int driver_cell_create(struct driver *driver, const void *blob, size_t size, uint64_t take);
int driver_cell_load(struct driver *driver, int32_t id, const struct driver_image *images,
		     size_t num_images);
/* Blocks until the cell has answered or its msg_reply_timeout has passed. */
int driver_cell_shut_down(struct driver *driver, int32_t id);
int driver_cell_start(struct driver *driver, int32_t id);
int driver_cell_kill(struct driver *driver, int32_t id);
int driver_cell_destroy(struct driver *driver, int32_t id);
int driver_cell_status(struct driver *driver, int32_t id, struct cellvisor_cell_status *ret);

/*
 * Reads the virtual console from *offset; at most size bytes. On success *offset, *ret_length and
 * *ret_lost are as driver_abi.h says.
 */
int driver_cell_console(struct driver *driver, int32_t id, uint64_t *offset, void *buffer,
			uint32_t size, uint32_t *ret_length, uint64_t *ret_lost);

/*
 * Input for a cell's console: at most CELLVISOR_INPUT_MAX bytes, of which as many were taken as
 * ret_taken says. -EOPNOTSUPP: its program takes none.
 */
int driver_cell_input(struct driver *driver, int32_t id, const void *bytes, uint32_t length,
		      uint32_t *ret_taken);
int driver_pool_info(struct driver *driver, struct cellvisor_pool *ret);
int driver_pool_reserve(struct driver *driver, const struct cellvisor_pool *request,
			struct cellvisor_pool *ret);
int driver_pool_release(struct driver *driver);
int driver_pool_add(struct driver *driver, const struct cellvisor_pool *request,
		    struct cellvisor_pool *ret);
/* The end of a piece, or all of it. */
int driver_pool_remove(struct driver *driver, struct address_range range);
/* Whether it is memory that Linux worked with, and is to have again. */
bool driver_pool_is_linux(const struct cellvisor_pool *pool);
/* By address, max of them at most. Returns their number. */
int driver_pool_pieces(struct driver *driver, struct cellvisor_pool *ret, size_t max);

/* Root's end of a link comes with a checked blob, and goes by its place in PCI domain 0. */
int driver_link_add(struct driver *driver, const void *blob, size_t size);
int driver_link_remove(struct driver *driver, uint16_t bdf);

/* As struct cellvisor_keep_cpus has it. */
int driver_keep_cpus(struct driver *driver, const struct cpu_mask *cpus, bool cells);

/* Reads, and thereby acknowledges, the counter of events. */
int driver_events(struct driver *driver, uint64_t *ret);

#endif /* DRIVER_H */
