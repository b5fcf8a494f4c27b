/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a restarted daemon must know again, in JSON: /run/cellmgr/state of the hypervisor and of
 * links, and a file of each cell in /run/cellmgr/records, so that a bad one costs one cell. Written
 * before each operation with what is intended, and after it with what came of it, so that whatever
 * the daemon died of, files and machine together tell which cells are ours.
 */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/image.h"
#include "model/placement.h"

#define STATE_FILE    "/run/cellmgr/state"
#define STATE_RECORDS "/run/cellmgr/records"
#define STATE_BAD     ".bad" /* what a file that makes no sense is kept as */

/* How far a cell of ours has come. */
enum cell_phase {
	CELL_PHASE_NONE, /* not created */
	CELL_PHASE_CREATED,
	CELL_PHASE_LOADED,
	CELL_PHASE_STARTED,
	CELL_PHASE_COUNT
};

/* Of starts after failures; times are monotonic, in µs. */
struct restart_record {
	uint64_t count; /* of those since then */
	uint64_t since;
	uint64_t due; /* when the next one is; 0: none is planned */
};

/* What is remembered of a cell. A value; zeroed it is a cell that was never created. */
struct cell_record {
	enum cell_phase phase;
	int32_t id;
	char intent[16];	    /* name of the step in progress, "" for none */
	uint64_t started_at;	    /* µs since the epoch; 0: never */
	uint64_t started_monotonic; /* the same moment by the clock that nobody sets */
	char image_sha256[SHA256_TEXT];
	char blob_sha256[SHA256_TEXT]; /* of what it was created from */
	struct placement placement;
	bool end_reported; /* how its last run ended has been told */
	bool doomed;	   /* and it is to be destroyed for that */
	struct restart_record restart;
	/* It is to be stopped with all others, since that cell has failed. */
	char stopped_for[DESCRIPTION_MAX_NAME + 1];
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
	struct state_cell *cells;	 /* read from files of their own, written to them alone */
	size_t num_cells;
	size_t num_bad; /* more of them, that make no sense */
	struct link_record *links;
	size_t num_links;
};

/*
 * Writes a new file and renames it over the old one, without the cells. Returns 0 or negative
 * errno.
 */
int state_write(const char *file, const struct state *state);

/* The same for what is remembered of a cell. */
int state_write_record(const char *file, const struct cell_record *record);

/*
 * Adds what is remembered of cells. A file that makes no sense is told to bad, renamed, and left
 * out. Returns 0 (also where there is no directory) or negative errno.
 */
int state_read_records(const char *directory, struct state *state,
		       void (*bad)(const char *file, int error));

/*
 * What is remembered of cells by a file of all, as daemons had one, goes into files of their own,
 * and that file is written without them; a record that is there already is newer. Returns 0 or
 * negative errno: then they are in the state still.
 */
int state_split(const char *file, const char *directory, struct state *state);

/* Renames a file that makes no sense: it is evidence. */
void state_keep_bad(const char *file);

/* Of a daemon that had one file, the cells are in it. Returns 0, -ENOENT, -EPROTO for a file that
 * makes no sense, or another negative errno. */
int state_read(const char *file, struct state **ret);

/* Takes NULL. */
void state_free(struct state *state);
DEFINE_FREEP(struct state *, state_free)

#endif /* STATE_H */
