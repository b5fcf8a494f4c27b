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
		.pool = {512 * MIB, 64 * MIB},
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

	if (tap_ok(tap, r == result && (!text || has_problem(&problems, SEVERITY_ERROR, key, text)),
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
	place(tap, &setup, outside, -EINVAL, "memory", "Linux' own memory", &at,
	      "memory that Linux works with is refused");
	place(tap, &setup, device, 0, NULL, NULL, &at, "memory that is not Linux' is taken");
	place(tap, &setup, fixed, 0, NULL, NULL, &at, "a fixed cell is placed");
	tap_is_u64(tap, at.memory[0].start, 520 * MIB, "where it wants to be");
	create(&setup, "other", &at);
	place(tap, &setup, fixed, -EINVAL, "memory", "another cell has memory there", &at,
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
	place(tap, &setup, three, -ENOSPC, "cpus", "wants 3, but 2 can be had", &at,
	      "a CPU that some description names is not picked");
	cpu_mask_add(&at.cpus, 2);
	create(&setup, "foreign", &at);
	place(tap, &setup, beyond, -EINVAL, "cpus", "CPU 2 belongs to another cell", &at,
	      "a CPU of another cell is refused");
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

int main(void)
{
	struct tap tap = {0};

	test_basics(&tap);
	test_short_of_memory(&tap);
	test_overcommitted(&tap);
	test_fixed(&tap);
	test_cpus(&tap);
	test_many(&tap);
	return tap_done(&tap);
}
