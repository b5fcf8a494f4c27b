// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job.h"

#include <string.h>

/* Each link of a cell may have to go and to come. */
#define MAX_STEPS_OF_CELL (8 + 2 * DESCRIPTION_MAX_LINKS)

struct job *job_new(struct manager *manager, enum bus_verb verb, const char *cell)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->manager = manager;
	job->number = ++manager->num_jobs;
	job->verb = verb;
	job->granted = JOB_GUARDED;
	for (size_t i = 0; i < ARRAY_SIZE(job->images); i++)
		job->images[i].fd = -1;
	job->cell = cell ? strdup(cell) : NULL;
	if (cell && !job->cell) {
		job_free(job);
		return NULL;
	}
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	while (job->merged) {
		struct job *merged = job->merged;

		job->merged = merged->merged;
		merged->merged = NULL;
		job_free(merged);
	}
	sd_event_source_disable_unref(job->deadline);
	step_free(job->step);
	plan_done(&job->plan);
	description_free(job->described);
	for (size_t i = 0; i < ARRAY_SIZE(job->images); i++) {
		if (job->images[i].fd >= 0)
			close(job->images[i].fd);
	}
	free(job->plan_id);
	free(job->signal);
	free(job->cell);
	free(job);
}

void job_answer(struct job *job, const struct error *error)
{
	for (; job; job = job->merged) {
		if (job->done)
			job->done(error, job->userdata);
		job->done = NULL;
	}
}

void job_set_cancelled(const struct job *job, const char *why, struct error *error)
{
	error_set(error, ERROR_WRONG_STATE, "cell %s %s", job->cell, why);
}

void job_end_all(struct manager *manager, const struct job *job, const char *why)
{
	const uint64_t number = job ? job->number : manager->num_jobs;

	if (number < manager->ended_jobs)
		return;
	manager->ended_jobs = number;
	manager->ended_why = why;
}

int job_check_ended(const struct job *job, struct error *error)
{
	const struct manager *manager = job->manager;

	if (job->number > manager->ended_jobs ||
	    !(job_brings_to_life(job) || job->verb == VERB_APPLY))
		return 0;
	return error_set(error, ERROR_WRONG_STATE, "%s%s %s", job->cell ? "cell " : "the plan",
			 job->cell ? job->cell : "", manager->ended_why);
}

int job_check_stuck(const struct job *job, struct error *error)
{
	const struct manager *manager = job->manager;
	const struct job *stuck = manager->urgent;

	if (!stuck || !stuck->stuck)
		stuck = job->verb == VERB_KILL ? NULL : manager->current;
	if (!stuck || !stuck->stuck)
		return 0;
	return error_set(error, ERROR_BUSY, "the driver has not come back from %s%s%s yet",
			 verb_name(stuck->verb), stuck->cell ? " " : "",
			 stuck->cell ? stuck->cell : "");
}

bool job_brings_to_life(const struct job *job)
{
	return job->verb == VERB_START || job->verb == VERB_RESTART || job->verb == VERB_CREATE ||
	       job->verb == VERB_LOAD;
}

bool job_may_force(const struct job *job, const struct cell *cell)
{
	return job->force || (cell->description && cell->description->stop_force);
}

struct cell *job_cell(const struct job *job)
{
	return job->cell ? manager_find_cell(job->manager, job->cell) : NULL;
}

unsigned int job_step_limit(const struct manager *manager)
{
	unsigned int cells = 0;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next)
		cells++;
	return MAX_STEPS_OF_CELL * (cells + 1);
}
