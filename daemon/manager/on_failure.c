// SPDX-License-Identifier: GPL-2.0-only
#include "manager/on_failure.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "manager/apply.h"
#include "manager/job_queue.h"
#include "manager/job_run.h"
#include "manager/restart.h"
#include "util/log.h"
#include "util/message_ids.h"

/* As exact as a delay that people have chosen has to be. */
#define ACCURACY_US 50000u

static uint64_t now_us(const struct manager *manager)
{
	return manager_now_ns(manager) / 1000;
}

/* A job of somebody's about the cell; the hypervisor's end is about all of them. */
static bool is_asked(const struct job *job, const struct cell *cell)
{
	return job->asked &&
	       (job->verb == VERB_DISABLE || (job->cell && strcmp(job->cell, cell->name) == 0));
}

static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
	jobs_follow_up(userdata);
	return 0;
}

/* For the next one. What is due and cannot be begun is tried again with each look. */
static void arm(struct manager *manager)
{
	uint64_t now = now_us(manager), next = UINT64_MAX;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		const uint64_t due = cell->restarting ? 0 : cell->record.restart.due;

		if (due > now && due < next)
			next = due;
	}
	manager->restarts = sd_event_source_disable_unref(manager->restarts);
	if (next != UINT64_MAX)
		(void)sd_event_add_time(manager->event, &manager->restarts, CLOCK_MONOTONIC, next,
					ACCURACY_US, on_due, manager);
}

/* Its unit takes an operation for a cell that has not come to its end. */
static void show_plan(struct cell *cell)
{
	cell_set_operation(cell, cell->record.restart.due ? verb_name(VERB_RESTART) : "");
	cell->unsaved = true;
	arm(cell->manager);
}

static void show_limit(struct cell *cell)
{
	_cleanup_(freep) char *text = NULL;
	char within[QUANTITY_TEXT_MAX];

	quantity_format_time(cell->description->restart.within_ns, within);
	text = text_format("%s; it was started again %" PRIu64 " time%s within %s and stays failed",
			   cell->last_error ?: "it failed", cell->record.restart.count,
			   cell->record.restart.count == 1 ? "" : "s", within);
	if (text)
		cell_set_last_error(cell, text);
}

void on_failure_recall(struct cell *cell)
{
	const struct description *description = cell->description;
	const struct restart_record *record = &cell->record.restart;

	if (description && description->on_failure == DESCRIPTION_ON_FAILURE_RESTART &&
	    !record->due && record->count >= description->restart.limit)
		show_limit(cell);
}

static void plan_restart(struct manager *manager, struct cell *cell)
{
	const struct description_restart *rules = &cell->description->restart;
	struct restart_record *record = &cell->record.restart;
	char delay[QUANTITY_TEXT_MAX], within[QUANTITY_TEXT_MAX];
	uint64_t now = now_us(manager);

	cell->restarting = false;
	quantity_format_time(rules->within_ns, within);
	if (restart_plan(record, rules, now)) {
		log_event(LOG_WARNING, MESSAGE_CELL_RESTART, cell->name, NULL, 0,
			  "Cell %s is started again in %s, time %" PRIu64 " of at most %" PRIu32
			  " within %s",
			  cell->name, quantity_format_time((record->due - now) * 1000, delay),
			  record->count, rules->limit, within);
	} else {
		log_event(LOG_ERR, MESSAGE_CELL_RESTART_LIMIT, cell->name, NULL, 0,
			  "Cell %s stays failed: it has been started again %" PRIu64
			  " time%s within %s",
			  cell->name, record->count, record->count == 1 ? "" : "s", within);
		show_limit(cell);
	}
	show_plan(cell);
}

/* Whose outcome decides what comes next: somebody's, or the end that comes to all. */
static bool decides(const struct job *job, const struct cell *cell)
{
	return is_asked(job, cell) ||
	       (job->verb == VERB_STOP && strcmp(job->cell, cell->name) == 0);
}

/* At work or waiting. */
static bool is_decided(const struct manager *manager, const struct cell *cell)
{
	const struct job *at_work[] = {manager->current, manager->urgent};

	for (size_t i = 0; i < ARRAY_SIZE(at_work); i++) {
		if (at_work[i] && decides(at_work[i], cell))
			return true;
	}
	for (const struct job *job = manager->queue; job; job = job->next) {
		if (decides(job, cell))
			return true;
	}
	return cell->to_stop;
}

void on_failure(struct manager *manager, struct cell *cell, enum failure_kind kind)
{
	const struct description *description = cell->description;
	const enum description_on_failure wanted =
		description ? description->on_failure : DESCRIPTION_ON_FAILURE_PRESERVE;

	if (wanted == DESCRIPTION_ON_FAILURE_DESTROY)
		cell->doomed = cell->record.doomed =
			kind == FAILURE_KIND_ENDED || kind == FAILURE_KIND_KILLED;
	else if (wanted == DESCRIPTION_ON_FAILURE_STOP_ALL)
		cell->stops_all = kind != FAILURE_KIND_KILLED;
	else if (wanted == DESCRIPTION_ON_FAILURE_RESTART &&
		 (kind == FAILURE_KIND_ENDED || kind == FAILURE_KIND_ILL) &&
		 (!cell->record.restart.due || cell->restarting) && !is_decided(manager, cell))
		plan_restart(manager, cell);
}

void on_failure_remember(struct cell *cell)
{
	if (cell->record.restart.due)
		show_plan(cell);
	cell->to_stop = cell->record.stopped_for[0];
	cell->doomed = cell->record.doomed;
}

/* For a daemon that comes after this one. NULL: it is stopped, or somebody wants it to run. */
static void note_stop(struct cell *cell, const struct cell *failed)
{
	if (!failed && !cell->record.stopped_for[0])
		return;
	snprintf(cell->record.stopped_for, sizeof(cell->record.stopped_for), "%s",
		 failed ? failed->name : "");
	cell->unsaved = true;
}

/* Also where its time has come, and the job waits. */
static void cancel(struct cell *cell)
{
	if (cell->restarting)
		queue_drop_own_start(cell->manager, cell->name);
	/* One that does not come about does not count. */
	else if (cell->record.restart.due && cell->record.restart.count)
		cell->record.restart.count--;
	cell->record.restart.due = 0;
	cell->restarting = false;
	show_plan(cell);
}

static void give_up(struct cell *cell, enum bus_verb verb)
{
	log_event(LOG_NOTICE, NULL, cell->name, NULL, 0,
		  "The start of cell %s that was planned is given up, since %s was asked for",
		  cell->name, verb_name(verb));
	cancel(cell);
}

static void submit(struct manager *manager, struct cell *cell, enum bus_verb verb, bool whole)
{
	struct job *job = job_new(manager, verb, cell->name);

	if (!job) {
		/* With the next look. */
		cell->restarting = false;
		return;
	}
	job->whole = whole;
	job_submit(job);
}

/* The one that was started last goes first, the failed one last. NULL: none runs. */
static struct cell *next_to_stop(const struct manager *manager, uint64_t before)
{
	struct cell *next = NULL;

	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->to_stop && cell_running(cell) && cell_owned(cell) &&
		    cell->record.started_at < before &&
		    (!next || cell->record.started_at > next->record.started_at))
			next = cell;
	}
	return next;
}

static bool comes_up(const struct manager *manager, const struct cell *cell)
{
	const struct job *current = manager->current;

	return current && current->cell && job_brings_to_life(current) &&
	       strcmp(current->cell, cell->name) == 0;
}

/* Those that run, and what a step that is at work still starts. */
static void stop_those(struct manager *manager)
{
	uint64_t before = UINT64_MAX;
	struct cell *cell;

	while ((cell = next_to_stop(manager, before))) {
		before = cell->record.started_at;
		cell->to_stop = false;
		submit(manager, cell, VERB_STOP, true);
		/* Not refused, until the driver is back: that would be said with each look. */
		if (!cell->to_stop)
			log_event(LOG_NOTICE, NULL, cell->name, NULL, 0,
				  "Cell %s is stopped, since cell %s has failed", cell->name,
				  cell->record.stopped_for);
	}
	for (cell = manager->cells; cell; cell = cell->next) {
		if (cell_running(cell) || comes_up(manager, cell))
			continue;
		cell->to_stop = false;
		note_stop(cell, NULL);
	}
}

static void stop_all(struct manager *manager, struct cell *failed)
{
	log_event(LOG_ERR, MESSAGE_STOP_ALL, failed->name, NULL, 0,
		  "All cells are stopped, since cell %s has failed: its description says so",
		  failed->name);
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->record.restart.due)
			cancel(cell);
		cell->to_stop = cell != failed && ((cell_running(cell) && cell_owned(cell)) ||
						   comes_up(manager, cell));
		if (cell->to_stop) {
			note_stop(cell, failed);
			manager_save_cell(manager, cell);
		}
		/* A unit would ask once more for what comes to nothing here; another one has ended
		 * and is about to. Of a cell that runs its own hears when that is stopped. */
		if (!cell_running(cell) || comes_up(manager, cell))
			manager->events->cell_stopped(cell, manager->userdata);
	}
	/* Nor are they brought back, or up. */
	apply_leave(manager, NULL, "was stopped");
	if (manager->current && job_brings_to_life(manager->current) &&
	    !manager->current->cancelled)
		manager->current->cancelled = JOB_STOPPED;
	queue_cancel(manager, NULL, false, JOB_STOPPED);
	job_end_all(manager, NULL, JOB_STOPPED);
	jobs_show(manager);
	failed->to_kill = true;
}

void on_failure_follow_up(struct manager *manager)
{
	uint64_t now = now_us(manager);

	if (!manager->observed)
		return;
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		/* What is to go on record is still there. */
		if (cell->recording)
			continue;
		if (cell->stops_all) {
			cell->stops_all = false;
			stop_all(manager, cell);
		}
		/* It answers nothing. */
		if (cell->to_kill) {
			cell->to_kill = false;
			if (cell_running(cell))
				submit(manager, cell, VERB_KILL, false);
		}
		if (cell->doomed) {
			cell->doomed = false;
			/* Others may have started it while there was no daemon. */
			if (!cell_running(cell))
				submit(manager, cell, VERB_DESTROY, false);
		}
		if (cell->record.restart.due && !cell->restarting &&
		    now >= cell->record.restart.due) {
			cell->restarting = true;
			submit(manager, cell, VERB_START, true);
		}
	}
	stop_those(manager);
	arm(manager);
}

void on_failure_job_submitted(struct job *job)
{
	struct manager *manager = job->manager;

	if (!job->asked)
		return;
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (!is_asked(job, cell))
			continue;
		/* Somebody has it started all the same. */
		if (job->verb == VERB_START || job->verb == VERB_RESTART) {
			cell->to_stop = false;
			note_stop(cell, NULL);
		}
		if (!cell->record.restart.due)
			continue;
		/* To put an end to that is what a Kill can do for a cell that does not run. */
		job->was_running = true;
		give_up(cell, job->verb);
	}
}

void on_failure_job_dropped(const struct job *job, bool for_good)
{
	struct cell *cell = job_cell(job);

	if (!cell || job->asked)
		return;
	if (job->verb == VERB_STOP) {
		cell->to_stop = !for_good;
		if (for_good)
			note_stop(cell, NULL);
	} else if (job->verb == VERB_KILL)
		cell->to_kill = !for_good;
	else if (job->verb == VERB_DESTROY)
		cell->doomed = cell->record.doomed = !for_good;
	if (job->verb != VERB_START || !cell->restarting)
		return;
	cell->restarting = false;
	if (for_good)
		cancel(cell);
}

bool on_failure_withdraw(struct manager *manager, const char *name)
{
	struct cell *cell = manager_find_cell(manager, name);

	if (!cell || !cell->record.restart.due)
		return false;
	give_up(cell, VERB_CANCEL);
	return true;
}

void on_failure_job_ended(const struct job *job, struct cell *cell, const struct error *error)
{
	struct manager *manager = job->manager;
	bool own = false;

	if (job->asked && job->started && !error_is_set(error))
		cell->record.restart.count = 0;
	/* Also where somebody's was the same, and he was told that the driver hangs. */
	for (const struct job *one = job; one; one = one->merged)
		own |= !one->asked;
	/* Where it is destroyed its record goes with it; else that was tried. */
	if (own && job->verb == VERB_DESTROY && cell->record.doomed) {
		cell->record.doomed = false;
		cell->unsaved = true;
	}
	/* It has been asked, once. */
	if (own && job->verb == VERB_STOP)
		note_stop(cell, NULL);
	if (own && (job->verb == VERB_STOP || job->verb == VERB_KILL) && !error_is_set(error))
		manager->events->cell_stopped(cell, manager->userdata);
	if (!cell->restarting || job->asked || job->verb != VERB_START)
		return;
	if (error_is_set(error) && !job->cancelled && cell->description && !cell_running(cell))
		plan_restart(manager, cell);
	else
		cancel(cell);
}
