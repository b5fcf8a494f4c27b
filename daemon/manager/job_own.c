// SPDX-License-Identifier: GPL-2.0-only
/* What is done without that somebody asks for it. */
#include "manager/job_run.h"

#include "manager/on_failure.h"

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
	on_failure_follow_up(manager);
	if (manager->state == HYPERVISOR_OFF && manager->pool_left)
		submit_own(manager, VERB_SHRINK_POOL);
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

static void abandon(struct job *job)
{
	if (job && job->step)
		atomic_store(&job->step->abandoned, true);
}

void jobs_abandon(struct manager *manager)
{
	abandon(manager->current);
	abandon(manager->urgent);
}

void jobs_free(struct manager *manager)
{
	struct job *job;

	while ((job = manager->queue)) {
		manager->queue = job->next;
		job_free(job);
	}
	job_free(manager->urgent);
	job_free(manager->current);
	manager->urgent = manager->current = NULL;
}
