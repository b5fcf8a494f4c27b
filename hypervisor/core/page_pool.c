// SPDX-License-Identifier: GPL-2.0-only
#include "core/page_pool.h"

#include <string.h>

#include "core/planted.h"
#include "core/state.h"
#include "logic/page_table.h"

enum page_state { PAGE_FREE, PAGE_USED, PAGE_DEFERRED };

static struct {
	/*
	 * The first ones hold a byte for each page, its state. Not in the pages themselves: until
	 * the processors have flushed, they walk those to be freed as the tables that they were.
	 */
	uint8_t *start;
	uint32_t pages;
	uint32_t first_free; /* none before it is */
	uint32_t deferred;   /* no more are; most of the time there is none to be looked for */
} pool;

void page_pool_init(void *start, uint32_t pages)
{
	uint32_t own = (pages + PAGE_SIZE - 1) / PAGE_SIZE;

	memset(&pool, 0, sizeof(pool));
	memset(start, PAGE_FREE, pages); /* its own are before all that are looked at */
	pool.start = start;
	pool.pages = pages;
	pool.first_free = own;
	hv_info[HV_INFO_MEM_POOL_SIZE] = pages;
	hv_info[HV_INFO_MEM_POOL_USED] = own;
}

void *page_pool_alloc(uint32_t pages)
{
	uint32_t run = 0;

	if (planted_no_page())
		return NULL;
	while (pool.first_free < pool.pages && pool.start[pool.first_free] != PAGE_FREE)
		pool.first_free++;
	for (uint32_t page = pool.first_free; page < pool.pages; page++) {
		run = pool.start[page] == PAGE_FREE ? run + 1 : 0;
		if (run < pages)
			continue;
		page -= pages - 1;
		memset(&pool.start[page], PAGE_USED, pages);
		hv_info[HV_INFO_MEM_POOL_USED] += pages;
		return memset(pool.start + page * PAGE_SIZE, 0, pages * PAGE_SIZE);
	}
	return NULL;
}

static uint32_t page_number(const void *page)
{
	return ((const uint8_t *)page - pool.start) / PAGE_SIZE;
}

void page_pool_free(void *start, uint32_t pages)
{
	uint32_t first = page_number(start);

	if (!start)
		return;
	memset(&pool.start[first], PAGE_FREE, pages);
	hv_info[HV_INFO_MEM_POOL_USED] -= pages;
	if (first < pool.first_free)
		pool.first_free = first;
}

void page_pool_free_deferred(void *start, uint32_t pages)
{
	if (!start)
		return;
	memset(&pool.start[page_number(start)], PAGE_DEFERRED, pages);
	pool.deferred += pages;
}

void page_pool_release_deferred(void)
{
	for (uint32_t page = 0; pool.deferred && page < pool.pages; page++) {
		if (pool.start[page] != PAGE_DEFERRED)
			continue;
		page_pool_free(pool.start + page * PAGE_SIZE, 1);
		pool.deferred--;
	}
}
