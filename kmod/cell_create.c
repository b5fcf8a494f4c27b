// SPDX-License-Identifier: GPL-2.0-only
/* How a cell is made: what it may have, what leaves Linux for it, and the hypercall. */
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellvisor.h"
#include "lib/blob_error/blob_error.h"

#define CELL_BLOB_MAX (64u << 10)

static u64 last_serial;

static u32 free_id(void)
{
	struct jailhouse_cell_id id = {.id = 1};

	while (cells_find(&id))
		id.id++;
	return id.id;
}

/* Without the lock: the blob may be nowhere yet. */
static struct managed_cell *allocate_cell(const void __user *blob, u32 size)
{
	char line[BLOB_ERROR_LINE];
	struct managed_cell *cell;
	struct blob_error error;
	void *copy;

	if (size < sizeof(struct cell_desc)) {
		pr_cell(err, "cell configuration refused: %u bytes, a descriptor alone has %zu\n",
			size, sizeof(struct cell_desc));
		return ERR_PTR(-EINVAL);
	}
	if (size > CELL_BLOB_MAX) {
		pr_cell(err, "cell configuration refused: %u bytes, more than %u\n", size,
			CELL_BLOB_MAX);
		return ERR_PTR(-E2BIG);
	}
	copy = blob_copy(blob, size);
	if (IS_ERR(copy))
		return copy;
	if (blob_check_cell(copy, size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		pr_cell(err, "cell configuration refused: %s\n", line);
		kvfree(copy);
		return ERR_PTR(-EINVAL);
	}
	cell = kzalloc(sizeof(*cell), GFP_KERNEL);
	if (!cell) {
		kvfree(copy);
		return ERR_PTR(-ENOMEM);
	}
	cellvisor_sysfs_prepare(cell);
	INIT_LIST_HEAD(&cell->entry);
	INIT_LIST_HEAD(&cell->devices);
	cell->desc = copy;
	for (unsigned int n = 0; n < nr_cpu_ids; n++) {
		if (cpus_listed(cell->desc, n))
			cpumask_set_cpu(n, &cell->cpus);
	}
	return cell;
}

/* Another cell has it, or gets it when its memory is filled. */
static bool cpu_is_cells(unsigned int cpu)
{
	const struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->id && !cell->dying && cpumask_test_cpu(cpu, &cell->cpus))
			return true;
	}
	return cells_own_cpu(cpu);
}

static int check_new_cell(const struct managed_cell *cell)
{
	struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME};

	memcpy(id.name, cell->desc->name, sizeof(id.name));
	if (cells_find(&id)) {
		pr_cell(err, "cell %s: there is a cell of this name\n", cell->desc->name);
		return -EEXIST;
	}
	for (unsigned int n = 0; n < cell->desc->cpu_set_size * 8; n++) {
		if (!cpus_listed(cell->desc, n))
			continue;
		if (n >= nr_cpu_ids || !cpumask_test_cpu(n, &partition->cpus)) {
			pr_cell(err, "cell %s: CPU %u is not in the partition\n", cell->desc->name,
				n);
			return -EINVAL;
		}
		if (cpu_is_cells(n)) {
			pr_cell(err, "cell %s: CPU %u belongs to another cell\n", cell->desc->name,
				n);
			return -EBUSY;
		}
	}
	/* The blob's check has refused a cell without any. */
	return 0;
}

static int show_cell(struct managed_cell *cell)
{
	const struct public_cell *public;
	u64 offset;

	for (unsigned int slot = 1; slot < PUBLIC_MAX_CELLS; slot++) {
		offset = READ_ONCE(partition->public->cells[slot]);
		if (!offset || offset > partition->size - PUBLIC_CELL_PAGES * PAGE_SIZE)
			continue;
		public = partition->memory + offset + PAGE_SIZE;
		if (public->id == cell->id) {
			cell->seen_state = CELL_SHUT_DOWN;
			cell->budget.since = jiffies;
			cell_show_in(cell, slot);
			return 0;
		}
	}
	return -EIO;
}

static int call_create(const struct managed_cell *cell)
{
	u64 said = console_ring_head();
	int err = blob_call(HC_CELL_CREATE, cell->desc, 0);

	if (!err)
		return 0;
	pr_cell(err, "cell %s: creation refused by the hypervisor: error %d\n", cell->desc->name,
		err);
	console_log(&partition->public->console, said);
	if (err == -EPERM)
		cells_tell_locked(cell);
	return err;
}

/*
 * From Linux to the hypervisor. Whatever the error: if the hypervisor has it, it stays listed.
 * -ESTALE: somebody else has destroyed it, and cell is no more.
 */
static int bring_in(struct managed_cell *cell, u64 take)
{
	u64 serial = cell->serial;
	int err, kept;

	err = devices_claim(cell, take);
	if (err)
		goto err_list;
	err = cell_take_cpus(cell);
	if (err)
		goto err_devices;
	err = call_create(cell);
	if (err)
		goto err_cpus;
	err = show_cell(cell);
	if (!err)
		err = cellvisor_sysfs_add(cell);
	if (!err)
		return 0;

	if (cell->slot)
		cell_show_in(cell, 0);
	do
		kept = cell_call(HC_CELL_DESTROY, cell);
	while (kept == -EINPROGRESS);
	if (cells_find_serial(serial) != cell)
		return -ESTALE;
	/* -ENOENT: it does not know the cell, and so keeps nothing of it. */
	if (kept && kept != -ENOENT) {
		pr_cell(err, "cell %s: the hypervisor keeps it: error %d\n", cell->desc->name,
			kept);
		return err;
	}
err_cpus:
	cell_return_cpus(cell, false);
err_devices:
	devices_release(cell, true);
err_list:
	/* Nobody has written it since it was filled with zeros. */
	claims_scrubbed(cell->desc);
	cells_unlist(cell);
	return err;
}

/* What is to be the cell's is kept for it while its memory is filled. */
static int create(struct managed_cell *cell, u64 take)
{
	int err;

	err = cells_await_clean(cell->desc);
	if (err)
		return err;
	cell->desc->id = free_id();
	cell->id = cell->desc->id;
	cell->serial = ++last_serial;
	err = check_new_cell(cell);
	if (!err)
		err = claims_check_cell(cell->desc);
	if (err)
		return err;
	cell_set_busy(cell, true);
	cells_list(cell);
	mutex_unlock(&cellvisor_lock);
	err = claims_scrub(cell);
	mutex_lock(&cellvisor_lock);
	cell_set_busy(cell, false);
	if (!err && cell->abandoned)
		err = -ECANCELED;
	if (err) {
		cells_unlist(cell);
		return err;
	}
	err = bring_in(cell, take);
	if (!err)
		events_raise("created", cell);
	return err;
}

int cells_create(const void __user *blob, u32 size, u64 take)
{
	struct managed_cell *cell;
	int err;

	if (!READ_ONCE(partition))
		return -EINVAL;
	cell = allocate_cell(blob, size);
	if (IS_ERR(cell))
		return PTR_ERR(cell);
	err = mutex_lock_interruptible(&cellvisor_lock) ? -ERESTARTSYS : 0;
	if (!err) {
		err = partition ? create(cell, take) : -EINVAL;
		if (err == -ESTALE || !list_empty(&cell->entry))
			cell = NULL;
		mutex_unlock(&cellvisor_lock);
	}
	if (cell)
		cellvisor_sysfs_put(cell);
	return err;
}
