// SPDX-License-Identifier: GPL-2.0-only
#include "manager/forecast.h"

#include "manager/apply.h"
#include "manager/decide.h"
#include "manager/link.h"

#define STEP(verb) (1u << (verb))
/* More than any way takes. */
#define MAX_STEPS  10

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
	case VERB_DESTROY:
		cell->state = LIFECYCLE_DEFINED;
		break;
	case VERB_GROW_POOL:
		now->lacks_memory = false;
		break;
	case VERB_ADD_LINK:
		now->lacks_link = false;
		break;
	case VERB_REMOVE_LINK:
		now->unneeded = NULL;
		break;
	default:
		break;
	}
}

static bool may_kill(const struct job *job, const struct cell *cell)
{
	return job->manager->features & CELLVISOR_FEATURE_KILL && job_may_force(job, cell);
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
		.can_kill = manager->features & CELLVISOR_FEATURE_KILL,
		.was_running = cell_running(cell),
	};
	/* Where there is nothing for it now there may be when it is its turn. */
	uint32_t steps = job->whole && job->verb != VERB_STOP ? 0 : STEP(job->verb);

	/* What will be lacking is known only where nothing is enabled or destroyed before. */
	if (manager->state == HYPERVISOR_ENABLED && cell->state == LIFECYCLE_DEFINED) {
		now.unneeded = links_find_unneeded(manager);
		now.lacks_memory = plan_growth(manager, cell) > 0;
		now.lacks_link = links_lack(manager, cell);
	}
	if (job->verb == VERB_STOP && may_kill(job, cell))
		steps |= STEP(VERB_KILL);
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
		if (next.step == VERB_STOP && may_kill(job, cell))
			steps |= STEP(VERB_KILL);
		if (!job->whole && next.step == job->verb)
			break;
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
			steps |= STEP(VERB_STOP) | (may_kill(job, cell) ? STEP(VERB_KILL) : 0);
	}
	for (const struct link *link = job->manager->links; link; link = link->next) {
		if (!link->stuck)
			steps |= STEP(VERB_REMOVE_LINK);
	}
	return steps;
}

static uint32_t forecast_apply(const struct job *job)
{
	_cleanup_(changes_done) struct changes changes = {0};
	_cleanup_(error_done) struct error error = {0};

	return apply_plan(job->manager, &changes, &error) < 0
		       ? 0
		       : changes_steps(job->manager, &changes);
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
	return cell ? forecast_way(job, cell) : STEP(job->verb);
}
