// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job_run.h"

#include <errno.h>
#include <string.h>

#include "manager/apply.h"
#include "manager/decide.h"
#include "manager/job_queue.h"
#include "manager/job_step.h"
#include "manager/observe.h"
#include "manager/on_failure.h"
#include "manager/sight.h"
#include "util/log.h"
#include "util/message_ids.h"

#define SECOND_US 1000000ull
/* After its deadline a step is told to give up; this much later it counts as stuck. */
#define GRACE_US  (10 * SECOND_US)
/* The signal may come just before the system call that it is to end. */
#define REPEAT_US (SECOND_US / 10)

static void do_next_step(struct job *job);

/* In the worker: the job itself is none of its business. */
static void run_step(void *userdata)
{
	const struct job *job = userdata;

	step_run(job->step);
}

#define WAITING_ENTRY(verb, word, ...) [verb] = word ", waiting",

/* What is being done with a cell, or else waits to be. */
static const char *operation_of(const struct manager *manager, const char *cell)
{
	static const char *const waiting[] = {BUS_VERBS(WAITING_ENTRY)};
	const struct job *at_work[] = {manager->urgent, manager->current};
	const struct job *queued = queue_find(manager, cell);
	const struct cell *found = manager_find_cell(manager, cell);

	for (size_t i = 0; i < ARRAY_SIZE(at_work); i++) {
		if (at_work[i] && at_work[i]->cell && strcmp(at_work[i]->cell, cell) == 0)
			return verb_name(at_work[i]->verb);
	}
	if (apply_is_about(manager, cell))
		return verb_name(VERB_APPLY);
	if (queued)
		return waiting[queued->verb];
	return found && found->record.restart.due ? verb_name(VERB_RESTART) : "";
}

static void show_operation(struct manager *manager, const char *name)
{
	struct cell *cell = name ? manager_find_cell(manager, name) : NULL;

	if (!cell)
		return;
	cell_set_operation(cell, operation_of(manager, name));
	manager_publish_cell(manager, cell);
}

void jobs_show(struct manager *manager)
{
	/* The hypervisor's end shows itself. */
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (strcmp(cell->operation, verb_name(VERB_DISABLE)) != 0)
			show_operation(manager, cell->name);
	}
}

static void begin(struct job *job)
{
	struct manager *manager = job->manager;

	if (job->verb == VERB_DISABLE) {
		links_unstick(manager);
		manager_show_disable(manager, true);
	}
	show_operation(manager, job->cell);
}

/*
 * Begins what may be begun: a Kill first, and no other step while it lasts. In a loop and not by
 * calling itself, because root's jobs are not limited and each may be refused at once.
 */
static void run_next(struct manager *manager)
{
	struct job *job;

	if (manager->running_jobs)
		return;
	manager->running_jobs = true;
	for (;;) {
		if (!manager->urgent && (job = queue_take_kill(manager))) {
			manager->urgent = job;
			begin(job);
			do_next_step(job);
			continue;
		}
		job = manager->current;
		if (manager->urgent || (job && !job->parked))
			break;
		if (job) {
			job->parked = false;
			do_next_step(job);
			continue;
		}
		job = queue_take(manager);
		if (!job)
			break;
		manager->current = job;
		job->parked = true;
		begin(job);
	}
	manager->running_jobs = false;
}

/* What went wrong with it is told of the cell; a call that does not fit the state of things is not.
 */
static void note_outcome(const struct job *job, struct cell *cell, const struct error *error)
{
	if (error_is_set(error) && error->code != ERROR_WRONG_STATE &&
	    error->code != ERROR_HYPERVISOR_OFF)
		cell_set_last_error(cell, error_text(error));
	/* What somebody has put right is over; how a cell failed is evidence. */
	else if (!error_is_set(error) && job->asked && cell->state != LIFECYCLE_FAILED)
		cell_set_last_error(cell, NULL);
	on_failure_job_ended(job, cell, error);
}

static void end(struct job *job, const struct error *error)
{
	struct manager *manager = job->manager;
	struct cell *cell = job_cell(job);

	if (error_is_set(error))
		log_event(LOG_NOTICE, NULL, job->cell, NULL, 0, "Cannot %s%s%s: %s",
			  verb_name(job->verb), job->cell ? " " : "", job->cell ? job->cell : "",
			  error_reason(error_text(error), verb_name(job->verb), job->cell));
	if (job->verb == VERB_DISABLE)
		manager_show_disable(manager, false);
	if (manager->urgent == job)
		manager->urgent = NULL;
	else
		manager->current = NULL;
	if (cell)
		note_outcome(job, cell, error);
	show_operation(manager, job->cell);
	job_answer(job, error);
	job_free(job);
	run_next(manager);
}

static struct worker *worker_of(const struct job *job)
{
	return job->manager->urgent == job ? job->manager->urgent_worker : job->manager->worker;
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
	queue_refuse(job->manager, job != job->manager->urgent, &error);
	jobs_show(job->manager);
	run_next(job->manager);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct job *job = userdata;
	uint64_t now = manager_now_ns(job->manager) / 1000;

	atomic_store(&job->step->expired, true);
	worker_interrupt(worker_of(job));
	if (!job->expired_at && !job->cancelled)
		log_event(LOG_WARNING, NULL, job->cell, NULL, 0,
			  "The time for %s %s is over; the driver is told to give up",
			  verb_name(job->step->verb), job->step->cell);
	if (!job->expired_at)
		job->expired_at = now;
	sd_event_source_set_time(source, now + REPEAT_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (!job->stuck && now - job->expired_at >= GRACE_US)
		give_up(job);
	return 0;
}

/*
 * A Kill is an emergency: what would start its cell comes to nothing, and the step about the cell
 * that it has to wait for is cut short where it can be.
 */
static void make_way(struct job *kill)
{
	struct job *current = kill->manager->current;
	const struct step *step = current ? current->step : NULL;

	kill->was_running |= queue_cancel(kill->manager, kill->cell, false, JOB_KILLED);
	if (current && current->cell && strcmp(current->cell, kill->cell) == 0 &&
	    job_brings_to_life(current)) {
		kill->was_running = true;
		current->cancelled = JOB_KILLED;
	}
	if (!step || strcmp(step->cell, kill->cell) != 0 || step->verb == VERB_KILL ||
	    step->verb == VERB_DESTROY)
		return;
	if (step->verb == VERB_STOP)
		atomic_store(&current->step->kill_now, true);
	sd_event_source_set_time(current->deadline, 0);
}

/* With the next step, but for a Kill that waited for this one to end. */
static void go_on(struct job *job)
{
	if (job == job->manager->urgent) {
		do_next_step(job);
		return;
	}
	job->parked = true;
	run_next(job->manager);
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
	/*
	 * The step has looked for us. A device that is of no use any more is to be closed, though:
	 * open it keeps the module.
	 */
	observer_restart(manager->observer,
			 !step->snapshot || manager->state != HYPERVISOR_ENABLED);
	/* The answer was that it did not come back; what came of it all the same is in the state.
	 */
	if (job->stuck && !error_is_set(&step->error))
		log_notice("The driver came back from %s %s, which is done", verb_name(step->verb),
			   step->cell);
	else if (job->stuck)
		error_set(&error, ERROR_TIMEOUT, "the driver came back from %s too late",
			  verb_name(step->verb));
	else if (job->cancelled)
		job_set_cancelled(job, job->cancelled, &error);
	else if (error_is_set(&step->error))
		error_set(&error, step->error.code, "%s", error_text(&step->error));
	if (job->stuck || (error_is_set(&error) && !job_goes_on_after(job, step)))
		end(job, &error);
	else
		go_on(job);
}

static int begin_step(struct job *job, enum bus_verb verb, struct cell *about, struct error *error)
{
	struct cell *cell = job_step_is_of_cell(verb) ? about : NULL;
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
	r = job_record_intent(job, cell, error);
	if (r < 0)
		goto err_step;
	if (cell)
		cell->in_step = true;
	r = worker_submit(worker_of(job), run_step, on_step_done, job);
	if (r >= 0)
		return 0;
	if (cell)
		cell->in_step = false;
	else
		manager->intent[0] = '\0';
	error_set(error, ERROR_BUSY, "the worker is busy");
err_step:
	step_free(job->step);
	job->step = NULL;
	return r;
}

/* It was looked at what it would take when he was asked about; that may be another thing now. */
static int check_granted(const struct job *job, enum bus_verb step, struct error *error)
{
	const uint32_t bit = 1u << step;

	if (!(JOB_GUARDED & bit) || job->granted & bit || step == job->verb)
		return 0;
	return error_set(error, ERROR_WRONG_STATE,
			 "to %s%s%s takes a step now (%s) that it did not when it was allowed; "
			 "call again",
			 verb_name(job->verb), job->cell ? " " : "", job->cell ? job->cell : "",
			 verb_name(step));
}

static struct decision decide_next(const struct job *job, const struct cell *cell)
{
	struct manager *manager = job->manager;

	return decide(&(const struct situation){
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
		.can_kill = manager->features & CELLVISOR_FEATURE_KILL,
		.has_unused_piece = plan_unused_piece(manager) < manager->pool.count,
		.lacks_memory =
			cell && cell->state == LIFECYCLE_DEFINED && plan_growth(manager, cell) > 0,
		.lacks_link = cell && links_lack(manager, cell),
		.was_running = job->was_running,
		.pool_left = manager->pool_left,
		.keeps_told = manager->keeps_told,
		.stepped = job->steps_done > 0,
		.stopped = job->stopped,
		.started = job->started,
	});
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
	next = decide_next(job, cell);
	if (next.check && plan_check(manager, cell, error) < 0)
		return -EINVAL;
	/* By its last step alone, too: its unit follows, and would have others started. */
	if (next.kind == DECISION_STEP && (job->whole ? next.check : next.step == VERB_START) &&
	    manager_check_required(manager, cell, NULL, error) < 0)
		return -EINVAL;
	if (next.kind == DECISION_DONE)
		return 0;
	/* A cell is not stopped, nor CPUs taken from Linux, for what could not be loaded then. */
	if (next.check && next.kind == DECISION_STEP && job_verifies_first(job, cell, next.step))
		next = (struct decision){.kind = DECISION_STEP, .step = VERB_VERIFY, .cell = cell};
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
	if (check_granted(job, *ret_step, error) < 0)
		return -EINVAL;
	*ret_cell = next.cell ? manager_find_cell(manager, next.cell->name) : NULL;
	return 1;
}

/* Or the end. */
static void do_next_step(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};
	struct cell *cell = NULL;
	enum bus_verb step = VERB_COUNT;

	if (job->cancelled) {
		job_set_cancelled(job, job->cancelled, &error);
	} else if ((job->steps_done || job_check_ended(job, &error) >= 0) &&
		   decide_step(job, &step, &cell, &error) > 0) {
		/* A driver whose states make us go in circles. */
		if (job->steps_done >= job_step_limit(job->manager))
			error_set(&error, ERROR_DRIVER,
				  "the state does not become what it should after %u steps",
				  job->steps_done);
		else if (begin_step(job, step, cell, &error) >= 0)
			return;
	}
	end(job, &error);
}

/* All cells may have come to their end while it was looked up who asks, or a password typed. */
static bool refuse(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};

	if (job_check_stuck(job, &error) < 0)
		on_failure_job_dropped(job, false);
	else if (!job->asked || job_check_ended(job, &error) >= 0)
		return false;
	job_answer(job, &error);
	job_free(job);
	return true;
}

void job_submit(struct job *job)
{
	struct manager *manager = job->manager;
	const struct cell *cell = job_cell(job);
	_cleanup_(freep) char *name = NULL;
	bool began;

	job->asked = job->done != NULL;
	if (refuse(job))
		return;
	/* What is asked for from now on is behind it. */
	if (job->verb == VERB_DISABLE)
		job->number = ++manager->num_jobs;
	job->was_running = cell && cell_running(cell);
	on_failure_job_submitted(job);
	apply_note_job(job);
	/* What is answered meanwhile may submit more; none begins, and ends, before all are in
	 * their places. */
	began = manager->running_jobs;
	manager->running_jobs = true;
	queue_add(manager, job);
	name = job->cell ? strdup(job->cell) : NULL;
	if (job->verb == VERB_KILL)
		make_way(job);
	manager->running_jobs = began;
	run_next(manager);
	/* Where it waits; it may have been done by now, too. */
	show_operation(manager, name);
}

int jobs_cancel(struct manager *manager, const char *cell, struct error *error)
{
	struct job *current = manager->current;
	const bool queued = queue_cancel(manager, cell, true, JOB_WITHDRAWN);
	const bool waited = on_failure_withdraw(manager, cell) || queued;
	const bool at_work = current && current->cell && strcmp(current->cell, cell) == 0;
	const bool stops = at_work && current->step && current->step->verb == VERB_STOP;

	show_operation(manager, cell);
	if (at_work && (current->whole || stops) && !current->cancelled)
		current->cancelled = JOB_WITHDRAWN;
	else if (!waited)
		return error_set(error, ERROR_WRONG_STATE, "nothing that %s cell %s",
				 at_work ? "could be withdrawn is being done with"
					 : "is being done is about",
				 cell);
	if (stops) {
		atomic_store(&current->step->withdrawn, true);
		sd_event_source_set_time(current->deadline, 0);
	}
	return 0;
}

void job_abandon(struct job *job)
{
	struct manager *manager = job->manager;

	if (queue_withdraw(manager, job))
		jobs_show(manager);
}
