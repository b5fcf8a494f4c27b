/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page table in memory that is counted and can run out, beside a flat model of what it should
 * say. The model covers three GiB around the border between two entries of the highest level.
 */
#ifndef PAGE_TABLE_MODEL_H
#define PAGE_TABLE_MODEL_H

#include "logic/page_table.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

#define WINDOW_START (511 * GIB)
#define WINDOW_SIZE  (3 * GIB)
#define WINDOW_PAGES (WINDOW_SIZE / PAGE_SIZE)

struct bench {
	struct page_table table;
	uint8_t *pages;	      /* of the pool; what is free is poisoned */
	bool *live;	      /* by page of the pool */
	unsigned int in_use;  /* pages handed out */
	unsigned int allowed; /* allocations until the pool says no */
	uint64_t *model;      /* by page of the window: 0 or MODEL_MAPPED | phys | attributes */
};

#define MODEL_MAPPED 0x800ull

#define ALLOWED_ALL 0xffffffffu

/* An empty table with at most pages of max_leaf_level; aborts where the host has no memory. */
void bench_open(struct bench *bench, unsigned int max_leaf_level);

/* Destroys the table. Returns whether that gave every page back. */
bool bench_close(struct bench *bench);

/* Change table and model alike; what the table's function returned. The model follows only a 0. */
int bench_map(struct bench *bench, uint64_t virt, uint64_t phys, uint64_t size,
	      unsigned int attributes, bool no_huge);
int bench_unmap(struct bench *bench, uint64_t virt, uint64_t size);

/* Whether the table says of this page of the window what the model does. */
bool bench_page_matches(const struct bench *bench, uint64_t page);

/* Pages of the window of which table and model do not say the same. */
uint64_t bench_mismatches(const struct bench *bench);

/* What stands in the tables themselves. */
struct shape {
	unsigned int tables;	/* reachable, the root included */
	unsigned int empty;	/* of them, other than the root: without any entry present */
	unsigned int leaves[4]; /* by level */
	bool sound;		/* no table is reachable twice, no leaf is larger than allowed */
};

struct shape bench_shape(const struct bench *bench);

#endif /* PAGE_TABLE_MODEL_H */
