// SPDX-License-Identifier: GPL-2.0-only
#include "manager/report.h"

#include <inttypes.h>
#include <string.h>

#include "driver/failure.h"
#include "manager/job.h"
#include "util/log.h"
#include "util/message_ids.h"

static void free_fields(char *fields[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		free(fields[i]);
}

static void on_failure(struct cell *cell)
{
	if (cell->description && cell->description->on_failure == DESCRIPTION_ON_FAILURE_DESTROY &&
	    cell->state == LIFECYCLE_FAILED)
		job_submit_own(cell->manager, VERB_DESTROY, cell->name);
}

static void report_state(struct cell *cell)
{
	const struct failure_record *record = &cell->seen.status.failure;
	_cleanup_(freep) char *text = NULL;
	char *fields[FAILURE_MAX_FIELDS] = {NULL};
	unsigned int count = 0;
	const char *reason = "unknown";
	bool killed;

	if (cell->seen.has_status) {
		reason = failure_reason_name(record->reason);
		text = failure_describe(record, cell->killed_because);
		count = failure_fields(record, fields);
	}
	killed = cell->seen.has_status && record->reason == FAILURE_KILLED;
	log_event(killed ? LOG_WARNING : LOG_ERR, MESSAGE_CELL_FAILED, cell->name,
		  (const char *const *)fields, count, "Cell %s failed: %s", cell->name,
		  text ? text : "the driver in use does not tell why");
	free_fields(fields, count);
	cell_set_last_error(cell, text ? text : "failed");
	cell->record.failure_reported = true;
	cell_emit_failed(cell, reason);
	on_failure(cell);
}

static void report_health(struct cell *cell)
{
	uint64_t silence_ms = health_silence(&cell->watch, manager_now_ns(cell->manager)) / 1000000;
	bool cpus = cpu_mask_count(&cell->seen.cpus_failed) > 0;
	const char *reason = cpus ? "cpu" : "heartbeat";
	_cleanup_(freep) char *list = cpus ? cpu_mask_format(&cell->seen.cpus_failed) : NULL;
	_cleanup_(freep) char *text = NULL;
	const char *fields[] = {cpus ? "REASON=cpu" : "REASON=heartbeat"};
	int r;

	if (cpus)
		r = asprintf(&text, "CPU %s stopped for a fault, the cell runs on without it",
			     list ? list : "");
	else
		r = asprintf(&text,
			     "no heartbeat for %" PRIu64 " ms, though it still runs; kill it or "
			     "restart it",
			     silence_ms);
	if (r < 0)
		text = NULL;
	log_event(LOG_ERR, cpus ? MESSAGE_CELL_FAILED : MESSAGE_CELL_HEARTBEAT, cell->name, fields,
		  1, "Cell %s failed: %s", cell->name, text ? text : reason);
	cell_set_last_error(cell, text);
	cell->health_reported = true;
	cell_emit_failed(cell, reason);
}

void report_failure(struct cell *cell)
{
	if (cell->state == LIFECYCLE_FAILED && !cell->record.failure_reported)
		report_state(cell);
	else if (!cell_running(cell) || cell->health != HEALTH_FAILED)
		cell->health_reported = false;
	else if (!cell->health_reported)
		report_health(cell);
}
