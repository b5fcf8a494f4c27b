/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that does one blocking task at a time for an event loop. All functions are for the
 * loop's thread.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "common/cleanup.h"

struct worker;

/* Starts the thread. name (at most 15 bytes) is what ps shows. Returns 0 or negative errno. */
int worker_new(sd_event *event, const char *name, struct worker **ret);

/*
 * Ends the thread, interrupting a task in progress and waiting for at most two seconds; its done is
 * not called. A task that hangs in the driver for longer cannot be ended: then the process exits at
 * once, as failed. Takes NULL.
 */
void worker_free(struct worker *worker);
DEFINE_FREEP(struct worker *, worker_free)

/*
 * Hands over a task: run(data) is called in the thread, then done(data) from the loop. Returns
 * -EBUSY while another one is in progress.
 */
int worker_submit(struct worker *worker, void (*run)(void *), void (*done)(void *), void *data);

/* Whether a task is in progress. From within its done: false. */
bool worker_busy(const struct worker *worker);

/*
 * Sends the thread a signal that does nothing but end an interruptible system call with EINTR. It
 * comes too early where the call has not begun: repeat it while the task lasts.
 */
void worker_interrupt(struct worker *worker);

#endif /* WORKER_H */
