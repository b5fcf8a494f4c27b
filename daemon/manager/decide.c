// SPDX-License-Identifier: GPL-2.0-only
#include "manager/decide.h"

#include "driver/step.h"

#define STATE(name)    (1u << LIFECYCLE_##name)
#define STATES_RUNNING (STATE(RUNNING) | STATE(RUNNING_LOCKED))
#define STATES_AT_REST (STATE(CREATED) | STATE(LOADED) | STATE(SHUT_DOWN) | STATE(FAILED))

static const struct decision done = {.kind = DECISION_DONE};

static struct decision step_on(const struct cell *cell, enum bus_verb step)
{
	return (struct decision){.kind = DECISION_STEP, .step = step, .cell = cell};
}

static struct decision remove_link(const struct link *link)
{
	return (struct decision){.kind = DECISION_STEP, .step = VERB_REMOVE_LINK, .link = link};
}

/* What Linux has of links has to be right before it, and before that there must be room for all. */
static struct decision step_to_create(const struct situation *now)
{
	if (now->unneeded)
		return remove_link(now->unneeded);
	if (now->lacks_memory)
		return step_on(now->cell, VERB_GROW_POOL);
	return step_on(now->cell, now->lacks_link ? VERB_ADD_LINK : VERB_CREATE);
}

static struct decision refuse(const struct cell *cell, enum error_code error, const char *why)
{
	return (struct decision){
		.kind = DECISION_REFUSED, .error = error, .why = why, .cell = cell};
}

static struct decision refuse_without_hypervisor(const struct situation *now)
{
	return refuse(NULL, ERROR_HYPERVISOR_OFF,
		      now->hypervisor == HYPERVISOR_OFF
			      ? "the hypervisor is not enabled; call EnableHypervisor first"
			      : "there is no driver; load the module cellvisor first");
}

/* Before anything is given away: not with memory and CPUs that nobody has chosen. */
static struct decision enable(const struct situation *now)
{
	if (now->config_error)
		return refuse(NULL, ERROR_INVALID, now->config_error);
	return step_on(NULL, VERB_ENABLE);
}

static struct decision refuse_without_description(const struct cell *cell)
{
	/* None before the one that is there now, which has errors. */
	if (cell->broken)
		return refuse(NULL, ERROR_INVALID, cell->broken);
	return refuse(cell, ERROR_INVALID,
		      "it has no description any more; write one, and reload cellmgrd");
}

/* The methods that are a single step: in which states, and what to say in others. */
static const struct {
	uint32_t states; /* bits of enum lifecycle */
	const char *hint;
} singles[VERB_STEP_COUNT] = {
	[VERB_CREATE] = {STATE(DEFINED), "it is created already"},
	[VERB_LOAD] = {STATES_AT_REST, "Load needs a cell that is created and does not run"},
	[VERB_START] = {STATE(LOADED), "Start needs a cell that is loaded"},
	[VERB_STOP] = {STATES_RUNNING, "there is nothing to stop"},
	[VERB_KILL] = {STATES_RUNNING, "there is nothing to kill"},
	[VERB_DESTROY] = {STATES_AT_REST, "Destroy needs a cell that is created and does not run"},
};

static struct decision decide_single(const struct situation *now)
{
	const struct cell *cell = now->cell;
	struct decision decision;

	/* It ended while the Kill was waiting, perhaps by a Stop that the Kill cut short. */
	if (now->verb == VERB_KILL && now->was_running && !cell_running(cell))
		return done;
	if (!(singles[now->verb].states & (1u << cell->state)))
		return refuse(cell, ERROR_WRONG_STATE, singles[now->verb].hint);
	/* Without it there is none to load, start or end. */
	if (now->hypervisor != HYPERVISOR_ENABLED)
		return refuse_without_hypervisor(now);
	if (!cell->description && (now->verb == VERB_CREATE || now->verb == VERB_LOAD))
		return refuse_without_description(cell);
	decision = now->verb == VERB_CREATE ? step_to_create(now) : step_on(cell, now->verb);
	decision.check = now->verb == VERB_CREATE;
	return decision;
}

/* Of a cell that is not running and has a description. */
static struct decision decide_step_to_start(const struct situation *now)
{
	struct decision decision;

	if (now->hypervisor == HYPERVISOR_OFF && now->auto_enable)
		return enable(now);
	if (now->hypervisor != HYPERVISOR_ENABLED)
		return refuse_without_hypervisor(now);
	if (now->cell->state == LIFECYCLE_DEFINED)
		return step_to_create(now);
	if (now->cell->state == LIFECYCLE_LOADED)
		return step_on(now->cell, VERB_START);
	decision = step_on(now->cell, VERB_LOAD);
	decision.renew = true;
	return decision;
}

/* One without a pulse answers nothing; but where the driver cannot kill, asking is all there is. */
static struct decision end_ill(const struct situation *now)
{
	return step_on(now->cell, now->can_kill ? VERB_KILL : VERB_STOP);
}

static struct decision decide_start(const struct situation *now)
{
	const struct cell *cell = now->cell;
	struct decision decision;

	if (now->started && cell->state == LIFECYCLE_FAILED)
		return refuse(cell, ERROR_WRONG_STATE,
			      cell->last_error ? cell->last_error
					       : "it failed right after its start");
	if (now->started)
		return done;
	/* One that runs, but does not live: to be told "started" would be a lie. */
	if (cell_running(cell))
		return cell->health == HEALTH_FAILED ? end_ill(now) : done;
	if (!cell->description)
		return refuse_without_description(cell);
	decision = decide_step_to_start(now);
	/* Before anything is changed. */
	decision.check = !now->stepped;
	return decision;
}

static struct decision decide_stop(const struct situation *now)
{
	if (now->stopped || !cell_running(now->cell))
		return done;
	return step_on(now->cell, VERB_STOP);
}

static struct decision decide_restart(const struct situation *now)
{
	const struct cell *cell = now->cell;
	struct decision decision;

	if (now->stopped || now->started || !cell_running(cell))
		return decide_start(now);
	/* One that could not be started again is left running. */
	if (!cell->description)
		return refuse_without_description(cell);
	decision = cell->health == HEALTH_FAILED ? end_ill(now) : step_on(cell, VERB_STOP);
	decision.check = true;
	return decision;
}

static struct decision decide_enable(const struct situation *now)
{
	switch (now->hypervisor) {
	case HYPERVISOR_ENABLED:
		return done;
	case HYPERVISOR_OFF:
		return enable(now);
	default:
		return refuse_without_hypervisor(now);
	}
}

/* A cell that forbids it, else the first that has to be taken care of before. */
static struct decision decide_disable(const struct situation *now)
{
	if (now->hypervisor != HYPERVISOR_ENABLED)
		return done;
	for (const struct cell *cell = now->cells; cell && !now->force; cell = cell->next) {
		if (cell->state == LIFECYCLE_FOREIGN)
			return refuse(cell, ERROR_WRONG_STATE,
				      "disabling the hypervisor would end it; remove it with what "
				      "made it, or use force");
		if (cell_running(cell))
			return refuse(cell, ERROR_WRONG_STATE,
				      "disabling the hypervisor would end it; stop it first, or "
				      "use force");
	}
	for (const struct cell *cell = now->cells; cell; cell = cell->next) {
		if (cell_running(cell))
			return step_on(cell, VERB_STOP);
	}
	/* Only when none runs: one could have locked the configuration. */
	for (const struct cell *cell = now->cells; cell; cell = cell->next) {
		if (cell_owned(cell))
			return step_on(cell, VERB_DESTROY);
	}
	for (const struct link *link = now->links; link; link = link->next) {
		if (!link->stuck)
			return remove_link(link);
	}
	return step_on(NULL, VERB_DISABLE);
}

/* Nobody asks for it: where it is not needed any more it has come to nothing. */
static struct decision decide_remove_link(const struct situation *now)
{
	if (now->hypervisor != HYPERVISOR_ENABLED || !now->unneeded)
		return done;
	return remove_link(now->unneeded);
}

/* The configuration says what is to be; here only that it is said once. */
static struct decision decide_keep_cpus(const struct situation *now)
{
	if (now->hypervisor != HYPERVISOR_ENABLED || now->keeps_told)
		return done;
	return step_on(NULL, VERB_KEEP_CPUS);
}

static struct decision decide_shrink_pool(const struct situation *now)
{
	if (now->hypervisor == HYPERVISOR_OFF
		    ? !now->pool_left
		    : now->hypervisor != HYPERVISOR_ENABLED || !now->has_unused_piece)
		return done;
	return step_on(NULL, VERB_SHRINK_POOL);
}

struct decision decide(const struct situation *now)
{
	if (now->verb == VERB_ENABLE)
		return decide_enable(now);
	if (now->verb == VERB_DISABLE)
		return decide_disable(now);
	if (now->verb == VERB_REMOVE_LINK)
		return decide_remove_link(now);
	if (now->verb == VERB_KEEP_CPUS)
		return decide_keep_cpus(now);
	if (now->verb == VERB_SHRINK_POOL)
		return decide_shrink_pool(now);
	if (now->cell->state == LIFECYCLE_FOREIGN)
		return refuse(
			now->cell, ERROR_WRONG_STATE,
			"it is not known to this daemon and is not touched; where it is the one "
			"that its description means, 'cellctl adopt' takes it over");
	if (now->cell->state == LIFECYCLE_INVALID)
		return refuse(now->cell, ERROR_INVALID, "its description has errors");
	if (!now->whole)
		return decide_single(now);
	switch (now->verb) {
	case VERB_START:
		return decide_start(now);
	case VERB_STOP:
		return decide_stop(now);
	default:
		return decide_restart(now);
	}
}
