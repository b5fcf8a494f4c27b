/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a job does next, by the state that things are in: asked anew before every step. Pure: it
 * reads, and what it says has still to be done.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "manager/cell.h"
#include "manager/link.h"

struct situation {
	/* What is wanted. */
	enum bus_verb verb;
	bool whole;		  /* by all steps that it takes; else that step alone */
	bool force;		  /* VERB_DISABLE: whatever runs or is foreign */
	bool auto_enable;	  /* VERB_START may enable the hypervisor */
	const char *config_error; /* what forbids to enable it; NULL: nothing */

	/* What there is. */
	enum hypervisor_state hypervisor;
	const struct cell *cell;     /* what it is about; NULL: the hypervisor */
	const struct cell *cells;    /* all; for VERB_DISABLE */
	const struct link *links;    /* of which Linux has an end; for VERB_DISABLE */
	const struct link *unneeded; /* one of them that has to go before a cell is created */
	bool can_kill;		     /* the driver can */
	bool has_unused_piece;	     /* of the pool, that is to go */
	bool lacks_memory;	     /* the pool is to grow before the cell is created */
	bool lacks_link; /* Linux has to have an end of a link of the cell before it is created */

	/* What the job has come to. */
	bool was_running; /* the cell ran when the job was queued */
	bool pool_left;	  /* while the hypervisor is off: memory that Linux can have back */
	bool keeps_told;  /* the driver knows which CPUs are to be kept */
	bool stepped;	  /* a step has been done */
	bool stopped;	  /* the cell has been stopped or killed */
	bool started;	  /* the cell has been started */
};

struct decision {
	enum { DECISION_STEP, DECISION_DONE, DECISION_REFUSED } kind;

	/*
	 * Nothing of this counts, not even the refusal, unless the description of the situation's
	 * cell passes the checks.
	 */
	bool check;

	/* DECISION_STEP. */
	enum bus_verb step;
	bool renew; /* VERB_DESTROY in its place where the cell would be created differently now */

	/* DECISION_REFUSED. */
	enum error_code error;
	const char *why; /* a constant, or the situation's; to follow "cell NAME is STATE: " */

	const struct cell *cell; /* whose step or whose state; NULL: the hypervisor's */
	const struct link *link; /* of VERB_REMOVE_LINK: which */
};

/* The cell of a situation must be there, unless it is about the hypervisor. */
struct decision decide(const struct situation *now);

#endif /* DECIDE_H */
