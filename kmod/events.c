// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells Linux what happens in cells. Their state lies in memory that root can read, so looking
 * costs no exit; a worker looks as long as there are cells, on a CPU that Linux has for such work.
 */
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cellvisor.h"

#define LOOK_INTERVAL_MS  20
#define TEXT_INTERVAL_MS  1000
#define EVENTS_PER_SECOND 10

DECLARE_WAIT_QUEUE_HEAD(events_wait);

static atomic64_t count;
static struct device *event_node;
static void report_changes(struct work_struct *work);
static DECLARE_DELAYED_WORK(reporter, report_changes);
static atomic_t was_put_off;

u64 events_count(void)
{
	return atomic64_read(&count);
}

static void raise_event(const char *what, const struct managed_cell *cell, u32 changes)
{
	char event[32], name[48], id[24], state[32], number[32];
	char *variables[] = {event, NULL, NULL, NULL, NULL, NULL};

	snprintf(event, sizeof(event), "CELLVISOR_EVENT=%s", what);
	if (cell) {
		snprintf(name, sizeof(name), "CELL=%s", cell->desc->name);
		snprintf(id, sizeof(id), "CELL_ID=%u", cell->id);
		snprintf(state, sizeof(state), "CELL_STATE=%s", sysfs_cell_state(cell->seen_state));
		snprintf(number, sizeof(number), "CELL_CHANGES=%u", changes);
		variables[1] = name;
		variables[2] = id;
		variables[3] = state;
		variables[4] = number;
	}
	atomic64_add(changes, &count);
	wake_up_all(&events_wait);
	kobject_uevent_env(&event_node->kobj, KOBJ_CHANGE, variables);
}

void events_raise(const char *what, const struct managed_cell *cell)
{
	raise_event(what, cell, 1);
}

/* What is not told now is when the second is over, if it is still so. */
static bool spend(struct event_budget *budget)
{
	if (time_after_eq(jiffies, budget->since + HZ)) {
		budget->since = jiffies;
		budget->told = 0;
	}
	return budget->told++ < EVENTS_PER_SECOND;
}

/*
 * The hypervisor counts what it does to a cell, so nothing of that is missed between two looks. A
 * cell writes its state as often as it likes: what it may cost Linux is bounded.
 */
static void look_at(struct managed_cell *cell)
{
	u32 changes = smp_load_acquire(&view_cell(cell)->changes) - cell->seen_changes;
	u32 state = view_state(cell);

	if (!changes && (state == cell->seen_state || !spend(&cell->budget)))
		return;
	cell->seen_state = state;
	cell->seen_changes += changes;
	sysfs_notify(&cell->kobj, NULL, SYSFS_STATE);
	raise_event("state", cell, max(changes, 1u));
}

void events_last_look(struct managed_cell *cell)
{
	if (view_is_there(cell))
		look_at(cell);
}

static void look_in(unsigned int ms)
{
	mod_delayed_work(system_unbound_wq, &reporter, msecs_to_jiffies(ms));
}

static void report_changes(struct work_struct *work)
{
	struct managed_cell *cell;
	bool any = false, on;

	atomic_set(&was_put_off, 0);
	on = view_begin();
	if (on) {
		console_drain();
		list_for_each_entry (cell, &managed_cells, entry) {
			if (!view_is_there(cell))
				continue;
			any = true;
			look_at(cell);
		}
	}
	view_end();
	if (any)
		look_in(LOOK_INTERVAL_MS);
	else if (on && wq_has_sleeper(&console_wait))
		events_await_text();
}

void events_look(void)
{
	look_in(LOOK_INTERVAL_MS);
}

void events_put_off(void)
{
	if (atomic_xchg(&was_put_off, 1) == 0 && delayed_work_pending(&reporter))
		look_in(LOOK_INTERVAL_MS);
}

/* Of the hypervisor alone little is to be heard. */
void events_await_text(void)
{
	queue_delayed_work(system_unbound_wq, &reporter, msecs_to_jiffies(TEXT_INTERVAL_MS));
}

/* The worker looks without cellvisor_lock, which the caller may have. */
void events_stop(void)
{
	cancel_delayed_work_sync(&reporter);
}

void events_init(struct device *node)
{
	event_node = node;
}
