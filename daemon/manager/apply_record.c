// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of an apply over which the daemon dies the next one tells. It neither goes on with it nor takes
 * it back: that may be what it died of, and what was in force before is not known for all of them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "manager/apply.h"
#include "util/log.h"
#include "util/message_ids.h"
#include "util/write_text.h"

/* A line for each cell that is to be stopped or destroyed: its name, and since when it runs. */
#define APPLY_FILE "/run/cellmgr/apply"

void apply_record(const struct changes *changes)
{
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return;
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		if (change_is_work(change))
			fprintf(stream, "%s %" PRIu64 "\n", change->name, change->started_at);
	}
	/* Where that cannot be written no step is done, either. */
	if (fclose(stream) == 0 && size)
		(void)write_text(APPLY_FILE, text, 0600);
}

void apply_record_drop(void)
{
	(void)unlink(APPLY_FILE);
}

static const char *describe(const struct cell *cell, uint64_t started_at)
{
	if (!cell->description)
		return "is not destroyed yet; 'cellctl apply' does that";
	if (cell_running(cell))
		return cell->pending || cell->record.started_at == started_at
			       ? "runs as it did before; 'cellctl apply' makes it what its "
				 "description says"
			       : "runs as its description says";
	return "was stopped for that, and is not started again by itself; 'cellctl start' does "
	       "that";
}

static void tell(struct manager *manager, const char *name, uint64_t started_at)
{
	struct cell *cell = manager_find_cell(manager, name);
	const char *what = cell ? describe(cell, started_at) : "is destroyed, as it should";

	log_event(LOG_WARNING, MESSAGE_APPLY_LEFT, name, NULL, 0,
		  "Descriptions were being applied when the daemon ended: cell %s %s", name, what);
	/* What it failed of counts more. */
	if (!cell || cell_running(cell) || !cell->description || cell->state == LIFECYCLE_FAILED)
		return;
	cell_set_last_error(cell, "the daemon ended while descriptions were applied: it was "
				  "stopped for that, and is not started again by itself");
	manager_publish_cell(manager, cell);
}

void apply_recall(struct manager *manager)
{
	_cleanup_(fclosep) FILE *stream = fopen(APPLY_FILE, "re");
	char name[DESCRIPTION_MAX_NAME + 1];
	uint64_t started_at;

	_Static_assert(sizeof(name) == 32, "or there is another number below");
	while (stream && fscanf(stream, "%31s %" SCNu64, name, &started_at) == 2)
		tell(manager, name, started_at);
	apply_record_drop();
}
