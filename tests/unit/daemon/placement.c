// SPDX-License-Identifier: GPL-2.0-only
#include "model_test.h"
#include "model/placement.h"

#define MIB (1ull << 20)

/* A pool of 64M at 512M, 8M of it the hypervisor's, and up to four descriptions. */
struct setup {
	struct machine *machine;
	struct description *descriptions[4];
	struct placement_cell cells[4];
	struct placement_input input;
};

static void setup_make(struct tap *tap, struct setup *setup)
{
	*setup = (struct setup){.machine = read_q35(tap)};
	setup->input = (struct placement_input){
		.pool = pool_of(512 * MIB, 64 * MIB),
		.hypervisor = {512 * MIB, 8 * MIB},
		.machine = setup->machine,
		.cells = setup->cells,
		.descriptions = (const struct description *const *)setup->descriptions,
	};
}

static void setup_done(struct setup *setup)
{
	for (size_t i = 0; i < ARRAY_SIZE(setup->descriptions); i++)
		description_free(setup->descriptions[i]);
	machine_free(setup->machine);
}

static const struct description *define(struct tap *tap, struct setup *setup, const char *name,
					const char *json)
{
	struct description *description = describe(tap, name, json);

	if (description)
		setup->descriptions[setup->input.num_descriptions++] = description;
	return description;
}

static void create(struct setup *setup, const char *name, const struct placement *placement)
{
	setup->cells[setup->input.num_cells++] = (struct placement_cell){name, *placement};
}

/* Places and judges the outcome; text: what some error says, NULL on success. */
static bool place(struct tap *tap, const struct setup *setup, const struct description *description,
		  int result, const char *key, const char *text, struct placement *ret,
		  const char *what)
{
	_cleanup_(problems_done) struct problems problems = {0};
	int r = placement_make(&setup->input, description, &problems, ret);

	if (tap_ok(tap,
		   r == result && (!text || (has_problem(&problems, SEVERITY_ERROR, key, text) &&
					     problems.items[0].line > 0)),
		   "%s", what))
		return true;
	tap_note(tap, "  returned %d", r);
	note_problems(tap, &problems);
	return false;
}

static void test_basics(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *a, *b, *c;
	struct placement at_a = {0}, at_b = {0}, again = {0};
	uint64_t largest;

	setup_make(tap, &setup);
	a = define(tap, &setup, "a", "{\"cpus\": [3], \"memory\": \"1M\"}");
	b = define(tap, &setup, "b", "{\"cpus\": 1, \"memory\": \"8M\"}");
	c = define(tap, &setup, "c",
		   "{\"cpus\": 1, \"memory\": [{\"size\": \"4K\"}, "
		   "{\"size\": \"2M\", \"address\": \"16M\"}]}");
	if (!tap_ok(tap, a && b && c, "three cells are defined"))
		return;
	tap_is_u64(tap, placement_free(&setup.input, &largest), 56 * MIB,
		   "all but the hypervisor's is free");

	place(tap, &setup, a, 0, NULL, NULL, &at_a, "a is placed");
	tap_ok(tap,
	       at_a.num_memory == 1 && at_a.memory[0].start == 520 * MIB &&
		       at_a.memory[0].size == MIB,
	       "right behind the hypervisor");
	tap_ok(tap, cpu_mask_count(&at_a.cpus) == 1 && cpu_mask_has(&at_a.cpus, 3),
	       "with the CPU that it names");

	place(tap, &setup, b, 0, NULL, NULL, &at_b, "b is placed while a is not created");
	tap_is_u64(tap, at_b.memory[0].start, 522 * MIB, "aligned to 2M, and a's place is kept");
	tap_ok(tap, cpu_mask_count(&at_b.cpus) == 1 && cpu_mask_has(&at_b.cpus, 2),
	       "it gets the highest CPU that nobody names");

	create(&setup, "a", &at_a);
	place(tap, &setup, b, 0, NULL, NULL, &again, "b is placed while a is created");
	tap_is_u64(tap, again.memory[0].start, at_b.memory[0].start, "at the same place");
	create(&setup, "b", &at_b);
	tap_is_u64(tap, placement_free(&setup.input, &largest), 47 * MIB,
		   "created cells use the pool up");
	tap_is_u64(tap, largest, 46 * MIB, "the gap is no piece of it");

	place(tap, &setup, c, 0, NULL, NULL, &again, "a cell of several regions is placed");
	tap_ok(tap, again.memory[0].start == 521 * MIB && again.memory[0].size == 4096,
	       "the small one in the gap");
	tap_is_u64(tap, again.memory[1].start, 530 * MIB, "the large one where it is aligned");
	tap_ok(tap, cpu_mask_has(&again.cpus, 1), "with the next CPU");
}

static void test_short_of_memory(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *big, *small;
	struct placement at = {0}, untouched = {.num_memory = 77};

	setup_make(tap, &setup);
	big = define(tap, &setup, "big", "{\"cpus\": 1, \"memory\": \"512M\"}");
	small = define(tap, &setup, "small", "{\"cpus\": 1, \"memory\": \"30M\"}");
	if (!tap_ok(tap, big && small, "two cells are defined"))
		return;
	place(tap, &setup, big, -ENOSPC, "memory",
	      "wants 512M, but the pool has 56M free (largest piece 56M)", &untouched,
	      "memory larger than the pool is refused with numbers");
	tap_is_u64(tap, untouched.num_memory, 77, "and leaves the result alone");
	place(tap, &setup, small, 0, NULL, NULL, &at,
	      "one that can never be placed keeps nobody out");
	at.memory[0].start = 532 * MIB;
	create(&setup, "foreign", &at);
	place(tap, &setup, small, -ENOSPC, "memory",
	      "wants 30M, but the pool has 26M free (largest piece 14M)", &at,
	      "a fragmented pool is told with its largest piece");
}

/* What begins in the pool may end behind it: there no more of it is. */
static void test_behind_the_pool(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	struct placement taken = {.num_memory = 1, .memory = {{530 * MIB, 80 * MIB}}}, at = {0};
	const struct description *large, *small;

	setup_make(tap, &setup);
	large = define(tap, &setup, "a", "{\"cpus\": 1, \"memory\": \"12M\"}");
	small = define(tap, &setup, "b", "{\"cpus\": 1, \"memory\": \"10M\"}");
	if (!tap_ok(tap, large && small, "two cells are defined"))
		return;
	create(&setup, "other", &taken);
	place(tap, &setup, large, -ENOSPC, "memory", "the pool has 10M free", &at,
	      "what does not fit before it is refused");
	place(tap, &setup, small, 0, NULL, NULL, &at, "what does is placed");
	tap_is_u64(tap, at.memory[0].start, 520 * MIB, "there");
}

/* As large as a large page is large. */
static void test_alignment(struct tap *tap)
{
	static const struct {
		const char *size;
		uint64_t start;
	} cases[] = {
		{"4K", 520 * MIB + 4096},
		{"2044K", 520 * MIB + 4096},
		{"2M", 522 * MIB},
		{"4M", 522 * MIB},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(setup_done) struct setup setup;
		struct placement taken = {.num_memory = 1, .memory = {{520 * MIB, 4096}}}, at = {0};
		const struct description *cell;
		char json[64];

		setup_make(tap, &setup);
		snprintf(json, sizeof(json), "{\"cpus\": 1, \"memory\": \"%s\"}", cases[i].size);
		cell = define(tap, &setup, "a", json);
		create(&setup, "other", &taken);
		place(tap, &setup, cell, 0, NULL, NULL, &at, "a cell is placed");
		tap_is_u64(tap, at.memory[0].start, cases[i].start, "%s are aligned",
			   cases[i].size);
	}
}

/* Linux has lost those already. */
static void test_kept(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *one, *two;
	struct placement at = {0};

	setup_make(tap, &setup);
	one = define(tap, &setup, "one", "{\"cpus\": 1, \"memory\": \"1M\"}");
	two = define(tap, &setup, "two", "{\"cpus\": 2, \"memory\": \"1M\"}");
	cpu_mask_add(&setup.input.kept, 1);
	place(tap, &setup, one, 0, NULL, NULL, &at, "a cell of one CPU is placed");
	tap_ok(tap, cpu_mask_count(&at.cpus) == 1 && cpu_mask_has(&at.cpus, 1),
	       "it gets the one that is kept");
	place(tap, &setup, two, 0, NULL, NULL, &at, "a cell of two is placed");
	tap_ok(tap, cpu_mask_has(&at.cpus, 3) && cpu_mask_has(&at.cpus, 2),
	       "where the kept ones are not enough the highest are taken");
}

static void test_overcommitted(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *a, *b;
	struct placement at = {0};

	setup_make(tap, &setup);
	a = define(tap, &setup, "a", "{\"cpus\": 1, \"memory\": \"40M\"}");
	b = define(tap, &setup, "b", "{\"cpus\": 1, \"memory\": \"40M\"}");
	if (!tap_ok(tap, a && b, "two cells that exclude each other are defined"))
		return;
	place(tap, &setup, b, 0, NULL, NULL, &at, "the second one is placed while it is alone");
	tap_is_u64(tap, at.memory[0].start, 520 * MIB, "where the first one would have been");
	create(&setup, "b", &at);
	place(tap, &setup, a, -ENOSPC, "memory", "pool has 16M free", &at,
	      "the first one is not, then");
}

static void test_fixed(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *fixed, *free_one, *outside, *device;
	struct placement at = {0};

	setup_make(tap, &setup);
	fixed = define(tap, &setup, "z",
		       "{\"cpus\": 1, \"memory\": [{\"size\": \"4M\", \"phys\": \"0x20800000\"}]}");
	free_one = define(tap, &setup, "a", "{\"cpus\": 1, \"memory\": \"2M\"}");
	outside = define(tap, &setup, "o",
			 "{\"cpus\": 1, \"memory\": [{\"size\": \"4M\", \"phys\": \"256M\"}]}");
	device = define(tap, &setup, "d",
			"{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"phys\": \"1G\"}]}");
	if (!tap_ok(tap, fixed && free_one && outside && device, "four cells are defined"))
		return;
	place(tap, &setup, free_one, 0, NULL, NULL, &at, "a free cell is placed");
	tap_is_u64(tap, at.memory[0].start, 524 * MIB, "and keeps off another one's fixed place");
	place(tap, &setup, outside, -EINVAL, "memory[0].phys", "Linux' own memory", &at,
	      "memory that Linux works with is refused");
	place(tap, &setup, device, 0, NULL, NULL, &at, "memory that is not Linux' is taken");
	place(tap, &setup, fixed, 0, NULL, NULL, &at, "a fixed cell is placed");
	tap_is_u64(tap, at.memory[0].start, 520 * MIB, "where it wants to be");
	create(&setup, "other", &at);
	place(tap, &setup, fixed, -EINVAL, "memory[0].phys", "another cell has memory there", &at,
	      "a fixed place that is in use is refused");
	setup.cells[0].name = "z";
	place(tap, &setup, fixed, 0, NULL, NULL, &at, "but not for its own former self");
}

static void test_cpus(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *three, *four, *zero, *beyond;
	struct placement at = {0};

	setup_make(tap, &setup);
	three = define(tap, &setup, "three", "{\"cpus\": 3, \"memory\": \"1M\"}");
	four = define(tap, &setup, "four", "{\"cpus\": 4, \"memory\": \"1M\"}");
	zero = define(tap, &setup, "zero", "{\"cpus\": [0], \"memory\": \"1M\"}");
	if (!tap_ok(tap, three && four && zero, "cells are defined"))
		return;
	place(tap, &setup, three, 0, NULL, NULL, &at, "three of four CPUs can be had");
	tap_ok(tap, cpu_mask_count(&at.cpus) == 3 && !cpu_mask_has(&at.cpus, 0), "without CPU 0");
	place(tap, &setup, four, -ENOSPC, "cpus", "wants 4, but 3 can be had", &at,
	      "all CPUs are refused");
	place(tap, &setup, zero, -EINVAL, "cpus", "CPU 0 stays with Linux", &at,
	      "CPU 0 is refused");
	beyond = define(tap, &setup, "beyond", "{\"cpus\": [2, 4], \"memory\": \"1M\"}");
	if (!beyond)
		return;
	place(tap, &setup, beyond, -EINVAL, "cpus", "CPU 4 is not in this machine", &at,
	      "a CPU beyond the last is refused");
	place(tap, &setup, three, -ENOSPC, "cpus",
	      "wants 3, but 2 can be had: CPU 0 stays with Linux, CPU 2 is kept for cell beyond, "
	      "whose description names it",
	      &at, "a CPU that some description names is not picked");
	cpu_mask_add(&at.cpus, 2);
	create(&setup, "foreign", &at);
	place(tap, &setup, beyond, -EINVAL, "cpus", "CPU 2 belongs to cell foreign", &at,
	      "a CPU of another cell is refused");
	place(tap, &setup, three, -ENOSPC, "cpus",
	      "wants 3, but 0 can be had: CPU 0 stays with Linux, CPU 1-3 belongs to cell foreign",
	      &at, "CPUs of a cell are its own, whoever names them");
}

/* Whatever the sizes: nothing overlaps, everything is in the pool and aligned. */
static void test_many(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	uint32_t state = 1;
	unsigned int placed = 0;
	bool good = true;

	setup_make(tap, &setup);
	for (int round = 0; round < 200; round++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *d = NULL;
		struct placement at = {0};
		char json[64];

		state = state * 1103515245 + 12345;
		snprintf(json, sizeof(json), "{\"cpus\": 1, \"memory\": \"%uK\"}",
			 4 * (1 + (state >> 16) % 4096));
		d = describe(tap, "x", json);
		setup.input.num_cells = round % 4;
		if (!d || placement_make(&setup.input, d, &problems, &at) < 0)
			continue;
		placed++;
		good &= at.memory[0].start >= 520 * MIB &&
			at.memory[0].start + at.memory[0].size <= 576 * MIB &&
			at.memory[0].start % (at.memory[0].size >= 2 * MIB ? 2 * MIB : 4096) == 0;
		for (size_t i = 0; i < setup.input.num_cells; i++) {
			const struct address_range *other = &setup.cells[i].placement.memory[0];

			good &= other->start + other->size <= at.memory[0].start ||
				at.memory[0].start + at.memory[0].size <= other->start;
		}
		at.cpus = (struct cpu_mask){0};
		setup.cells[round % 4] = (struct placement_cell){"other", at};
	}
	tap_ok(tap, good && placed > 100, "%u random placements are in the pool and overlap nobody",
	       placed);
}

static uint64_t missing(const struct setup *setup, const struct description *description)
{
	uint64_t bytes = 77;

	return placement_missing(&setup->input, description, &bytes) == 0 ? bytes : 77;
}

/* Pieces with gaps between them, the later one lower than the first. */
static void test_pieces(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *first, *second, *wide;
	struct placement at_first = {0}, at_second = {0}, at = {0};
	uint64_t largest;

	setup_make(tap, &setup);
	pool_add(&setup.input.pool, (struct pool_piece){{256 * MIB, 16 * MIB}, .grown = true});
	first = define(tap, &setup, "a", "{\"cpus\": 1, \"memory\": \"50M\"}");
	second = define(tap, &setup, "b", "{\"cpus\": 1, \"memory\": \"16M\"}");
	wide = define(tap, &setup, "c", "{\"cpus\": 1, \"memory\": \"20M\"}");
	if (!tap_ok(tap, first && second && wide, "three cells are defined"))
		return;
	tap_is_u64(tap, placement_free(&setup.input, &largest), 72 * MIB, "both pieces are free");
	tap_is_u64(tap, largest, 56 * MIB, "the largest is that of the first");
	tap_is_u64(tap, placement_unused(&setup.input), 1, "the one that has grown may go");

	place(tap, &setup, first, 0, NULL, NULL, &at_first, "a cell is placed");
	tap_is_u64(tap, at_first.memory[0].start, 520 * MIB, "in the piece that came first");
	create(&setup, "a", &at_first);
	tap_is_u64(tap, placement_unused(&setup.input), 1, "the other one may still go");
	place(tap, &setup, second, 0, NULL, NULL, &at_second, "the next one, too");
	tap_is_u64(tap, at_second.memory[0].start, 256 * MIB, "in the other piece, all of it");
	place(tap, &setup, wide, -ENOSPC, "memory", "the pool has 22M free (largest piece 16M)",
	      &at, "what fits in no piece is refused");
	create(&setup, "b", &at_second);
	tap_is_u64(tap, placement_unused(&setup.input), 2, "now none may go");
	setup.input.num_cells = 0;
	setup.input.pool.pieces[1].stuck = true;
	tap_is_u64(tap, placement_unused(&setup.input), 2, "nor one that could not");
	setup.input.pool.pieces[1] = (struct pool_piece){.range = {256 * MIB, 16 * MIB}};
	tap_is_u64(tap, placement_unused(&setup.input), 2, "nor one that was not taken for a cell");
}

/* What is said to be missing is enough, and not more than that. */
static void test_missing(struct tap *tap)
{
	static const struct {
		const char *name, *json;
		uint64_t missing;
	} cases[] = {
		{"room for all", "{\"cpus\": 1, \"memory\": \"56M\"}", 0},
		{"one region", "{\"cpus\": 1, \"memory\": \"57M\"}", 58 * MIB},
		{"one of two",
		 "{\"cpus\": 1, \"memory\": [{\"size\": \"40M\"}, {\"size\": "
		 "\"20M\", \"address\": \"64M\"}]}",
		 20 * MIB},
		{"a small one beside a large one",
		 "{\"cpus\": 1, \"memory\": [{\"size\": \"4K\"}, {\"size\": \"56M\", "
		 "\"address\": \"64M\"}]}",
		 2 * MIB},
		{"two, one after the other, aligned",
		 "{\"cpus\": 1, \"memory\": [{\"size\": \"59M\"}, {\"size\": \"58M\", "
		 "\"address\": \"64M\"}]}",
		 118 * MIB},
		{"a link",
		 "{\"cpus\": 1, \"memory\": \"56M\", \"shared-memory\": [{\"name\": "
		 "\"l\", \"peers\": [\"root\"], \"size\": \"1M\"}]}",
		 4 * MIB},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(setup_done) struct setup setup;
		const struct description *description;
		struct placement at;
		uint64_t bytes;

		setup_make(tap, &setup);
		description = define(tap, &setup, "x", cases[i].json);
		if (!tap_ok(tap, description, "%s: described", cases[i].name))
			continue;
		bytes = missing(&setup, description);
		tap_is_u64(tap, bytes, cases[i].missing, "%s: so much is missing", cases[i].name);
		if (!bytes)
			continue;
		/* Wherever the piece is found. */
		pool_add(&setup.input.pool, (struct pool_piece){{256 * MIB, bytes}, .grown = true});
		tap_is_u64(tap, missing(&setup, description), 0, "%s: then nothing is",
			   cases[i].name);
		place(tap, &setup, description, 0, NULL, NULL, &at, cases[i].name);
	}
}

/* Where more memory does not help none is missing. */
static void test_nothing_missing(struct tap *tap)
{
	_cleanup_(setup_done) struct setup setup;
	const struct description *fixed, *huge;

	setup_make(tap, &setup);
	fixed = define(tap, &setup, "f",
		       "{\"cpus\": 1, \"memory\": [{\"size\": \"1M\", \"phys\": "
		       "\"0x1000000\"}]}");
	huge = define(tap, &setup, "h",
		      "{\"cpus\": 1, \"memory\": [{\"size\": \"1M\"}, {\"size\": \"200000G\", "
		      "\"address\": \"8G\"}]}");
	tap_ok(tap, fixed && missing(&setup, fixed) == 0, "of a place that is named");
	tap_is_u64(tap, huge ? missing(&setup, huge) : 0, 200000ull << 30, "of what nobody has");
}

static void test_pool_update(struct tap *tap)
{
	static const struct address_range there[] = {
		{0x1000000, 0x200000}, {0x2000000, 0x400000}, {0x8000000, 0x200000}};
	struct pool pool = pool_of(0x8000000, 0x400000), full = {0};

	tap_ok(tap, pool_update(&pool, there, 3, true), "pieces have come");
	tap_ok(tap, pool.count == 3 && pool.pieces[0].range.start == 0x8000000,
	       "what was known stays first");
	tap_is_u64(tap, pool.pieces[0].range.size, 0x200000, "and shrinks");
	tap_ok(tap,
	       !pool.pieces[0].grown && pool.pieces[1].grown && pool.pieces[2].grown &&
		       pool.pieces[1].range.start == 0x1000000,
	       "the others follow by address");
	tap_ok(tap, !pool_update(&pool, there, 3, false), "nothing has changed since");
	tap_ok(tap, pool.pieces[1].grown, "nor why it came");
	tap_ok(tap,
	       pool_update(&pool, there + 1, 2, false) && pool.count == 2 &&
		       pool.pieces[1].range.start == 0x2000000,
	       "one has gone");
	tap_is_u64(tap, pool_bytes(&pool), 0x600000, "so much is left");
	tap_ok(tap, pool_holds(&pool, (struct address_range){0x2100000, 0x300000}), "all of this");
	tap_ok(tap, !pool_holds(&pool, (struct address_range){0x2100000, 0x400000}), "not of this");
	while (pool_add(&full, (struct pool_piece){.range = {0x1000000, 0x1000}}))
		;
	tap_is_u64(tap, full.count, POOL_MAX_PIECES, "no more than there is room for");
}

int main(void)
{
	struct tap tap = {0};

	test_basics(&tap);
	test_short_of_memory(&tap);
	test_overcommitted(&tap);
	test_behind_the_pool(&tap);
	test_alignment(&tap);
	test_kept(&tap);
	test_fixed(&tap);
	test_cpus(&tap);
	test_many(&tap);
	test_pieces(&tap);
	test_missing(&tap);
	test_nothing_missing(&tap);
	test_pool_update(&tap);
	return tap_done(&tap);
}
