// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of a cell that there is: started, made loadable, asked, killed, failed. */
#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/state.h"
#include "core/subsystem.h"

/* Last: who sees the count sees what it counts. */
static void note_change(struct cell *cell)
{
	if (cell != &root_cell)
		__atomic_add_fetch(&cell->public->changes, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&public_area.events, 1, __ATOMIC_SEQ_CST);
}

/* The first CPU that fails tells the reason; others may follow from it. */
static void note_failure(struct cell *cell, const struct failure_record *record)
{
	if (!__atomic_exchange_n(&cell->failure_recorded, true, __ATOMIC_SEQ_CST)) {
		cell->public->failure = *record;
		__atomic_store_n(&cell->public->failed, 1, __ATOMIC_RELEASE);
	}
	cell->comm->cell_state = CELL_FAILED;
	subsystems_cell_reset(cell, false);
}

/* CPUs of the cell do not answer any more. What it did does not matter beside that. */
static void fail_lost(struct cell *cell, const struct cpu_set *lost)
{
	const struct failure_record record = {.reason = FAILURE_CPU_LOST,
					      .vector = FAILURE_VECTOR_NONE,
					      .cpu = cpu_set_next(lost, 0)};

	note_failure(cell, &record);
	cpu_set_join(&cell->public->cpus_failed, lost);
	note_change(cell);
	console_printf("cell %s: CPU %u does not answer\n", cell->desc->name, record.cpu);
}

int cell_suspend(struct cell *cell)
{
	struct cpu_set stopped, lost = cell->cpus;

	if (cpus_suspend(&cell->cpus, &stopped))
		return 0;
	/* Those that answered stop at once, the others when they come back. */
	for_each_cpu (cpu, &cell->cpus)
		cpu_set_order(cpu, PENDING_PARK);
	cpus_resume(&stopped);
	cpu_set_leave(&lost, &stopped);
	fail_lost(cell, &lost);
	return -EIO;
}

/* To suspended CPUs; to all before one runs, as that may send signals to another at once. */
static void order_and_resume(struct cell *cell, enum cpu_pending order)
{
	cell->public->cpus_failed = cpus_none;
	for_each_cpu (cpu, &cell->cpus) {
		cpu->failed = false;
		cpu_set_order(cpu, order);
	}
	cpus_resume(&cell->cpus);
}

int cell_park_cpus(struct cell *cell)
{
	int err = cell_suspend(cell);

	if (!err)
		order_and_resume(cell, PENDING_PARK);
	return err;
}

/* Gets the cell's consent to be stopped. */
static int ask(struct cell *cell)
{
	for_each_cpu (cpu, &cell->cpus) {
		if (cpu_stands_still(cpu))
			return -EIO;
	}
	return cell->dying ? -EBUSY : comm_ask_shutdown(cell);
}

/* Shows the loadable regions to root, or takes them back. */
static int set_loadable(struct cell *cell, bool loadable)
{
	int err, committed;

	/* What root has already is shown again: it may have failed half way. */
	if (!cell->loadable && !loadable)
		return 0;
	/* Even if it fails now: the next start then takes back what root got. */
	cell->loadable = true;
	err = memory_root_loadable(cell, loadable);
	committed = memory_commit();
	err = err ? err : committed;
	if (!err)
		cell->loadable = loadable;
	return err;
}

int cell_start(struct cell *cell)
{
	int err = ask(cell);

	if (!err)
		err = cell_suspend(cell);
	if (err)
		return err;
	err = set_loadable(cell, false);
	if (err) {
		order_and_resume(cell, PENDING_PARK);
		return err;
	}
	comm_init(cell, CELL_RUNNING);
	subsystems_cell_reset(cell, true);
	for_each_cpu (cpu, &cell->cpus)
		memset(cpu->exits, 0, sizeof(cpu->exits));
	order_and_resume(cell, PENDING_START);
	note_change(cell);
	console_printf("cell %s started\n", cell->desc->name);
	return 0;
}

int cell_set_loadable(struct cell *cell)
{
	int err = ask(cell);

	if (!err)
		err = cell_park_cpus(cell);
	if (err)
		return err;
	comm_init(cell, CELL_SHUT_DOWN);
	subsystems_cell_reset(cell, false);
	err = set_loadable(cell, true);
	if (!err)
		note_change(cell);
	return err;
}

int cell_shutdown_request(struct cell *cell)
{
	int err;

	cell->shutdown_asked = false;
	err = comm_ask_shutdown(cell);
	return err == -EAGAIN ? 0 : err;
}

int cell_kill(struct cell *cell)
{
	struct failure_record record = {.reason = FAILURE_KILLED, .vector = FAILURE_VECTOR_NONE};
	int err = cell_suspend(cell);
	bool stopped, recorded = false;

	if (err)
		return err;
	/* Where the cell was when it was ended: of one that hangs, its maker wants to know that. */
	stopped = comm_stopped(cell);
	for_each_cpu (cpu, &cell->cpus)
		recorded = recorded || arch_cpu_record(cpu, &record);
	order_and_resume(cell, PENDING_PARK);
	if (!stopped) {
		note_failure(cell, &record);
		note_change(cell);
		console_printf("cell %s killed on root's order\n", cell->desc->name);
	} else {
		subsystems_cell_reset(cell, false);
	}
	return 0;
}

void cell_fail(struct cpu *cpu)
{
	struct cell *cell = cpu->cell;
	bool root = cell == &root_cell;

	if (!root) {
		note_failure(cell, &cpu->failure);
		cpu_set_add(&cell->public->cpus_failed, cpu->id);
	}
	/* Last: who sees the CPU failed and then looks at the cell must not find it running. */
	__atomic_store_n(&cpu->failed, true, __ATOMIC_SEQ_CST);
	for_each_cpu (other, root ? &cpus_none : &cell->cpus) {
		cpu_set_order(other, PENDING_PARK);
		arch_cpu_kick(other);
	}
	if (root) /* whatever signals have come since the fault */
		cpu_post(cpu, PENDING_ORDERS, PENDING_WAIT);
	note_change(cell);
}
