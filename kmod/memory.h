/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that the module takes for cells and the hypervisor: the pool, what is known of it, and
 * what others are told of it. As in cellvisor.h, of which this is a part.
 */
#ifndef CELLVISOR_KMOD_MEMORY_H
#define CELLVISOR_KMOD_MEMORY_H

#include <linux/ioport.h>
#include <linux/types.h>

#include "blob.h"
#include "driver_abi.h"

/*
 * iomem.c: what is taken, as /proc/iomem has it.
 *
 * iomem_check_reserved(): whether all of a range was reserved at boot. 0; -EINVAL: the first page
 *	that was not; -EINTR.
 * iomem_claim(): memory that is not Linux' own: only what the firmware or the command line has
 *	reserved, and nobody else has, the pool among them. Whoever comes later and asks does not
 *	get it. 0, -EBUSY, -EINVAL, -EINTR, and a line in the log.
 * iomem_hold(): the same of memory that is nobody's for sure. 0, or -EBUSY and a line.
 * iomem_share(): who asks for parts of either gets them from now on, as of a pool.
 * iomem_show(): memory of Linux' that it has given up; for people, so that it cannot fail.
 * iomem_is_clear(): whether [start, end), of a piece of Linux' memory, is without parts that have a
 *	name of their own.
 * iomem_resize(): of either, from the same address on: 0, or -EBUSY where somebody has some of what
 *	goes, or comes.
 * iomem_release(): of all; where nothing is taken, nothing.
 */
struct iomem_piece {
	struct resource *resource; /* NULL: none */
	bool claimed;		   /* or shown */
};

int iomem_check_reserved(u64 start, u64 size, u64 *ret_page);
int iomem_claim(struct iomem_piece *piece, u64 start, u64 size, const char *name);
int iomem_hold(struct iomem_piece *piece, u64 start, u64 size, const char *name);
void iomem_share(struct iomem_piece *piece);
void iomem_show(struct iomem_piece *piece, u64 start, u64 size, const char *name);
bool iomem_is_clear(u64 start, u64 end);
int iomem_resize(struct iomem_piece *piece, u64 size);
void iomem_release(struct iomem_piece *piece);

/*
 * memory_hotplug.c: memory that comes while the hypervisor is on is refused, which the log says.
 *
 * memory_hotplug_watch(): from now on all that the configuration does not give root. Before the
 *	configuration is compared with what Linux has.
 * memory_hotplug_unwatch(): the end of that, if it is this one's; after the last CPU has left.
 */
int memory_hotplug_init(void);
void memory_hotplug_exit(void);
void memory_hotplug_watch(const struct system_desc *system);
void memory_hotplug_unwatch(const struct system_desc *system);

/*
 * pool.c: the memory pool, in pieces that are taken from running Linux or adopted.
 *
 * pool_reserve(), pool_add(), pool_remove(), pool_release(): the driver's calls, without the lock.
 * pool_exit(): the module goes, and all of the pool with it; without the lock.
 *
 * pool_info(), pool_tell_piece(): the driver's calls, with either lock (view.c). These and what
 *	follows may have the pool's own lock instead.
 * pool_has(): all of that. pool_meets(): some of it, or of what is on its way.
 * pool_is_moving(): some of that is on its way between Linux and the pool, and to be left alone.
 */
int pool_reserve(struct cellvisor_pool *pool);
int pool_add(struct cellvisor_pool *pool);
int pool_remove(const struct cellvisor_pool *pool);
int pool_release(void);
void pool_exit(void);
void pool_info(struct cellvisor_pool *info);
void pool_tell_piece(struct cellvisor_pool *pool);
bool pool_has(u64 start, u64 size);
bool pool_meets(u64 start, u64 size);
bool pool_is_moving(u64 start, u64 size);

/*
 * clean.c: what is known to be full of zeros needs no scrubbing. Ranges are [start, end); no lock.
 *
 * clean_pool(): zeroes it, as far as it comes; it has just been reserved.
 * clean_add(): the hypervisor has scrubbed it. clean_forget(): somebody may write it from now on.
 */
void clean_pool(const struct cellvisor_pool *pool);
bool clean_has(u64 start, u64 end);
void clean_add(u64 start, u64 end);
void clean_forget(u64 start, u64 end);

#endif /* CELLVISOR_KMOD_MEMORY_H */
