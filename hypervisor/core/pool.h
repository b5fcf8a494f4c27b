/* SPDX-License-Identifier: GPL-2.0-only */
/* Page pool: the only allocator. Used while cells are created and destroyed, never on an exit of a
 * running cell. */
#ifndef POOL_H
#define POOL_H

#include <stdint.h>

/* Takes over [start, start + pages * 4 KiB) of the hypervisor's address space; the bitmap lies in
 * its first pages. */
void pool_init(void *start, uint32_t pages);

/* A zeroed run of pages, or NULL. Callers hold the management lock (or are the only CPU, at init).
 */
void *pool_alloc(uint32_t pages);
void pool_free(void *start, uint32_t pages);

/*
 * Page-table pages: a CPU may still walk them through its TLB's paging caches, so they become
 * allocatable again only with pool_release_deferred(), which is called after the flush.
 */
void pool_free_deferred(void *page);
void pool_release_deferred(void);

uint32_t pool_size(void);
uint32_t pool_used(void);

#endif /* POOL_H */
