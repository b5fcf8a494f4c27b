// SPDX-License-Identifier: GPL-2.0-only
/* How a cell comes and goes: its blob, what it takes from root, and all of it back. */
#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/console.h"
#include "lib/blob/blob_claims.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "pci/link.h"

#define CELL_PAGES    ((sizeof(struct cell) + PAGE_SIZE - 1) / PAGE_SIZE)
#define MAX_BLOB_SIZE (64u * 1024)

/* By what root's tables say at this moment; false where they say nothing. */
static bool copy_from_root(void *to, uint64_t phys, uint64_t size)
{
	struct page_table_leaf leaf;
	const uint8_t *page;
	uint64_t chunk;

	for (uint64_t done = 0; done < size; done += chunk) {
		if (!page_table_walk(&root_cell.stage2, phys + done, &leaf))
			return false;
		page = arch_map_page(0, leaf.phys & PAGE_MASK, false);
		chunk = PAGE_SIZE - (leaf.phys & ~PAGE_MASK);
		if (chunk > size - done)
			chunk = size - done;
		memcpy((uint8_t *)to + done, page + (leaf.phys & ~PAGE_MASK), chunk);
	}
	return true;
}

/* From the beginning of a blob, wherever each of its pages is. */
static bool copy_blob_from_root(void *to, uint64_t blob, uint64_t size)
{
	uint64_t list = blob & ~HC_BLOB_IN_PAGES, page, chunk;

	if (list == blob)
		return copy_from_root(to, blob, size);
	for (uint64_t done = 0; done < size; done += chunk, list += sizeof(page)) {
		chunk = size - done < PAGE_SIZE ? size - done : PAGE_SIZE;
		if (!copy_from_root(&page, list, sizeof(page)) || (page & ~PAGE_MASK) ||
		    !copy_from_root((uint8_t *)to + done, page, chunk))
			return false;
	}
	return true;
}

int cell_copy_blob(uint64_t phys,
		   int (*check)(const void *blob, size_t size, struct blob_error *ret_error),
		   struct cell_desc **ret_desc, uint32_t *ret_pages)
{
	struct cell_desc header, *copy;
	struct blob_error error;
	uint32_t pages;
	uint64_t size;
	int err = 0;

	if (!copy_blob_from_root(&header, phys, sizeof(header)))
		return -EINVAL;
	size = cell_desc_size(&header);
	if (size > MAX_BLOB_SIZE)
		return -E2BIG;
	pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	copy = page_pool_alloc(pages);
	if (!copy)
		return -ENOMEM;
	if (!copy_blob_from_root(copy, phys, size)) {
		err = -EINVAL;
	} else if (check(copy, size, &error) != 0) {
		/* In words the module has said it before. */
		console_printf("cell configuration refused: error %d, part %d, element %d\n",
			       error.code, error.part, error.index);
		err = -EINVAL;
	}
	if (err) {
		page_pool_free(copy, pages);
		return err;
	}
	*ret_desc = copy;
	*ret_pages = pages;
	return 0;
}

static int copy_blob(struct cell *cell, uint64_t phys)
{
	struct cell_desc *copy;
	int err = cell_copy_blob(phys, blob_check_cell, &copy, &cell->blob_pages);

	if (!err) {
		cell->desc = copy;
		cell->id = copy->id;
	}
	return err;
}

static int check_unique(const struct cell *cell)
{
	for_each_cell (other) {
		if (other->id == cell->desc->id || strcmp(other->desc->name, cell->desc->name) == 0)
			return -EEXIST;
	}
	return 0;
}

static int check_cpus(struct cell *cell)
{
	unsigned int id = 0;

	cell->cpus = cell_desc_cpus(cell->desc);
	if (cpu_set_covers(&cpus_none, &cell->cpus) || cpu_set_has(&cell->cpus, this_cpu()->id))
		return -EINVAL;
	for (; (id = cpu_set_next(&cell->cpus, id)) < IMAGE_MAX_CPUS; id++) {
		const struct cpu *cpu = cpu_by_id(id);

		if (!cpu)
			return -EINVAL;
		if (cpu_is_lost(cpu))
			return -EIO;
	}
	return cpu_set_covers(&root_cell.cpus, &cell->cpus) ? 0 : -EBUSY;
}

/* A cell in the state "locked" forbids any change of the partition, but for its own end. */
static int refuse_if_locked(const char *what, const struct cell *changed)
{
	for_each_cell (cell) {
		if (cell == &root_cell || cell == changed ||
		    comm_state(cell) != CELL_RUNNING_LOCKED)
			continue;
		console_printf("cell %s has locked the configuration: %s refused\n",
			       cell->desc->name, what);
		return -EPERM;
	}
	return 0;
}

/* Of suspended CPUs. */
static void move_cpus(struct cell *from, struct cell *to, struct cpu_set cpus,
		      enum cpu_pending order)
{
	cpu_set_leave(&from->cpus, &cpus);
	cpu_set_join(&to->cpus, &cpus);
	for_each_cpu (cpu, &cpus) {
		cpu->cell = to;
		cpu->failed = false;
		memset(cpu->exits, 0, sizeof(cpu->exits));
		cpu_set_order(cpu, order);
	}
	/* Interrupts of those who still took it for the last owner's come before the next one's. */
	cpus_end_visits();
	cpus_resume(&cpus);
}

static int take_cpus(struct cell *cell)
{
	struct cpu_set stopped, lost = cell->cpus;

	if (cpus_suspend(&cell->cpus, &stopped)) {
		move_cpus(&root_cell, cell, cell->cpus, PENDING_PARK);
		return 0;
	}
	cpus_resume(&stopped);
	cpu_set_leave(&lost, &stopped);
	console_printf("cell %s: CPU %u does not answer\n", cell->desc->name,
		       cpu_set_next(&lost, 0));
	return -EIO;
}

static int make_public_pages(struct cell *cell)
{
	cell->comm = page_pool_alloc(PUBLIC_CELL_PAGES);
	if (!cell->comm)
		return -ENOMEM;
	cell->public = (struct public_cell *)((uint8_t *)cell->comm + PAGE_SIZE);
	cell->public->id = cell->id;
	memcpy(cell->public->name, cell->desc->name, sizeof(cell->public->name));
	comm_init(cell, CELL_SHUT_DOWN);
	return 0;
}

/* What it asks for can be had, or it is refused before anything is taken. */
static int check_cell(struct cell *cell)
{
	int err = check_unique(cell);

	while (cell->slot < PUBLIC_MAX_CELLS && cells[cell->slot])
		cell->slot++;
	if (cell->slot == PUBLIC_MAX_CELLS)
		return -ENOMEM;
	if (!err)
		err = check_cpus(cell);
	/* It would run without the isolation that it relies on. */
	if (!err && cell_lacks(cell->desc->name, blob_claims_cell(cell->desc)))
		err = -EOPNOTSUPP;
	return err ? err : memory_check(cell->desc, false);
}

/* Of a cell without CPUs, and whether it has all of it or not. */
static void give_back(struct cell *cell)
{
	subsystems_cell_destroy(cell);
	/* Root may need the pages that were the cell's tables for its own. */
	memory_commit();
	memory_return_to_root(cell);
	memory_show_public(cell->comm, PUBLIC_CELL_PAGES * PAGE_SIZE, false);
}

static int take_resources(struct cell *cell)
{
	int err = subsystems_cell_create(cell);

	if (!err)
		err = memory_map_cell(cell);
	if (!err)
		err = memory_take_from_root(cell);
	if (!err)
		err = memory_show_public(cell->comm, PUBLIC_CELL_PAGES * PAGE_SIZE, true);
	/* A CPU of root that does not answer keeps the memory, so nobody else gets it. */
	if (!err)
		err = memory_commit();
	if (!err)
		err = take_cpus(cell);
	/*
	 * Once more: root's CPUs have then done with interrupts to one that was theirs. Or, where
	 * no page is left, the tables that root lost with its memory are needed to give it back.
	 */
	memory_commit();
	if (err)
		give_back(cell);
	else
		link_begin(cell);
	return err;
}

/* Whatever there is of it already. What root could read waits for root's flush. */
static void free_cell(struct cell *cell)
{
	page_pool_free_deferred(cell->comm, PUBLIC_CELL_PAGES);
	memory_commit();
	/* Who does not get to the end of a ring may have them in hand: they stay for ever. */
	if (cpus_end_visits() < 0)
		return;
	page_pool_free((void *)cell->desc, cell->blob_pages);
	page_pool_free(cell, CELL_PAGES);
}

int cell_create(uint64_t blob_phys)
{
	struct cell *cell;
	int err = refuse_if_locked("creation", NULL);

	if (err)
		return err;
	cell = page_pool_alloc(CELL_PAGES);
	if (!cell)
		return -ENOMEM;
	err = copy_blob(cell, blob_phys);
	if (!err)
		err = check_cell(cell);
	if (!err)
		err = make_public_pages(cell);
	if (!err)
		err = take_resources(cell);
	if (err) {
		free_cell(cell);
		return err;
	}
	cells[cell->slot] = cell;
	hv_info[HV_INFO_NUM_CELLS]++;
	__atomic_store_n(&public_area.cells[cell->slot], (uint64_t)cell->comm - IMAGE_BASE,
			 __ATOMIC_RELEASE);
	__atomic_add_fetch(&public_area.events, 1, __ATOMIC_SEQ_CST);
	comm_tell_change();
	console_printf("cell %s created, id %u\n", cell->desc->name, cell->id);
	return 0;
}

int cell_destroy(struct cell *cell)
{
	int err;

	if (!cell->dying) {
		err = refuse_if_locked("destruction", cell);
		if (!err)
			err = comm_ask_shutdown(cell);
		if (!err)
			err = cell_park_cpus(cell);
		if (err)
			return err;
		/* Its devices stand still before its memory is cleared. */
		subsystems_cell_reset(cell, false);
		cell->dying = true;
	}
	if (!cpu_set_covers(&cpus_none, &cell->cpus)) {
		err = cell_suspend(cell);
		if (err)
			return err;
		move_cpus(cell, &root_cell, cell->cpus, PENDING_WAIT);
		/* Root has time to let go of what it sees of the cell. */
		return -EINPROGRESS;
	}
	if (!memory_scrub(cell))
		return -EINPROGRESS;
	cells[cell->slot] = NULL;
	hv_info[HV_INFO_NUM_CELLS]--;
	__atomic_store_n(&public_area.cells[cell->slot], 0, __ATOMIC_RELEASE);
	give_back(cell);
	comm_tell_change();
	console_printf("cell %s destroyed\n", cell->desc->name);
	free_cell(cell);
	__atomic_add_fetch(&public_area.events, 1, __ATOMIC_SEQ_CST);
	return 0;
}
