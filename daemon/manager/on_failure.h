/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a cell that has failed, and of the others for it: "on-failure" of its
 * description.
 */
#ifndef ON_FAILURE_H
#define ON_FAILURE_H

#include "manager/job.h"

enum failure_kind {
	FAILURE_KIND_ENDED, /* its run is over */
	FAILURE_KIND_ILL,   /* it runs on, without a heartbeat or a CPU */
	FAILURE_KIND_KILLED,
	FAILURE_KIND_GONE,
};

/* When a failure is told. What has to be done is done by what follows. */
void on_failure(struct manager *manager, struct cell *cell, enum failure_kind kind);

/* Does what is due. */
void on_failure_follow_up(struct manager *manager);

/* A job is about to be queued: what somebody asks for takes the place of what was planned. */
void on_failure_job_submitted(struct job *job);

/* A job has ended, before its end is told. */
void on_failure_job_ended(const struct job *job, struct cell *cell, const struct error *error);

/*
 * A job is dropped before it was begun, or refused: for good, so that what was planned is given up,
 * or since nothing can be done for now.
 */
void on_failure_job_dropped(const struct job *job, bool for_good);

/* Somebody does not want what was planned for a cell. Whether there was anything. */
bool on_failure_withdraw(struct manager *manager, const char *cell);

/* Whether a cell of a daemon before us is to be started again. */
void on_failure_remember(struct cell *cell);

/* Of one whose failure is shown again: that it stays so, where it has been started too often. */
void on_failure_recall(struct cell *cell);

#endif /* ON_FAILURE_H */
