// SPDX-License-Identifier: GPL-2.0-only
/* Cells as Linux manages them: CPUs and memory out of Linux, hypercalls, and back. The caller holds
 * cellvisor_lock. */
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellvisor.h"
#include "lib/blob_error/blob_error.h"

#define CELL_BLOB_MAX	 (64u << 10)
#define POLL_INTERVAL_US 1000
#define LOAD_CHUNK	 SZ_1M
#define MAX_IMAGES	 64
#define KILL_ALL_MS	 5000

LIST_HEAD(managed_cells);

static u64 last_serial;

struct managed_cell *cells_find(const struct jailhouse_cell_id *id)
{
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (id->id == JAILHOUSE_ID_BY_NAME
			    ? !strncmp(cell->desc->name, id->name, sizeof(id->name))
			    : id->id >= 0 && cell->id == (u32)id->id)
			return cell;
	}
	return NULL;
}

static int find_cell(const struct jailhouse_cell_id *id, struct managed_cell **ret_cell)
{
	struct managed_cell *cell;

	if (!partition)
		return -EINVAL;
	cell = cells_find(id);
	if (!cell)
		return -ENOENT;
	if (!cell->slot)
		return -EINVAL; /* the root cell */
	*ret_cell = cell;
	return 0;
}

static struct managed_cell *find_by_serial(u64 serial)
{
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->serial == serial)
			return cell;
	}
	return NULL;
}

/*
 * Repeats a hypercall until it is through, asleep in between. -EAGAIN: the cell has been asked and
 * has time until its msg_reply_timeout (in microseconds; 0: as long as it likes, or the caller's
 * patience with signals). The lock is let go meanwhile, so that other cells can be looked after;
 * -ENOENT where somebody has taken this one away.
 */
static int call_until_done(u32 code, const struct managed_cell *cell)
{
	u64 timeout = cell->desc->msg_reply_timeout, serial = cell->serial;
	ktime_t deadline = ktime_add_us(ktime_get(), timeout);
	u32 id = cell->id;
	int err;

	for (;;) {
		/* What the cell has said by now would go with it. */
		console_drain();
		err = cellvisor_hypercall(code, id, 0);
		if (err == -EINPROGRESS) {
			cond_resched();
			continue;
		}
		if (err != -EAGAIN)
			return err;
		if (timeout && ktime_after(ktime_get(), deadline))
			return -ETIMEDOUT;
		mutex_unlock(&cellvisor_lock);
		usleep_range(POLL_INTERVAL_US, 2 * POLL_INTERVAL_US);
		mutex_lock(&cellvisor_lock);
		if (signal_pending(current))
			return -EINTR;
		if (!partition || !find_by_serial(serial))
			return -ENOENT;
	}
}

/* A new attempt asks anew: an answer to an earlier request does not count. */
static int ask_and_call(u32 code, const struct managed_cell *cell)
{
	int err = cellvisor_hypercall(HC_CV_CELL_SHUTDOWN, cell->id, 0);

	return err ? err : call_until_done(code, cell);
}

static u32 free_id(void)
{
	struct jailhouse_cell_id id = {.id = 1};

	while (cells_find(&id))
		id.id++;
	return id.id;
}

static struct managed_cell *allocate_cell(const void __user *blob, u32 size)
{
	char line[BLOB_ERROR_LINE];
	struct managed_cell *cell;
	struct blob_error error;
	const u8 *set;
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
	copy = memdup_user(blob, size);
	if (IS_ERR(copy))
		return copy;
	if (blob_check_cell(copy, size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		pr_cell(err, "cell configuration refused: %s\n", line);
		kfree(copy);
		return ERR_PTR(-EINVAL);
	}
	cell = kzalloc(sizeof(*cell), GFP_KERNEL);
	if (!cell) {
		kfree(copy);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&cell->devices);
	cell->desc = copy;
	cell->desc->id = free_id();
	cell->id = cell->desc->id;
	cell->serial = ++last_serial;
	set = cell_desc_cpu_set(cell->desc);
	for (unsigned int n = 0; n < cell->desc->cpu_set_size * 8 && n < nr_cpu_ids; n++) {
		if (set[n / 8] & (1 << (n % 8)))
			cpumask_set_cpu(n, &cell->cpus);
	}
	return cell;
}

static int check_new_cell(const struct managed_cell *cell)
{
	struct jailhouse_cell_id id = {.id = JAILHOUSE_ID_BY_NAME};
	const u8 *set = cell_desc_cpu_set(cell->desc);

	memcpy(id.name, cell->desc->name, sizeof(id.name));
	if (cells_find(&id)) {
		pr_cell(err, "cell %s: there is a cell of this name\n", cell->desc->name);
		return -EEXIST;
	}
	for (unsigned int n = 0; n < cell->desc->cpu_set_size * 8; n++) {
		if (!(set[n / 8] & (1 << (n % 8))))
			continue;
		if (n >= nr_cpu_ids || !cpumask_test_cpu(n, &partition->cpus)) {
			pr_cell(err, "cell %s: there is no CPU %u\n", cell->desc->name, n);
			return -EINVAL;
		}
		if (cells_own_cpu(n)) {
			pr_cell(err, "cell %s: CPU %u belongs to another cell\n", cell->desc->name,
				n);
			return -EBUSY;
		}
	}
	/* The blob's check has refused a cell without any. */
	return 0;
}

static int find_slot(struct managed_cell *cell)
{
	const struct public_cell *public;
	u64 offset;

	for (unsigned int slot = 1; slot < PUBLIC_MAX_CELLS; slot++) {
		offset = READ_ONCE(partition->public->cells[slot]);
		if (!offset || offset > partition->size - PUBLIC_CELL_PAGES * PAGE_SIZE)
			continue;
		public = partition->memory + offset + PAGE_SIZE;
		if (public->id == cell->id) {
			cell->slot = slot;
			return 0;
		}
	}
	return -EIO;
}

/* The hypervisor said EPERM for the sake of another cell, or the cell itself refuses. */
static void tell_locked(const struct managed_cell *changed)
{
	const struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell != changed && view_state(cell) == CELL_RUNNING_LOCKED)
			pr_cell(err, "cell %s has locked the configuration\n", cell->desc->name);
	}
}

static void forget_cell(struct managed_cell *cell)
{
	list_del(&cell->entry);
	cellvisor_sysfs_remove(cell);
}

int cells_create(const void __user *blob, u32 size, u64 take)
{
	struct managed_cell *cell;
	u64 said;
	int err;

	if (!partition)
		return -EINVAL;
	cell = allocate_cell(blob, size);
	if (IS_ERR(cell))
		return PTR_ERR(cell);
	err = check_new_cell(cell);
	if (err)
		goto err_free;
	err = claims_check_cell(cell->desc);
	if (err)
		goto err_free;
	err = devices_claim(cell, take);
	if (err)
		goto err_free;
	err = claims_scrub(cell->desc);
	if (err)
		goto err_devices;
	err = cell_take_cpus(cell);
	if (err)
		goto err_devices;
	said = console_ring_head();
	err = cellvisor_hypercall(HC_CELL_CREATE, virt_to_phys(cell->desc), 0);
	if (err) {
		pr_cell(err, "cell %s: creation refused by the hypervisor: error %d\n",
			cell->desc->name, err);
		console_log(&partition->public->console, said);
		if (err == -EPERM)
			tell_locked(cell);
		goto err_cpus;
	}
	err = find_slot(cell);
	if (err)
		goto err_destroy;
	cell->seen_state = CELL_SHUT_DOWN;
	err = cellvisor_sysfs_add(cell);
	if (err)
		goto err_destroy;
	list_add_tail(&cell->entry, &managed_cells);
	events_raise("created", cell);
	return 0;

err_destroy:
	call_until_done(HC_CELL_DESTROY, cell);
err_cpus:
	cell_return_cpus(cell);
err_devices:
	devices_release(cell, true);
err_free:
	kfree(cell->desc);
	kfree(cell);
	return err;
}

static int load_image(struct managed_cell *cell, const struct jailhouse_preload_image *image)
{
	const struct blob_memory *region = cell_desc_memory(cell->desc);
	u64 offset, done = 0;
	size_t chunk;
	void *memory;
	u32 n;

	for (n = 0; n < cell->desc->num_memory_regions; n++, region++) {
		offset = image->target_address - region->virt_start;
		if ((region->flags & BLOB_MEM_LOADABLE) &&
		    image->target_address >= region->virt_start && offset <= region->size &&
		    image->size <= region->size - offset)
			break;
	}
	if (n == cell->desc->num_memory_regions) {
		pr_cell(err, "cell %s: image of %llu bytes at 0x%llx fits no loadable region\n",
			cell->desc->name, image->size, image->target_address);
		return -EINVAL;
	}
	while (done < image->size) {
		chunk = min_t(u64, image->size - done, LOAD_CHUNK);
		memory = memremap(region->phys_start + offset + done, chunk, MEMREMAP_WB);
		if (!memory)
			return -ENOMEM;
		n = copy_from_user(memory, u64_to_user_ptr(image->source_address + done), chunk);
		machine_write_back(memory, chunk);
		memunmap(memory);
		if (n)
			return -EFAULT;
		done += chunk;
		cond_resched();
	}
	return 0;
}

int cells_load(const struct jailhouse_cell_id *id, u32 count,
	       const struct jailhouse_preload_image __user *images)
{
	struct jailhouse_preload_image image;
	struct managed_cell *cell;
	int err;

	if (count > MAX_IMAGES)
		return -E2BIG;
	err = find_cell(id, &cell);
	if (err)
		return err;
	err = ask_and_call(HC_CELL_SET_LOADABLE, cell);
	for (u32 n = 0; n < count && !err; n++) {
		if (copy_from_user(&image, &images[n], sizeof(image)))
			return -EFAULT;
		err = load_image(cell, &image);
	}
	return err;
}

int cells_start(const struct jailhouse_cell_id *id)
{
	struct managed_cell *cell;
	int err;

	err = find_cell(id, &cell);
	if (err)
		return err;
	return ask_and_call(HC_CELL_START, cell);
}

int cells_kill(const struct jailhouse_cell_id *id)
{
	struct managed_cell *cell;
	int err;

	err = find_cell(id, &cell);
	if (err)
		return err;
	return cellvisor_hypercall(HC_CV_CELL_KILL, cell->id, 0);
}

static int destroy(struct managed_cell *cell, bool force)
{
	int err;

	if (force) {
		cellvisor_hypercall(HC_CV_CELL_KILL, cell->id, 0);
		err = call_until_done(HC_CELL_DESTROY, cell);
	} else {
		err = ask_and_call(HC_CELL_DESTROY, cell);
	}
	if (err == -EPERM)
		tell_locked(cell);
	if (err)
		return err;
	cell->slot = 0;
	cell->seen_state = CELL_SHUT_DOWN;
	/*
	 * When the machine goes down no driver is to begin anything: one that registers a reboot
	 * notifier of its own would wait for the end of those that are called now, us among them.
	 */
	devices_release(cell, !force);
	cell_return_cpus(cell);
	events_raise("destroyed", cell);
	forget_cell(cell);
	return 0;
}

int cells_destroy(const struct jailhouse_cell_id *id)
{
	struct managed_cell *cell;
	int err;

	err = find_cell(id, &cell);
	return err ? err : destroy(cell, false);
}

/* The hypervisor waits for a CPU that does not answer, a second for each cell. */
void cells_kill_all(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(KILL_ALL_MS);
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->slot && time_before(jiffies, end))
			cellvisor_hypercall(HC_CV_CELL_KILL, cell->id, 0);
	}
}

/* The list may change while a cell is asked: begin anew after each. */
int cells_destroy_all(bool force)
{
	struct managed_cell *cell;
	int err;

	/* All of them first: one that has locked the configuration would keep the others. */
	if (force)
		cells_kill_all();
again:
	list_for_each_entry (cell, &managed_cells, entry) {
		if (!cell->slot)
			continue;
		err = destroy(cell, force);
		if (err && err != -ENOENT)
			return err;
		goto again;
	}
	return 0;
}

int cells_open(void)
{
	const struct cell_desc *root = &partition->system->root_cell;
	struct managed_cell *cell;
	int err;

	cell = kzalloc(sizeof(*cell), GFP_KERNEL);
	if (!cell)
		return -ENOMEM;
	cell->desc = kmemdup(root, sizeof(*root), GFP_KERNEL);
	if (!cell->desc) {
		kfree(cell);
		return -ENOMEM;
	}
	cpumask_copy(&cell->cpus, &partition->cpus);
	err = cellvisor_sysfs_add(cell);
	if (err) {
		kfree(cell->desc);
		kfree(cell);
		return err;
	}
	list_add(&cell->entry, &managed_cells);
	events_start();
	events_raise("enabled", NULL);
	return 0;
}

void cells_close(void)
{
	struct managed_cell *cell, *next;

	events_stop();
	list_for_each_entry_safe (cell, next, &managed_cells, entry)
		forget_cell(cell);
}
