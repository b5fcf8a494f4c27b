/* SPDX-License-Identifier: GPL-2.0-only */
#include "pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "logic/page_table.h"

static struct {
	uint8_t *start;
	uint8_t *bitmap;
	uint32_t pages;
	uint32_t used;
	void *deferred; /* list through the first word: page-aligned, so "not present" to a walker
			 */
} pool;

static bool page_used(uint32_t page)
{
	return pool.bitmap[page / 8] & (1u << (page % 8));
}

static void mark_pages(uint32_t first, uint32_t count, bool used)
{
	uint32_t page;

	for (page = first; page < first + count; page++) {
		if (used)
			pool.bitmap[page / 8] |= 1u << (page % 8);
		else
			pool.bitmap[page / 8] &= ~(1u << (page % 8));
	}
	pool.used += used ? count : -count;
}

void pool_init(void *start, uint32_t pages)
{
	uint32_t bitmap_pages = (pages / 8 + PAGE_SIZE) / PAGE_SIZE;

	pool.start = start;
	pool.bitmap = start;
	pool.pages = pages;
	memset(pool.bitmap, 0, bitmap_pages * PAGE_SIZE);
	mark_pages(0, bitmap_pages, true);
}

void *pool_alloc(uint32_t pages)
{
	uint32_t page, run = 0;
	void *result;

	for (page = 0; page < pool.pages; page++) {
		run = page_used(page) ? 0 : run + 1;
		if (run == pages) {
			mark_pages(page + 1 - pages, pages, true);
			result = pool.start + (page + 1 - pages) * PAGE_SIZE;
			memset(result, 0, pages * PAGE_SIZE);
			return result;
		}
	}
	return NULL;
}

void pool_free(void *start, uint32_t pages)
{
	if (start)
		mark_pages(((uint8_t *)start - pool.start) / PAGE_SIZE, pages, false);
}

void pool_free_deferred(void *page)
{
	*(void **)page = pool.deferred;
	pool.deferred = page;
}

void pool_release_deferred(void)
{
	void *page;

	while (pool.deferred) {
		page = pool.deferred;
		pool.deferred = *(void **)page;
		pool_free(page, 1);
	}
}

uint32_t pool_size(void)
{
	return pool.pages;
}

uint32_t pool_used(void)
{
	return pool.used;
}
