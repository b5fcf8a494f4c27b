/* SPDX-License-Identifier: GPL-2.0-only */
/* A step of a job: what it needs out of the manager's view, and what came of it into that view. */
#ifndef JOB_STEP_H
#define JOB_STEP_H

#include "manager/job.h"

/*
 * Makes job->step. cell is the one that it is about or whose link it is about, NULL for the
 * hypervisor; VERB_REMOVE_LINK is about job->plan.link. Returns 0, or
 * negative with error set and no step.
 */
int job_prepare_step(struct job *job, enum bus_verb verb, struct cell *cell, struct error *error);

/* Whether a step changes the cell that it is done for; else what comes is not that cell's yet. */
bool job_step_is_of_cell(enum bus_verb verb);

/* Whether it is to be seen first that the cell could be loaded; before a whole way, once. */
bool job_verifies_first(const struct job *job, const struct cell *cell, enum bus_verb next);

/* Whether the job goes on after a step that failed. */
bool job_goes_on_after(const struct job *job, const struct step *failed);

/* How long the step may take, in µs. */
uint64_t job_step_time(const struct job *job, const struct cell *cell);

/*
 * Puts on record that the step will be done, before it is begun: a successor of ours must know what
 * may have happened. Returns 0, or negative with error set: then it must not be begun. A Kill is
 * not made to depend on that: of a cell that has ended nothing has to be known.
 */
int job_record_intent(struct job *job, struct cell *cell, struct error *error);

/* Puts on record what came of the step, and into the journal what a person looks for there. */
void job_record_result(struct job *job);

#endif /* JOB_STEP_H */
