// SPDX-License-Identifier: GPL-2.0-only
/* What the cell's condition means for its unit. */
#include <inttypes.h>
#include <stdlib.h>

#include <systemd/sd-daemon.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "leftover.h"
#include "unit.h"

/* A cell that would not stop may want to later. */
#define AGAIN_US 2000000u

void unit_set_status(const char *text)
{
	sd_notifyf(false, "STATUS=%s", text);
}

void unit_say(int level, const char *text)
{
	unit_set_status(text);
	fprintf(stderr, "<%d>%s\n", level, text);
}

void unit_finish(struct unit *unit, int status, const char *text)
{
	/* Into the journal of the unit as well: the status line of a failed unit is soon forgotten.
	 */
	unit_say(status == EXIT_SUCCESS || status == UNIT_EXIT_STOPPED ? 6 : 3, text);
	sd_event_exit(unit->event, status);
}

/*
 * The cell does not run any more. Where somebody wanted that, what the unit is to do by itself at
 * its end (Restart=) is not wanted.
 */
static void finish_ended(struct unit *unit, int status, const char *text)
{
	leftover_remove(unit->name);
	if (unit->view.asked_to_end && !unit->stopping)
		status = status == EXIT_SUCCESS ? UNIT_EXIT_STOPPED : UNIT_EXIT_KILLED;
	unit_finish(unit, status, text);
}

void unit_give_up(struct unit *unit)
{
	_cleanup_(freep) char *text =
		text_format("There is no cellmgrd (%s): the cell %s",
			    unit->away_because ? unit->away_because : "it does not answer",
			    unit->stopping ? "was not asked to stop, and runs on if it did"
					   : "was not started");

	unit_finish(unit, EXIT_FAILURE, text ? text : "There is no cellmgrd");
}

static void tell_running(struct unit *unit)
{
	unit->view.asked_to_end = false;
	if (!unit->started && !unit->view.up) {
		unit_set_status("The cell runs, its first heartbeat is awaited");
		return;
	}
	if (!unit->started) {
		unit->started = true;
		leftover_write(unit->name, 0);
		sd_notify(false, "READY=1");
	}
	unit_set_status(unit->view.health == HEALTH_LATE ? "The cell runs, its heartbeat is late"
							 : "The cell runs");
}

/* While something is done about a cell that has failed its unit goes on, and says why it may. */
static void tell_failed(const struct unit *unit, const char *error)
{
	_cleanup_(freep) char *text =
		text_format("The cell failed, and is to be started again: %s", error);

	if (text)
		unit_set_status(text);
}

/* The cell was asked, and runs on. */
static void ask_again(struct unit *unit)
{
	_cleanup_(freep) char *text = NULL;

	/* It has been asked for as long as its description says. */
	unit->extend = 0;
	if (unit->refusal && !unit->refusal_said)
		text = text_format("The cell does not stop: %s. It is asked again, until "
				   "TimeoutStopSec= of this unit; then it is killed",
				   unit->refusal);
	if (text)
		unit_say(4, text);
	unit->method = "StopCell";
	unit->call_at = monotonic_us() + AGAIN_US;
	unit_wake_after(unit, AGAIN_US);
}

/* Than the one that was to stop: others have ended that, and started the cell again. */
static bool is_another_run(const struct unit *unit)
{
	return unit->stopped || (unit->meant && unit->view.started_at != unit->meant);
}

void unit_judge(struct unit *unit)
{
	const struct view *view = &unit->view;
	const char *error =
		view->last_error && view->last_error[0] ? view->last_error : "The cell failed";

	if (view->operating && view->state == LIFECYCLE_FAILED && unit->started && !unit->stopping)
		tell_failed(unit, error);
	/* In the midst of a restart, say, it is shut down without having ended. */
	if (view->operating || unit->call || (unit->method && !unit->stopping))
		return;
	switch (view->state) {
	case LIFECYCLE_RUNNING:
	case LIFECYCLE_RUNNING_LOCKED:
		if (unit->stopping && !unit->method && is_another_run(unit))
			finish_ended(unit, EXIT_SUCCESS, "The cell was shut down, and runs anew");
		else if (unit->stopping && !unit->method)
			ask_again(unit);
		else if (!unit->stopping && view->health == HEALTH_FAILED)
			unit_finish(unit, EXIT_FAILURE, error);
		else if (!unit->stopping)
			tell_running(unit);
		break;
	case LIFECYCLE_FAILED:
		finish_ended(unit, EXIT_FAILURE, error);
		break;
	case LIFECYCLE_FOREIGN:
		unit_finish(unit, EXIT_FAILURE,
			    "The cell is foreign: cellmgrd does not know it, or not any more; "
			    "'cellctl adopt' takes it over if it is the described one");
		break;
	case LIFECYCLE_DEFINED:
	case LIFECYCLE_INVALID:
		/* Nobody has shut it down: it has gone, and the daemon has said how. */
		if (!unit->stopping && view->last_error && view->last_error[0]) {
			finish_ended(unit, EXIT_FAILURE, error);
			break;
		}
		/* fall through */
	default:
		finish_ended(unit, EXIT_SUCCESS, "The cell is shut down");
		break;
	}
}

void unit_judge_leftover(struct unit *unit)
{
	uint64_t leftover = unit->leftover;

	unit->leftover = 0;
	if (view_runs(&unit->view) && unit->view.started_at == leftover)
		unit_finish(
			unit, EXIT_FAILURE,
			"This is still the run of the cell that was to stop and did not; cellctl "
			"kill ends it where the driver can, and the cell itself when it is ready");
	else
		leftover_remove(unit->name);
}
