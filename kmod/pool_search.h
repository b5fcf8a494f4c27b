/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where in Linux' memory a contiguous piece can be had. Pure: tests on the host have it, too, with
 * machines of their own. Addresses are page frame numbers, pfn.
 */
#ifndef POOL_SEARCH_H
#define POOL_SEARCH_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#define POOL_ANY_NODE (-1)

enum pool_page_flag {
	POOL_PAGE_THERE = 1 << 0,   /* Linux works with it */
	POOL_PAGE_FIXED = 1 << 1,   /* and never moves what is in it */
	POOL_PAGE_USED = 1 << 2,    /* somebody has it */
	POOL_PAGE_MOVABLE = 1 << 3, /* and Linux knows how to move that; else only time will tell */
};

struct pool_page {
	uint32_t flags;	     /* enum pool_page_flag */
	uint32_t zone;	     /* a number for each: a piece lies in one */
	int node;	     /* that the zone is of */
	unsigned long count; /* of pages from this one on that are alike, at least 1 */
};

struct pool_span {
	unsigned long start, end; /* end: the first that does not belong to it */
};

/* The machine. */
struct pool_view {
	/* The highest piece of RAM that begins below pfn; false: there is none. */
	bool (*ram_below)(const struct pool_view *view, unsigned long pfn, struct pool_span *ret);
	struct pool_page (*look)(const struct pool_view *view, unsigned long pfn);
	/* Now and then, after a thousand looks at most: 0, or a negative errno ends the search. */
	int (*pause)(const struct pool_view *view);
};

struct pool_search {
	/* Set by the caller, the rest 0. */
	const struct pool_view *view;
	unsigned long pages; /* wanted, multiple of align */
	unsigned long align; /* a power of 2 */
	int node;	     /* whose, or POOL_ANY_NODE */

	bool begun;
	bool thorough; /* what only time will tell is tried as well */
	struct pool_span ram;
	unsigned long below; /* candidates end here at the latest */
	struct pool_span candidate;
	struct pool_span known; /* pages of one zone that were found good */
	uint32_t known_zone;
	unsigned int looks;
};

/*
 * The next candidate, from the end of memory downwards: what is in use there is mostly movable, and
 * devices with narrow addresses want the rest. Each page is looked at once: from one that is in the
 * way the search goes on below it. At the end it begins anew, thoroughly. 0, -ENOENT: there are no
 * more, or what pause() said.
 */
int pool_search_next(struct pool_search *search, unsigned long *ret_pfn);

/* The last candidate could not be had after all: the next one is below what is in the way. */
void pool_search_failed(struct pool_search *search);

#endif /* POOL_SEARCH_H */
