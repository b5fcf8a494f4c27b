/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to be done with the hypervisor or a cell, in one or more steps (driver/step.h). Who may
 * ask for it is not the core's business.
 */
#ifndef JOB_H
#define JOB_H

#include "driver/step.h"
#include "manager/manager.h"
#include "manager/plan.h"
#include "model/crash_store.h"
#include "model/signal_value.h"

/*
 * Steps that change more than the cell that a method names, or more of it than one expects: they
 * are done for those only who were found to be allowed them.
 */
#define JOB_GUARDED (1u << VERB_ENABLE | 1u << VERB_DESTROY | 1u << VERB_KILL)

struct job {
	struct manager *manager;
	struct job *next;
	enum bus_verb verb;
	bool whole; /* by all steps that it takes; else that step alone */
	char *cell; /* name; NULL for the hypervisor's */

	struct job *merged; /* others that this one does the work of */
	bool of_user;	    /* asked for by somebody who is not root */
	/*
	 * Steps that he may have done, of those that he may have to be asked about: bits of enum
	 * bus_verb in JOB_GUARDED.
	 */
	uint32_t granted;
	bool asked;	 /* somebody waited for it, or waits */
	uint64_t number; /* of all that were made, in the order in which they were asked for */
	const char *cancelled; /* no further step, because the cell "was killed…"; NULL: go on */
	bool parked;	       /* waits with its next step for a Kill of another cell */

	/*
	 * Tells what came of it, once; error is unset for success. NULL: nobody asks, or it has
	 * been told. Not called for jobs that are dropped because the daemon ends.
	 */
	void (*done)(const struct error *error, void *userdata);
	void *userdata;

	/* Arguments. */
	bool force;
	struct step_image images[DESCRIPTION_MAX_IMAGES];
	size_t num_images;
	char *plan_id; /* of VERB_APPLY: the one that is meant, "" for any */
	char *signal;  /* to be written, and with what */
	struct signal_value value;
	struct crash_name crash; /* to be read */

	/* At work. */
	struct step *step; /* in the worker */
	struct plan
		plan; /* of a step that creates something; its link also of one that removes it */
	struct description *described; /* as it was when its images were chosen; or NULL */
	sd_event_source *deadline;
	uint64_t expired_at; /* monotonic µs; 0: the deadline has not passed */
	unsigned int steps_done;
	bool images_checked;
	bool own_step_done; /* the one that the job is called after */
	bool stopped;	    /* the cell, by one of them */
	bool started;
	bool was_running; /* the cell, when it was queued */
	bool stuck;	  /* the driver did not come back in time; answered already */
};

/* Neither a step nor several: it waits for no turn. */
static inline bool job_is_at_once(const struct job *job)
{
	return (unsigned int)job->verb >= VERB_STEP_COUNT && job->verb != VERB_RESTART;
}

/* A job that is not yet submitted (job_run.h); cell may be NULL. NULL without memory. */
struct job *job_new(struct manager *manager, enum bus_verb verb, const char *cell);

/* Takes NULL; a step must not be in the worker. */
void job_free(struct job *job);
DEFINE_FREEP(struct job *, job_free)

/* Calls done, if it has not been, for those that were merged into it as well. */
void job_answer(struct job *job, const struct error *error);

/* What a Kill, a Cancel and a failure with "stop-all" say of those that they cut short. */
#define JOB_KILLED    "was killed on request meanwhile"
#define JOB_WITHDRAWN "is left as it is now: what was to be done was withdrawn on request"
#define JOB_STOPPED   "is not started: all cells are stopped, since one has failed"
/* What is said of those that were asked for before it, and had not begun by then. */
#define JOB_DISABLED  "is not started: the hypervisor was disabled after that was asked for"

/* The error of such a one; why is one of these. */
void job_set_cancelled(const struct job *job, const char *why, struct error *error);

/*
 * All cells come to their end: what would bring one to life, was asked for no later than job and
 * has not begun, does not, as why says. NULL: up to now.
 */
void job_end_all(struct manager *manager, const struct job *job, const char *why);

/* Negative with error set for what somebody has asked for before that. */
int job_check_ended(const struct job *job, struct error *error);

/* Negative with error set where the driver hangs, in a step that this one would wait for. */
int job_check_stuck(const struct job *job, struct error *error);

/* Whether the cell would run, or be ready to, when it is done. */
bool job_brings_to_life(const struct job *job);

/* Whether it kills a cell that does not stop when it is asked to. */
bool job_may_force(const struct job *job, const struct cell *cell);

/* The cell that it is about, as it is now; NULL where there is none. */
struct cell *job_cell(const struct job *job);

/* More steps than this no job takes. */
unsigned int job_step_limit(const struct manager *manager);

#endif /* JOB_H */
