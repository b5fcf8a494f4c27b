/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What peers want done: authorized, queued, and done one at a time, as one or more steps
 * (step.h). Belongs to the bus thread.
 */
#ifndef JOB_H
#define JOB_H

#include "manager/manager.h"
#include "bus/polkit.h"
#include "driver/step.h"

struct job {
	struct manager *manager;
	struct job *next;
	enum bus_verb verb;
	bool whole;		    /* by all steps that it takes; else that step alone */
	char *cell;		    /* name; NULL for the hypervisor's */
	sd_bus_message *call;	    /* to be answered; NULL: the daemon's own wish, or answered */
	uid_t uid;		    /* whose call it is */
	struct polkit_check *check; /* in progress */

	/* Arguments. */
	bool force;
	struct step_image images[DESCRIPTION_MAX_IMAGES];
	size_t num_images;

	/* At work. */
	struct step *step; /* in the worker */
	struct plan *plan; /* of a create step */
	sd_event_source *deadline;
	uint64_t expired_at; /* monotonic µs; 0: the deadline has not passed */
	unsigned int steps_done;
	bool stopped; /* VERB_RESTART: the first half is done */
	bool started;
	bool was_running; /* VERB_KILL: when it was queued */
	bool stuck;	  /* the driver did not come back in time; answered already */
};

/* A job that is not yet submitted; cell may be NULL. NULL without memory. */
struct job *job_new(struct manager *manager, enum bus_verb verb, const char *cell,
		    sd_bus_message *call);

/* Takes NULL; for jobs that were not submitted. */
void job_free(struct job *job);
DEFINE_FREEP(struct job *, job_free)

/*
 * Takes a job over: asks polkit, then does it or queues it; the call is answered when it is done.
 * Returns 1 for a bus method to return, or a negative value with ret_error set (Busy,
 * LimitsExceeded).
 */
int job_submit(struct job *job, sd_bus_error *ret_error);

/* Queues something that the daemon itself wants done with a cell. */
void job_submit_own(struct manager *manager, enum bus_verb verb, const char *cell);

/* Drops all jobs: for the end of the daemon. */
void jobs_free(struct manager *manager);

/* lifecycle.c: what is to be done next. */
enum decision {
	DECISION_STEP, /* *ret_verb on *ret_cell (NULL: the hypervisor) */
	DECISION_DONE,
	DECISION_ERROR, /* error says why */
};
enum decision job_decide(struct job *job, enum bus_verb *ret_verb, struct cell **ret_cell,
			 struct error *error);

#endif /* JOB_H */
