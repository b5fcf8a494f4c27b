/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Jobs are done one at a time, step after step in the worker, with the intent on record before
 * each; a Kill in a worker of its own, since it must not wait for a driver that hangs.
 */
#ifndef JOB_RUN_H
#define JOB_RUN_H

#include "manager/job.h"

/*
 * Takes a job over and does it when those before it are done; a Kill does not wait for a step about
 * another cell, and ends what would start its own. job->done may be called before this returns
 * (Busy: a step before it hangs in the driver).
 */
void job_submit(struct job *job);

/*
 * Withdraws all that waits about a cell; a stop at work leaves the cell as it is, and what takes
 * several steps ends behind the one at work. Returns 0, or negative with error set (WrongState:
 * there was nothing).
 */
int jobs_cancel(struct manager *manager, const char *cell, struct error *error);

/*
 * Who asked for a job is not there any more: it is not done where it still waits and nobody else
 * wants it, and done is not called.
 */
void job_abandon(struct job *job);

/* What is being done with each cell, after jobs have been dropped. */
void jobs_show(struct manager *manager);

/* How many jobs wait; the one at work does not count. */
unsigned int jobs_queued(const struct manager *manager);

/*
 * After observe_settle(), and when descriptions have changed: submits what nobody has to ask for,
 * to destroy cells that have failed, to remove links that are not needed any more, and to tell the
 * driver which CPUs are kept where somebody else has enabled the hypervisor, a daemon before us
 * too.
 */
void jobs_follow_up(struct manager *manager);

/* Tells those at work that the daemon ends. */
void jobs_abandon(struct manager *manager);

/* Drops all jobs: for the end of the daemon. */
void jobs_free(struct manager *manager);

#endif /* JOB_RUN_H */
