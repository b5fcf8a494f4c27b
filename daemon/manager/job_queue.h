/* SPDX-License-Identifier: GPL-2.0-only */
/* The jobs that wait, in the order in which they will be done. */
#ifndef JOB_QUEUE_H
#define JOB_QUEUE_H

#include "manager/job.h"

/*
 * Takes a job over: kills come before all others, those of root and of the daemon itself before
 * those of other users. One that asks for what the last one about the same cell asks for already
 * becomes part of that, and is answered with it.
 */
void queue_add(struct manager *manager, struct job *job);

/* The first Kill of a cell that no step is about, out of the queue; NULL: none. */
struct job *queue_take_kill(struct manager *manager);

/* The first of the others. */
struct job *queue_take(struct manager *manager);

/*
 * Answers those about the cell, NULL for any, all or only those that would bring it to life, that
 * they came to nothing; why as for job_set_cancelled(). What is asked for because of that answer
 * stays. Whether there were any.
 */
bool queue_cancel(struct manager *manager, const char *cell, bool all, const char *why);

/*
 * The one who asked for a job does not any more. Whether it is left out: then it is done for
 * nobody else either, and freed.
 */
bool queue_withdraw(struct manager *manager, struct job *job);

/* The first that waits about the cell; NULL: none. */
const struct job *queue_find(const struct manager *manager, const char *cell);

/* Leaves out the start of the daemon's own about a cell, where there is one. */
void queue_drop_own_start(struct manager *manager, const char *cell);

/* Answers all with an error, but for kills where those are kept. */
void queue_refuse(struct manager *manager, bool keep_kills, const struct error *error);

#endif /* JOB_QUEUE_H */
