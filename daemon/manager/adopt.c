// SPDX-License-Identifier: GPL-2.0-only
#include "manager/adopt.h"

#include <errno.h>
#include <string.h>

#include "manager/observe.h"
#include "manager/pending.h"
#include "util/log.h"
#include "util/message_ids.h"

static bool cpus_fit(const struct description *description, const struct snapshot_cell *seen)
{
	if (cpu_mask_count(&description->cpus) == 0)
		return description->cpu_count == cpu_mask_count(&seen->cpus);
	return memcmp(&description->cpus, &seen->cpus, sizeof(seen->cpus)) == 0;
}

static int check(const struct cell *cell, struct error *error)
{
	_cleanup_(freep) char *cpus = cpu_mask_format(&cell->seen.cpus);
	struct problem_place place;

	if (cell->state != LIFECYCLE_FOREIGN)
		return error_set(error, ERROR_WRONG_STATE,
				 "cell %s is %s: only a foreign cell can be adopted", cell->name,
				 lifecycle_name(cell->state));
	if (cell->unreadable)
		return error_set(error, ERROR_WRONG_STATE,
				 "cell %s cannot be read; the journal says why", cell->name);
	if (!cell->description)
		return error_set(error, ERROR_INVALID,
				 "cell %s has no description that it could be; write "
				 "/etc/cellmgr/cells/%s.json and reload",
				 cell->name, cell->name);
	if (cpus_fit(cell->description, &cell->seen))
		return 0;
	place = description_place(cell->description, "cpus");
	return error_set_at(error, ERROR_INVALID, &place,
			    "cell %s has CPU %s, which is not what is described", cell->name,
			    cpus ?: "?");
}

int adopt(struct manager *manager, const char *name, struct error *error)
{
	struct cell *cell = manager_look_up(manager, name, error);
	bool started;
	int r;

	if (!cell || check(cell, error) < 0)
		return -EINVAL;
	started = snapshot_cell_runs(&cell->seen) ||
		  (cell->seen.has_status && cell->seen.status.started);
	cell->record = (struct cell_record){
		.phase = started ? CELL_PHASE_STARTED : CELL_PHASE_CREATED,
		.id = cell->seen.id,
		.placement.cpus = cell->seen.cpus,
	};
	r = manager_save_cell(manager, cell);
	if (r < 0) {
		cell->record = (struct cell_record){0};
		return error_set(error, ERROR_NO_RESOURCES, "/run/cellmgr cannot be written: %s",
				 strerror(-r));
	}
	/* What one of that name was made of once says nothing. */
	pending_drop_record(cell->name);
	description_free(cell->made_of);
	cell->made_of = NULL;
	cell->repend = true;
	log_event(LOG_NOTICE, MESSAGE_CELL_ADOPTED, cell->name, NULL, 0,
		  "Cell %s is adopted on request; its next start makes it anew", cell->name);
	observe_settle(manager);
	return 0;
}
