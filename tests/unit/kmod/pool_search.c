// SPDX-License-Identifier: GPL-2.0-only
/* Where in machines of all kinds a piece of memory is found, and with how many looks. */
#include "kmod/pool_search.h"

#include <errno.h>
#include <stddef.h>

#include "tests/lib/tap.h"

#define GRANULE 512ul /* 2 MiB in pages */
#define MIB	256ul
#define GIB	(1024 * MIB)

#define MOVABLE (POOL_PAGE_THERE | POOL_PAGE_USED | POOL_PAGE_MOVABLE)
#define USED	(POOL_PAGE_THERE | POOL_PAGE_USED)
#define FIXED	(USED | POOL_PAGE_FIXED)
#define FREE	POOL_PAGE_THERE
#define HOLE	0

/* What pages from there to the next part are. every: only each so many pages, the others are
 * movable. */
struct part {
	unsigned long start, every;
	uint32_t flags, zone;
	int node;
};

struct machine {
	struct pool_view view;
	const struct pool_span *ram;
	const struct part *parts;
	unsigned long looks, pauses, most_looks; /* the last between two pauses */
	unsigned long end_after;		 /* pauses; 0: never */
};

static struct machine *machine_of(const struct pool_view *view)
{
	return (struct machine *)((char *)view - offsetof(struct machine, view));
}

static bool ram_below(const struct pool_view *view, unsigned long pfn, struct pool_span *ret)
{
	const struct pool_span *ram = machine_of(view)->ram;
	bool found = false;

	for (; ram->end; ram++) {
		if (ram->start < pfn) {
			*ret = *ram;
			found = true;
		}
	}
	return found;
}

static struct pool_page look(const struct pool_view *view, unsigned long pfn)
{
	struct machine *machine = machine_of(view);
	const struct part *part = machine->parts;
	struct pool_page page = {.count = 1};

	if (++machine->looks > machine->most_looks)
		machine->most_looks = machine->looks;
	while (part[1].start && pfn >= part[1].start)
		part++;
	page.flags = part->every && pfn % part->every ? MOVABLE : part->flags;
	page.zone = part->zone;
	page.node = part->node;
	/* As the kernel's lists have it. */
	if (page.flags == FREE && !part->every &&
	    (!part[1].start || pfn + GRANULE <= part[1].start))
		page.count = GRANULE - pfn % GRANULE;
	return page;
}

static int pause(const struct pool_view *view)
{
	struct machine *machine = machine_of(view);

	machine->looks = 0;
	return ++machine->pauses == machine->end_after ? -EINTR : 0;
}

#define ALL_RAM(size)              \
	(const struct pool_span[]) \
	{                          \
		{0x100, (size)},   \
		{                  \
			0, 0       \
		}                  \
	}
#define PARTS(...) ((const struct part[]){__VA_ARGS__, {0}})

static const struct {
	const char *name;
	const struct pool_span *ram;
	const struct part *parts;
	unsigned long pages;
	int node;
	int r;
	unsigned long pfn;
	unsigned long pauses; /* at most */
} cases[] = {
	{"an idle machine: its end", ALL_RAM(GIB), PARTS({0, 0, FREE}), 64 * MIB, POOL_ANY_NODE, 0,
	 GIB - 64 * MIB, 1},
	{"32 GiB, of which the last 512 MiB are what Linux knows of its pages",
	 (const struct pool_span[]){{0x100, 3 * GIB}, {4 * GIB, 33 * GIB}, {0, 0}},
	 PARTS({0, 0, MOVABLE}, {33 * GIB - 512 * MIB, 0, FIXED}), GIB, POOL_ANY_NODE, 0,
	 33 * GIB - 512 * MIB - GIB, 265},
	{"64 GiB, of which the last 30 have a page in the way here and there", ALL_RAM(64 * GIB),
	 PARTS({0, 0, MOVABLE}, {34 * GIB, 700, USED}), GIB, POOL_ANY_NODE, 0, 33 * GIB, 275},
	{"32 GiB full of what cannot move", ALL_RAM(32 * GIB), PARTS({0, 256, FIXED}), 64 * MIB,
	 POOL_ANY_NODE, -ENOENT, 0, 3},
	{"a piece at the very beginning", ALL_RAM(GIB), PARTS({0, 0, FREE}, {64 * MIB, 0, FIXED}),
	 62 * MIB, POOL_ANY_NODE, 0, 2 * MIB, 1},
	{"none by one page", ALL_RAM(GIB), PARTS({0, 0, FREE}, {64 * MIB - 1, 0, FIXED}), 62 * MIB,
	 POOL_ANY_NODE, -ENOENT, 0, 3},
	{"more than there is", ALL_RAM(GIB), PARTS({0, 0, FREE}), 2 * GIB, POOL_ANY_NODE, -ENOENT,
	 0, 1},
	{"a machine without memory", (const struct pool_span[]){{0, 0}}, PARTS({0, 0, FREE}),
	 MIB * 2, POOL_ANY_NODE, -ENOENT, 0, 1},
	{"the second range, where the first is too small",
	 (const struct pool_span[]){
		 {0x100, 2 * MIB}, {16 * MIB, 100 * MIB}, {GIB, GIB + 33 * MIB}, {0, 0}},
	 PARTS({0, 0, FREE}), 64 * MIB, POOL_ANY_NODE, 0, 36 * MIB, 1},
	{"ranges that begin and end within a granule",
	 (const struct pool_span[]){{5, 64 * MIB + 7}, {0, 0}}, PARTS({0, 0, FREE}), 62 * MIB,
	 POOL_ANY_NODE, 0, 2 * MIB, 1},
	{"not across a hole that counts as RAM", ALL_RAM(GIB),
	 PARTS({0, 0, FREE}, {900 * MIB, 0, HOLE}, {901 * MIB, 0, FREE}), 256 * MIB, POOL_ANY_NODE,
	 0, 644 * MIB, 1},
	{"not across the border of a zone", ALL_RAM(6 * GIB),
	 PARTS({0, 0, FREE, 1}, {5 * GIB, 0, FREE, 2}), 2 * GIB, POOL_ANY_NODE, 0, 3 * GIB, 3},
	{"nor of one of a page", ALL_RAM(GIB),
	 PARTS({0, 0, MOVABLE, 1}, {512 * MIB, 0, MOVABLE, 2}, {512 * MIB + 1, 0, MOVABLE, 1}),
	 256 * MIB, POOL_ANY_NODE, 0, GIB - 256 * MIB, 70},
	{"of the node that is asked for", ALL_RAM(8 * GIB),
	 PARTS({0, 0, FREE, 1, 0}, {4 * GIB, 0, FREE, 2, 1}), GIB, 0, 0, 3 * GIB, 1},
	{"of a node that has none", ALL_RAM(8 * GIB), PARTS({0, 0, FREE, 1, 0}), GIB, 3, -ENOENT, 0,
	 1},
	{"what only time will tell comes last", ALL_RAM(GIB),
	 PARTS({0, 0, FIXED}, {256 * MIB, 0, FREE}, {320 * MIB, 0, USED}), 64 * MIB, POOL_ANY_NODE,
	 0, 256 * MIB, 1},
	{"but it comes", ALL_RAM(GIB), PARTS({0, 0, FIXED}, {512 * MIB, 0, USED}), 64 * MIB,
	 POOL_ANY_NODE, 0, GIB - 64 * MIB, 20},
};

static void test_cases(struct tap *tap)
{
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct machine machine = {
			.view = {ram_below, look, pause},
			.ram = cases[n].ram,
			.parts = cases[n].parts,
		};
		struct pool_search search = {
			.view = &machine.view,
			.pages = cases[n].pages,
			.align = GRANULE,
			.node = cases[n].node,
		};
		unsigned long pfn = 0;
		int r = pool_search_next(&search, &pfn);

		tap_is_u64(tap, -r, -cases[n].r, "%s", cases[n].name);
		tap_is_u64(tap, pfn, cases[n].pfn, "%s: there", cases[n].name);
		tap_ok(tap, machine.pauses <= cases[n].pauses, "%s: soon (%lu)", cases[n].name,
		       machine.pauses);
		tap_ok(tap, machine.most_looks <= 1000, "%s: and with pauses", cases[n].name);
	}
}

static const struct pool_span one_gib[] = {{0x100, GIB}, {0, 0}};

static struct pool_search search_of(struct machine *machine, const struct part *parts)
{
	*machine = (struct machine){
		.view = {ram_below, look, pause},
		.ram = one_gib,
		.parts = parts,
	};
	return (struct pool_search){&machine->view, 64 * MIB, GRANULE, POOL_ANY_NODE};
}

/* The kernel has its own opinion of each candidate. */
static void test_failures(struct tap *tap)
{
	const struct part *const parts = PARTS({0, 0, MOVABLE});
	struct machine machine;
	struct pool_search search = search_of(&machine, parts);
	unsigned long pfn = 0, last = GIB, tries = 0;
	bool descending = true;

	pool_search_next(&search, &pfn);
	pool_search_failed(&search);
	pool_search_next(&search, &pfn);
	tap_is_u64(tap, pfn, GIB - 72 * MIB,
		   "what cannot be had for no visible reason: a bit lower");
	machine.parts =
		PARTS({0, 0, MOVABLE}, {GIB - 40 * MIB, 0, USED}, {GIB - 39 * MIB, 0, FREE});
	pool_search_failed(&search);
	pool_search_next(&search, &pfn);
	tap_is_u64(tap, pfn, GIB - 104 * MIB, "a page that stayed is left above");

	search = search_of(&machine, parts);
	while (pool_search_next(&search, &pfn) == 0 && ++tries < 1000) {
		descending = descending && (pfn < last || search.thorough);
		last = pfn;
		pool_search_failed(&search);
	}
	tap_ok(tap, descending && tries > 200 && tries < 300,
	       "where nothing can be had that is the end, after %lu tries", tries);
	tap_is_u64(tap, -pool_search_next(&search, &pfn), ENOENT, "and stays the end");
}

static void test_end(struct tap *tap)
{
	struct machine machine;
	struct pool_search search = search_of(&machine, PARTS({0, 16000, FIXED}));
	unsigned long pfn = 7;

	machine.end_after = 20;
	tap_is_u64(tap, -pool_search_next(&search, &pfn), EINTR, "who is interrupted stops");
	tap_is_u64(tap, machine.pauses, 20, "at once");
	tap_is_u64(tap, pfn, 7, "with nothing");
}

int main(void)
{
	struct tap tap = {0};

	test_failures(&tap);
	test_end(&tap);
	test_cases(&tap);
	return tap_done(&tap);
}
