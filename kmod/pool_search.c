// SPDX-License-Identifier: GPL-2.0-only
#include "pool_search.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/limits.h>
#else
#include <errno.h>
#include <limits.h>
#endif

#define LOOKS_BETWEEN_PAUSES 1000
/* Where nobody can tell what is in the way the next candidate is by that part of a piece lower. */
#define STEPS_OF_A_PIECE     8

static unsigned long align_down(const struct pool_search *search, unsigned long pfn)
{
	return pfn & ~(search->align - 1);
}

/* Whether it cannot be had; thorough: surely not. */
static bool stays(const struct pool_search *search, const struct pool_page *page, bool thorough)
{
	if (!(page->flags & POOL_PAGE_THERE) || (page->flags & POOL_PAGE_FIXED) ||
	    (search->node != POOL_ANY_NODE && page->node != search->node))
		return true;
	return !thorough && (page->flags & (POOL_PAGE_USED | POOL_PAGE_MOVABLE)) == POOL_PAGE_USED;
}

static int pause_now_and_then(struct pool_search *search)
{
	return ++search->looks % LOOKS_BETWEEN_PAUSES ? 0 : search->view->pause(search->view);
}

/*
 * Goes through the candidate upwards: the first page that is in the way is in that of all others
 * that end above it. 1: there is one, and candidates end below it; 0: the candidate is good.
 */
static int examine(struct pool_search *search)
{
	const struct pool_span *candidate = &search->candidate, known = search->known;
	const uint32_t known_zone = search->known_zone;
	unsigned long pfn = candidate->start;
	struct pool_page page;
	int err;

	search->known.start = pfn;
	while (pfn < candidate->end) {
		if (pfn >= known.start && pfn < known.end) {
			page = (struct pool_page){.zone = known_zone, .count = known.end - pfn};
		} else {
			err = pause_now_and_then(search);
			if (err)
				return err;
			page = search->view->look(search->view, pfn);
			if (stays(search, &page, search->thorough))
				break;
		}
		if (pfn == candidate->start)
			search->known_zone = page.zone;
		else if (page.zone != search->known_zone)
			break;
		pfn += page.count < candidate->end - pfn ? page.count : candidate->end - pfn;
	}
	search->known.end = search->below = pfn;
	return pfn < candidate->end;
}

/* The next piece of RAM; none: anew and thoroughly, or -ENOENT. */
static int next_ram(struct pool_search *search)
{
	const unsigned long below = search->begun ? search->ram.start : ULONG_MAX;

	search->known = (struct pool_span){0, 0};
	if (search->view->ram_below(search->view, below, &search->ram)) {
		search->begun = true;
		search->below = search->ram.end;
		return 0;
	}
	if (!search->begun || search->thorough)
		return -ENOENT;
	search->thorough = true;
	search->begun = false;
	return 0;
}

int pool_search_next(struct pool_search *search, unsigned long *ret_pfn)
{
	unsigned long start;
	int r = 1;

	while (r == 1) {
		start = search->below < search->pages
				? 0
				: align_down(search, search->below - search->pages);
		if (search->begun && search->below >= search->pages && start >= search->ram.start) {
			search->candidate = (struct pool_span){start, start + search->pages};
			r = examine(search);
		} else {
			r = next_ram(search) ?: 1;
		}
	}
	if (r == 0)
		*ret_pfn = search->candidate.start;
	return r;
}

void pool_search_failed(struct pool_search *search)
{
	const struct pool_span *candidate = &search->candidate;
	unsigned long step = align_down(search, search->pages / STEPS_OF_A_PIECE);
	struct pool_page page;

	search->known = (struct pool_span){0, 0};
	for (unsigned long pfn = candidate->start; pfn < candidate->end; pfn += page.count) {
		/* Who pauses finds out again from the next call. */
		(void)pause_now_and_then(search);
		page = search->view->look(search->view, pfn);
		if (stays(search, &page, false)) {
			search->below = pfn;
			return;
		}
	}
	search->below = candidate->end - (step ?: search->align);
}
