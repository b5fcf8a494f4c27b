/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a restarted daemon must know again: /run/cellmgr/state, JSON. Written before each operation
 * with what is intended, and after it with what came of it, so that whatever the daemon died of,
 * the file and the machine together tell which cells are ours.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "driver/image.h"
#include "model/placement.h"

#define STATE_FILE "/run/cellmgr/state"

/* How far a cell of ours has come. */
enum cell_phase {
	CELL_PHASE_NONE, /* not created */
	CELL_PHASE_CREATED,
	CELL_PHASE_LOADED,
	CELL_PHASE_STARTED,
	CELL_PHASE_COUNT
};

/* What is remembered of a cell. A value; zeroed it is a cell that was never created. */
struct cell_record {
	enum cell_phase phase;
	int32_t id;
	char intent[16];     /* name of the step in progress, "" for none */
	uint64_t started_at; /* µs since the epoch; 0: never */
	char image_sha256[IMAGE_SHA256_TEXT];
	char blob_sha256[IMAGE_SHA256_TEXT]; /* of what it was created from */
	struct placement placement;
	bool end_reported; /* how its last run ended has been told */
};

/* What is remembered of Linux' end of a link. */
struct link_record {
	struct link_place place;
	char intent[16]; /* name of the step in progress, "" for none */
};

struct state_cell {
	char *name;
	struct cell_record record;
};

struct state {
	struct pool pool;		 /* of no pieces: none */
	struct address_range hypervisor; /* its part of the pool */
	bool pool_from_linux;		 /* to be given back */
	char intent[16];		 /* "enable", "disable" or "" */
	struct state_cell *cells;
	size_t num_cells;
	struct link_record *links;
	size_t num_links;
};

/* Writes a new file and renames it over the old one. Returns 0 or negative errno. */
int state_write(const char *file, const struct state *state);

/* Returns 0, -ENOENT, -EPROTO for a file that makes no sense, or another negative errno. */
int state_read(const char *file, struct state **ret);

/* Takes NULL. */
void state_free(struct state *state);
DEFINE_FREEP(struct state *, state_free)

#endif /* STATE_H */
