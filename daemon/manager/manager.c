// SPDX-License-Identifier: GPL-2.0-only
#include "manager/manager.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "manager/sight.h"
#include "util/log.h"

#define MS_US		  1000u
/* A heartbeat is looked at this often; a deadline shorter than that cannot be told from its end. */
#define PERIOD_RUNNING_US (200 * MS_US)
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

	if (cell)
		return cell;
	entry = manager->rejected ? cell_dir_find(manager->rejected, name) : NULL;
	if (!entry && manager->descriptions)
		entry = cell_dir_find(manager->descriptions, name);
	if (entry && problems_result(&entry->problems) < 0)
		error_set_problems(error, ERROR_INVALID, &entry->problems);
	else if (entry)
		error_set(error, ERROR_NO_SUCH_CELL,
			  "the description of cell %s is not in force, because the last reload "
			  "failed over another one; 'cellctl check' says why",
			  name);
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

void manager_save(struct manager *manager)
{
	_cleanup_(freep) struct state_cell *cells = NULL;
	_cleanup_(freep) struct link_record *links = NULL;
	struct state state = {
		.pool = manager->pool,
		.hypervisor = manager->hypervisor,
		.pool_from_linux = manager->pool_from_linux,
	};
	size_t count = 0;
	int r;

	manager->unsaved = false;
	memcpy(state.intent, manager->intent, sizeof(state.intent));
	for (struct cell *cell = manager->cells; cell; cell = cell->next)
		count++;
	cells = calloc(count + 1, sizeof(*cells));
	links = links_collect(manager, &state.num_links);
	if (!cells || !links) {
		log_error("Cannot write %s: out of memory", STATE_FILE);
		return;
	}
	state.cells = cells;
	state.links = links;
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		cell->unsaved = false;
		if (cell->record.phase == CELL_PHASE_NONE && !cell->record.intent[0])
			continue;
		cells[state.num_cells++] = (struct state_cell){cell->name, cell->record};
	}
	r = state_write(STATE_FILE, &state);
	if (r < 0)
		log_error("Cannot write %s: %s", STATE_FILE, strerror(-r));
}

void manager_publish_cell(struct manager *manager, struct cell *cell)
{
	uint32_t changed = cell->changed;

	if (!cell->added) {
		cell->added = true;
		cell->changed = 0;
		manager->events->cell_added(cell, manager->userdata);
	} else if (changed && manager->observed) {
		cell->changed = 0;
		manager->events->cell_changed(cell, changed, manager->userdata);
	}
}

void manager_set_period(struct manager *manager)
{
	uint64_t period = PERIOD_OFF_US;

	if (manager->state == HYPERVISOR_ENABLED)
		period = PERIOD_ENABLED_US;
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell_running(cell))
			period = PERIOD_RUNNING_US;
	}
	if (manager->consoles)
		period = PERIOD_CONSOLE_US;
	if (period == observer_period(manager->observer))
		return;
	observer_set_period(manager->observer, period);
	sight_renew(manager);
}
