/* SPDX-License-Identifier: GPL-2.0-only */
/* The only allocator. Used while cells come and go, never on an exit of a running cell. */
#ifndef PAGE_POOL_H
#define PAGE_POOL_H

#include <stdint.h>

/* Takes over [start, start + pages * 4 KiB) of the hypervisor's address space; what it knows of
 * them lies in the first ones. */
void page_pool_init(void *start, uint32_t pages);

/* A zeroed run of pages, or NULL. With the management lock, or as the only CPU. */
void *page_pool_alloc(uint32_t pages);
void page_pool_free(void *start, uint32_t pages);

/*
 * Pages that CPUs may still look at, page tables through their TLBs' paging caches: they become
 * allocatable again only with page_pool_release_deferred(), which is called after the flush.
 */
void page_pool_free_deferred(void *start, uint32_t pages);
void page_pool_release_deferred(void);

#endif /* PAGE_POOL_H */
