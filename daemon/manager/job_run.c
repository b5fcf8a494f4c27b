// SPDX-License-Identifier: GPL-2.0-only
/* Doing a job: step after step in the worker, with the intent on record before each. */
#include "manager/job_run.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "manager/console.h"
#include "util/log.h"
#include "util/message_ids.h"
#include "manager/plan.h"

#define SECOND_US	  1000000ull
/* After its deadline a step is told to give up; this much later it counts as stuck. */
#define GRACE_US	  (10 * SECOND_US)
/* The signal may come just before the system call that it is to end. */
#define REPEAT_US	  (SECOND_US / 10)
/* The module watches the time that a cell has; we only step in where it does not. */
#define STOP_MARGIN_US	  (2 * SECOND_US)
#define STOP_UNLIMITED_US (3600 * SECOND_US)
#define MAX_STEPS_OF_CELL 8

static void advance(struct job *job);

/* In the worker: the job itself is none of its business. */
static void run_step(void *userdata)
{
	const struct job *job = userdata;

	step_run(job->step);
}

/*
 * Whether the other cells are looked at during a step. A shutdown takes as long as its cell likes,
 * and the module lets others in meanwhile.
 */
static bool watches_on(enum bus_verb verb)
{
	return verb == VERB_STOP;
}

static uint64_t deadline_of(const struct job *job, const struct cell *cell)
{
	static const uint64_t deadlines[VERB_STEP_COUNT] = {
		[VERB_ENABLE] = 60 * SECOND_US, [VERB_DISABLE] = 60 * SECOND_US,
		[VERB_CREATE] = 60 * SECOND_US, [VERB_LOAD] = 120 * SECOND_US,
		[VERB_START] = 30 * SECOND_US,	[VERB_STOP] = 30 * SECOND_US,
		[VERB_KILL] = 15 * SECOND_US,	[VERB_DESTROY] = 60 * SECOND_US,
	};
	uint64_t timeout_ns;

	if (job->step->verb != VERB_STOP || !cell->description)
		return deadlines[job->step->verb];
	timeout_ns = cell->description->stop_timeout_ns;
	return timeout_ns ? timeout_ns / 1000 + STOP_MARGIN_US : STOP_UNLIMITED_US;
}

static void end(struct job *job, const struct error *error)
{
	struct cell *cell = job->cell ? manager_find_cell(job->manager, job->cell) : NULL;

	if (error_is_set(error))
		log_notice("Cannot %s%s%s: %s", verb_name(job->verb), job->cell ? " " : "",
			   job->cell ? job->cell : "", error_text(error));
	if (cell) {
		/* A call that does not fit the state says nothing about the cell. */
		if (error_is_set(error) && error->code != ERROR_WRONG_STATE)
			cell_set_last_error(cell, error_text(error));
		cell_set_operation(cell, "");
		cell_publish(cell);
	}
	job_answer(job, error);
	job_finished(job);
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
	jobs_refuse_queued(job->manager, &error);
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

void job_hasten(struct job *job)
{
	struct job *current = job->manager->current;

	if (!current || !current->step || current->step->verb != VERB_STOP ||
	    strcmp(current->step->cell, job->cell) != 0)
		return;
	atomic_store(&current->step->kill_now, true);
	sd_event_source_set_time(current->deadline, 0);
}

/* What came of a step goes into the records of the cell it was about. */
static void record_result(struct job *job, struct cell *cell)
{
	struct step *step = job->step;
	struct cell_record *record = &cell->record;
	bool failed = error_is_set(&step->error);

	record->intent[0] = '\0';
	switch (step->verb) {
	case VERB_CREATE:
		if (failed)
			break;
		*record = (struct cell_record){
			.phase = CELL_PHASE_CREATED,
			.id = step->created_id,
			.placement = job->plan->placement,
			.started_at = record->started_at,
		};
		memcpy(record->blob_sha256, job->plan->blob_sha256, sizeof(record->blob_sha256));
		break;
	case VERB_LOAD:
		if (!step->touched)
			break;
		/* Half an image is none. */
		record->phase = failed ? CELL_PHASE_CREATED : CELL_PHASE_LOADED;
		memcpy(record->image_sha256, failed ? "" : step->image_sha256,
		       failed ? 1 : sizeof(record->image_sha256));
		record->failure_reported = false;
		break;
	case VERB_START:
		if (failed)
			break;
		record->phase = CELL_PHASE_STARTED;
		record->started_at = realtime_us();
		record->failure_reported = false;
		cell->health_reported = false;
		cell->watch = (struct health_watch){0};
		job->started = true;
		break;
	case VERB_STOP:
		job->stopped = true;
		break;
	case VERB_DESTROY:
		if (failed)
			break;
		*record = (struct cell_record){.started_at = record->started_at};
		consoles_end(job->manager, step->id);
		break;
	default:
		break;
	}
}

static void record_hypervisor(struct manager *manager, struct step *step)
{
	manager->intent[0] = '\0';
	if (step->verb == VERB_ENABLE && !error_is_set(&step->error)) {
		manager->pool = step->pool;
		manager->hypervisor = step->hypervisor;
		manager->pool_from_linux = step->pool_from_linux;
		machine_free(manager->machine);
		manager->machine = TAKE_POINTER(step->machine);
		log_event(LOG_NOTICE, MESSAGE_HYPERVISOR_ENABLED, NULL, NULL, 0,
			  "The hypervisor is enabled");
	} else if (step->verb == VERB_DISABLE && !error_is_set(&step->error)) {
		manager->pool = manager->hypervisor = (struct address_range){0};
		for (struct cell *cell = manager->cells; cell; cell = cell->next)
			cell->record = (struct cell_record){
				.started_at = cell->record.started_at,
			};
		log_event(LOG_NOTICE, MESSAGE_HYPERVISOR_DISABLED, NULL, NULL, 0,
			  "The hypervisor is disabled");
	}
}

/* What an administrator wants to find in the journal of a cell. */
static void log_result(struct job *job, struct cell *cell)
{
	struct step *step = job->step;

	if (error_is_set(&step->error))
		return;
	if (step->verb == VERB_START) {
		cell_set_last_error(cell, NULL);
		log_event(LOG_INFO, MESSAGE_CELL_STARTED, cell->name, NULL, 0, "Cell %s started",
			  cell->name);
	} else if (step->verb == VERB_KILL) {
		/* How it ended is told when its end is seen: here and below. */
		cell->killed_because = "was killed on request";
	} else if (step->verb == VERB_STOP && step->forced) {
		cell->killed_because = step->forced;
	} else if (step->verb == VERB_STOP) {
		log_event(LOG_INFO, MESSAGE_CELL_STOPPED, cell->name, NULL, 0, "Cell %s shut down",
			  cell->name);
	}
}

static void on_step_done(void *userdata)
{
	_cleanup_(step_freep) struct step *step = NULL;
	_cleanup_(error_done) struct error error = {0};
	struct job *job = userdata;
	struct manager *manager = job->manager;
	struct cell *cell;

	job->deadline = sd_event_source_disable_unref(job->deadline);
	cell = manager_find_cell(manager, job->step->cell);
	if (cell) {
		cell->in_step = false;
		record_result(job, cell);
		log_result(job, cell);
	} else if (job->step->verb == VERB_ENABLE || job->step->verb == VERB_DISABLE) {
		record_hypervisor(manager, job->step);
	}
	plan_done(job->plan);
	free(job->plan);
	job->plan = NULL;
	step = TAKE_POINTER(job->step);
	manager_save(manager);
	manager_apply(manager, step->snapshot);
	if (watches_on(step->verb))
		observer_restart(manager->observer);
	else
		observer_resume(manager->observer);
	job->steps_done++;
	if (job->stuck)
		error_set(&error, ERROR_TIMEOUT, "the driver came back from %s too late",
			  verb_name(step->verb));
	else if (error_is_set(&step->error))
		error_set(&error, step->error.code, "%s", error_text(&step->error));
	if (error_is_set(&error))
		end(job, &error);
	else
		advance(job);
}

static int fill_create(struct job *job, struct cell *cell, struct error *error)
{
	struct step *step = job->step;

	job->plan = calloc(1, sizeof(*job->plan));
	if (!job->plan)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	if (plan_create(job->manager, cell, error, job->plan) < 0)
		return -EINVAL;
	step->blob = TAKE_POINTER(job->plan->blob);
	step->blob_size = job->plan->blob_size;
	return 0;
}

static int fill_step(struct job *job, struct cell *cell, struct error *error)
{
	struct manager *manager = job->manager;
	struct step *step = job->step;

	if (cell) {
		snprintf(step->cell, sizeof(step->cell), "%s", cell->name);
		step->id = cell->seen.id;
	}
	switch (step->verb) {
	case VERB_CREATE:
		return fill_create(job, cell, error);
	case VERB_LOAD:
		return plan_load(cell, job->images, job->num_images, step, error);
	case VERB_STOP:
		step->force = job->force || (cell->description && cell->description->stop_force);
		return 0;
	case VERB_ENABLE:
		step->config = manager->config;
		step->machine_root = manager->machine_root;
		return 0;
	case VERB_DISABLE:
		step->release_pool = manager->pool_from_linux;
		return 0;
	default:
		return 0;
	}
}

/* On record before it is begun: a successor of ours must know what may have happened. */
static void record_intent(struct job *job, struct cell *cell)
{
	char *intent = cell ? cell->record.intent : job->manager->intent;

	snprintf(intent, sizeof(cell->record.intent), "%s", verb_name(job->step->verb));
	if (job->step->verb == VERB_CREATE) {
		cell->record.placement = job->plan->placement;
		memcpy(cell->record.blob_sha256, job->plan->blob_sha256,
		       sizeof(cell->record.blob_sha256));
	}
	manager_save(job->manager);
}

static int begin_step(struct job *job, enum bus_verb verb, struct cell *cell, struct error *error)
{
	struct manager *manager = job->manager;
	int r;

	job->step = step_new(verb);
	if (!job->step)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	r = fill_step(job, cell, error);
	if (r < 0)
		goto err_step;
	job->expired_at = 0;
	r = sd_event_add_time_relative(manager->event, &job->deadline, CLOCK_MONOTONIC,
				       deadline_of(job, cell), 0, on_deadline, job);
	if (r < 0) {
		error_set(error, ERROR_NO_RESOURCES, "no timer: %s", strerror(-r));
		goto err_step;
	}
	record_intent(job, cell);
	if (cell)
		cell->in_step = true;
	if (!watches_on(verb))
		observer_pause(manager->observer);
	r = worker_submit(manager->worker, run_step, on_step_done, job);
	if (r >= 0)
		return 0;
	if (cell)
		cell->in_step = false;
	if (!watches_on(verb))
		observer_resume(manager->observer);
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

/* The next step, or the end. */
static void advance(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};
	struct cell *cell = NULL;
	enum bus_verb verb;

	switch (job_decide(job, &verb, &cell, &error)) {
	case DECISION_STEP:
		/* A driver whose states make us go in circles. */
		if (job->steps_done >= step_limit(job->manager))
			error_set(&error, ERROR_DRIVER,
				  "the state does not become what it should after %u steps",
				  job->steps_done);
		else if (begin_step(job, verb, cell, &error) >= 0)
			return;
		break;
	case DECISION_ERROR:
	case DECISION_DONE:
		break;
	}
	end(job, &error);
}

void job_begin(struct job *job)
{
	struct cell *cell = job->cell ? manager_find_cell(job->manager, job->cell) : NULL;

	if (cell) {
		cell_set_operation(cell, verb_name(job->verb));
		cell_publish(cell);
	}
	advance(job);
}
