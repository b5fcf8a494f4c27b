// SPDX-License-Identifier: GPL-2.0-only
#include "core/page_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "logic/page_table.h"

static struct {
	uint8_t *start;
	uint8_t *bitmap;
	/*
	 * A bit for each page that is to be freed. Not in the pages: until the processors have
	 * flushed, they walk them as the page tables that they were.
	 */
	uint8_t *deferred;
	uint32_t pages;
	uint32_t used;
	uint32_t num_deferred;
} pool;

static bool bit_set(const uint8_t *bitmap, uint32_t page)
{
	return bitmap[page / 8] & (1u << (page % 8));
}

static void mark_pages(uint32_t first, uint32_t count, bool used)
{
	for (uint32_t page = first; page < first + count; page++) {
		if (used)
			pool.bitmap[page / 8] |= 1u << (page % 8);
		else
			pool.bitmap[page / 8] &= ~(1u << (page % 8));
	}
	pool.used += used ? count : -count;
}

void page_pool_init(void *start, uint32_t pages)
{
	uint32_t bitmap_pages = (pages / 8 + PAGE_SIZE) / PAGE_SIZE;

	memset(&pool, 0, sizeof(pool));
	pool.start = start;
	pool.bitmap = start;
	pool.deferred = pool.bitmap + bitmap_pages * PAGE_SIZE;
	pool.pages = pages;
	memset(pool.start, 0, 2 * bitmap_pages * PAGE_SIZE);
	mark_pages(0, 2 * bitmap_pages, true);
}

void *page_pool_alloc(uint32_t pages)
{
	uint32_t run = 0;
	void *result;

	for (uint32_t page = 0; page < pool.pages; page++) {
		run = bit_set(pool.bitmap, page) ? 0 : run + 1;
		if (run == pages) {
			mark_pages(page + 1 - pages, pages, true);
			result = pool.start + (page + 1 - pages) * PAGE_SIZE;
			memset(result, 0, pages * PAGE_SIZE);
			return result;
		}
	}
	return NULL;
}

void page_pool_free(void *start, uint32_t pages)
{
	if (start)
		mark_pages(((uint8_t *)start - pool.start) / PAGE_SIZE, pages, false);
}

void page_pool_free_deferred(void *page)
{
	uint32_t number = ((uint8_t *)page - pool.start) / PAGE_SIZE;

	pool.deferred[number / 8] |= 1u << (number % 8);
	pool.num_deferred++;
}

void page_pool_release_deferred(void)
{
	for (uint32_t page = 0; pool.num_deferred && page < pool.pages; page++) {
		if (!bit_set(pool.deferred, page))
			continue;
		pool.deferred[page / 8] &= ~(1u << (page % 8));
		pool.num_deferred--;
		mark_pages(page, 1, false);
	}
}

uint32_t page_pool_size(void)
{
	return pool.pages;
}

uint32_t page_pool_used(void)
{
	return pool.used;
}
