/* SPDX-License-Identifier: GPL-2.0-only */
/* Between request.c and request_limits.c. */
#ifndef REQUEST_PARTS_H
#define REQUEST_PARTS_H

#include <systemd/sd-bus.h>

#include "bus/consent.h"
#include "manager/core.h"

struct request {
	struct service *service;
	struct request *next;
	sd_bus_message *call;
	sd_bus_slot *identity;	    /* the bus is asked whose call it is, or whether he is there */
	uid_t uid;		    /* his, then; nobody asks about root's, which it is before */
	bool is_unit;		    /* it comes from the unit of the cell that it is about */
	uint32_t steps;		    /* what it would take: bits of enum bus_verb */
	unsigned int asked;	    /* for how many of its actions polkit was asked */
	struct polkit_check *check; /* in progress */
	bool reading;		    /* images are, and it is gone on with afterwards */
	struct job *job; /* ours until it is submitted, then queued or at work, or NULL */
	bool submitted;
	unsigned int units; /* that are to be told yet, then it is answered */
};

/* The one at work does not; what waits for something else than a job does, a unit's, say. */
bool request_waits(const struct request *request);

/*
 * Of a plan it has to be known which files of images are others than those that were loaded. Others
 * are served meanwhile; a Reload, too: who asks for something next means it by what is read now.
 */
bool request_needs_images(const struct job *wish);

/*
 * Every user's share is bounded, however many connections he has, so that none can fill the lists
 * before the others, nor keep a cell busy; root is never kept out by what others ask for.
 */
int request_check_limits(const struct request *wanted, struct error *error);

/* Of those of which it is not known yet whose they are. */
bool request_too_many_unknown(const struct service *service, const char *sender);

#endif /* REQUEST_PARTS_H */
