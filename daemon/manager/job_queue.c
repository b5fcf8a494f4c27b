// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job_queue.h"

#include <string.h>

#include "manager/on_failure.h"

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

	return last && does_the_same(last, job) ? last : NULL;
}

void queue_add(struct manager *manager, struct job *job)
{
	struct job *same = find_same(manager, job);
	struct job **link = &manager->queue;

	if (same) {
		job->merged = same->merged;
		same->merged = job;
		/* Who asked last has it done, whatever has come to an end before. */
		if (job->number > same->number)
			same->number = job->number;
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

/* Takes it out of the queue and puts it at the end of those that are to be dropped. */
static void set_aside(struct job **link, struct job ***end)
{
	**end = take(link);
	*end = &(**end)->next;
}

/* Not from the queue: who is answered may ask for more, and that is not meant. */
static void drop(struct job *dropped, const char *why, const struct error *error)
{
	while (dropped) {
		_cleanup_(job_freep) struct job *job = take(&dropped);
		_cleanup_(error_done) struct error cancelled = {0};

		if (why)
			job_set_cancelled(job, why, &cancelled);
		for (const struct job *one = job; one; one = one->merged)
			on_failure_job_dropped(one, why != NULL);
		job_answer(job, why ? &cancelled : error);
	}
}

bool queue_cancel(struct manager *manager, const char *cell, bool all, const char *why)
{
	struct job *dropped = NULL, **end = &dropped, **link = &manager->queue;

	while (*link) {
		const struct job *job = *link;

		if (job->cell && (!cell || strcmp(job->cell, cell) == 0) &&
		    (all || job_brings_to_life(job)))
			set_aside(link, &end);
		else
			link = &(*link)->next;
	}
	if (!dropped)
		return false;
	drop(dropped, why, NULL);
	return true;
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

void queue_drop_own_start(struct manager *manager, const char *cell)
{
	struct job **link = &manager->queue;

	while (*link && ((*link)->asked || (*link)->merged || (*link)->verb != VERB_START ||
			 strcmp((*link)->cell, cell) != 0))
		link = &(*link)->next;
	if (*link)
		job_free(take(link));
}

void queue_refuse(struct manager *manager, bool keep_kills, const struct error *error)
{
	struct job *dropped = NULL, **end = &dropped, **link = &manager->queue;

	while (*link) {
		if (keep_kills && (*link)->verb == VERB_KILL)
			link = &(*link)->next;
		else
			set_aside(link, &end);
	}
	drop(dropped, NULL, error);
}
