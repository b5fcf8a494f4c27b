// SPDX-License-Identifier: GPL-2.0-only
/* Tables of regions: random ones against a model of one entry an address, and how they are
 * replaced. */
#include <errno.h>
#include <stdlib.h>

#include "cell/cell.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "fake_machine.h"

#include "tests/lib/random.h"
#include "tests/lib/tap.h"

#define SPACE	    256u
#define MAX_REGIONS 64u
#define MODEL_START 0xfffffffffffffe00ull /* near the end of all addresses */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_below(uint64_t limit)
{
	return random_next(&random_state) % limit;
}

static enum io_answer nothing(struct cpu *cpu, const struct io_region *region,
			      struct io_access *access)
{
	return IO_REFUSED;
}

/* Who answers each address: argument of the region, or NULL. */
static const char *model[SPACE];
static const char names[MAX_REGIONS];

static struct io_table *table(void)
{
	static struct {
		struct io_table table;
		struct io_region regions[4 * MAX_REGIONS];
	} memory;

	memset(&memory, 0, sizeof(memory));
	memset(model, 0, sizeof(model));
	return &memory.table;
}

static bool model_free(uint64_t start, uint64_t size)
{
	for (uint64_t n = start; n < start + size; n++) {
		if (model[n])
			return false;
	}
	return true;
}

static void model_set(uint64_t start, uint64_t size, const char *name)
{
	for (uint64_t n = start; n < start + size; n++)
		model[n] = name;
}

static unsigned int differences(struct io_table *table)
{
	const struct io_region *region;
	unsigned int count = 0;

	for (uint64_t n = 0; n < SPACE; n++) {
		region = io_find(table, MODEL_START + n);
		count += (region ? region->argument : NULL) != model[n];
		for (unsigned int width = 1; region && width <= 8; width *= 2) {
			uint64_t end = n;

			while (end < SPACE && model[end] == model[n])
				end++;
			/* Neighbours of one name are several regions at most if added so. */
			if (io_holds(region, MODEL_START + n, width) && width > end - n)
				count++;
		}
	}
	return count;
}

static struct io_region random_region(unsigned int n, uint64_t *ret_start)
{
	uint64_t start = random_below(SPACE - 1), size = 1 + random_below(SPACE / 8);

	if (size > SPACE - start)
		size = SPACE - start;
	*ret_start = start;
	return (struct io_region){MODEL_START + start, size, nothing, &names[n], EXITS_MMIO};
}

static void test_find(struct tap *tap)
{
	unsigned int wrong = 0, refused = 0, taken = 0;

	for (unsigned int round = 0; round < 500; round++) {
		struct io_builder builder = {.table = table()};

		for (unsigned int n = 0; n < MAX_REGIONS; n++) {
			uint64_t start;
			struct io_region region = random_region(n, &start);
			bool free = model_free(start, region.size);

			builder.error = 0;
			io_add(&builder, region);
			wrong += (builder.error == 0) != free;
			if (free)
				model_set(start, region.size, &names[n]);
			refused += !free;
			taken += free;
		}
		wrong += differences(builder.table);
	}
	tap_ok(tap, wrong == 0 && refused > 1000 && taken > 1000,
	       "each address finds its region, and no region overlaps another");
	tap_note(tap, "  %u wrong, %u refused, %u taken", wrong, refused, taken);
	tap_ok(tap, !io_find(NULL, 5) && !io_find(table(), 5), "without regions nobody answers");
}

/* Pages with holes: what is left of each. */
static void test_around(struct tap *tap)
{
	unsigned int wrong = 0;

	for (unsigned int round = 0; round < 500; round++) {
		struct io_builder builder = {.table = table()};
		bool page_there[SPACE / 32] = {0}, hole[SPACE] = {0};

		for (unsigned int n = 0; n < 20; n++) {
			uint64_t page = random_below(SPACE / 32) * 32;
			uint64_t start = page + random_below(32), size = 1 + random_below(8);
			bool taken = false;

			if (size > page + 32 - start)
				size = page + 32 - start;
			for (uint64_t at = start; at < start + size; at++)
				taken = taken || hole[at];
			if (taken)
				continue;
			if (!page_there[page / 32])
				model_set(page, 32, &names[page / 32]);
			page_there[page / 32] = true;
			model_set(start, size, NULL);
			memset(hole + start, 1, size);
			io_add_around(&builder,
				      (struct io_region){MODEL_START + page, 32, nothing,
							 &names[page / 32], EXITS_MMIO},
				      MODEL_START + start, size);
		}
		wrong += differences(builder.table) + (builder.error != 0) +
			 (builder.table->count > builder.count);
	}
	tap_is_u64(tap, wrong, 0, "of a page with holes the rest is answered, and nothing else");
}

static const struct blob_memory ram = {0x400000, 0, 0x1000, RWX};

static void test_replaced(struct tap *tap)
{
	const struct blob_memory memory[] = {
		ram,
		{DEVICE + 0x10, 0x8010, 8, RW | BLOB_MEM_IO},
	};
	struct cell_plan plan = {
		.name = "cell",
		.id = 1,
		.cpus = 8,
		.memory = memory,
		.num_memory = 2,
	};
	const struct io_table *first;
	unsigned int flushes;
	uint32_t used;

	machine_open(NULL);
	first = root_cell.io[IO_MEMORY];
	used = page_pool_used();
	flushes = machine.flush_calls;
	machine_create(&plan);
	tap_ok(tap, root_cell.io[IO_MEMORY] != first && machine.flush_calls > flushes,
	       "root's table is replaced as a whole, and a flush follows");
	tap_ok(tap, first->count == 1 && first->regions[0].start == APIC_PAGE,
	       "the one before is left as it was");
	tap_is_u64(tap, root_cell.io[IO_MEMORY]->count, 3,
		   "the new one has what is left of a page");
	first = root_cell.io[IO_MEMORY];
	tap_is_u64(tap, machine_destroy(1), 0, "the cell goes");
	tap_ok(tap, root_cell.io[IO_MEMORY] != first && root_cell.io[IO_MEMORY]->count == 1,
	       "and root's table with it");
	tap_is_u64(tap, page_pool_used(), used, "no table stays behind");
	tap_ok(tap, !machine.released_early && !machine.reused_early,
	       "no page of one was given away before the flush");
}

int main(void)
{
	struct tap tap = {0};

	test_find(&tap);
	test_around(&tap);
	test_replaced(&tap);
	return tap_done(&tap);
}
