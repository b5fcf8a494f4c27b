// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job_run.h"

#include <errno.h>
#include <string.h>

#include "manager/decide.h"
#include "manager/job_step.h"
#include "manager/observe.h"
#include "manager/sight.h"
#include "util/log.h"
#include "util/message_ids.h"

#define SECOND_US	  1000000ull
/* After its deadline a step is told to give up; this much later it counts as stuck. */
#define GRACE_US	  (10 * SECOND_US)
/* The signal may come just before the system call that it is to end. */
#define REPEAT_US	  (SECOND_US / 10)
/* Each link of a cell may have to go and to come. */
#define MAX_STEPS_OF_CELL (8 + 2 * DESCRIPTION_MAX_LINKS)

static void advance(struct job *job);

/* In the worker: the job itself is none of its business. */
static void run_step(void *userdata)
{
	const struct job *job = userdata;

	step_run(job->step);
}

static void refuse_queued(struct manager *manager, const struct error *error)
{
	struct job *job;

	while ((job = manager->queue)) {
		manager->queue = job->next;
		job_answer(job, error);
		job_free(job);
	}
}

static void run_next(struct manager *manager)
{
	struct job *job = manager->queue;
	struct cell *cell;

	if (manager->current || !job)
		return;
	manager->queue = job->next;
	manager->current = job;
	cell = job_cell(job);
	if (job->verb == VERB_DISABLE)
		links_unstick(manager);
	if (cell) {
		cell_set_operation(cell, verb_name(job->verb));
		manager_publish_cell(manager, cell);
	}
	advance(job);
}

static void end(struct job *job, const struct error *error)
{
	struct manager *manager = job->manager;
	struct cell *cell = job_cell(job);

	if (error_is_set(error))
		log_event(LOG_NOTICE, NULL, job->cell, NULL, 0, "Cannot %s%s%s: %s",
			  verb_name(job->verb), job->cell ? " " : "", job->cell ? job->cell : "",
			  error_reason(error_text(error), verb_name(job->verb), job->cell));
	if (cell) {
		/* A call that does not fit the state says nothing about the cell. */
		if (error_is_set(error) && error->code != ERROR_WRONG_STATE)
			cell_set_last_error(cell, error_text(error));
		cell_set_operation(cell, "");
		manager_publish_cell(manager, cell);
	}
	job_answer(job, error);
	manager->current = NULL;
	job_free(job);
	run_next(manager);
}

/* The driver hangs: nobody shall wait for it any longer. */
static void give_up(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};

	log_event(LOG_ERR, MESSAGE_DRIVER_STUCK, job->cell, NULL, 0,
		  "The driver does not come back from %s %s; nothing can be done with cells until "
		  "it does",
		  verb_name(job->step->verb), job->step->cell);
	job->stuck = true;
	error_set(&error, ERROR_TIMEOUT, "the driver did not come back from %s in time",
		  verb_name(job->step->verb));
	job_answer(job, &error);
	error_set(&error, ERROR_BUSY, "the driver has not come back from %s yet",
		  verb_name(job->step->verb));
	refuse_queued(job->manager, &error);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct job *job = userdata;
	uint64_t now = manager_now_ns(job->manager) / 1000;

	atomic_store(&job->step->expired, true);
	worker_interrupt(job->manager->worker);
	if (!job->expired_at)
		job->expired_at = now;
	if (!job->stuck && now - job->expired_at >= GRACE_US)
		give_up(job);
	sd_event_source_set_time(source, now + REPEAT_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* job is a Kill: cuts a stop of the same cell short, if one is in progress. */
static void hasten(struct job *job)
{
	struct job *current = job->manager->current;

	if (!current || !current->step || current->step->verb != VERB_STOP ||
	    strcmp(current->step->cell, job->cell) != 0)
		return;
	atomic_store(&current->step->kill_now, true);
	sd_event_source_set_time(current->deadline, 0);
}

/* A link too many is in nobody's way, unless the job has to have all of them gone. */
static bool goes_on_after(const struct job *job, const struct step *failed)
{
	if (failed->verb != VERB_REMOVE_LINK || job->stuck ||
	    (job->verb == VERB_DISABLE && !job->force))
		return false;
	log_warning("%s; it is left there", error_text(&failed->error));
	return true;
}

static void on_step_done(void *userdata)
{
	_cleanup_(step_freep) struct step *step = NULL;
	_cleanup_(error_done) struct error error = {0};
	struct job *job = userdata;
	struct manager *manager = job->manager;

	job->deadline = sd_event_source_disable_unref(job->deadline);
	job_record_result(job);
	step = TAKE_POINTER(job->step);
	if (step->snapshot)
		sight_note(manager, 0);
	observe_apply(manager, step->snapshot);
	jobs_follow_up(manager);
	observer_restart(manager->observer);
	if (job->stuck)
		error_set(&error, ERROR_TIMEOUT, "the driver came back from %s too late",
			  verb_name(step->verb));
	else if (error_is_set(&step->error))
		error_set(&error, step->error.code, "%s", error_text(&step->error));
	if (error_is_set(&error) && !goes_on_after(job, step))
		end(job, &error);
	else
		advance(job);
}

static int begin_step(struct job *job, enum bus_verb verb, struct cell *about, struct error *error)
{
	/* It is not the cell's yet what comes for it. */
	struct cell *cell = verb == VERB_ADD_LINK || verb == VERB_GROW_POOL ? NULL : about;
	struct manager *manager = job->manager;
	int r;

	r = job_prepare_step(job, verb, about, error);
	if (r < 0)
		return r;
	job->expired_at = 0;
	r = sd_event_add_time_relative(manager->event, &job->deadline, CLOCK_MONOTONIC,
				       job_step_time(job, cell), 0, on_deadline, job);
	if (r < 0) {
		error_set(error, ERROR_NO_RESOURCES, "no timer: %s", strerror(-r));
		goto err_step;
	}
	job_record_intent(job, cell);
	if (cell)
		cell->in_step = true;
	r = worker_submit(manager->worker, run_step, on_step_done, job);
	if (r >= 0)
		return 0;
	if (cell)
		cell->in_step = false;
	error_set(error, ERROR_BUSY, "the worker is busy");
err_step:
	step_free(job->step);
	job->step = NULL;
	return r;
}

static unsigned int step_limit(const struct manager *manager)
{
	unsigned int cells = 0;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next)
		cells++;
	return MAX_STEPS_OF_CELL * (cells + 1);
}

/* What to do next: 1 with the step and its cell, 0 where all is done, negative with error set. */
static int decide_step(struct job *job, enum bus_verb *ret_step, struct cell **ret_cell,
		       struct error *error)
{
	struct manager *manager = job->manager;
	struct cell *cell = NULL;
	struct decision next;
	int changed;

	/* What the driver has is not known: nothing that is said of it would be true. */
	if (!manager->observed)
		return error_set(error, ERROR_BUSY,
				 "the driver has not told yet which cells there are");
	/* There may be no such cell any more. */
	if (!job->whole && job->own_step_done)
		return 0;
	if (job->cell) {
		cell = manager_look_up(manager, job->cell, error);
		if (!cell)
			return -EINVAL;
	}
	next = decide(&(const struct situation){
		.verb = job->verb,
		.whole = job->whole,
		.force = job->force,
		.auto_enable = manager->config.auto_enable,
		.config_error = manager->config_error,
		.hypervisor = manager->state,
		.cell = cell,
		.cells = manager->cells,
		.links = manager->links,
		.unneeded = links_find_unneeded(manager),
		.has_unused_piece = plan_unused_piece(manager) < manager->pool.count,
		.lacks_memory =
			cell && cell->state == LIFECYCLE_DEFINED && plan_growth(manager, cell) > 0,
		.lacks_link = cell && links_lack(manager, cell),
		.was_running = job->was_running,
		.keeps_told = manager->keeps_told,
		.stepped = job->steps_done > 0,
		.stopped = job->stopped,
		.started = job->started,
	});
	if (next.check && plan_check(manager, cell, error) < 0)
		return -EINVAL;
	if (next.kind == DECISION_DONE)
		return 0;
	if (next.kind == DECISION_REFUSED && next.cell)
		return error_set(error, next.error, "cell %s is %s: %s", next.cell->name,
				 lifecycle_name(next.cell->state), next.why);
	if (next.kind == DECISION_REFUSED)
		return error_set(error, next.error, "%s", next.why);
	if (next.link)
		job->plan.link = next.link->record.place;
	changed = next.renew ? plan_changed(manager, cell, error) : 0;
	if (changed < 0)
		return changed;
	*ret_step = changed ? VERB_DESTROY : next.step;
	*ret_cell = next.cell ? manager_find_cell(manager, next.cell->name) : NULL;
	return 1;
}

/* The next step, or the end. */
static void advance(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};
	struct cell *cell = NULL;
	enum bus_verb step = VERB_COUNT;

	if (decide_step(job, &step, &cell, &error) > 0) {
		/* A driver whose states make us go in circles. */
		if (job->steps_done >= step_limit(job->manager))
			error_set(&error, ERROR_DRIVER,
				  "the state does not become what it should after %u steps",
				  job->steps_done);
		else if (begin_step(job, step, cell, &error) >= 0)
			return;
	}
	end(job, &error);
}

void job_submit(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};
	struct manager *manager = job->manager;
	const struct job *current = manager->current;
	const struct cell *cell = job_cell(job);
	struct job **link = &manager->queue;

	if (current && current->stuck) {
		error_set(&error, ERROR_BUSY, "the driver has not come back from %s%s%s yet",
			  verb_name(current->verb), current->cell ? " " : "",
			  current->cell ? current->cell : "");
		job_answer(job, &error);
		job_free(job);
		return;
	}
	job->was_running = cell && cell_running(cell);
	while (*link)
		link = &(*link)->next;
	*link = job;
	if (job->verb == VERB_KILL)
		hasten(job);
	run_next(manager);
}

static bool is_waiting(const struct manager *manager, enum bus_verb verb)
{
	for (const struct job *job = manager->queue; job; job = job->next) {
		if (job->verb == verb)
			return true;
	}
	return manager->current && manager->current->verb == verb;
}

/* Nobody has to ask for it. */
static void submit_own(struct manager *manager, enum bus_verb verb)
{
	struct job *job = is_waiting(manager, verb) ? NULL : job_new(manager, verb, NULL);

	if (!job)
		return;
	job->whole = true;
	job_submit(job);
}

void jobs_follow_up(struct manager *manager)
{
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		struct job *job = cell->doomed ? job_new(manager, VERB_DESTROY, cell->name) : NULL;

		cell->doomed = false;
		if (job)
			job_submit(job);
	}
	if (manager->state != HYPERVISOR_ENABLED)
		return;
	/* What a broken configuration wants is not known: it is as it was. */
	if (!manager->keeps_told && !manager->config_error)
		submit_own(manager, VERB_KEEP_CPUS);
	if (links_find_unneeded(manager))
		submit_own(manager, VERB_REMOVE_LINK);
	if (plan_unused_piece(manager) < manager->pool.count)
		submit_own(manager, VERB_SHRINK_POOL);
}

unsigned int jobs_queued(const struct manager *manager)
{
	unsigned int count = 0;

	for (const struct job *job = manager->queue; job; job = job->next)
		count++;
	return count;
}

void jobs_free(struct manager *manager)
{
	struct job *job;

	while ((job = manager->queue)) {
		manager->queue = job->next;
		job_free(job);
	}
	job_free(manager->current);
	manager->current = NULL;
}
