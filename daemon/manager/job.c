// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job.h"

#include <string.h>

struct job *job_new(struct manager *manager, enum bus_verb verb, const char *cell)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->manager = manager;
	job->verb = verb;
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
	sd_event_source_disable_unref(job->deadline);
	step_free(job->step);
	plan_done(&job->plan);
	for (size_t i = 0; i < ARRAY_SIZE(job->images); i++) {
		if (job->images[i].fd >= 0)
			close(job->images[i].fd);
	}
	free(job->signal);
	free(job->cell);
	free(job);
}

void job_answer(struct job *job, const struct error *error)
{
	if (job->done)
		job->done(error, job->userdata);
	job->done = NULL;
}

struct cell *job_cell(const struct job *job)
{
	return job->cell ? manager_find_cell(job->manager, job->cell) : NULL;
}
