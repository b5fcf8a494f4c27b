// SPDX-License-Identifier: GPL-2.0-only
#include "core/page_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/planted.h"
#include "logic/page_table.h"

#define WORD_BITS 64u

static struct {
	uint8_t *start;
	uint64_t *in_use; /* a bit for each page */
	/*
	 * A bit for each page that is to be freed. Not in the pages: until the processors have
	 * flushed, they walk them as the page tables that they were.
	 */
	uint64_t *deferred;
	uint32_t pages;
	uint32_t used;
	uint32_t first_free; /* none before it is */
} pool;

/* The first page of [from, to) whose bit is so; to where there is none. */
static uint32_t find_page(const uint64_t *bitmap, uint32_t from, uint32_t to, bool set)
{
	uint64_t word;

	for (; from < to; from = (from | (WORD_BITS - 1)) + 1) {
		word = bitmap[from / WORD_BITS] ^ (set ? 0 : ~0ull);
		word >>= from % WORD_BITS;
		if (!word)
			continue;
		from += __builtin_ctzll(word);
		break;
	}
	return from < to ? from : to;
}

static void flip_pages(uint64_t *bitmap, uint32_t first, uint32_t count)
{
	for (uint32_t page = first; page < first + count; page++)
		bitmap[page / WORD_BITS] ^= 1ull << (page % WORD_BITS);
}

static uint32_t page_number(const void *page)
{
	return ((const uint8_t *)page - pool.start) / PAGE_SIZE;
}

void page_pool_init(void *start, uint32_t pages)
{
	uint32_t bitmap_pages = (pages / 8 + PAGE_SIZE) / PAGE_SIZE;

	memset(&pool, 0, sizeof(pool));
	memset(start, 0, 2 * bitmap_pages * PAGE_SIZE);
	pool.start = start;
	pool.in_use = start;
	pool.deferred = (uint64_t *)(pool.start + bitmap_pages * PAGE_SIZE);
	pool.pages = pages;
	pool.used = 2 * bitmap_pages;
	pool.first_free = pool.used;
	flip_pages(pool.in_use, 0, pool.used);
}

void *page_pool_alloc(uint32_t pages)
{
	uint32_t first, end, limit;
	uint8_t *result;

	if (planted_no_page())
		return NULL;
	first = find_page(pool.in_use, pool.first_free, pool.pages, false);
	pool.first_free = first;
	for (; first + pages <= pool.pages;
	     first = find_page(pool.in_use, end, pool.pages, false)) {
		limit = first + pages;
		end = find_page(pool.in_use, first, limit, true);
		if (end < limit)
			continue;
		flip_pages(pool.in_use, first, pages);
		pool.used += pages;
		result = pool.start + first * PAGE_SIZE;
		memset(result, 0, pages * PAGE_SIZE);
		return result;
	}
	return NULL;
}

static void free_pages(uint32_t first, uint32_t count)
{
	flip_pages(pool.in_use, first, count);
	pool.used -= count;
	if (first < pool.first_free)
		pool.first_free = first;
}

void page_pool_free(void *start, uint32_t pages)
{
	if (start)
		free_pages(page_number(start), pages);
}

void page_pool_free_deferred(void *start, uint32_t pages)
{
	if (start)
		flip_pages(pool.deferred, page_number(start), pages);
}

void page_pool_release_deferred(void)
{
	uint32_t page = 0;

	while ((page = find_page(pool.deferred, page, pool.pages, true)) < pool.pages) {
		flip_pages(pool.deferred, page, 1);
		free_pages(page, 1);
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
