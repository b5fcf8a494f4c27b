// SPDX-License-Identifier: GPL-2.0-only
#include "manager/alarm.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "driver/failure.h"
#include "manager/crash.h"
#include "manager/on_failure.h"
#include "util/log.h"
#include "util/message_ids.h"

static void free_fields(char *fields[], unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		free(fields[i]);
}

static void tell(struct manager *manager, struct cell *cell, const struct crash *crash)
{
	/* Properties first, so that who hears of the failure reads what belongs to it. */
	manager_publish_cell(manager, cell);
	crash_tell(manager, cell, crash);
}

/* What it ended of, to be freed; NULL where nobody tells. */
static char *end_text(const struct cell *cell)
{
	if (cell->seen.state == CELL_FAILED_COMM_REV)
		return strdup("it does not know this revision of the communication region");
	return cell->seen.has_status
		       ? failure_describe(&cell->seen.status.failure, cell->killed_because)
		       : NULL;
}

static void tell_of_end(struct manager *manager, struct cell *cell)
{
	const struct failure_record *record = &cell->seen.status.failure;
	_cleanup_(freep) char *text = end_text(cell);
	char *fields[FAILURE_MAX_FIELDS] = {NULL};
	unsigned int count = 0;
	const char *reason = "unknown";
	bool killed;

	if (cell->seen.state == CELL_FAILED_COMM_REV) {
		reason = "comm-abi";
		fields[count++] = strdup("REASON=comm-abi");
	} else if (cell->seen.has_status) {
		reason = failure_reason_name(record->reason);
		count = failure_fields(record, fields);
	}
	killed = cell->seen.has_status && record->reason == FAILURE_KILLED;
	log_event(killed ? LOG_WARNING : LOG_ERR, MESSAGE_CELL_FAILED, cell->name,
		  (const char *const *)fields, count, "Cell %s failed: %s", cell->name,
		  text ? text : "the driver in use does not tell why");
	free_fields(fields, count);
	cell_set_last_error(cell, text ? text : "failed");
	on_failure(manager, cell, killed ? FAILURE_KIND_KILLED : FAILURE_KIND_ENDED);
	/* Of one that was killed since its heart had stopped that is on record. */
	tell(manager, cell,
	     &(struct crash){.reason = reason,
			     .text = text,
			     .ended = true,
			     .recorded = !killed || !cell->health_reported});
}

/* A daemon before this one has told of it, but who asks this one wants to know, too. */
static void recall_end(struct cell *cell)
{
	_cleanup_(freep) char *text = end_text(cell);

	cell_set_last_error(cell, text ? text : "failed");
	if (cell->seen.status.failure.reason != FAILURE_KILLED)
		on_failure_recall(cell);
}

static void tell_of_loss(struct manager *manager, struct cell *cell)
{
	static const char *const fields[] = {"REASON=gone"};
	const char *text = "it is gone: it was destroyed by somebody else";

	if (manager->state != HYPERVISOR_ENABLED)
		text = "it is gone: the hypervisor was disabled by somebody else";
	else if (cell->state == LIFECYCLE_FOREIGN)
		text = "it is gone: somebody else has made another cell of its name";
	log_event(LOG_ERR, MESSAGE_CELL_GONE, cell->name, fields, ARRAY_SIZE(fields),
		  "Cell %s failed: %s", cell->name, text);
	/* What is wrong with ours says nothing about the other one. */
	if (cell->state != LIFECYCLE_FOREIGN)
		cell_set_last_error(cell, text);
	on_failure(manager, cell, FAILURE_KIND_GONE);
	tell(manager, cell, &(struct crash){.reason = "gone", .text = text, .recorded = true});
	cell->gone = false;
}

static void tell_of_own_end(struct cell *cell)
{
	log_event(LOG_NOTICE, MESSAGE_CELL_ENDED, cell->name, NULL, 0,
		  "Cell %s has shut down by itself", cell->name);
	cell->record.end_reported = true;
	cell->unsaved = true;
}

static void tell_of_illness(struct manager *manager, struct cell *cell)
{
	uint64_t silence_ms = health_silence(&cell->watch, manager_now_ns(manager)) / 1000000;
	bool cpus = cpu_mask_count(&cell->seen.cpus_failed) > 0;
	const char *reason = cpus ? "cpu" : "heartbeat";
	_cleanup_(freep) char *list = cpus ? cpu_mask_format(&cell->seen.cpus_failed) : NULL;
	_cleanup_(freep) char *text = NULL;
	const char *fields[] = {cpus ? "REASON=cpu" : "REASON=heartbeat"};

	if (cpus)
		text = text_format("CPU %s stopped for a fault, the cell runs on without it",
				   list ? list : "");
	else
		text = text_format("no heartbeat for %" PRIu64
				   " ms, though it still runs; %srestart it",
				   silence_ms,
				   manager->features & CELLVISOR_FEATURE_KILL ? "kill it or " : "");
	log_event(LOG_ERR, cpus ? MESSAGE_CELL_FAILED : MESSAGE_CELL_HEARTBEAT, cell->name, fields,
		  1, "Cell %s failed: %s", cell->name, text ? text : reason);
	cell_set_last_error(cell, text);
	cell->health_reported = true;
	on_failure(manager, cell, FAILURE_KIND_ILL);
	tell(manager, cell, &(struct crash){.reason = reason, .text = text, .recorded = true});
}

/* Once each time; that it is over is to be seen. */
static void warn_of_rate(struct cell *cell)
{
	if (*cell->warning && !cell->rate_reported)
		log_event(LOG_WARNING, MESSAGE_CELL_EXITS, cell->name, NULL, 0, "Cell %s: %s",
			  cell->name, cell->warning);
	cell->rate_reported = *cell->warning;
}

void alarm_raise(struct manager *manager, struct cell *cell)
{
	warn_of_rate(cell);
	if (cell->gone)
		tell_of_loss(manager, cell);
	if (cell->state == LIFECYCLE_FAILED && !cell->record.end_reported) {
		if (!cell->recording)
			tell_of_end(manager, cell);
	} else if (cell->state == LIFECYCLE_FAILED && !cell_has_own_error(cell)) {
		recall_end(cell);
	} else if (cell->state == LIFECYCLE_SHUT_DOWN && !cell->record.end_reported) {
		tell_of_own_end(cell);
	} else if (!cell_running(cell) || cell->health != HEALTH_FAILED) {
		cell->health_reported = false;
	} else if (!cell->health_reported) {
		tell_of_illness(manager, cell);
	}
}
