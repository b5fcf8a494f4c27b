// SPDX-License-Identifier: GPL-2.0-only
#include "manager/core.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "manager/apply.h"
#include "manager/console.h"
#include "manager/crash.h"
#include "manager/digest.h"
#include "manager/job_run.h"
#include "manager/metrics.h"
#include "manager/observe.h"
#include "manager/pending.h"
#include "manager/sight.h"
#include "util/log.h"

static void take_description(struct cell *cell, struct description *description)
{
	if (!cell->description || !description ||
	    strcmp(cell->description->text, description->text) != 0)
		cell_mark_described(cell);
	description_free(cell->description);
	cell->description = description;
}

/* One that makes no sense takes nothing away from a cell but what would be new. */
static void take_entry(struct manager *manager, struct cell_dir_entry *entry)
{
	struct cell *cell = manager_ensure_cell(manager, entry->name);

	manager_log_problems(&entry->problems);
	if (!cell)
		return;
	if (entry->description) {
		take_description(cell, TAKE_POINTER(entry->description));
		return;
	}
	cell->broken = problems_format_first(&entry->problems);
	if (!cell->broken)
		cell->broken = strdup("its description cannot be read");
	/* What it failed of counts more. */
	if (cell->state != LIFECYCLE_FAILED)
		cell_set_last_error(cell, cell->broken);
	if (cell->description)
		log_event(LOG_WARNING, NULL, cell->name, NULL, 0,
			  "%s: the description of cell %s that was in force stays so", entry->path,
			  cell->name);
}

void manager_take_descriptions(struct manager *manager, struct cell_dir *dir)
{
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		cell_mend(cell);
		description_free(cell->held);
		cell->held = NULL;
		if (!cell_dir_find(dir, cell->name))
			take_description(cell, NULL);
	}
	for (size_t i = 0; i < dir->count; i++)
		take_entry(manager, &dir->entries[i]);
	cell_dir_free(manager->descriptions);
	manager->descriptions = dir;
}

/* To be freed, NULL without memory. */
static char *describe_config_error(const struct problems *problems, int error)
{
	_cleanup_(freep) char *first = problems->count ? problems_format_first(problems) : NULL;

	return text_format("%s%s; the hypervisor is not enabled until this is mended and "
			   "systemctl reload cellmgrd has succeeded",
			   first ? "" : "cannot read " CONFIG_FILE ": ",
			   first ? first : strerror(-error));
}

/* NULL: there is none. */
static void set_config_error(struct manager *manager, char *text)
{
	/* Nobody could see one before the first look. */
	if (manager->observed && (manager->config_error || text))
		manager_mark(manager, MANAGER_PROPERTY_CONFIG_ERROR);
	free(manager->config_error);
	manager->config_error = text;
}

/*
 * With an error in it cells that run go on, and so does all that is done with them; what has been
 * good last holds, or the defaults.
 */
static int read_config(struct manager *manager, struct error *error)
{
	_cleanup_(problems_done) struct problems problems = {0}, none = {0};
	struct config config;
	int r;

	r = config_read(CONFIG_FILE, &problems, &config);
	manager_log_problems(&problems);
	set_config_error(manager, r < 0 ? describe_config_error(&problems, r) : NULL);
	if (r >= 0) {
		if (!config_keeps_same(&manager->config, &config))
			manager->keeps_told = false;
		config_done(&manager->config);
		manager->config = config;
		metrics_follow(manager);
		return 0;
	}
	if (!manager->config_error)
		return -ENOMEM;
	/* There has been none yet. */
	if (!manager->config.pool_size) {
		r = config_parse("{}", 2, CONFIG_FILE, &none, &manager->config);
		if (r < 0)
			return r;
		/* Who asks for signatures does not lose them to a comma. */
		manager->config.require_signature =
			config_mentions(CONFIG_FILE, "require-signature");
	}
	return error_set(error, ERROR_INVALID, "%s", manager->config_error);
}

int manager_load_descriptions(struct manager *manager, struct error *error)
{
	_cleanup_(changes_done) struct changes changes = {0};
	struct cell_dir *dir;
	int r;

	if (manager->apply)
		return error_set(error, ERROR_BUSY, "descriptions are being applied");
	r = cell_dir_load(NULL, &dir);
	if (r < 0)
		return error_set(error, ERROR_NO_MEMORY, "cannot read the descriptions: %s",
				 strerror(-r));
	/* What is wrong with it is no reason to leave the descriptions as they were. */
	r = read_config(manager, error);
	manager_log_problems(&dir->problems);
	/* At the start there is nothing yet that could change. */
	if (manager->observed && changes_make(manager, dir, &changes) == 0)
		changes_log(&changes, false);
	manager_take_descriptions(manager, dir);
	links_unstick(manager);
	pending_update_all(manager);
	observe_settle(manager);
	jobs_follow_up(manager);
	observer_look(manager->observer);
	return r;
}

static void on_observed(struct observation *observation, void *userdata)
{
	struct manager *manager = userdata;
	const bool first = !manager->observed;

	/* One that was begun before a step tells of what may not be so any more. */
	if (observation->epoch == observer_epoch(manager->observer)) {
		sight_note(manager, observation->snapshot ? 0 : observation->error);
		observe_apply(manager, observation->snapshot);
		if (first && manager->observed)
			apply_recall(manager);
		jobs_follow_up(manager);
	}
	console_deliver(manager, observation);
}

static size_t on_consoles(struct observer_console *consoles, void *userdata)
{
	return console_requests(userdata, consoles);
}

static size_t on_watched(int32_t *ids, void *userdata)
{
	const struct manager *manager = userdata;
	size_t count = 0;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell_deadline(cell) && count < OBSERVER_MAX_WATCHED)
			ids[count++] = cell->seen.id;
	}
	return count;
}

static void on_bad_record(const char *file, int error)
{
	log_error("Cannot use %s: %s; it is kept as %s" STATE_BAD
		  ", and its cell is taken as foreign; "
		  "where it is the described one, 'cellctl adopt' takes it back",
		  file, strerror(-error), file);
}

static int read_state(struct manager *manager)
{
	int r;

	if (mkdir(STATE_RECORDS, 0700) < 0 && errno != EEXIST)
		log_error("Cannot make %s: %s", STATE_RECORDS, strerror(errno));
	r = state_read(STATE_FILE, &manager->remembered);
	if (r < 0) {
		manager->remembered = calloc(1, sizeof(*manager->remembered));
		if (!manager->remembered)
			return -ENOMEM;
	}
	if (r < 0 && r != -ENOENT) {
		log_error("Cannot use %s: %s; it is kept as %s" STATE_BAD
			  ", and the memory pool of "
			  "the hypervisor is not known",
			  STATE_FILE, strerror(-r), STATE_FILE);
		state_keep_bad(STATE_FILE);
	}
	if (manager->remembered->num_bad) {
		log_error("Cannot use what %s has of %zu cells, which are taken as foreign; it is "
			  "kept as %s" STATE_BAD,
			  STATE_FILE, manager->remembered->num_bad, STATE_FILE);
		state_keep_bad(STATE_FILE);
	}
	if (manager->remembered->num_cells || manager->remembered->num_bad) {
		r = state_split(STATE_FILE, STATE_RECORDS, manager->remembered);
		if (r < 0)
			log_error("Cannot write %s: %s", STATE_RECORDS, strerror(-r));
	}
	r = state_read_records(STATE_RECORDS, manager->remembered, on_bad_record);
	if (r < 0)
		log_error("Cannot read %s: %s", STATE_RECORDS, strerror(-r));
	return 0;
}

static int set_up(struct manager *manager)
{
	static const struct observer_callbacks callbacks = {
		.observed = on_observed,
		.consoles = on_consoles,
		.watched = on_watched,
	};
	_cleanup_(error_done) struct error error = {0};
	int r;

	r = read_state(manager);
	if (r < 0)
		return r;
	manager_read_machine(manager);
	r = worker_new(manager->event, "operations", &manager->worker);
	if (r < 0)
		return r;
	r = worker_new(manager->event, "kills", &manager->urgent_worker);
	if (r < 0)
		return r;
	r = crashes_begin(manager);
	if (r < 0)
		return r;
	r = observer_new(manager->event, &callbacks, manager, &manager->observer);
	if (r < 0)
		return r;
	r = sight_begin(manager);
	if (r < 0)
		return r;
	r = manager_load_descriptions(manager, &error);
	if (r < 0)
		log_error("%s", error_text(&error));
	observer_look(manager->observer);
	return 0;
}

int manager_new(sd_event *event, const char *machine_root, const struct core_events *events,
		void *userdata, struct manager **ret)
{
	_cleanup_(manager_freep) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return -ENOMEM;
	manager->event = sd_event_ref(event);
	manager->events = events;
	manager->userdata = userdata;
	manager->machine_root = machine_root;
	manager->pool_node = TOPOLOGY_NO_NODE;
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
	jobs_abandon(manager);
	worker_free(manager->worker);
	worker_free(manager->urgent_worker);
	sight_end(manager);
	sd_event_source_disable_unref(manager->restarts);
	crashes_end(manager);
	digests_end(manager);
	metrics_end(manager);
	consoles_free(manager);
	apply_free(manager);
	links_close(manager);
	jobs_free(manager);
	observer_free(manager->observer);
	while (manager->cells) {
		struct cell *cell = manager->cells;

		if (cell->added)
			manager->events->cell_removed(cell, manager->userdata);
		manager->cells = cell->next;
		cell_free(cell);
	}
	while (manager->links) {
		struct link *link = manager->links;

		manager->links = link->next;
		free(link);
	}
	cell_dir_free(manager->descriptions);
	machine_free(manager->machine);
	state_free(manager->remembered);
	free(manager->config_error);
	config_done(&manager->config);
	sd_event_unref(manager->event);
	free(manager);
}
