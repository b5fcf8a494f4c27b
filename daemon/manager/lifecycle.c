// SPDX-License-Identifier: GPL-2.0-only
/* What a job does next, by the state that things are in: asked anew after every step. */
#include <string.h>

#include "manager/job.h"
#include "manager/plan.h"

static enum decision fail(struct error *error, enum error_code code, const struct cell *cell,
			  const char *what)
{
	error_set(error, code, "cell %s is %s: %s", cell->name, lifecycle_name(cell->state), what);
	return DECISION_ERROR;
}

static enum decision step_on(struct cell *cell, enum bus_verb verb, enum bus_verb *ret_verb,
			     struct cell **ret_cell)
{
	*ret_verb = verb;
	*ret_cell = cell;
	return DECISION_STEP;
}

static enum decision need_hypervisor(const struct manager *manager, struct error *error)
{
	if (manager->state == HYPERVISOR_ENABLED)
		return DECISION_DONE;
	error_set(error, ERROR_HYPERVISOR_OFF, "%s",
		  manager->state == HYPERVISOR_OFF
			  ? "the hypervisor is not enabled; call EnableHypervisor first"
			  : "there is no driver; load the module cellvisor first");
	return DECISION_ERROR;
}

/* One of the methods that are a single step. */
struct single {
	uint32_t states; /* bits of enum lifecycle in which it is allowed */
	const char *hint;
};

#define STATE(name) (1u << LIFECYCLE_##name)

static const struct single singles[] = {
	[VERB_CREATE] = {STATE(DEFINED), "it is created already"},
	[VERB_LOAD] = {STATE(CREATED) | STATE(LOADED) | STATE(SHUT_DOWN) | STATE(FAILED),
		       "Load needs a cell that is created and does not run"},
	[VERB_START] = {STATE(LOADED), "Start needs a cell that is loaded"},
	[VERB_STOP] = {STATE(RUNNING) | STATE(RUNNING_LOCKED), "there is nothing to stop"},
	[VERB_KILL] = {STATE(RUNNING) | STATE(RUNNING_LOCKED), "there is nothing to kill"},
	[VERB_DESTROY] = {STATE(CREATED) | STATE(LOADED) | STATE(SHUT_DOWN) | STATE(FAILED),
			  "Destroy needs a cell that is created and does not run"},
};

static enum decision decide_single(struct job *job, struct cell *cell, enum bus_verb *ret_verb,
				   struct cell **ret_cell, struct error *error)
{
	const struct single *single = &singles[job->verb];

	if (need_hypervisor(job->manager, error) == DECISION_ERROR)
		return DECISION_ERROR;
	/* It ended while the Kill was waiting, perhaps by a Stop that the Kill cut short. */
	if (job->verb == VERB_KILL && job->was_running && !cell_running(cell))
		return DECISION_DONE;
	if (!(single->states & (1u << cell->state)))
		return fail(error, ERROR_WRONG_STATE, cell, single->hint);
	if (!cell->description && (job->verb == VERB_CREATE || job->verb == VERB_LOAD))
		return fail(error, ERROR_INVALID, cell, "it has no description any more");
	if (job->verb == VERB_CREATE && plan_check(job->manager, cell, error) < 0)
		return DECISION_ERROR;
	return step_on(cell, job->verb, ret_verb, ret_cell);
}

/* Whether the cell would be created differently today. Negative with error set: not at all. */
static int description_changed(struct manager *manager, struct cell *cell, struct error *error)
{
	struct plan plan;
	int r;

	/* Where it is now it may stay, whatever its neighbours have come to want. */
	if (plan_unchanged(cell))
		return 0;
	r = plan_create(manager, cell, error, &plan);
	if (r < 0)
		return r;
	r = strcmp(plan.blob_sha256, cell->record.blob_sha256) != 0;
	plan_done(&plan);
	return r;
}

static enum decision decide_reload_images(struct job *job, struct cell *cell,
					  enum bus_verb *ret_verb, struct cell **ret_cell,
					  struct error *error)
{
	int changed = description_changed(job->manager, cell, error);

	if (changed < 0)
		return DECISION_ERROR;
	return step_on(cell, changed ? VERB_DESTROY : VERB_LOAD, ret_verb, ret_cell);
}

static enum decision decide_running(struct job *job, struct cell *cell, enum bus_verb *ret_verb,
				    struct cell **ret_cell)
{
	/* It runs, but does not live: to be told "started" would be a lie. */
	if (!job->started && cell->health == HEALTH_FAILED)
		return step_on(cell, VERB_KILL, ret_verb, ret_cell);
	return DECISION_DONE;
}

static enum decision decide_start_cell(struct job *job, struct cell *cell, enum bus_verb *ret_verb,
				       struct cell **ret_cell, struct error *error)
{
	struct manager *manager = job->manager;

	if (job->started) {
		if (cell->state != LIFECYCLE_FAILED)
			return DECISION_DONE;
		return fail(error, ERROR_WRONG_STATE, cell,
			    cell->last_error ? cell->last_error
					     : "it failed right after its start");
	}
	if (cell_running(cell))
		return decide_running(job, cell, ret_verb, ret_cell);
	if (!cell->description)
		return fail(error, ERROR_INVALID, cell, "it has no description any more");
	/* Before anything is changed. */
	if (!job->steps_done && plan_check(manager, cell, error) < 0)
		return DECISION_ERROR;
	if (manager->state == HYPERVISOR_OFF && manager->config.auto_enable)
		return step_on(NULL, VERB_ENABLE, ret_verb, ret_cell);
	if (need_hypervisor(manager, error) == DECISION_ERROR)
		return DECISION_ERROR;
	switch (cell->state) {
	case LIFECYCLE_DEFINED:
		return step_on(cell, VERB_CREATE, ret_verb, ret_cell);
	case LIFECYCLE_LOADED:
		return step_on(cell, VERB_START, ret_verb, ret_cell);
	case LIFECYCLE_CREATED:
	case LIFECYCLE_SHUT_DOWN:
	case LIFECYCLE_FAILED:
		return decide_reload_images(job, cell, ret_verb, ret_cell, error);
	default:
		return DECISION_DONE;
	}
}

static enum decision decide_stop_cell(struct job *job, struct cell *cell, enum bus_verb *ret_verb,
				      struct cell **ret_cell)
{
	if (job->stopped || !cell_running(cell))
		return DECISION_DONE;
	job->stopped = true;
	return step_on(cell, VERB_STOP, ret_verb, ret_cell);
}

static enum decision decide_restart_cell(struct job *job, struct cell *cell,
					 enum bus_verb *ret_verb, struct cell **ret_cell,
					 struct error *error)
{
	if (!job->stopped && cell_running(cell)) {
		/* One that could not be started again is left running. */
		if (!cell->description)
			return fail(error, ERROR_INVALID, cell, "it has no description any more");
		if (plan_check(job->manager, cell, error) < 0)
			return DECISION_ERROR;
		job->stopped = true;
		/* One without a pulse answers nothing. */
		return step_on(cell, cell->health == HEALTH_FAILED ? VERB_KILL : VERB_STOP,
			       ret_verb, ret_cell);
	}
	return decide_start_cell(job, cell, ret_verb, ret_cell, error);
}

static enum decision decide_enable(struct job *job, enum bus_verb *ret_verb, struct cell **ret_cell,
				   struct error *error)
{
	switch (job->manager->state) {
	case HYPERVISOR_ENABLED:
		return DECISION_DONE;
	case HYPERVISOR_OFF:
		return step_on(NULL, VERB_ENABLE, ret_verb, ret_cell);
	default:
		return need_hypervisor(job->manager, error);
	}
}

/* The first cell that has to be taken care of before the hypervisor goes, or one that forbids it.
 */
static enum decision decide_disable(struct job *job, enum bus_verb *ret_verb,
				    struct cell **ret_cell, struct error *error)
{
	struct manager *manager = job->manager;

	if (manager->state != HYPERVISOR_ENABLED)
		return DECISION_DONE;
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (job->force)
			break;
		if (cell->state == LIFECYCLE_FOREIGN)
			return fail(error, ERROR_WRONG_STATE, cell,
				    "disabling the hypervisor would end it; remove it with what "
				    "made it, or use force");
		if (cell_running(cell))
			return fail(error, ERROR_WRONG_STATE, cell,
				    "disabling the hypervisor would end it; stop it first, or use "
				    "force");
	}
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell_running(cell))
			return step_on(cell, VERB_STOP, ret_verb, ret_cell);
	}
	/* Only when none runs: one could have locked the configuration. */
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell_owned(cell))
			return step_on(cell, VERB_DESTROY, ret_verb, ret_cell);
	}
	return step_on(NULL, VERB_DISABLE, ret_verb, ret_cell);
}

static enum decision decide_cell(struct job *job, struct cell *cell, enum bus_verb *ret_verb,
				 struct cell **ret_cell, struct error *error)
{
	if (cell->state == LIFECYCLE_FOREIGN)
		return fail(error, ERROR_WRONG_STATE, cell,
			    "it was made by somebody else and is not touched");
	if (!job->whole)
		return decide_single(job, cell, ret_verb, ret_cell, error);
	switch (job->verb) {
	case VERB_START:
		return decide_start_cell(job, cell, ret_verb, ret_cell, error);
	case VERB_STOP:
		return decide_stop_cell(job, cell, ret_verb, ret_cell);
	default:
		return decide_restart_cell(job, cell, ret_verb, ret_cell, error);
	}
}

enum decision job_decide(struct job *job, enum bus_verb *ret_verb, struct cell **ret_cell,
			 struct error *error)
{
	struct cell *cell;

	/* What the driver has is not known: nothing that is said of it would be true. */
	if (!job->manager->observed) {
		error_set(error, ERROR_BUSY, "the driver has not told yet which cells there are");
		return DECISION_ERROR;
	}
	if (job->verb == VERB_ENABLE)
		return decide_enable(job, ret_verb, ret_cell, error);
	if (job->verb == VERB_DISABLE)
		return decide_disable(job, ret_verb, ret_cell, error);
	/* After its one step; there may be no such cell any more. */
	if (!job->whole && job->steps_done)
		return DECISION_DONE;
	cell = manager_look_up(job->manager, job->cell, error);
	if (!cell)
		return DECISION_ERROR;
	return decide_cell(job, cell, ret_verb, ret_cell, error);
}
