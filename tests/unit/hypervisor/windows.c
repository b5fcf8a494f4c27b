// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who reaches which memory after every transition of a cell's life, in whatever order they come:
 * two cells take many steps, the unusual ones too, and after each one every page has the owners
 * that the steps so far allow, and no other.
 */
#include <errno.h>
#include <stdio.h>

#include "core/page_pool.h"
#include "plant_cell.h"

#include "tests/lib/random.h"
#include "tests/lib/tap.h"

#define STEPS	  1500
#define NEIGHBOUR 1

static const struct blob_memory neighbour_memory[] = {
	{0x200000, 0, 0x1ff000, RWX | BLOB_MEM_LOADABLE},
	{0x801000, 0x400000, 0x1ff000, RW},
	{0xc00000, 0x40020000, 0x2000, RW | BLOB_MEM_ROOTSHARED},
	{0, 0x50000000, 0x1000, RW | BLOB_MEM_COMM_REGION},
};
static const struct cell_plan neighbour = {
	.name = "neighbour",
	.id = NEIGHBOUR,
	.cpus = 1 << 2 | 1 << 1,
	.memory = neighbour_memory,
	.num_memory = 4,
};

/* A cell as the test believes it to be. */
static struct believed {
	const struct cell_plan *plan;
	bool exists, loadable, running, dying;
	uint64_t pages; /* mapped when it was made */
} cells_believed[] = {{.plan = &plant}, {.plan = &neighbour}};

enum move { CREATE, LOAD, START, ASK, KILL, FAIL, DESTROY, DENY, MOVES };

static const char *const move_names[] = {"create", "load", "start",   "ask",
					 "kill",   "fail", "destroy", "deny"};

static uint64_t seed = 0x2545f4914f6cdd1dull;

static unsigned int choose(unsigned int count)
{
	return (unsigned int)(random_next(&seed) >> 33) % count;
}

static int fail_here(uint64_t arg)
{
	struct cpu *cpu = this_cpu();

	memset(&cpu->failure, 0, sizeof(cpu->failure));
	cpu->failure.reason = FAILURE_MEMORY_READ;
	cell_fail(cpu);
	return 0;
}

/* Repeats an operation that asks the cell until it has this answer. */
static int call_answered(const struct believed *cell, uint32_t code,
			 enum comm_reply_from_cell answer)
{
	uint32_t id = cell->plan->id;
	int err;

	do {
		err = machine_hypercall(code, id, 0);
		if (err == -EAGAIN)
			cell_by_id(id)->comm->reply_from_cell = answer;
	} while (err == -EAGAIN);
	return err;
}

static unsigned int deny(struct believed *cell, int expected)
{
	uint32_t code = choose(2) ? HC_CELL_START : HC_CELL_SET_LOADABLE;
	int err = call_answered(cell, code, COMM_REPLY_DENIED);

	if (cell->running)
		return err != -EPERM;
	/* Who does not run is not asked. */
	if (!err) {
		cell->running = code == HC_CELL_START;
		cell->loadable = !cell->running;
	}
	return err != expected;
}

/* Mostly to the end, sometimes only a step of it. */
static unsigned int destroy(struct believed *cell, int expected)
{
	int err;

	do
		err = call_answered(cell, HC_CELL_DESTROY, COMM_REPLY_APPROVED);
	while (err == -EINPROGRESS && choose(4));
	if (err == -EINPROGRESS) {
		cell->dying = true;
		cell->running = false;
		return 0;
	}
	if (!err)
		*cell = (struct believed){.plan = cell->plan};
	return err != expected;
}

/* Carries the move out; what is believed follows what was answered. Returns how much is wrong. */
static unsigned int make_move(struct believed *cell, enum move move)
{
	uint32_t id = cell->plan->id;
	int err, expected = cell->exists ? 0 : -ENOENT;

	if (cell->dying && (move == LOAD || move == START || move == DENY))
		expected = -EBUSY;
	switch (move) {
	case CREATE:
		err = machine_create(cell->plan);
		expected = cell->exists ? -EEXIST : 0;
		if (!err) {
			*cell = (struct believed){.plan = cell->plan, .exists = true};
			cell->pages = machine_mapped_pages(cell_by_id(id));
		}
		break;
	case LOAD:
		err = call_answered(cell, HC_CELL_SET_LOADABLE, COMM_REPLY_APPROVED);
		cell->loadable |= !err;
		cell->running &= err != 0;
		break;
	case START:
		err = call_answered(cell, HC_CELL_START, COMM_REPLY_APPROVED);
		cell->loadable &= err != 0;
		cell->running |= !err;
		break;
	case ASK:
		err = machine_hypercall(HC_CV_CELL_SHUTDOWN, id, 0);
		break;
	case DENY:
		return deny(cell, expected);
	case KILL:
		err = machine_hypercall(HC_CV_CELL_KILL, id, 0);
		cell->running = false;
		break;
	case FAIL:
		err = expected;
		if (cell->running)
			machine_call(__builtin_ctzll(cell->plan->cpus), fail_here, 0);
		cell->running = false;
		break;
	default:
		return destroy(cell, expected);
	}
	return err != expected;
}

static bool may_be_roots(const struct believed *cell, const struct blob_memory *region)
{
	/* Of a page in which a cell has some bytes root has the rest, but not by its tables. */
	if (!cell->exists || (region->flags & (BLOB_MEM_COMM_REGION | BLOB_MEM_ROOTSHARED)))
		return true;
	return cell->loadable && (region->flags & BLOB_MEM_LOADABLE);
}

/* What root shall see. */
static void believe_root(struct root_model *model)
{
	model_root_alone(model);
	for (unsigned int n = 0; n < 2; n++) {
		const struct believed *cell = &cells_believed[n];

		for (unsigned int m = 0; m < cell->plan->num_memory; m++) {
			if (!may_be_roots(cell, &cell->plan->memory[m]))
				model_set(model, cell->plan->memory[m].phys_start,
					  cell->plan->memory[m].size, 0);
		}
		if (cell->exists)
			model_show(model, cell_by_id(cell->plan->id)->comm,
				   PUBLIC_CELL_PAGES * PAGE_SIZE, true);
	}
}

/* A CPU runs in its cell only as long as the cell runs, and never while root has its memory. */
static unsigned int check_cpus(const struct believed *cell)
{
	unsigned int wrong = 0;

	for (unsigned int n = 0; n < MACHINE_CPUS; n++) {
		const struct cpu *cpu = cpu_by_id(n);

		if (!(cell->plan->cpus & (1ull << n)))
			continue;
		if (!cell->exists || cell->dying)
			wrong += cpu->cell != &root_cell;
		else
			wrong += cpu->cell != cell_by_id(cell->plan->id) ||
				 (!cell->running && cpu->state == CPU_RUNNING);
	}
	return wrong;
}

/* Where root looks for the cells there are those that there are. */
static unsigned int check_public(void)
{
	uint64_t expected[2] = {0}, shown[2] = {0};

	for (unsigned int n = 0; n < 2; n++) {
		if (cells_believed[n].exists)
			expected[n] =
				(uint64_t)cell_by_id(cells_believed[n].plan->id)->comm - IMAGE_BASE;
	}
	for (unsigned int slot = 0; slot < PUBLIC_MAX_CELLS; slot++) {
		for (unsigned int n = 0; n < 2; n++) {
			if (public_area.cells[slot] && public_area.cells[slot] == expected[n])
				shown[n]++;
		}
		if (public_area.cells[slot] && public_area.cells[slot] != expected[0] &&
		    public_area.cells[slot] != expected[1])
			return 1;
	}
	return shown[0] != cells_believed[0].exists || shown[1] != cells_believed[1].exists;
}

static unsigned int check_step(void)
{
	static struct root_model model;
	unsigned int wrong;

	believe_root(&model);
	wrong = model_differences(&model) + check_public();
	for (unsigned int n = 0; n < 2; n++) {
		const struct believed *cell = &cells_believed[n];

		wrong += check_cpus(cell);
		if (!cell->exists)
			continue;
		wrong += machine_mapped_pages(cell_by_id(cell->plan->id)) != cell->pages;
		wrong += cell_by_id(cell->plan->id)->loadable != cell->loadable;
	}
	return wrong + machine.stale_entries + machine.unacknowledged + machine.released_early +
	       machine.reused_early;
}

static void test_walk(struct tap *tap)
{
	static bool seen[2][MOVES][MOVES];
	enum move last[2] = {DESTROY, DESTROY}, move;
	unsigned int pairs = 0, step, who;

	machine_open(NULL);
	for (step = 0; step < STEPS; step++) {
		who = choose(2);
		move = (enum move)choose(MOVES);
		if (make_move(&cells_believed[who], move) || check_step())
			break;
		seen[who][last[who]][move] = true;
		last[who] = move;
	}
	if (!tap_is_u64(tap, step, STEPS,
			"after each of many steps every page is whose it should be"))
		tap_note(tap, "  %s after %s, of %s; %s", move_names[move], move_names[last[who]],
			 cells_believed[who].plan->name, machine.debug);
	for (unsigned int n = 0; n < 2 * MOVES * MOVES; n++)
		pairs += (&seen[0][0][0])[n];
	tap_is_u64(tap, pairs, 2 * MOVES * MOVES, "each step came after each other one");
}

/* At the end of all that nothing is lost: pages, CPUs, memory. */
static void test_end(struct tap *tap)
{
	static struct root_model model;
	uint32_t used;

	for (unsigned int n = 0; n < 2; n++) {
		struct believed *cell = &cells_believed[n];

		while (cell->exists && make_move(cell, DESTROY) == 0)
			;
	}
	model_root_alone(&model);
	tap_ok(tap,
	       model_differences(&model) == 0 && root_cell.cpus.word[0] == 0xf && cell_count() == 1,
	       "in the end root has all that it had");
	used = page_pool_used();
	machine_open(NULL);
	machine_create(&plant);
	call_answered(&cells_believed[0], HC_CELL_DESTROY, COMM_REPLY_APPROVED);
	while (machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0) == -EINPROGRESS)
		;
	/* Returned memory is put together into larger pages than it had at first. */
	tap_ok(tap, used <= page_pool_used(), "and no page of the pool is lost");
}

int main(void)
{
	struct tap tap = {0};

	test_walk(&tap);
	test_end(&tap);
	return tap_done(&tap);
}
