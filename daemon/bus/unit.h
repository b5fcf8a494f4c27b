/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell's unit, cell@NAME.service, follows what others than the unit itself have done with the
 * cell: the daemon has the work done and the answer, and the service manager is told afterwards. So
 * nobody waits for a unit that waits for him, and what went wrong is told in the cell's own words.
 */
#ifndef UNIT_H
#define UNIT_H

#include "bus/service.h"
#include "common/bus_words.h"
#include "model/description.h"

#define SYSTEMD		  "org.freedesktop.systemd1"
#define SYSTEMD_PATH	  "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE SYSTEMD ".Manager"

#define UNIT_NAME_MAX (DESCRIPTION_MAX_NAME + sizeof("cell@.service"))

/* It may be at work on what all units are like; nobody waits longer than that for it. */
#define UNIT_PATIENCE_US 3000000u

/* The unit's name. */
void unit_format(char name[UNIT_NAME_MAX], const char *cell);

/*
 * After something was done with a cell: has its unit started if the cell runs by it, or stopped, so
 * that nothing starts the cell again by itself. done is called when the service manager has taken
 * that over, of a stop when it has come to its end; soon, whatever becomes of it, and not from
 * within this call. Returns 1, 0 where nothing is to be told, or negative errno.
 */
int unit_follow(struct service *service, enum bus_verb verb, const char *cell,
		void (*done)(void *userdata), void *userdata);

/*
 * Whether what the unit asks for is done already: it is being started for a run that there is, or
 * was (VERB_START), or stopped for one that others have stopped (VERB_STOP, and VERB_START, too).
 */
bool unit_follows(const struct service *service, enum bus_verb verb, const char *cell);

/*
 * A start that the unit of a cell asks for: negative with error set where the service manager has
 * it started for one that requires it, and whose start was told to the service manager while this
 * one ran yet. Who could have that one started may not start this one.
 */
int unit_check_dragged(const struct service *service, const char *cell, struct error *error);

/*
 * A daemon before this one has had the unit started or stopped, and the service manager is at it by
 * that job: until its end, what the unit asks for is for that. known: the daemon has heard of the
 * job, and nothing else was to be started with it.
 */
void unit_take_over(struct service *service, bool up, const char *cell, const char *job,
		    bool known);

/* It has been told to stop: what it does next is not for that run any more. */
void unit_ends(struct service *service, const char *cell);

/*
 * Has the service manager keep the units of cells that exist: what it reads of one, and tells of
 * all that it has to do with, is nothing that a start of the cell waits for then. It keeps none for
 * a daemon that is gone.
 */
void units_keep(const struct service *service);

/* Calls a method of the service manager that is about the unit of a cell, without an answer. */
void unit_tell(const struct service *service, const char *method, const char *cell);

/*
 * A unit has stopped its cell: how often it was started before does not count any more. It does of
 * one that stops since it has failed, or did not come up in time: of that the service manager has a
 * result, which it would forget, too.
 */
void unit_forgive(const struct service *service, const char *cell);

/*
 * Somebody wants it to be started, and how often it was before does not count: before StartUnit, as
 * later it would forget how that went. Where nothing has been started since the last time nobody
 * has to wait for it.
 */
void unit_reset_once(const struct service *service, const char *name);

/*
 * The hypervisor was disabled: none of the cells is to come back by itself. done as for
 * unit_follow(), of each unit; returns how often it will be called.
 */
unsigned int units_stop_all(struct service *service, void (*done)(void *userdata), void *userdata);

/* Drops all, for the next daemon to resume: for the end of the daemon. */
void units_free(struct service *service);

#endif /* UNIT_H */
