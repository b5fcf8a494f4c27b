// SPDX-License-Identifier: GPL-2.0-only
/* Cells as Linux manages them: which there are, how they are asked, started and taken away. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cellvisor.h"

#define POLL_INTERVAL_US   1000
#define KILL_ALL_MS	   5000
#define ABANDON_TIMEOUT_MS 5000

LIST_HEAD(managed_cells);

static void scrub_dying(struct work_struct *work);
static DECLARE_DELAYED_WORK(scrubber, scrub_dying);
static DECLARE_WAIT_QUEUE_HEAD(idle_wait);
static unsigned int idle_count; /* of times that a cell was no longer busy, or went */

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

static void note_idle(void)
{
	WRITE_ONCE(idle_count, idle_count + 1);
	wake_up_all(&idle_wait);
}

/* Lets go of the lock until some cell is not busy any more: all is to be looked at anew then. */
static int wait_for_idle(void)
{
	unsigned int seen = idle_count;
	int err;

	mutex_unlock(&cellvisor_lock);
	err = wait_event_interruptible(idle_wait, READ_ONCE(idle_count) != seen);
	mutex_lock(&cellvisor_lock);
	return err;
}

/* Ports and pins are its own as long as its memory is: who looks for those does not know of it. */
static bool in_the_way(const struct managed_cell *cell, const struct cell_desc *desc)
{
	return cell->dying && (!desc || cell->desc->num_pio_regions || cell->desc->num_irqchips ||
			       cell->desc->num_pci_devices ||
			       !strncmp(cell->desc->name, desc->name, sizeof(desc->name)) ||
			       claims_meet(cell->desc, desc));
}

static const struct managed_cell *find_in_the_way(const struct cell_desc *desc)
{
	const struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (in_the_way(cell, desc))
			return cell;
	}
	return NULL;
}

int cells_await_clean(const struct cell_desc *desc)
{
	int err = 0;

	while (!err && find_in_the_way(desc)) {
		mod_delayed_work(system_unbound_wq, &scrubber, 0);
		err = wait_for_idle();
	}
	return err ? err : partition ? 0 : -EINVAL;
}

int cells_find_idle(const struct jailhouse_cell_id *id, struct managed_cell **ret_cell)
{
	struct managed_cell *cell;
	int err;

	for (;;) {
		if (!partition)
			return -EINVAL;
		cell = cells_find(id);
		if (!cell || cell->dying)
			return -ENOENT;
		if (!cell->id)
			return -EINVAL; /* the root cell */
		if (!cell->busy) {
			*ret_cell = cell;
			return 0;
		}
		err = wait_for_idle();
		if (err)
			return err;
	}
}

struct managed_cell *cells_find_serial(u64 serial)
{
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->serial == serial)
			return cell;
	}
	return NULL;
}

void cell_set_busy(struct managed_cell *cell, bool busy)
{
	cell->busy = busy;
	if (!busy)
		note_idle();
}

void cells_list(struct managed_cell *cell)
{
	view_change_begin();
	list_add_tail(&cell->entry, &managed_cells);
	view_change_end();
}

void cells_unlist(struct managed_cell *cell)
{
	view_change_begin();
	cell->slot = 0;
	list_del_init(&cell->entry);
	view_change_end();
	note_idle();
}

void cell_show_in(struct managed_cell *cell, unsigned int slot)
{
	view_change_begin();
	if (!slot)
		events_last_look(cell);
	cell->slot = slot;
	view_change_end();
	if (slot)
		events_look();
}

/* It may have been freed. */
static bool is_alive(const struct managed_cell *cell, u64 serial)
{
	return cells_find_serial(serial) == cell && !cell->dying;
}

/*
 * Repeats a hypercall until it is through, asleep in between. -EAGAIN: the cell has been asked and
 * has time until its msg_reply_timeout (in microseconds; 0: as long as it likes, or the caller's
 * patience with signals). The lock is let go meanwhile, so that other cells can be looked after;
 * -ENOENT where somebody has taken this one away. Nothing is asked of one that somebody else has
 * begun to work on meanwhile. -EINPROGRESS: it has ended, and is to be scrubbed.
 */
int cell_call(u32 code, struct managed_cell *cell)
{
	u64 timeout = cell->desc->msg_reply_timeout, serial = cell->serial;
	ktime_t deadline = ktime_add_us(ktime_get(), timeout);
	u32 id = cell->id;
	int err;

	for (;;) {
		/* What the cell has said by now would go with it. */
		console_drain();
		err = cell->busy && !cell->abandoned ? -EAGAIN : cellvisor_hypercall(code, id, 0);
		if (err != -EAGAIN)
			return err;
		if (timeout && ktime_after(ktime_get(), deadline))
			return -ETIMEDOUT;
		mutex_unlock(&cellvisor_lock);
		usleep_range(POLL_INTERVAL_US, 2 * POLL_INTERVAL_US);
		mutex_lock(&cellvisor_lock);
		if (signal_pending(current))
			return -EINTR;
		if (!partition || !is_alive(cell, serial))
			return -ENOENT;
	}
}

/* A new attempt asks anew: an answer to an earlier request does not count. */
int cell_ask_and_call(u32 code, struct managed_cell *cell)
{
	int err;

	events_put_off();
	err = cellvisor_hypercall(HC_CV_CELL_SHUTDOWN, cell->id, 0);
	return err ? err : cell_call(code, cell);
}

/* The hypervisor said EPERM for the sake of another cell, or the cell itself refuses. */
void cells_tell_locked(const struct managed_cell *changed)
{
	const struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell != changed && view_state(cell) == CELL_RUNNING_LOCKED)
			pr_cell(err, "cell %s has locked the configuration\n", cell->desc->name);
	}
}

static void forget_cell(struct managed_cell *cell)
{
	cells_unlist(cell);
	cellvisor_sysfs_remove(cell);
	cellvisor_sysfs_put(cell);
}

int cells_start(const struct jailhouse_cell_id *id)
{
	struct managed_cell *cell;
	int err;

	err = cells_find_idle(id, &cell);
	if (err)
		return err;
	return cell_ask_and_call(HC_CELL_START, cell);
}

/* So there is nothing of it to be ended. */
static int tell_unknown(const struct managed_cell *cell)
{
	pr_cell(err, "cell %s: the hypervisor does not know it\n", cell->desc->name);
	return 0;
}

/* -EINPROGRESS: its CPUs are back, its memory is still to be scrubbed. */
static int end_cell(struct managed_cell *cell, bool force)
{
	u64 serial = cell->serial;
	int err;

	if (force) {
		cellvisor_hypercall(HC_CV_CELL_KILL, cell->id, 0);
		err = cell_call(HC_CELL_DESTROY, cell);
	} else {
		err = cell_ask_and_call(HC_CELL_DESTROY, cell);
	}
	if (err == -ENOENT && is_alive(cell, serial))
		return tell_unknown(cell);
	if (err == -EPERM)
		cells_tell_locked(cell);
	return err;
}

/* A piece of it; 0: all is done, and the hypervisor has nothing of the cell any more. */
static int scrub_piece(struct managed_cell *cell)
{
	int err = cellvisor_hypercall(HC_CELL_DESTROY, cell->id, 0);

	/* Somebody else has ended it. Whether the memory is clean is not known. */
	if (err == -ENOENT)
		return tell_unknown(cell);
	if (!err)
		claims_scrubbed(cell->desc);
	else if (err != -EINPROGRESS)
		pr_cell(err, "cell %s: the hypervisor keeps its memory: error %d\n",
			cell->desc->name, err);
	return err;
}

static struct managed_cell *find_dying(void)
{
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->dying)
			return cell;
	}
	return NULL;
}

/* The oldest of those that are dying; false: there is none. */
static bool scrub_one(void)
{
	struct managed_cell *cell = find_dying();
	int err = cell ? scrub_piece(cell) : 0;

	if (!cell || err == -EINPROGRESS)
		return cell;
	cell->dying = false;
	if (err) {
		/* Whoever destroys it again tries again. */
		note_idle();
	} else {
		cells_unlist(cell);
		cellvisor_sysfs_put(cell);
	}
	return true;
}

/* Others have the lock in between: a piece takes no longer than an interrupt may wait. */
static void scrub_dying(struct work_struct *work)
{
	bool more;

	do {
		mutex_lock(&cellvisor_lock);
		more = scrub_one();
		mutex_unlock(&cellvisor_lock);
		cond_resched();
	} while (more);
}

/*
 * Who asked for it has the answer when CPUs are back; the memory is scrubbed after that. Only
 * devices are to be Linux' again first, and they are when all is done.
 */
static int destroy(struct managed_cell *cell, bool force)
{
	int err = end_cell(cell, force);

	if (err && err != -EINPROGRESS)
		return err;
	/* What it said last goes with it. */
	console_drain();
	cell_show_in(cell, 0);
	cell->seen_state = CELL_SHUT_DOWN;
	cell->dying = err && list_empty(&cell->devices);
	while (err == -EINPROGRESS && !cell->dying) {
		err = scrub_piece(cell);
		cond_resched();
	}
	/* Whoever destroys it again tries again. */
	if (err && !cell->dying)
		return err;
	/*
	 * When the machine goes down no driver is to begin anything: one that registers a reboot
	 * notifier of its own would wait for the end of those that are called now, us among them.
	 */
	devices_release(cell, !force);
	cell_return_cpus(cell, true);
	events_raise("destroyed", cell);
	cellvisor_sysfs_remove(cell);
	if (cell->dying) {
		/* A moment later: who asked has the answer first, if Linux has but one CPU left. */
		queue_delayed_work(system_unbound_wq, &scrubber, 1);
	} else {
		cells_unlist(cell);
		cellvisor_sysfs_put(cell);
	}
	return 0;
}

int cells_destroy(const struct jailhouse_cell_id *id)
{
	struct managed_cell *cell;
	int err;

	err = cells_find_idle(id, &cell);
	return err ? err : destroy(cell, false);
}

static struct managed_cell *find_unfinished(void)
{
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->busy && !cell->slot)
			return cell;
	}
	return NULL;
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

/*
 * Nobody is asked or waited for any more, but for who is making a cell, which ends soon. Who is
 * loading one may be waiting for a page from a server that does not answer.
 */
static int abandon_all(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(ABANDON_TIMEOUT_MS);
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry)
		WRITE_ONCE(cell->abandoned, true);
	/* All of them first: one that has locked the configuration would keep the others. */
	cells_kill_all();
	while (find_unfinished() && time_before(jiffies, end)) {
		mutex_unlock(&cellvisor_lock);
		usleep_range(POLL_INTERVAL_US, 2 * POLL_INTERVAL_US);
		mutex_lock(&cellvisor_lock);
	}
	return find_unfinished() ? -EBUSY : 0;
}

static struct managed_cell *find_any(void)
{
	struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		if (cell->id)
			return cell;
	}
	return NULL;
}

/* The list may change while a cell is asked, or waited for: begin anew after each. */
int cells_destroy_all(bool force)
{
	int err = force ? abandon_all() : 0;
	struct managed_cell *cell;

	while (!err && (cell = find_any())) {
		if (!force && (cell->busy || cell->dying))
			err = wait_for_idle();
		else if (cell->dying)
			scrub_one();
		else
			err = destroy(cell, force);
		/* Somebody else has taken it away. */
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

void cells_exit(void)
{
	cancel_delayed_work_sync(&scrubber);
}

int cells_open(void)
{
	const struct cell_desc *root = &partition->system->root_cell;
	struct managed_cell *cell;
	int err;

	cell = kzalloc(sizeof(*cell), GFP_KERNEL);
	if (!cell)
		return -ENOMEM;
	cellvisor_sysfs_prepare(cell);
	cell->desc = kmemdup(root, sizeof(*root), GFP_KERNEL);
	cpumask_copy(&cell->cpus, &partition->cpus);
	err = cell->desc ? cellvisor_sysfs_add(cell) : -ENOMEM;
	if (err) {
		cellvisor_sysfs_put(cell);
		return err;
	}
	cells_list(cell);
	view_show(true);
	events_look();
	events_raise("enabled", NULL);
	return 0;
}

void cells_close(void)
{
	struct managed_cell *cell, *next;

	events_stop();
	view_show(false);
	list_for_each_entry_safe (cell, next, &managed_cells, entry)
		forget_cell(cell);
}
