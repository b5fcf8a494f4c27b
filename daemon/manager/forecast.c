// SPDX-License-Identifier: GPL-2.0-only
#include "manager/forecast.h"

#include "manager/apply.h"
#include "manager/decide.h"

#define STEP(verb) (1u << (verb))
/* More than any way takes. */
#define MAX_STEPS  8

/* Things as they would be after a step. */
static void imagine(enum bus_verb step, struct situation *now, struct cell *cell)
{
	now->stepped = true;
	switch (step) {
	case VERB_ENABLE:
		now->hypervisor = HYPERVISOR_ENABLED;
		break;
	case VERB_CREATE:
		cell->state = LIFECYCLE_CREATED;
		break;
	case VERB_LOAD:
		cell->state = LIFECYCLE_LOADED;
		break;
	case VERB_START:
		cell->state = LIFECYCLE_RUNNING;
		now->started = true;
		break;
	case VERB_STOP:
		cell->state = LIFECYCLE_SHUT_DOWN;
		now->stopped = true;
		break;
	case VERB_KILL:
		cell->state = LIFECYCLE_FAILED;
		now->stopped = true;
		break;
	default:
		cell->state = LIFECYCLE_DEFINED;
		break;
	}
}

static uint32_t forecast_way(const struct job *job, struct cell *cell)
{
	struct manager *manager = job->manager;
	struct cell imagined = *cell;
	struct situation now = {
		.verb = job->verb,
		.whole = true,
		.force = job->force,
		.auto_enable = manager->config.auto_enable,
		.hypervisor = manager->state,
		.cell = &imagined,
		.cells = manager->cells,
		.was_running = cell_running(cell),
	};
	uint32_t steps = 0;

	for (unsigned int i = 0; i < MAX_STEPS; i++) {
		_cleanup_(error_done) struct error error = {0};
		struct decision next = decide(&now);

		if (next.kind != DECISION_STEP)
			break;
		/* One that is there is another one now, if it is to be. */
		if (next.renew && imagined.exists && !(steps & STEP(VERB_CREATE)) &&
		    plan_changed(manager, cell, &error) > 0)
			next.step = VERB_DESTROY;
		steps |= STEP(next.step);
		imagine(next.step, &now, &imagined);
	}
	return steps;
}

static uint32_t forecast_disable(const struct job *job)
{
	uint32_t steps = STEP(VERB_DISABLE);

	for (const struct cell *cell = job->manager->cells; cell; cell = cell->next) {
		if (cell_owned(cell))
			steps |= STEP(VERB_DESTROY);
		if (cell_running(cell) && job->force)
			steps |= STEP(VERB_STOP);
	}
	return steps;
}

static uint32_t forecast_apply(const struct job *job)
{
	_cleanup_(changes_done) struct changes changes = {0};
	_cleanup_(error_done) struct error error = {0};

	return apply_plan(job->manager, &changes, &error) < 0 ? 0 : changes_steps(&changes);
}

uint32_t forecast(const struct job *job)
{
	struct cell *cell = job_cell(job);

	if (job->verb == VERB_DISABLE)
		return forecast_disable(job);
	if (job->verb == VERB_APPLY)
		return forecast_apply(job);
	if (job_is_at_once(job))
		return 0;
	return job->whole && cell ? forecast_way(job, cell) : STEP(job->verb);
}
