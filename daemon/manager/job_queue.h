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

/* Answers those that would bring the cell of a Kill to life. Whether there were any. */
bool queue_cancel_starts(struct manager *manager, const struct job *kill);

/* Answers all with an error, but for kills where those are kept. */
void queue_refuse(struct manager *manager, bool keep_kills, const struct error *error);

#endif /* JOB_QUEUE_H */
