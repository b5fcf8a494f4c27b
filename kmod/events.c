// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells Linux what happens in cells. Their state lies in memory that root can read, so looking
 * costs no exit; a worker looks as long as there are cells.
 */
#include <linux/kobject.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cellvisor.h"

#define LOOK_INTERVAL_MS 20

DECLARE_WAIT_QUEUE_HEAD(events_wait);

static atomic64_t count;
static struct device *event_node;
static void report_changes(struct work_struct *work);
static DECLARE_DELAYED_WORK(reporter, report_changes);

u64 events_count(void)
{
	return atomic64_read(&count);
}

void events_raise(const char *what, const struct managed_cell *cell)
{
	char event[32], name[48], id[24], state[32];
	char *variables[] = {event, NULL, NULL, NULL, NULL};

	snprintf(event, sizeof(event), "CELLVISOR_EVENT=%s", what);
	if (cell) {
		snprintf(name, sizeof(name), "CELL=%s", cell->desc->name);
		snprintf(id, sizeof(id), "CELL_ID=%u", cell->id);
		snprintf(state, sizeof(state), "CELL_STATE=%s", sysfs_cell_state(cell->seen_state));
		variables[1] = name;
		variables[2] = id;
		variables[3] = state;
	}
	atomic64_inc(&count);
	wake_up_all(&events_wait);
	kobject_uevent_env(&event_node->kobj, KOBJ_CHANGE, variables);
}

static void report_changes(struct work_struct *work)
{
	struct managed_cell *cell;
	u32 state, started;

	if (view_begin()) {
		console_drain();
		list_for_each_entry (cell, &managed_cells, entry) {
			if (!cell->slot)
				continue;
			state = view_state(cell);
			started = READ_ONCE(view_cell(cell)->started);
			if (state == cell->seen_state && started == cell->seen_started)
				continue;
			cell->seen_state = state;
			cell->seen_started = started;
			sysfs_notify(&cell->kobj, NULL, SYSFS_STATE);
			events_raise("state", cell);
		}
	}
	view_end();
	schedule_delayed_work(&reporter, msecs_to_jiffies(LOOK_INTERVAL_MS));
}

void events_start(void)
{
	schedule_delayed_work(&reporter, msecs_to_jiffies(LOOK_INTERVAL_MS));
}

/* The worker looks without cellvisor_lock, which the caller has. */
void events_stop(void)
{
	cancel_delayed_work_sync(&reporter);
}

void events_init(struct device *node)
{
	event_node = node;
}
