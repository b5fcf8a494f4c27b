// SPDX-License-Identifier: GPL-2.0-only
#include "manager/crash.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "manager/job_run.h"
#include "manager/observe.h"
#include "util/log.h"

/* A failure is told after this time, whether its record is written or not. */
#define PATIENCE_US    2000000u
#define MAX_TASKS      64 /* of peers */
#define CRASH_PATH_MAX (sizeof(CRASH_DIRECTORY "/") + CRASH_NAME_TEXT)

struct crash_task {
	struct manager *manager;
	struct crash_task *next;
	void (*run)(struct crash_task *task); /* in the worker, where nothing else is touched */
	int result;
	struct crash_name name; /* of a record; its cell may be "" for a list */

	/* Of a failure. */
	struct json_object *record; /* NULL: none is wanted */
	struct crash_limits limits;
	struct snapshot_cell seen;
	uint64_t started_at;
	bool ended;
	bool ran; /* the worker's; read when that has ended, or is done with it */
	bool told;
	sd_event_source *patience;

	/* Of a peer. */
	crash_done done;
	void *userdata;
	struct crash_list list;
	char *text;
};

static void task_free(struct crash_task *task)
{
	sd_event_source_disable_unref(task->patience);
	json_object_put(task->record);
	crash_list_done(&task->list);
	free(task->text);
	free(task);
}

static void write_record(struct crash_task *task)
{
	const char *text;

	crash_add_console(task->record, &task->seen);
	text = json_object_to_json_string_ext(task->record, JSON_C_TO_STRING_PRETTY);
	task->result = text ? crash_write(CRASH_DIRECTORY, &task->limits, task->name.cell,
					  task->name.reason, text, &task->name)
			    : -ENOMEM;
}

static void read_list(struct crash_task *task)
{
	task->result = crash_list_read(CRASH_DIRECTORY, task->name.cell, &task->list);
}

static void read_record(struct crash_task *task)
{
	task->result = crash_read(CRASH_DIRECTORY, &task->name, &task->text);
}

static void answer(struct crash_task *task)
{
	_cleanup_(error_done) struct error error = {0};
	const struct crash_answer answer = {.list = &task->list, .text = task->text};
	char name[CRASH_NAME_TEXT];

	crash_name_format(&task->name, name);
	if (task->result == -ENOENT)
		error_set(&error, ERROR_NO_SUCH_RECORD, "there is no crash record %s", name);
	else if (task->result == -EPROTO)
		error_set(&error, ERROR_INVALID,
			  CRASH_DIRECTORY "/%s: is no crash record any more; remove it", name);
	else if (task->result < 0)
		error_set(&error, ERROR_NO_RESOURCES, "cannot read " CRASH_DIRECTORY ": %s",
			  strerror(-task->result));
	task->done(&answer, &error, task->userdata);
}

/* Tells of a failure, once, and lets go of the cell. */
static void tell(struct crash_task *task, const char *path)
{
	struct manager *manager = task->manager;
	struct cell *cell = manager_find_cell(manager, task->name.cell);

	if (task->told || !cell)
		return;
	task->told = true;
	cell->recording--;
	/* A daemon that dies before that tells of it again: better twice than never. */
	if (task->ended && cell->record.started_at == task->started_at) {
		cell->record.end_reported = true;
		cell->unsaved = true;
	}
	manager->events->cell_failed(cell, task->name.reason, path, manager->userdata);
}

static void tell_result(struct crash_task *task)
{
	char path[CRASH_PATH_MAX] = "", name[CRASH_NAME_TEXT];

	if (task->result >= 0) {
		crash_name_format(&task->name, name);
		snprintf(path, sizeof(path), CRASH_DIRECTORY "/%s", name);
		log_event(LOG_INFO, NULL, task->name.cell, NULL, 0,
			  "The failure of cell %s is on record: cellctl crash %s", task->name.cell,
			  name);
	} else {
		log_event(LOG_WARNING, NULL, task->name.cell, NULL, 0,
			  "There is no crash record of cell %s: cannot write in " CRASH_DIRECTORY
			  ": %s",
			  task->name.cell, strerror(-task->result));
	}
	tell(task, path);
}

/* What waited for the record goes on. */
static void settle(struct manager *manager)
{
	observe_settle(manager);
	jobs_follow_up(manager);
	manager_save_rest(manager);
}

static void run_next(struct manager *manager);

static void run_task(void *userdata)
{
	struct crash_task *task = userdata;

	task->run(task);
	task->ran = true;
}

static void on_task_done(void *userdata)
{
	struct crash_task *task = userdata;
	struct manager *manager = task->manager;
	bool of_failure = !task->done;

	manager->crashes = task->next;
	if (of_failure)
		tell_result(task);
	else
		answer(task);
	task_free(task);
	run_next(manager);
	if (of_failure)
		settle(manager);
}

static void run_next(struct manager *manager)
{
	if (manager->crashes && !worker_busy(manager->crash_worker))
		worker_submit(manager->crash_worker, run_task, on_task_done, manager->crashes);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct crash_task *task = userdata;
	struct manager *manager = task->manager;

	log_event(LOG_WARNING, NULL, task->name.cell, NULL, 0,
		  "The crash record of cell %s takes too long to write in " CRASH_DIRECTORY
		  "; its failure is told without it",
		  task->name.cell);
	tell(task, "");
	settle(manager);
	return 0;
}

/* Failures go before what peers ask for, behind what is at work. */
static void submit(struct crash_task *task)
{
	struct crash_task **link = &task->manager->crashes;

	while (*link && (*link == task->manager->crashes || task->done || !(*link)->done))
		link = &(*link)->next;
	task->next = *link;
	*link = task;
	run_next(task->manager);
}

void crash_tell(struct manager *manager, struct cell *cell, const struct crash *crash)
{
	struct crash_task *task = crash->recorded && manager->config.crashes.max_records
					  ? calloc(1, sizeof(*task))
					  : NULL;

	if (task)
		task->record = crash_collect(manager, cell, crash);
	if (!task || !task->record) {
		free(task);
		cell->record.end_reported |= crash->ended;
		cell->unsaved |= crash->ended;
		manager->events->cell_failed(cell, crash->reason, "", manager->userdata);
		return;
	}
	task->manager = manager;
	task->run = write_record;
	task->limits = manager->config.crashes;
	task->seen = cell->seen;
	task->started_at = cell->record.started_at;
	task->ended = crash->ended;
	snprintf(task->name.cell, sizeof(task->name.cell), "%s", cell->name);
	snprintf(task->name.reason, sizeof(task->name.reason), "%s", crash->reason);
	(void)sd_event_add_time_relative(manager->event, &task->patience, CLOCK_MONOTONIC,
					 PATIENCE_US, 0, on_patience, task);
	cell->recording++;
	submit(task);
}

static int submit_for_peer(struct manager *manager, const struct crash_task *wanted,
			   struct error *error)
{
	unsigned int waiting = 0;
	struct crash_task *task;

	for (task = manager->crashes; task; task = task->next)
		waiting += task->done != NULL;
	if (waiting >= MAX_TASKS)
		return error_set(error, ERROR_BUSY, "the disk does not keep up with what is asked");
	task = malloc(sizeof(*task));
	if (!task)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	*task = *wanted;
	task->manager = manager;
	submit(task);
	return 0;
}

int crash_list(struct manager *manager, const char *cell, crash_done done, void *userdata,
	       struct error *error)
{
	struct crash_task task = {.run = read_list, .done = done, .userdata = userdata};

	snprintf(task.name.cell, sizeof(task.name.cell), "%s", cell);
	return submit_for_peer(manager, &task, error);
}

int crash_show(struct manager *manager, const struct crash_name *name, crash_done done,
	       void *userdata, struct error *error)
{
	const struct crash_task task = {
		.run = read_record, .name = *name, .done = done, .userdata = userdata};

	return submit_for_peer(manager, &task, error);
}

int crashes_begin(struct manager *manager)
{
	/* Where it cannot be made writing says so. */
	(void)mkdir(CRASH_DIRECTORY, 0700);
	return worker_new(manager->event, "crash records", &manager->crash_worker);
}

/* How a run ended a daemon after us sees as well: it tells of it once more, and has it recorded. */
static void leave(struct crash_task *task)
{
	struct cell *cell = manager_find_cell(task->manager, task->name.cell);

	if (!task->ended) {
		tell(task, "");
	} else if (cell && cell->record.started_at == task->started_at) {
		cell->record.end_reported = false;
		cell->unsaved = true;
	}
}

void crashes_end(struct manager *manager)
{
	worker_free(manager->crash_worker);
	while (manager->crashes) {
		struct crash_task *task = manager->crashes;

		manager->crashes = task->next;
		if (!task->done && task->ran)
			tell_result(task);
		else if (!task->done)
			leave(task);
		task_free(task);
	}
	/* That it has been told, or not. */
	manager_save_rest(manager);
}
