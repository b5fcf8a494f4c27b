/* SPDX-License-Identifier: GPL-2.0-only */
/* Between job.c (who may, in which order) and job_run.c (what is done with the driver). */
#ifndef JOB_RUN_H
#define JOB_RUN_H

#include "manager/job.h"

/* Begins with the job that has become manager->current. */
void job_begin(struct job *job);

/* job is a Kill: cuts a stop of the same cell short, if one is in progress. */
void job_hasten(struct job *job);

/* job.c: answers the job's call, if any, with success or the error, and leaves no call. */
void job_answer(struct job *job, const struct error *error);
/* job.c: the current job is over; takes it down and goes on with the next. */
void job_finished(struct job *job);
/* job.c: answers all queued jobs with an error and drops them. */
void jobs_refuse_queued(struct manager *manager, const struct error *error);

#endif /* JOB_RUN_H */
