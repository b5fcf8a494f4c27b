// SPDX-License-Identifier: GPL-2.0-only
#include "manager/manager.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "manager/console.h"
#include "manager/job.h"
#include "util/log.h"
#include "manager/plan.h"
#include "manager/report.h"

#define MS_US		  1000u
/* A heartbeat is looked at this often; a deadline shorter than that cannot be told from its end. */
#define PERIOD_RUNNING_US (200 * MS_US)
#define PERIOD_CONSOLE_US (100 * MS_US)
#define PERIOD_ENABLED_US (1000 * MS_US)
#define PERIOD_OFF_US	  (2000 * MS_US)

uint64_t manager_now_ns(struct manager *manager)
{
	uint64_t now = 0;

	sd_event_now(manager->event, CLOCK_MONOTONIC, &now);
	return now * 1000;
}

struct cell *manager_find_cell(struct manager *manager, const char *name)
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

struct cell *manager_look_up(struct manager *manager, const char *name, struct error *error)
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

int manager_find_or_make_cell(struct manager *manager, const char *name, struct cell **ret)
{
	struct cell *cell = manager_find_cell(manager, name);
	int r;

	if (cell) {
		*ret = cell;
		return 0;
	}
	r = cell_new(manager, name, &cell);
	if (r < 0) {
		log_error("Cannot publish cell %s: %s", name, strerror(-r));
		return r;
	}
	insert(manager, cell);
	*ret = cell;
	return 1;
}

/* A step is about it: it may exist in a moment. */
static bool in_use(const struct manager *manager, const struct cell *cell)
{
	const struct job *job = manager->current;

	return cell->record.intent[0] || (job && job->cell && strcmp(job->cell, cell->name) == 0);
}

/* Objects of cells that have neither a description nor a cell below go. */
static void drop_unneeded(struct manager *manager)
{
	struct cell **link = &manager->cells;

	while (*link) {
		struct cell *cell = *link;

		if (cell->description || cell->exists || in_use(manager, cell)) {
			link = &cell->next;
			continue;
		}
		*link = cell->next;
		cell_free(cell);
	}
}

static void log_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		_cleanup_(freep) char *text = problem_format(&problems->items[i]);

		log_message(problems->items[i].severity == SEVERITY_ERROR ? LOG_ERR : LOG_WARNING,
			    "%s", text ? text : "out of memory");
	}
}

static const struct problems *first_errors(const struct cell_dir *dir)
{
	if (problems_result(&dir->problems) < 0)
		return &dir->problems;
	for (size_t i = 0; i < dir->count; i++) {
		if (problems_result(&dir->entries[i].problems) < 0)
			return &dir->entries[i].problems;
	}
	return NULL;
}

static void take_descriptions(struct manager *manager, struct cell_dir *dir)
{
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		description_free(cell->description);
		cell->description = NULL;
	}
	for (size_t i = 0; i < dir->count; i++) {
		struct cell_dir_entry *entry = &dir->entries[i];
		struct cell *cell;
		int fresh;

		log_problems(&entry->problems);
		if (!entry->description)
			continue;
		fresh = manager_find_or_make_cell(manager, entry->name, &cell);
		if (fresh < 0)
			continue;
		cell->description = TAKE_POINTER(entry->description);
		if (fresh) {
			cell_update(cell, manager->observed_at_ns, false);
			cell_announce(cell);
		}
	}
	cell_dir_free(manager->descriptions);
	manager->descriptions = dir;
	cell_dir_free(manager->rejected);
	manager->rejected = NULL;
}

int manager_load_descriptions(struct manager *manager, bool tolerant, struct error *error)
{
	struct cell_dir *dir;
	const struct problems *errors;
	int r;

	r = cell_dir_load(NULL, &dir);
	if (r < 0)
		return error_set(error, ERROR_INVALID, "cannot read the descriptions: %s",
				 strerror(-r));
	errors = first_errors(dir);
	if (errors && !tolerant) {
		error_set_problems(error, ERROR_INVALID, errors);
		cell_dir_free(manager->rejected);
		manager->rejected = dir;
		return -EINVAL;
	}
	log_problems(&dir->problems);
	take_descriptions(manager, dir);
	manager_refresh(manager);
	return 0;
}

void manager_read_machine(struct manager *manager)
{
	struct problems problems = {0};
	struct machine *machine;
	int r;

	r = machine_read(manager->machine_root, &problems, &machine);
	log_problems(&problems);
	problems_done(&problems);
	if (r < 0) {
		log_warning("Cannot read the machine's facts: %s", strerror(-r));
		return;
	}
	machine_free(manager->machine);
	manager->machine = machine;
}

void manager_mark(struct manager *manager, enum manager_property property)
{
	manager->changed |= 1u << property;
}

static void publish(struct manager *manager)
{
	const char *names[MANAGER_PROPERTY_COUNT + 1];
	uint64_t total = plan_memory_total(manager);
	uint64_t available = plan_memory_free(manager);
	size_t count = 0;

	if (total != manager->memory_total) {
		manager->memory_total = total;
		manager_mark(manager, MANAGER_PROPERTY_MEMORY_TOTAL);
	}
	if (available != manager->memory_free) {
		manager->memory_free = available;
		manager_mark(manager, MANAGER_PROPERTY_MEMORY_FREE);
	}
	for (unsigned int i = 0; i < MANAGER_PROPERTY_COUNT; i++) {
		if (manager->changed & (1u << i))
			names[count++] = manager_property_names[i];
	}
	names[count] = NULL;
	manager->changed = 0;
	if (count)
		sd_bus_emit_properties_changed_strv(manager->bus, BUS_MANAGER_PATH,
						    BUS_MANAGER_INTERFACE, (char **)names);
}

void manager_settle(struct manager *manager)
{
	/* on-failure may queue a job, which changes no list before the loop comes back. */
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		/* By the time of the last look: a heartbeat that nobody looked for is not late. */
		if (!cell->in_step)
			cell_update(cell, manager->observed_at_ns,
				    manager->features & CELLVISOR_FEATURE_STATUS);
		if (!cell->in_step)
			report_failure(cell);
		cell_publish(cell);
	}
	drop_unneeded(manager);
	publish(manager);
}

void manager_refresh(struct manager *manager)
{
	manager_settle(manager);
	observer_look(manager->observer);
}

void manager_save(struct manager *manager)
{
	_cleanup_(freep) struct state_cell *cells = NULL;
	struct state state = {
		.pool = manager->pool,
		.hypervisor = manager->hypervisor,
		.pool_from_linux = manager->pool_from_linux,
	};
	size_t count = 0;
	int r;

	memcpy(state.intent, manager->intent, sizeof(state.intent));
	for (struct cell *cell = manager->cells; cell; cell = cell->next)
		count++;
	cells = calloc(count + 1, sizeof(*cells));
	if (!cells) {
		log_error("Cannot write %s: out of memory", STATE_FILE);
		return;
	}
	state.cells = cells;
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->record.phase == CELL_PHASE_NONE && !cell->record.intent[0])
			continue;
		cells[state.num_cells++] = (struct state_cell){cell->name, cell->record};
	}
	r = state_write(STATE_FILE, &state);
	if (r < 0)
		log_error("Cannot write %s: %s", STATE_FILE, strerror(-r));
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
	observer_set_period(manager->observer, period);
}

static void on_observed(struct observation *observation, void *userdata)
{
	struct manager *manager = userdata;

	/* One that was begun before a step tells of what may not be so any more. */
	if (observation->epoch == observer_epoch(manager->observer)) {
		if (observation->snapshot)
			manager_apply(manager, observation->snapshot);
		else
			log_warning("Cannot read the state of cells: %s",
				    strerror(-observation->error));
	}
	console_deliver(manager, observation);
}

static size_t on_consoles(struct observer_console *consoles, void *userdata)
{
	return console_requests(userdata, consoles);
}

static int read_config(struct manager *manager)
{
	struct problems problems = {0};
	int r;

	r = config_read(CONFIG_FILE, &problems, &manager->config);
	log_problems(&problems);
	problems_done(&problems);
	if (r < 0)
		log_error("Cannot use %s: %s", CONFIG_FILE, strerror(-r));
	return r;
}

static int set_up(struct manager *manager)
{
	static const struct observer_callbacks callbacks = {
		.observed = on_observed,
		.consoles = on_consoles,
	};
	_cleanup_(error_done) struct error error = {0};
	int r;

	r = read_config(manager);
	if (r < 0)
		return r;
	r = state_read(STATE_FILE, &manager->remembered);
	if (r < 0 && r != -ENOENT)
		log_warning("Cannot use %s: %s; cells that exist are taken as foreign", STATE_FILE,
			    strerror(-r));
	manager_read_machine(manager);
	r = sd_bus_add_object_manager(manager->bus, NULL, BUS_MANAGER_PATH);
	if (r < 0)
		return r;
	r = sd_bus_add_object_vtable(manager->bus, NULL, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
				     manager_vtable, manager);
	if (r < 0)
		return r;
	r = worker_new(manager->event, "operations", &manager->worker);
	if (r < 0)
		return r;
	r = observer_new(manager->event, &callbacks, manager, &manager->observer);
	if (r < 0)
		return r;
	r = manager_load_descriptions(manager, true, &error);
	if (r < 0)
		log_error("%s", error_text(&error));
	observer_look(manager->observer);
	return 0;
}

int manager_new(sd_event *event, sd_bus *bus, const char *machine_root, struct manager **ret)
{
	_cleanup_(manager_freep) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return -ENOMEM;
	manager->event = sd_event_ref(event);
	manager->bus = sd_bus_ref(bus);
	manager->machine_root = machine_root;
	r = set_up(manager);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(manager);
	return 0;
}

void manager_free(struct manager *manager)
{
	if (!manager)
		return;
	if (manager->current && manager->current->step)
		atomic_store(&manager->current->step->abandoned, true);
	worker_free(manager->worker);
	consoles_free(manager);
	jobs_free(manager);
	observer_free(manager->observer);
	while (manager->cells) {
		struct cell *cell = manager->cells;

		manager->cells = cell->next;
		cell_free(cell);
	}
	cell_dir_free(manager->descriptions);
	cell_dir_free(manager->rejected);
	machine_free(manager->machine);
	state_free(manager->remembered);
	sd_bus_unref(manager->bus);
	sd_event_unref(manager->event);
	free(manager);
}
