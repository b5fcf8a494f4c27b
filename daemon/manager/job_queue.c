// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job_queue.h"

#include <string.h>

static bool same_cell(const struct job *one, const struct job *other)
{
	return one->cell && other->cell ? strcmp(one->cell, other->cell) == 0
					: one->cell == other->cell;
}

static unsigned int rank(const struct job *job)
{
	if (job->verb == VERB_KILL)
		return 0;
	return job->of_user ? 2 : 1;
}

/* Whether the one does all that the other one would. */
static bool does_the_same(const struct job *one, const struct job *other)
{
	return one->verb == other->verb && one->whole == other->whole &&
	       one->force == other->force && one->num_images == 0 && other->num_images == 0 &&
	       one->granted == other->granted && rank(one) == rank(other) && same_cell(one, other);
}

/* The last one that is about the same, as the hypervisor's are about all cells. */
static struct job *find_last(const struct manager *manager, const struct job *job)
{
	struct job *last = NULL;

	for (struct job *queued = manager->queue; queued; queued = queued->next) {
		if (!queued->cell || !job->cell || same_cell(queued, job))
			last = queued;
	}
	return last;
}

static struct job *find_same(const struct manager *manager, const struct job *job)
{
	struct job *last = find_last(manager, job);

	if (last && does_the_same(last, job))
		return last;
	/* A second kill would only find the cell dead. */
	if (job->verb == VERB_KILL && manager->urgent && same_cell(manager->urgent, job))
		return manager->urgent;
	return NULL;
}

void queue_add(struct manager *manager, struct job *job)
{
	struct job *same = find_same(manager, job);
	struct job **link = &manager->queue;

	if (same) {
		job->merged = same->merged;
		same->merged = job;
		return;
	}
	while (*link && rank(*link) <= rank(job))
		link = &(*link)->next;
	job->next = *link;
	*link = job;
}

static struct job *take(struct job **link)
{
	struct job *job = *link;

	*link = job->next;
	job->next = NULL;
	return job;
}

/* A step that hangs is nothing that a kill could wait for. */
static bool may_be_killed(const struct manager *manager, const struct job *kill)
{
	const struct cell *cell = job_cell(kill);

	return !cell || !cell->in_step || (manager->current && manager->current->stuck);
}

struct job *queue_take_kill(struct manager *manager)
{
	struct job **link = &manager->queue;

	while (*link && ((*link)->verb != VERB_KILL || !may_be_killed(manager, *link)))
		link = &(*link)->next;
	return *link ? take(link) : NULL;
}

struct job *queue_take(struct manager *manager)
{
	struct job **link = &manager->queue;

	while (*link && (*link)->verb == VERB_KILL)
		link = &(*link)->next;
	return *link ? take(link) : NULL;
}

bool queue_cancel(struct manager *manager, const char *cell, bool all, const char *why)
{
	struct job **link = &manager->queue;
	_cleanup_(error_done) struct error error = {0};
	bool any = false;

	while (*link) {
		struct job *job = *link;

		if (!job->cell || strcmp(job->cell, cell) != 0 ||
		    !(all || job_brings_to_life(job))) {
			link = &job->next;
			continue;
		}
		take(link);
		job_set_cancelled(job, why, &error);
		job_answer(job, &error);
		job_free(job);
		any = true;
	}
	return any;
}

/* Nobody waits for it; what the daemon itself wants nobody ever did. */
static bool is_unwanted(const struct job *job)
{
	for (; job; job = job->merged) {
		if (job->done || !job->asked)
			return false;
	}
	return true;
}

bool queue_withdraw(struct manager *manager, struct job *job)
{
	struct job **link = &manager->queue;

	job->done = NULL;
	while (*link && !is_unwanted(*link))
		link = &(*link)->next;
	if (!*link)
		return false;
	job_free(take(link));
	return true;
}

const struct job *queue_find(const struct manager *manager, const char *cell)
{
	const struct job *job = manager->queue;

	while (job && !(job->cell && strcmp(job->cell, cell) == 0))
		job = job->next;
	return job;
}

void queue_refuse(struct manager *manager, bool keep_kills, const struct error *error)
{
	struct job **link = &manager->queue;

	while (*link) {
		struct job *job = *link;

		if (keep_kills && job->verb == VERB_KILL) {
			link = &job->next;
			continue;
		}
		take(link);
		job_answer(job, error);
		job_free(job);
	}
}
