// SPDX-License-Identifier: GPL-2.0-only
/* The page-table library with the nested format of the hypervisor, against a flat model. */
#include "logic/page_table.h"

#include <errno.h>

#include "page_table_model.h"
#include "tests/lib/random.h"
#include "tests/lib/tap.h"

#define RW    (PT_READ | PT_WRITE)
#define RWX   (RW | PT_EXECUTE)
#define BASE  WINDOW_START
#define LARGE (2 * MIB)

/* Table and model agree everywhere, and no table is lost, shared, or kept though empty. */
static void expect_consistent(struct tap *tap, const struct bench *bench, const char *name)
{
	struct shape shape = bench_shape(bench);

	tap_is_u64(tap, bench_mismatches(bench), 0, "%s: every page translates as it should", name);
	tap_ok(tap, shape.sound && shape.tables == bench->in_use,
	       "%s: each table is reachable once and none is lost", name);
}

static void expect_leaves(struct tap *tap, const struct bench *bench, unsigned int giant,
			  unsigned int large, unsigned int small, const char *name)
{
	struct shape shape = bench_shape(bench);

	if (!tap_ok(tap,
		    shape.leaves[3] == giant && shape.leaves[2] == large &&
			    shape.leaves[1] == small,
		    "%s: page sizes", name))
		tap_note(tap, "  1 GiB: %u of %u, 2 MiB: %u of %u, 4 KiB: %u of %u",
			 shape.leaves[3], giant, shape.leaves[2], large, shape.leaves[1], small);
}

static void expect_closed(struct tap *tap, struct bench *bench, const char *name)
{
	tap_ok(tap, bench_close(bench), "%s: teardown gives every page back", name);
}

static void test_page_sizes(struct tap *tap)
{
	struct bench bench;

	bench_open(&bench, 3);
	bench_map(&bench, BASE, 0, GIB, RWX, false);
	expect_leaves(tap, &bench, 1, 0, 0, "1 GiB aligned");
	bench_map(&bench, BASE + GIB, 0x40200000, GIB, RW, false);
	expect_leaves(tap, &bench, 1, 512, 0, "1 GiB whose physical address is aligned to 2 MiB");
	bench_map(&bench, BASE + 2 * GIB, 0x1000, LARGE, PT_READ, false);
	expect_leaves(tap, &bench, 1, 512, 512, "2 MiB whose physical address is aligned to 4 KiB");
	bench_map(&bench, BASE + 2 * GIB + 16 * MIB - PAGE_SIZE, 0x20000000 - PAGE_SIZE,
		  LARGE + 2 * PAGE_SIZE, RW | PT_DEVICE, false);
	expect_leaves(tap, &bench, 1, 513, 514, "a page before, 2 MiB, a page behind");
	expect_consistent(tap, &bench, "mixed sizes");
	expect_closed(tap, &bench, "mixed sizes");

	bench_open(&bench, 2);
	bench_map(&bench, BASE, 0, GIB, RWX, false);
	expect_leaves(tap, &bench, 0, 512, 0, "1 GiB where 2 MiB is the largest page");
	expect_closed(tap, &bench, "2 MiB at most");

	bench_open(&bench, 1);
	bench_map(&bench, BASE, 0, 2 * LARGE, RWX, false);
	expect_leaves(tap, &bench, 0, 0, 1024, "4 MiB where 4 KiB is the largest page");
	expect_closed(tap, &bench, "4 KiB at most");

	bench_open(&bench, 3);
	bench_map(&bench, BASE, 0, GIB, RWX, false);
	bench_map(&bench, BASE + LARGE, LARGE, LARGE, RWX, true);
	expect_leaves(tap, &bench, 0, 511, 512, "no huge pages inside of one");
	expect_consistent(tap, &bench, "no huge pages");
	expect_closed(tap, &bench, "no huge pages");
}

static void test_splitting(struct tap *tap)
{
	struct bench bench;

	bench_open(&bench, 3);
	bench_map(&bench, BASE, 0x100000000, GIB, RWX, false);
	bench_unmap(&bench, BASE + 5 * LARGE + 7 * PAGE_SIZE, PAGE_SIZE);
	expect_leaves(tap, &bench, 0, 511, 511, "one page out of 1 GiB");
	expect_consistent(tap, &bench, "one page out of 1 GiB");
	bench_map(&bench, BASE + 5 * LARGE + 7 * PAGE_SIZE, 0x100000000 + 5 * LARGE + 7 * PAGE_SIZE,
		  PAGE_SIZE, RWX, false);
	expect_leaves(tap, &bench, 1, 0, 0, "and back in");
	tap_is_u64(tap, bench.in_use, 2, "merging gives the tables in between back");
	expect_closed(tap, &bench, "one page out and in");

	bench_open(&bench, 3);
	bench_map(&bench, BASE, 0x100000000, GIB, RWX | PT_DEVICE, false);
	bench_map(&bench, BASE + LARGE, 0x100000000 + LARGE, PAGE_SIZE, PT_READ, false);
	expect_leaves(tap, &bench, 0, 511, 512, "other rights for one page of 1 GiB");
	expect_consistent(tap, &bench, "other rights keep the rest of a split page as it was");
	bench_map(&bench, BASE, 0x100000000, GIB, RWX | PT_DEVICE, false);
	tap_is_u64(tap, bench.in_use, 2, "mapping over tables gives them back");
	expect_consistent(tap, &bench, "mapping over tables");
	expect_closed(tap, &bench, "mapping over tables");

	bench_open(&bench, 3);
	bench_map(&bench, BASE, 0, WINDOW_SIZE, RWX, false);
	bench_unmap(&bench, BASE + LARGE - PAGE_SIZE, WINDOW_SIZE - 2 * LARGE);
	expect_leaves(tap, &bench, 0, 1, 511 + 1,
		      "the middle out of 3 GiB across the highest level");
	expect_consistent(tap, &bench, "the middle out of 3 GiB");
	bench_unmap(&bench, BASE, WINDOW_SIZE);
	tap_is_u64(tap, bench.in_use, 1, "unmapping everything leaves the root only");
	expect_closed(tap, &bench, "the middle out of 3 GiB");
}

static void test_unmap_nothing(struct tap *tap)
{
	struct bench bench;

	bench_open(&bench, 3);
	tap_ok(tap, bench_unmap(&bench, BASE + PAGE_SIZE, GIB) == 0,
	       "unmapping what is not mapped");
	tap_is_u64(tap, bench.in_use, 1, "unmapping what is not mapped takes no page");
	expect_closed(tap, &bench, "nothing mapped");
}

static void test_no_access(struct tap *tap)
{
	struct page_table_leaf leaf;
	struct bench bench;

	bench_open(&bench, 3);
	bench_map(&bench, BASE, 0, LARGE, RWX, false);
	bench_map(&bench, BASE, 0, PAGE_SIZE, 0, false);
	tap_ok(tap, !page_table_walk(&bench.table, BASE, &leaf),
	       "a mapping without any right translates nothing");
	expect_consistent(tap, &bench, "a page without any right");
	expect_closed(tap, &bench, "a page without any right");
}

static void test_arguments(struct tap *tap)
{
	static const struct {
		const char *name;
		uint64_t virt, phys, size;
	} wrong[] = {
		{"size 0", BASE, 0, 0},
		{"size not whole pages", BASE, 0, 0x800},
		{"guest address not at a page", BASE + 0x800, 0, PAGE_SIZE},
		{"physical address not at a page", BASE, 0x800, PAGE_SIZE},
		{"guest address of 49 bits", 1ull << 48, 0, PAGE_SIZE},
		{"end beyond 48 bits", (1ull << 48) - PAGE_SIZE, 0, 2 * PAGE_SIZE},
		{"guest range that wraps", BASE, 0, -PAGE_SIZE},
		{"physical range that wraps", BASE, -PAGE_SIZE, 2 * PAGE_SIZE},
	};
	struct page_table_leaf leaf;
	struct bench bench;

	bench_open(&bench, 3);
	for (unsigned int n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++)
		tap_ok(tap,
		       page_table_map(&bench.table, wrong[n].virt, wrong[n].phys, wrong[n].size, RW,
				      false) == -EINVAL &&
			       bench.in_use == 1,
		       "%s is not mapped", wrong[n].name);
	for (unsigned int n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++) {
		if (wrong[n].phys == 0)
			tap_ok(tap,
			       page_table_unmap(&bench.table, wrong[n].virt, wrong[n].size) ==
				       -EINVAL,
			       "%s is not unmapped", wrong[n].name);
	}
	tap_ok(tap,
	       page_table_map(&bench.table, (1ull << 48) - PAGE_SIZE, 0x5000, PAGE_SIZE, RW,
			      false) == 0 &&
		       page_table_walk(&bench.table, (1ull << 48) - 1, &leaf) &&
		       leaf.phys == 0x5fff,
	       "the last page of 48 bits can be mapped");
	tap_ok(tap,
	       page_table_unmap(&bench.table, (1ull << 48) - PAGE_SIZE, PAGE_SIZE) == 0 &&
		       bench.in_use == 1,
	       "the last page of 48 bits can be unmapped");
	page_table_map(&bench.table, 0, 0x5000, PAGE_SIZE, RW, false);
	page_table_map(&bench.table, (1ull << 48) - PAGE_SIZE, 0x5000, PAGE_SIZE, RW, false);
	tap_ok(tap,
	       page_table_walk(&bench.table, 0, &leaf) &&
		       !page_table_walk(&bench.table, 1ull << 48, &leaf) &&
		       !page_table_walk(&bench.table, ~0ull, &leaf),
	       "addresses beyond 48 bits translate to nothing");
	expect_closed(tap, &bench, "arguments");
}

static void test_lifecycle(struct tap *tap)
{
	struct page_table never = {0};
	struct bench bench;

	page_table_destroy(&never);
	tap_ok(tap, !never.root, "a table that never was can be destroyed");
	bench_open(&bench, 3);
	page_table_destroy(&bench.table);
	tap_is_u64(tap, bench.in_use, 0, "an empty table gives its root back");
	bench.allowed = 0;
	tap_ok(tap,
	       page_table_init(&bench.table, bench.table.format, 3, 0) == -ENOMEM &&
		       !bench.table.root,
	       "no root without memory");
	expect_closed(tap, &bench, "no root");
}

/* A change to a prepared table, to be tried with the pool ending at every allocation in turn. */
struct change {
	const char *name;
	unsigned int max_leaf_level;
	uint64_t virt, phys, size; /* phys UNMAP: to be unmapped */
	bool no_huge;
};

#define UNMAP (~0ull)

static void prepare(struct bench *bench, const struct change *change)
{
	bench_open(bench, change->max_leaf_level);
	bench_map(bench, BASE, 0x200000000, GIB, RWX, false);
	bench_map(bench, BASE + GIB + LARGE, 0x300001000, LARGE, RW, false);
}

static int run_change(struct bench *bench, const struct change *change)
{
	if (change->phys == UNMAP)
		return bench_unmap(bench, change->virt, change->size);
	return bench_map(bench, change->virt, change->phys, change->size, PT_READ, change->no_huge);
}

/* After a failed map: what is mapped is a beginning of the range, the rest of the world is as it
 * was. */
static bool is_beginning(struct bench *bench, const struct change *change)
{
	uint64_t first = (change->virt - BASE) / PAGE_SIZE, pages = change->size / PAGE_SIZE, n;

	for (n = 0; n < pages && !bench_page_matches(bench, first + n); n++)
		bench->model[first + n] = MODEL_MAPPED | PT_READ | (change->phys + n * PAGE_SIZE);
	return bench_mismatches(bench) == 0;
}

static void test_out_of_pages(struct tap *tap, const struct change *change)
{
	unsigned int failures = 0, wrong = 0, lost = 0, not_retried = 0, leaked = 0;
	struct bench bench;
	struct shape shape;
	int err;

	for (unsigned int allowed = 0;; allowed++) {
		prepare(&bench, change);
		bench.allowed = allowed;
		err = run_change(&bench, change);
		if (err == 0) {
			wrong += bench_mismatches(&bench) != 0;
			leaked += !bench_close(&bench);
			break;
		}
		failures++;
		wrong += err != -ENOMEM;
		wrong += change->phys == UNMAP ? bench_mismatches(&bench) != 0
					       : !is_beginning(&bench, change);
		shape = bench_shape(&bench);
		lost += !shape.sound || shape.tables != bench.in_use;
		bench.allowed = ALLOWED_ALL;
		not_retried += run_change(&bench, change) != 0 || bench_mismatches(&bench) != 0;
		leaked += !bench_close(&bench);
	}
	tap_ok(tap, failures > 0, "%s: fails without pages (tried with 0 to %u)", change->name,
	       failures);
	tap_is_u64(tap, wrong, 0, "%s: out of pages leaves what it promises", change->name);
	tap_is_u64(tap, lost, 0, "%s: out of pages loses no table", change->name);
	tap_is_u64(tap, not_retried, 0, "%s: succeeds later, with pages", change->name);
	tap_is_u64(tap, leaked, 0, "%s: teardown after failure gives every page back",
		   change->name);
}

static const struct change changes[] = {
	{"map of a new page", 3, BASE + 2 * GIB, 0x1000, PAGE_SIZE, false},
	{"map of a page within 1 GiB", 3, BASE + 3 * LARGE + PAGE_SIZE, 0x1000, PAGE_SIZE, false},
	{"map across 1 GiB and beyond", 3, BASE + GIB - PAGE_SIZE, 0x1000, 3 * LARGE, false},
	{"map of small pages", 3, BASE + LARGE, 0x400000, 3 * LARGE, true},
	{"map with 2 MiB at most", 2, BASE + 2 * GIB + LARGE, 0x40000000, 2 * LARGE + PAGE_SIZE,
	 false},
	{"unmap of a page within 1 GiB", 3, BASE + PAGE_SIZE, UNMAP, PAGE_SIZE, false},
	{"unmap with both ends inside pages", 3, BASE + LARGE + PAGE_SIZE, UNMAP, GIB - 3 * LARGE,
	 false},
	{"unmap with 2 MiB at most", 2, BASE + 5 * PAGE_SIZE, UNMAP, 4 * LARGE, false},
};

/* A range of the window that begins and ends near borders of pages of some size. */
static void random_range(uint64_t *random, uint64_t *ret_start, uint64_t *ret_size)
{
	static const uint64_t units[] = {PAGE_SIZE, PAGE_SIZE, LARGE, LARGE, GIB};
	uint64_t unit = units[random_next(random) % 5], start, size;

	start = random_next(random) % (WINDOW_SIZE / unit) * unit;
	size = (1 + random_next(random) % 3) * unit;
	if (random_next(random) % 3 == 0)
		start += random_next(random) % 4 * PAGE_SIZE;
	if (random_next(random) % 3 == 0)
		size += random_next(random) % 4 * PAGE_SIZE;
	if (start >= WINDOW_SIZE)
		start = 0;
	*ret_start = BASE + start;
	*ret_size = size < WINDOW_SIZE - start ? size : WINDOW_SIZE - start;
}

static int random_change(struct bench *bench, uint64_t *random)
{
	static const unsigned int rights[] = {RWX, RWX, RW, PT_READ, RW | PT_DEVICE};
	uint64_t virt, size, phys;

	random_range(random, &virt, &size);
	if (random_next(random) % 3 == 0)
		return bench_unmap(bench, virt, size);
	/* Mostly one translation for all, so that pages grow together again. */
	phys = virt - BASE + 8 * GIB;
	if (random_next(random) % 8 == 0)
		phys = random_next(random) & 0xfffffff000;
	return bench_map(bench, virt, phys, size, rights[random_next(random) % 5],
			 random_next(random) % 16 == 0);
}

#define RANDOM_CHANGES 600

static void test_random(struct tap *tap, unsigned int max_leaf_level, uint64_t random)
{
	unsigned int failed = 0, empty = 0;
	uint64_t mismatches = 0;
	struct bench bench;
	struct shape shape;
	bool sound = true;

	bench_open(&bench, max_leaf_level);
	for (unsigned int n = 0; n < RANDOM_CHANGES; n++) {
		failed += random_change(&bench, &random) != 0;
		for (unsigned int m = 0; m < 1000; m++)
			mismatches +=
				!bench_page_matches(&bench, random_next(&random) % WINDOW_PAGES);
		if (n % 20 == 0) {
			shape = bench_shape(&bench);
			sound = sound && shape.sound && shape.tables == bench.in_use;
			empty += shape.empty;
		}
		if (n % 100 == 99)
			mismatches += bench_mismatches(&bench);
	}
	tap_is_u64(tap, failed, 0, "random changes, level %u: none fails", max_leaf_level);
	tap_is_u64(tap, mismatches, 0, "random changes, level %u: as the model", max_leaf_level);
	tap_ok(tap, sound, "random changes, level %u: each table reachable once", max_leaf_level);
	tap_is_u64(tap, empty, 0, "random changes, level %u: no empty table is kept",
		   max_leaf_level);
	bench_unmap(&bench, BASE, WINDOW_SIZE);
	tap_is_u64(tap, bench.in_use, 1, "random changes, level %u: unmapping all leaves the root",
		   max_leaf_level);
	expect_closed(tap, &bench, "random changes");
}

int main(void)
{
	struct tap tap = {0};

	test_page_sizes(&tap);
	test_splitting(&tap);
	test_unmap_nothing(&tap);
	test_no_access(&tap);
	test_arguments(&tap);
	test_lifecycle(&tap);
	for (unsigned int n = 0; n < sizeof(changes) / sizeof(changes[0]); n++)
		test_out_of_pages(&tap, &changes[n]);
	for (unsigned int n = 1; n <= 3; n++)
		test_random(&tap, n, 0x9e3779b97f4a7c15 + n);
	return tap_done(&tap);
}
