// SPDX-License-Identifier: GPL-2.0-only
#include "manager/manager.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "manager/pending.h"
#include "manager/sight.h"
#include "util/log.h"

#define MS_US		  1000u
/* Where the driver has no events a cell that runs is looked at so often. */
#define PERIOD_RUNNING_US (200 * MS_US)
/* More often than that the module does not look, either. */
#define PERIOD_MIN_US	  (20 * MS_US)
#define LOOKS_IN_DEADLINE 2
#define PERIOD_CONSOLE_US (100 * MS_US)
#define PERIOD_ENABLED_US (1000 * MS_US)
#define PERIOD_OFF_US	  (2000 * MS_US)

uint64_t manager_now_ns(const struct manager *manager)
{
	uint64_t now = 0;

	sd_event_now(manager->event, CLOCK_MONOTONIC, &now);
	return now * 1000;
}

struct cell *manager_find_cell(const struct manager *manager, const char *name)
{
	struct cell *cell = manager->cells;

	while (cell && strcmp(cell->name, name) != 0)
		cell = cell->next;
	return cell;
}

static void set_no_such_cell(const char *name, struct error *error)
{
	/* What a peer sends is repeated only where it is a name. */
	if (description_name_valid(name))
		error_set(error, ERROR_NO_SUCH_CELL,
			  "there is no cell %s; its description would be "
			  "/etc/cellmgr/cells/%s.json (after a new one: systemctl reload cellmgrd)",
			  name, name);
	else
		error_set(error, ERROR_NO_SUCH_CELL,
			  "this is no name of a cell; names are 1 to %d of a-z, 0-9 and -, not "
			  "beginning with -",
			  DESCRIPTION_MAX_NAME);
}

struct cell *manager_look_up(const struct manager *manager, const char *name, struct error *error)
{
	struct cell *cell = manager_find_cell(manager, name);
	struct cell_dir_entry *entry;

	if (cell && cell->state != LIFECYCLE_INVALID)
		return cell;
	entry = manager->descriptions ? cell_dir_find(manager->descriptions, name) : NULL;
	if (entry && problems_result(&entry->problems) < 0)
		error_set_problems(error, ERROR_INVALID, &entry->problems);
	else
		set_no_such_cell(name, error);
	return NULL;
}

static void insert(struct manager *manager, struct cell *cell)
{
	struct cell **link = &manager->cells;

	while (*link && strcmp((*link)->name, cell->name) < 0)
		link = &(*link)->next;
	cell->next = *link;
	*link = cell;
}

struct cell *manager_ensure_cell(struct manager *manager, const char *name)
{
	struct cell *cell = manager_find_cell(manager, name);

	if (cell)
		return cell;
	cell = cell_new(manager, name);
	if (cell)
		insert(manager, cell);
	else
		log_error("Cannot show cell %s: out of memory", name);
	return cell;
}

void manager_log_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		_cleanup_(freep) char *text = problem_format(&problems->items[i]);

		log_message(problems->items[i].severity == SEVERITY_ERROR ? LOG_ERR : LOG_WARNING,
			    "%s", text ? text : "out of memory");
	}
}

void manager_read_machine(struct manager *manager)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct machine *machine;
	int r;

	r = machine_read(manager->machine_root, &problems, &machine);
	manager_log_problems(&problems);
	if (r < 0) {
		log_warning("Cannot read the machine's facts: %s", strerror(-r));
		return;
	}
	machine_inherit(machine, manager->machine);
	machine_free(manager->machine);
	manager->machine = machine;
}

void manager_mark(struct manager *manager, enum manager_property property)
{
	manager->changed |= 1u << property;
}

/* Once, however often it is tried. */
static int note_saved(int *last_error, const char *file, int r)
{
	if (r < 0 && r != *last_error)
		log_error("Cannot write %s: %s", file, strerror(-r));
	*last_error = r;
	return r;
}

int manager_save(struct manager *manager)
{
	_cleanup_(freep) struct link_record *links = NULL;
	struct state state = {
		.pool = manager->pool,
		.hypervisor = manager->hypervisor,
		.pool_from_linux = manager->pool_from_linux,
	};
	int r = -ENOMEM;

	memcpy(state.intent, manager->intent, sizeof(state.intent));
	links = links_collect(manager, &state.num_links);
	state.links = links;
	if (links)
		r = state_write(STATE_FILE, &state);
	manager->unsaved = r < 0;
	return note_saved(&manager->save_error, STATE_FILE, r);
}

#define RECORD_FILE_MAX (sizeof(STATE_RECORDS) + DESCRIPTION_MAX_NAME + 1)

/* name must be a valid one. */
static void record_file(const char *name, char ret[RECORD_FILE_MAX])
{
	snprintf(ret, RECORD_FILE_MAX, STATE_RECORDS "/%s", name);
}

void manager_drop_record(const char *name)
{
	char file[RECORD_FILE_MAX];

	if (!description_name_valid(name))
		return;
	record_file(name, file);
	(void)unlink(file);
	pending_drop_record(name);
}

int manager_save_cell(struct manager *manager, struct cell *cell)
{
	const struct cell_record *record = &cell->record;
	char file[RECORD_FILE_MAX];
	int r = 0;

	/* What is not ours has no record, and may have any name. */
	if (!description_name_valid(cell->name)) {
		cell->unsaved = false;
		return 0;
	}
	record_file(cell->name, file);
	if (record->phase != CELL_PHASE_NONE || record->intent[0] || record->restart.due)
		r = state_write_record(file, record);
	else if (unlink(file) < 0 && errno != ENOENT)
		r = -errno;
	else
		pending_drop_record(cell->name);
	cell->unsaved = r < 0;
	return note_saved(&cell->save_error, file, r);
}

void manager_save_rest(struct manager *manager)
{
	if (manager->unsaved)
		manager_save(manager);
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->unsaved)
			manager_save_cell(manager, cell);
	}
}

void manager_publish_cell(struct manager *manager, struct cell *cell)
{
	uint32_t changed;

	/* Counters that nobody asks for are told to nobody. */
	if (!observer_wants_statistics(manager->observer))
		cell->changed &= ~(1u << CELL_PROPERTY_EXITS);
	changed = cell->changed;
	if (!cell->added) {
		cell->added = true;
		cell->changed = 0;
		manager->events->cell_added(cell, manager->userdata);
	} else if (changed && manager->observed) {
		cell->changed = 0;
		manager->events->cell_changed(cell, changed, manager->userdata);
	}
}

/*
 * State and failures come as events, so that looking is for heartbeats: as often as the deadline
 * needs it.
 */
static uint64_t period_of(const struct manager *manager, const struct cell *cell)
{
	const uint64_t longest = manager->features & CELLVISOR_FEATURE_EVENTS ? PERIOD_ENABLED_US
									      : PERIOD_RUNNING_US;
	const uint64_t deadline_us = cell->description ? cell->description->heartbeat_ns / 1000 : 0;
	const uint64_t period = deadline_us / LOOKS_IN_DEADLINE;

	if (!cell_running(cell))
		return PERIOD_OFF_US;
	if (!deadline_us || period > longest)
		return longest;
	return period > PERIOD_MIN_US ? period : PERIOD_MIN_US;
}

void manager_set_period(struct manager *manager)
{
	uint64_t period = PERIOD_OFF_US;

	if (manager->state == HYPERVISOR_ENABLED)
		period = PERIOD_ENABLED_US;
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (period_of(manager, cell) < period)
			period = period_of(manager, cell);
	}
	if (period != manager->look_us) {
		manager->look_us = period;
		sight_renew(manager);
	}
	if (manager->consoles && period > PERIOD_CONSOLE_US)
		period = PERIOD_CONSOLE_US;
	observer_set_period(manager->observer, period);
}

void manager_show_disable(struct manager *manager, bool begins)
{
	const char *disable = verb_name(VERB_DISABLE);

	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (begins ? cell_running(cell) : strcmp(cell->operation, disable) == 0)
			cell_set_operation(cell, begins ? disable : "");
		manager_publish_cell(manager, cell);
	}
}

static int refuse_required(const struct cell *cell, const struct cell *by, const char *name,
			   const struct cell *required, struct error *error)
{
	return error_set(error, ERROR_WRONG_STATE,
			 "cell %s requires%s%s%s cell %s, which is %s: start that first, or "
			 "cell@%s.service, which starts all of them",
			 cell->name, by == cell ? "" : ", by way of cell ",
			 by == cell ? "" : by->name, by == cell ? "" : ",", name,
			 !required		  ? "not there"
			 : cell_running(required) ? "ill, and would be killed and started anew"
						  : lifecycle_name(required->state),
			 cell->name);
}

static bool is_among(const struct cell *const *cells, size_t count, const struct cell *cell)
{
	while (count && cells[count - 1] != cell)
		count--;
	return count;
}

int manager_check_required(const struct manager *manager, const struct cell *cell, const char *only,
			   struct error *error)
{
	_cleanup_(freep) const struct cell **met = NULL;
	size_t count = 1;

	for (const struct cell *any = manager->cells; any; any = any->next)
		count++;
	met = calloc(count, sizeof(*met));
	if (!met)
		return error_set(error, ERROR_NO_MEMORY, "out of memory");
	met[0] = cell;
	count = 1;
	for (size_t at = 0; at < count; at++) {
		const struct description *description = met[at]->description;

		for (size_t i = 0; description && i < description->num_requires; i++) {
			const char *name = description->requires[i];
			const struct cell *required = manager_find_cell(manager, name);

			/* An ill one's unit has ended: it would be started again, the cell with it.
			 */
			if ((!required || !cell_running(required) ||
			     required->health == HEALTH_FAILED) &&
			    (!only || strcmp(only, name) == 0))
				return refuse_required(cell, met[at], name, required, error);
			if (required && !is_among(met, count, required))
				met[count++] = required;
		}
	}
	return 0;
}
