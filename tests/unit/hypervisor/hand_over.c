// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory changes hands in an order: unmap, flush, wait until all have flushed, only then use the
 * pages again. An emulator that flushes at each entry to a guest shows nothing of that; the fake
 * machine's guests hold on to every translation that they ever had. And each step may fail for want
 * of pages, after which everything is as before.
 */
#include <errno.h>
#include <stdio.h>

#include "core/page_pool.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

/*
 * Its memory ends where the plant's begins: between them they leave root nothing of a large page,
 * so root's table for it becomes free when the plant is created, and is needed again.
 */
static const struct blob_memory neighbour_memory[] = {
	{0x200000, 0, 0x1ff000, RWX | BLOB_MEM_LOADABLE},
	{0x801000, 0x400000, 0x1ff000, RW},
};
static const struct cell_plan neighbour = {
	.name = "neighbour",
	.id = 1,
	.cpus = 1 << 2,
	.memory = neighbour_memory,
	.num_memory = 2,
};

/* CPUs of root beside the neighbour, and beside the plant as well. */
#define ROOT_CPUS      0xbu
#define ROOT_CPUS_LEFT 0x3u

static void open_with_neighbour(void)
{
	machine_open(NULL);
	if (machine_create(&neighbour) < 0 || machine_hypercall(HC_CELL_START, 1, 0) < 0)
		machine_give_up("the neighbour cannot be made");
}

static void forget_counts(void)
{
	machine.stale_entries = 0;
	machine.unacknowledged = 0;
	machine.released_early = 0;
	machine.reused_early = 0;
	machine.flushed = 0;
}

static void in_order(struct tap *tap, const char *what)
{
	uint32_t used;

	tap_is_u64(tap, machine.unacknowledged, 0, "%s waits until every CPU of root has flushed",
		   what);
	tap_is_u64(tap, machine.released_early, 0, "%s gives no table back before that", what);
	tap_is_u64(tap, machine.reused_early, 0, "%s uses no table anew before that", what);
	tap_is_u64(tap, machine.stale_entries, 0,
		   "%s leaves no guest with a translation that its tables do not have", what);
	used = page_pool_used();
	page_pool_release_deferred();
	tap_is_u64(tap, page_pool_used(), used, "%s gives all tables back in the end", what);
}

static void test_order(struct tap *tap)
{
	open_with_neighbour();
	forget_counts();
	machine_create(&plant);
	in_order(tap, "create");
	tap_is_u64(
		tap, machine.last_flushed, ROOT_CPUS_LEFT,
		"create flushes when the cell's CPU is no longer root's: none of root's is still "
		"about to send it an interrupt");
	forget_counts();
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	in_order(tap, "set-loadable");
	forget_counts();
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	in_order(tap, "start");
	tap_is_u64(tap, machine.flushed, ROOT_CPUS_LEFT, "start flushes root's CPUs, no other");
	forget_counts();
	end_plant();
	in_order(tap, "destroy");
	tap_is_u64(tap, machine.flushed, ROOT_CPUS,
		   "destroy flushes root's CPUs, and the one that came back");
}

static void test_third_cells(struct tap *tap)
{
	unsigned int kicks;

	open_with_neighbour();
	kicks = machine.cpus[2].kicks;
	machine_create(&plant);
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	end_plant();
	tap_is_u64(tap, machine.cpus[2].kicks, kicks,
		   "a cell is not even interrupted while another comes and goes");
}

/* No page is lost or gained by a cell that comes and goes. */
static void test_no_leak(struct tap *tap)
{
	uint32_t used, beside;

	open_with_neighbour();
	used = page_pool_used();
	machine_create(&plant);
	beside = page_pool_used();
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	tap_is_u64(tap, page_pool_used(), beside, "a load and a start give back what they took");
	end_plant();
	tap_is_u64(tap, page_pool_used(), used, "a destroyed cell has left no page in use");
}

/* Everything that a create may change. */
struct before {
	struct root_model model;
	uint8_t ports[IO_BITMAP_PAGES * PAGE_SIZE];
	uint64_t public_cells[PUBLIC_MAX_CELLS];
	uint32_t used;
	unsigned int acts;
};

static void remember(struct before *before)
{
	machine_view(&root_cell, before->model.pages);
	memcpy(before->ports, root_cell.arch.io_bitmap, sizeof(before->ports));
	memcpy(before->public_cells, public_area.cells, sizeof(before->public_cells));
	before->used = page_pool_used();
	before->acts = machine.cpus[PLANT_CPU].acts;
}

static bool as_before(struct tap *tap, const struct before *before)
{
	bool same = true;

	if (model_differences(&before->model))
		same = false;
	if (memcmp(before->ports, root_cell.arch.io_bitmap, sizeof(before->ports)) != 0) {
		tap_note(tap, "  root's ports differ");
		same = false;
	}
	if (memcmp(before->public_cells, public_area.cells, sizeof(before->public_cells)) != 0 ||
	    cell_count() != 2 || cell_by_id(PLANT_ID)) {
		tap_note(tap, "  there is a cell");
		same = false;
	}
	if (before->used != page_pool_used()) {
		tap_note(tap, "  %u pages in use, %u before", page_pool_used(), before->used);
		same = false;
	}
	if (root_cell.cpus.word[0] != ROOT_CPUS || cpu_by_id(PLANT_CPU)->cell != &root_cell ||
	    machine.cpus[PLANT_CPU].acts != before->acts) {
		tap_note(tap, "  root's CPUs are not as before");
		same = false;
	}
	return same;
}

/* The k-th page is not to be had, alone or with all that come after it, for each k. */
static void test_create_fails(struct tap *tap, bool drained)
{
	const char *how = drained ? "no page any more" : "one page missing";
	static struct before before;
	unsigned int step, undone = 0, errors = 0, disorder = 0;
	int err;

	for (step = 0; step < 200; step++) {
		open_with_neighbour();
		forget_counts();
		if (drained)
			machine_drain(step);
		else
			machine.pages_until_failure = step;
		remember(&before);
		err = machine_create(&plant);
		if (err == 0)
			break;
		errors += err == -ENOMEM;
		if (as_before(tap, &before))
			undone++;
		else
			tap_note(tap, "  after step %u, %s: %s", step, how, machine.debug);
		disorder += machine.unacknowledged + machine.released_early + machine.reused_early +
			    machine.stale_entries;
	}
	tap_ok(tap, err == 0 && step > 10, "a create has many steps that need a page (%s)", how);
	tap_is_u64(tap, errors, step, "each that fails is told as want of memory (%s)", how);
	tap_is_u64(tap, undone, step, "each leaves everything as it was before (%s)", how);
	tap_is_u64(tap, disorder, 0, "each undoes in the order unmap, flush, release (%s)", how);
}

static unsigned int disorder(void)
{
	return machine.unacknowledged + machine.released_early + machine.reused_early +
	       machine.stale_entries;
}

/* What a load or a start could not finish the next one does. */
static void test_start_fails(struct tap *tap)
{
	static struct root_model model;
	unsigned int step, errors = 0, stopped = 0, half = 0, mended = 0, stale = 0;
	int err;

	for (step = 0; step < 50; step++) {
		open_with_neighbour();
		machine_view(&root_cell, model.pages);
		machine_create(&plant);
		model_take_plant(&model);
		machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
		forget_counts();
		machine_drain(step);
		err = machine_hypercall(HC_CELL_START, PLANT_ID, 0);
		machine_refill();
		stale += disorder();
		if (err == 0)
			break;
		errors += err == -ENOMEM;
		half += !machine_lookup(&root_cell, plant_memory[PLANT_RAM].phys_start);
		stopped += machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0) == CELL_SHUT_DOWN &&
			   machine.cpus[PLANT_CPU].last_act == PENDING_PARK;
		err = machine_hypercall(HC_CELL_START, PLANT_ID, 0);
		mended += err == 0 && model_differences(&model) == 0 && disorder() == stale;
	}
	tap_ok(tap, err == 0 && step > 0, "a start can lack pages: large ones must be split");
	tap_is_u64(tap, errors, step, "a start that cannot take all of root's memory fails");
	tap_is_u64(tap, stopped, step, "such a cell does not run");
	tap_ok(tap, half > 0, "some of them have taken a part of it");
	tap_is_u64(tap, stale, 0, "which no CPU of root reaches any more");
	tap_is_u64(tap, mended, step, "the next start takes the rest, and flushes all of it");
}

static bool root_has_loadable(void)
{
	static const enum plant_memory regions[] = {PLANT_RAM, PLANT_CODE};

	for (unsigned int n = 0; n < 2; n++) {
		const struct blob_memory *region = &plant_memory[regions[n]];

		for (uint64_t at = 0; at < region->size; at += PAGE_SIZE) {
			if (!machine_lookup(&root_cell, region->phys_start + at))
				return false;
		}
	}
	return true;
}

static void test_load_fails(struct tap *tap)
{
	static struct root_model model;
	unsigned int step, errors = 0, mended = 0, disorder = 0, again = 0;
	int err;

	for (step = 0; step < 50; step++) {
		open_with_neighbour();
		machine_view(&root_cell, model.pages);
		machine_create(&plant);
		model_take_plant(&model);
		forget_counts();
		machine_drain(step);
		err = machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
		machine_refill();
		disorder += machine.unacknowledged + machine.released_early + machine.reused_early +
			    machine.stale_entries;
		if (err == 0)
			break;
		errors += err == -ENOMEM;
		again += machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0) == 0 &&
			 root_has_loadable();
		machine_drain(0);
		machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
		machine_refill();
		err = machine_hypercall(HC_CELL_START, PLANT_ID, 0);
		mended += err == 0 && model_differences(&model) == 0;
	}
	tap_is_u64(tap, again, step, "the next load gives it to root as a whole");
	tap_is_u64(tap, errors, step, "a load that cannot give root its memory fails");
	tap_is_u64(tap, mended, step, "the next start takes back what root got of it");
	tap_is_u64(tap, disorder, 0, "a load in part leaves nothing stale");
}

#define FAR(n) ((n)*0x8000000000ull) /* each in tables of its own */

/* What root lost tables with, when no page is left but those of the cell that goes. */
static void test_far_memory(struct tap *tap)
{
	static const struct blob_memory root_memory[] = {
		{0, 0, RAM_SIZE, RWX | BLOB_MEM_DMA},
		{FAR(1), FAR(1), PAGE_SIZE, RW | BLOB_MEM_IO},
		{FAR(2), FAR(2), PAGE_SIZE, RW | BLOB_MEM_IO},
		{FAR(3), FAR(3), PAGE_SIZE, RW | BLOB_MEM_IO},
	};
	static const struct cell_plan root = {.name = "RootCell",
					      .cpus = (1u << MACHINE_CPUS) - 1,
					      .memory = root_memory,
					      .num_memory = 4};
	static const struct blob_memory memory[] = {
		{0x400000, 0, 0x8000, RWX},
		{FAR(1), FAR(1), PAGE_SIZE, RW | BLOB_MEM_IO},
		{FAR(2), FAR(2), PAGE_SIZE, RW | BLOB_MEM_IO},
		{FAR(3), FAR(3), PAGE_SIZE, RW | BLOB_MEM_IO},
		{0, 0x100000, PAGE_SIZE, RW | BLOB_MEM_COMM_REGION},
	};
	static const struct cell_plan far = {.name = "far",
					     .id = PLANT_ID,
					     .flags = BLOB_CELL_PASSIVE_COMMREG,
					     .cpus = 1 << PLANT_CPU,
					     .memory = memory,
					     .num_memory = 5};
	unsigned int back = 0;
	int err;

	machine_open(&root);
	tap_ok(tap, machine_create(&far) == 0 && !machine_lookup(&root_cell, FAR(1)),
	       "a cell has memory that root had in tables of their own");
	machine_drain(0);
	do
		err = machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0);
	while (err == -EINPROGRESS);
	for (unsigned int n = 1; n <= 3; n++)
		back += machine_lookup(&root_cell, FAR(n)) != 0;
	tap_ok(tap, err == 0 && back == 3, "root gets it back by the pages that were the cell's");
	machine_refill();
}

static int nothing(uint64_t arg)
{
	return 0;
}

static void come_back(unsigned int cpu)
{
	machine.cpus[cpu].deaf = 0;
	machine_call(cpu, nothing, 0);
}

/* Whether the pool would give one of these pages away. */
static bool is_free(const uint8_t *pages, unsigned int count)
{
	void *taken = NULL, *next;
	bool found = false;

	while ((next = page_pool_alloc(1))) {
		found = found ||
			((uint8_t *)next >= pages && (uint8_t *)next < pages + count * PAGE_SIZE);
		*(void **)next = taken;
		taken = next;
	}
	for (; taken; taken = next) {
		next = *(void **)taken;
		page_pool_free(taken, 1);
	}
	return found;
}

/* A CPU of root that does not answer may use whatever it had. */
static void test_root_cpu_lost(struct tap *tap)
{
	static struct root_model model;
	static struct before before;
	const uint8_t *public;

	open_with_neighbour();
	forget_counts();
	machine.cpus[1].deaf = DEAF_FOR_EVER;
	remember(&before);
	tap_is_u64(tap, machine_create(&plant), -EIO,
		   "no cell is made of what a lost CPU of root may use");
	tap_is_u64(tap, model_differences(&before.model) + (cell_count() != 2), 0,
		   "root has all that it had");
	tap_is_u64(tap, machine.released_early + machine.reused_early, 0,
		   "tables that it may walk are kept");
	come_back(1);
	tap_is_u64(tap, machine_create(&plant), 0, "it is made when the CPU is back");
	machine_view(&root_cell, model.pages);
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	machine.cpus[1].deaf = DEAF_FOR_EVER;
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), -EIO,
		   "no cell runs in memory that a lost CPU of root may use");
	tap_ok(tap, machine.cpus[PLANT_CPU].last_act == PENDING_PARK, "its CPU stands still");
	come_back(1);
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), 0,
		   "it starts when the CPU is back");
	tap_is_u64(tap, model_differences(&model), 0, "and its memory is its own");
	machine.cpus[1].deaf = DEAF_FOR_EVER;
	public = (uint8_t *)cell_by_id(PLANT_ID)->comm;
	end_plant();
	tap_ok(tap, !cell_by_id(PLANT_ID) && !is_free(public, PUBLIC_CELL_PAGES),
	       "a cell is destroyed; what root read of it is not used anew");
	tap_is_u64(tap, machine.released_early + machine.reused_early, 0,
		   "nor tables that it may walk");
	come_back(1);
	machine_create(&plant);
	end_plant();
	tap_ok(tap, is_free(public, PUBLIC_CELL_PAGES), "until the CPU has come back");
	tap_is_u64(tap, page_pool_used(), before.used, "in the end no page is lost");
}

static void lost_after_flush(struct cpu *cpu)
{
	if (cpu->id == 3 && machine.cpus[3].flushes > 0)
		machine.cpus[3].deaf = DEAF_FOR_EVER;
}

/* It has given the memory away, and does not answer when it is itself to go. */
static void test_own_cpu_lost(struct tap *tap)
{
	struct cell_plan pair = plant;
	static struct before before;

	pair.cpus = 1 << 2 | 1 << 3;
	machine_open(NULL);
	remember(&before);
	machine.on_signals = lost_after_flush;
	tap_is_u64(tap, machine_create(&pair), -EIO, "no cell is made with a CPU that is lost");
	machine.on_signals = NULL;
	machine_call(2, nothing, 0);
	tap_ok(tap,
	       machine.cpus[2].in_guest && !cpu_by_id(2)->pending && root_cell.cpus.word[0] == 0xf,
	       "the others that it would have had are root's and go on");
	tap_is_u64(tap, model_differences(&before.model), 0, "with all of root's memory");
	come_back(3);
	tap_is_u64(tap, machine_create(&pair), 0, "it is made when the CPU is back");
}

int main(void)
{
	struct tap tap = {0};

	test_order(&tap);
	test_third_cells(&tap);
	test_no_leak(&tap);
	test_create_fails(&tap, false);
	test_create_fails(&tap, true);
	test_load_fails(&tap);
	test_far_memory(&tap);
	test_start_fails(&tap);
	test_root_cpu_lost(&tap);
	test_own_cpu_lost(&tap);
	return tap_done(&tap);
}
