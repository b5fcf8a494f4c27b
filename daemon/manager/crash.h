/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of failures: collected here, written, listed and read back in a worker of their own, so
 * that neither a disk nor a driver that hangs holds up the loop.
 */
#ifndef CRASH_H
#define CRASH_H

#include <json-c/json.h>

#include "manager/manager.h"
#include "model/crash_store.h"

/* Returns 0 or negative errno. */
int crashes_begin(struct manager *manager);

/* Tells what has not been told yet. */
void crashes_end(struct manager *manager);

/* A failure, as it is told; ended: the cell's run is over. */
struct crash {
	const char *reason;
	const char *text;
	bool ended;
	bool recorded; /* there is to be a record */
};

/*
 * Writes a record and then tells of the failure (core_events.cell_failed) with where it is; where
 * it cannot be written, or that takes too long, without one. Until then the cell is not touched for
 * its failure.
 */
void crash_tell(struct manager *manager, struct cell *cell, const struct crash *crash);

/* What is known of the failure and its cell; NULL without memory. */
struct json_object *crash_collect(const struct manager *manager, const struct cell *cell,
				  const struct crash *crash);

/* In the worker: adds the end of what the cell wrote to its console, if seen is still its run. */
void crash_add_console(struct json_object *record, const struct snapshot_cell *seen);

/* What came back for a peer. */
struct crash_answer {
	const struct crash_list *list;
	const char *text; /* the record; not of a list */
};

typedef void (*crash_done)(const struct crash_answer *answer, const struct error *error,
			   void *userdata);

/*
 * Lists the records of a cell, or of all where it is "", or reads one. done() is called later,
 * never after manager_free(). Returns 0, or negative with error set (Busy, NoResources).
 */
int crash_list(struct manager *manager, const char *cell, crash_done done, void *userdata,
	       struct error *error);
int crash_show(struct manager *manager, const struct crash_name *name, crash_done done,
	       void *userdata, struct error *error);

#endif /* CRASH_H */
