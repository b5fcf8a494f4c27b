/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the service manager was told of units (unit.h) and has not done yet, on record for a daemon
 * that comes after this one.
 */
#ifndef UNIT_RECORD_H
#define UNIT_RECORD_H

#include "bus/service.h"

/* It is to start or stop the unit, by that job; "": which is to be found out. */
void unit_record(const char *cell, bool up, const char *job);

/* That has come to its end. */
void unit_record_drop(const char *cell, bool up);

/*
 * Goes on with what a daemon before this one has left: has units started whose cells run, and those
 * stopped that are on their way up for a run that is over. Once, when it is known which cells run,
 * and before any unit can ask for something.
 */
void units_resume(struct service *service);

#endif /* UNIT_RECORD_H */
