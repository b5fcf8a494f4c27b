/* SPDX-License-Identifier: GPL-2.0-only */
/* The cell as a unit: what its process knows and has to do. cell_unit.c goes on with it. */
#ifndef UNIT_H
#define UNIT_H

#include <systemd/sd-event.h>

#include "view.h"

/* How the process ends where others than the service manager have ended the cell: cell@.service. */
#define UNIT_EXIT_STOPPED 100
#define UNIT_EXIT_KILLED  101

struct unit {
	sd_event *event;
	sd_event_source *timer;
	sd_bus *bus; /* NULL: there is none */
	bool bus_lost;
	const char *name;
	char *path;

	/* The daemon. */
	char *daemon;	    /* its connection, as its last answer had it; NULL: none yet */
	bool present;	    /* it has answered, and not gone since */
	uint64_t away_from; /* since when it is wanted and not there; 0: it is */
	char *away_because; /* as the bus has it; NULL: not known */

	/* What is to be done. */
	const char *method;    /* "StartCell" or "StopCell"; NULL: nothing */
	sd_bus_slot *call;     /* that the daemon is at work on */
	uint64_t call_at;      /* when to call it: not before; 0: at once */
	uint64_t extend_after; /* how long the cell is asked before time is asked for */
	uint64_t extend_at;    /* when to ask for more time to stop; 0: not */
	unsigned int extend;   /* calls that may do that yet */
	bool extending;	       /* the daemon is asked whether it is alive, for that */
	char *refusal;	       /* why the cell did not stop; NULL: it was not said */
	bool refusal_said;     /* and is in the journal */
	bool stopped;	       /* the run that was to stop has: the daemon has said so */

	/* What is known. */
	struct view view;
	sd_bus_slot *question; /* for all of it, on its way */
	bool ask;	       /* it is to be asked for */
	uint64_t leftover;     /* the run that an earlier stop did not end; 0: none */
	uint64_t meant;	       /* the run that is to stop; 0: not known which */
	bool stopping;
	bool started; /* the service manager has been told */
};

/* cell_unit.c: goes on in so long at the latest, in microseconds. */
void unit_wake_after(struct unit *unit, uint64_t usec);

/* judge.c: for `systemctl status`, and for the journal as well. */
void unit_set_status(const char *text);
void unit_say(int level, const char *text);

/* Ends the process. */
void unit_finish(struct unit *unit, int status, const char *text);

/* Nobody is there who could do it, and the service manager shall not wait for that. */
void unit_give_up(struct unit *unit);

/* Decides what the cell's condition means for the unit. */
void unit_judge(struct unit *unit);

/*
 * A stop before this start did not end the cell: to say now that it was started would be a lie.
 * What the view tells decides whether it is that run still.
 */
void unit_judge_leftover(struct unit *unit);

#endif /* UNIT_H */
