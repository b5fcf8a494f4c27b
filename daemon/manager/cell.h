/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell as it is shown: what its description says, what the daemon did with it and what the driver
 * tells of it, made into properties. Which of them have changed is collected in cell.changed, and
 * told by the manager.
 */
#ifndef CELL_H
#define CELL_H

#include "common/bus_words.h"
#include "driver/snapshot.h"
#include "manager/exit_rate.h"
#include "manager/health.h"
#include "manager/state.h"
#include "model/description.h"

struct manager;

/*
 * Properties that change: bits of cell.changed, X(symbol, name on the bus, type there, where
 * bus/vtable.h has it from).
 */
#define CELL_PROPERTIES(X)                                                         \
	X(CELL_PROPERTY_ID, "Id", "i", BY_MEMBER(id))                              \
	X(CELL_PROPERTY_STATE, "State", "s", BY_GETTER(state))                     \
	X(CELL_PROPERTY_HEALTH, "Health", "s", BY_GETTER(health))                  \
	X(CELL_PROPERTY_UP, "Up", "b", BY_MEMBER(up))                              \
	X(CELL_PROPERTY_CPUS, "Cpus", "au", BY_GETTER(cpus))                       \
	X(CELL_PROPERTY_MEMORY, "Memory", "t", BY_MEMBER(memory))                  \
	X(CELL_PROPERTY_STARTED_AT, "StartedAt", "t", BY_MEMBER(started_at))       \
	X(CELL_PROPERTY_STARTED_AT_MONOTONIC, "StartedAtMonotonic", "t",           \
	  BY_MEMBER(started_monotonic))                                            \
	X(CELL_PROPERTY_OPERATION, "Operation", "s", BY_MEMBER(operation))         \
	X(CELL_PROPERTY_LAST_ERROR, "LastError", "s", BY_MEMBER(last_error))       \
	X(CELL_PROPERTY_WARNING, "Warning", "s", BY_MEMBER(warning))               \
	X(CELL_PROPERTY_IMAGE_SHA256, "ImageSha256", "s", BY_GETTER(image_sha256)) \
	X(CELL_PROPERTY_PENDING, "Pending", "as", BY_GETTER(pending))              \
	X(CELL_PROPERTY_EXITS, "Exits", "a{st}", BY_GETTER(exits))                 \
	X(CELL_PROPERTY_SIGNALS, "Signals", "a{sa{sv}}", BY_GETTER(signals))       \
	X(CELL_PROPERTY_DEVICES, "Devices", "as", BY_GETTER(devices))              \
	X(CELL_PROPERTY_DMA, "Dma", "s", BY_GETTER(dma))

enum cell_property { CELL_PROPERTIES(WORD_SYMBOL) CELL_PROPERTY_COUNT };

struct digest;

struct cell {
	struct manager *manager; /* whose it is; nothing here asks it */
	struct cell *next;	 /* sorted by name */
	char *name;
	struct description *description; /* NULL: foreign, or its file has gone or makes no sense */
	struct description *made_of;	 /* as it was when it was created; NULL: not known */
	struct description *held;	 /* a newer one that an apply has taken back */
	struct digest *digest;		 /* of the files of its images (digest.h); NULL: not read */
	char *broken; /* what is wrong with its file; the description, if any, is the one before */
	struct cell_record record;
	bool unsaved;	    /* the record is not in its file yet */
	int save_error;	    /* when that was written last; 0: none */
	bool repend;	    /* what is pending is to be worked out anew */
	bool in_step;	    /* a step is about it: what is seen of it meanwhile does not count */
	bool added;	    /* told of by core_events.cell_added */
	bool unit_kept;	    /* by the service manager (bus/unit.h) */
	bool unit_forgiven; /* it counts no start of the unit, as far as we have to do with them */
	bool start_left;    /* a daemon before us has died over it: its unit has not heard of it */
	bool doomed;	    /* it has failed and is to be destroyed for that */
	bool stops_all;	    /* or all cells are to be stopped */
	bool to_stop;	    /* with all others, since one has failed */
	bool to_kill;	    /* which it has itself, and runs on */
	bool restarting;    /* a job of ours is to start it again */
	bool gone;	    /* it ran, and is not there any more, or not ours; to be told */
	unsigned int recording; /* failures of it that are told when their record is written */

	/* As last observed. */
	bool exists;	 /* below */
	bool unreadable; /* the driver shows that it is there, but not what it is like */
	bool unseen;	 /* that, or nothing at all is shown: what is known of it may be old */
	struct snapshot_cell seen;
	struct health_watch watch;
	struct exit_rate exit_rate;
	bool rate_reported;
	bool health_reported;
	const char *killed_because; /* a constant that follows "Cell NAME "; NULL: not known */

	/* As published. */
	enum lifecycle state;
	enum health health;
	int up; /* 0 or 1: it runs, and has shown a heartbeat where it is to */
	int32_t id;
	struct cpu_mask cpus;
	uint64_t memory;
	const char *operation; /* a constant; "" for none */
	char *last_error;      /* NULL: none */
	const char *warning;   /* a constant; "" for none */
	uint32_t exits_known;
	uint64_t exits[EXITS_COUNT];
	uint64_t exits_at; /* monotonic µs, of a reading that may have brought nothing new */
	uint64_t started_at, started_monotonic;
	uint32_t pending; /* keys that are to count, and do not yet (model/description_diff.h) */
	char image_sha256[SHA256_TEXT];
	uint32_t changed;
};

/* A cell of which nothing is known but its name; NULL without memory. */
struct cell *cell_new(struct manager *manager, const char *name);

/* Takes NULL. */
void cell_free(struct cell *cell);

/* Whether it is one of ours in the hypervisor. */
static inline bool cell_owned(const struct cell *cell)
{
	return cell->exists && cell->record.phase != CELL_PHASE_NONE &&
	       cell->record.id == cell->seen.id;
}

static inline bool cell_running(const struct cell *cell)
{
	return cell->state == LIFECYCLE_RUNNING || cell->state == LIFECYCLE_RUNNING_LOCKED;
}

/* The time that may pass without its heartbeat, in ns; 0: it is not watched, or does not run. */
static inline uint64_t cell_deadline(const struct cell *cell)
{
	return cell_running(cell) && cell->description ? cell->description->heartbeat_ns : 0;
}

/* It is not created any more: of its record only the last start is kept. */
void cell_forget(struct cell *cell);

/* A start of it is new: what was known of the one before does not count. */
void cell_note_start(struct cell *cell);

/*
 * Takes over what was observed; NULL: it does not exist. What ran and was ours, and is not any
 * more, is gone. cell_update() follows.
 */
void cell_observe(struct cell *cell, const struct snapshot_cell *seen);

/*
 * Works all properties out anew from description, record and observation. now_ns is the monotonic
 * time, can_watch whether the driver tells of heartbeats.
 */
void cell_update(struct cell *cell, uint64_t now_ns, bool can_watch);

/* Keys, as in model/description_diff.h. */
void cell_set_pending(struct cell *cell, uint32_t keys);
/* Of what is only in the description everything may be another when that is. */
void cell_mark_described(struct cell *cell);
/* operation must be a constant. */
void cell_set_operation(struct cell *cell, const char *operation);
/* text may be NULL or "" for no error. */
void cell_set_last_error(struct cell *cell, const char *text);
/* Whether there is one that is not about the file of its description. */
bool cell_has_own_error(const struct cell *cell);

/* What was wrong with its file is so no more, or is about to be looked at anew. */
void cell_mend(struct cell *cell);

#endif /* CELL_H */
