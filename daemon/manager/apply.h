/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes cells what their descriptions say now, all or none: what has to go is stopped before
 * anything is started, since one may want what another has; where a step fails, what ran before is
 * brought back, as it was described then.
 */
#ifndef APPLY_H
#define APPLY_H

#include "manager/change.h"

struct apply;

/* What an apply would do now. Returns 0, or negative with error set. */
int apply_plan(struct manager *manager, struct changes *ret, struct error *error);

/*
 * Begins one. id: the plan that is meant, else it is refused (WrongState); "" for whatever it is.
 * steps: those that it may take, bits of enum bus_verb. done is called when it has come to its end,
 * by way of the loop. Returns 0, or negative with error set: nothing has been done then.
 */
int apply_begin(struct manager *manager, const char *id, uint32_t steps,
		void (*done)(const struct error *error, void *userdata), void *userdata,
		struct error *error);

/* Whether one is about the cell, which may be in the midst of something because of that. */
bool apply_is_about(const struct manager *manager, const char *cell);

/* What somebody has stopped, killed or taken away meanwhile shall not be undone. Before a job is
 * queued. */
void apply_note_job(const struct job *job);

/*
 * What is left of the plan does not touch that cell, NULL for all, nor begins anything: what is
 * what has become of it, "was killed", a constant.
 */
void apply_leave(struct manager *manager, const char *cell, const char *what);

/* apply_record.c: for a daemon that comes after this one, should it die over them; until then. */
void apply_record(const struct changes *changes);
void apply_record_drop(void);

/* Tells what has become of those over which a daemon before this one has ended. Once, when it is
 * known which cells there are. */
void apply_recall(struct manager *manager);

/* Drops it, unanswered: for the end of the daemon. */
void apply_free(struct manager *manager);

#endif /* APPLY_H */
