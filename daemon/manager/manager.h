/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's view of everything: configuration, machine, pool, cells, and the queue of what is
 * being done. It belongs to the loop's thread alone. core.h makes it and keeps it going; here is
 * what all others ask of it.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include <systemd/sd-event.h>

#include "driver/observer.h"
#include "manager/cell.h"
#include "manager/core_events.h"
#include "manager/link.h"
#include "model/cell_dir.h"
#include "model/config.h"
#include "model/machine.h"
#include "util/error.h"
#include "util/worker.h"

/* Properties that change, bits of manager.changed, in the form of CELL_PROPERTIES(). */
#define MANAGER_PROPERTIES(X)                                                                     \
	X(MANAGER_PROPERTY_HYPERVISOR_STATE, "HypervisorState", "s", BY_GETTER(hypervisor_state)) \
	X(MANAGER_PROPERTY_DRIVER, "Driver", "s", BY_GETTER(driver))                              \
	X(MANAGER_PROPERTY_MEMORY_TOTAL, "MemoryTotal", "t", BY_MEMBER(memory_total))             \
	X(MANAGER_PROPERTY_MEMORY_SOURCE, "MemorySource", "s", BY_GETTER(memory_source))          \
	X(MANAGER_PROPERTY_MEMORY_FREE, "MemoryFree", "t", BY_MEMBER(memory_free))                \
	X(MANAGER_PROPERTY_CPUS_KEPT, "CpusKept", "au", BY_GETTER(cpus_kept))                     \
	X(MANAGER_PROPERTY_FEATURES, "Features", "as", BY_GETTER(features))                       \
	X(MANAGER_PROPERTY_CPUS_LEFT_OUT, "CpusLeftOut", "au", BY_GETTER(cpus_left_out))          \
	X(MANAGER_PROPERTY_CONFIG_ERROR, "ConfigError", "s", BY_MEMBER(config_error))

enum manager_property { MANAGER_PROPERTIES(WORD_SYMBOL) MANAGER_PROPERTY_COUNT };

struct apply;
struct job;
struct console_stream;
struct digests;
struct crash_task;

struct manager {
	const struct core_events *events;
	void *userdata; /* of events */
	sd_event *event;
	struct worker *worker;
	struct observer *observer;
	const char *machine_root; /* prefix of /proc and /sys for the machine's facts; "" */

	struct config config;	       /* the last that was good, or the defaults */
	char *config_error;	       /* what is wrong with the file now; NULL: nothing */
	struct cell_dir *descriptions; /* as loaded; the broken ones too */
	struct machine *machine;       /* NULL: could not be read */
	struct state *remembered;      /* of a daemon before us; NULL once it has been matched */

	struct pool pool;
	struct address_range hypervisor; /* its part */
	bool pool_from_linux;
	int pool_node;	 /* or TOPOLOGY_NO_NODE: not known */
	char intent[16]; /* step with the hypervisor in progress */
	bool unsaved;	 /* something of this is not in the state file yet */
	int save_error;	 /* when the state file was written last; 0: none */

	sd_event_source *sight; /* sight.c */
	uint64_t look_us;	/* how often cells have to be looked at, who reads consoles aside */
	bool blind;		/* no look has come back for long */
	int look_error;		/* of the last look; 0: none */

	struct cell *cells;	       /* sorted by name */
	struct link *links;	       /* that Linux has an end of */
	sd_event_source *links_closer; /* NULL: none is open */

	/* As published. */
	enum hypervisor_state state;
	bool observed;		 /* state is known */
	uint64_t observed_at_ns; /* monotonic: when what is shown was true */
	struct cpu_mask cpus_kept;
	bool pool_left;	 /* the hypervisor is off, and a daemon before us has left the driver with
			    memory */
	bool keeps_told; /* the driver knows what the configuration says of them */
	uint64_t features;
	bool features_known;
	char release[32];
	struct cpu_mask cpus_left_out;
	uint64_t memory_total;
	uint64_t memory_free;
	uint32_t changed;

	sd_event_source *metrics; /* metrics.c; NULL: nobody wants any */
	int metrics_error;	  /* of the last file; 0: none */

	/* Jobs (job.h): queued, and the one at work. */
	struct job *queue;
	struct job *current;
	struct job *urgent; /* a Kill, at work beside it: no other step is begun meanwhile */
	struct worker *urgent_worker;
	uint64_t num_jobs;     /* that were made so far */
	uint64_t ended_jobs;   /* those of them that begin nothing any more, see job_end_all() */
	const char *ended_why; /* what is said of them */
	bool running_jobs;     /* job_run.c is about to begin what may be begun */

	sd_event_source *restarts; /* on_failure.c; NULL: none is planned */

	struct apply *apply; /* descriptions that are being applied (apply.c); NULL: none */

	struct console_stream *consoles;

	struct digests *digests; /* digest.c; NULL: none was needed yet */

	struct crash_task *crashes; /* crash.c; the first is at work */
	struct worker *crash_worker;
};

/* Monotonic time in ns. */
uint64_t manager_now_ns(const struct manager *manager);

/* NULL where there is none. */
struct cell *manager_find_cell(const struct manager *manager, const char *name);

/*
 * The same for a peer that gave the name: where there is none, error says why (NoSuchCell, Invalid
 * with what is wrong with its description).
 */
struct cell *manager_look_up(const struct manager *manager, const char *name, struct error *error);

/* The cell of that name, made where there is none; NULL without memory, with a line in the log. */
struct cell *manager_ensure_cell(struct manager *manager, const char *name);

/* Lists of problems go to the log. */
void manager_log_problems(const struct problems *problems);

/* Reads the machine's facts anew; what fails is logged and leaves what there was. */
void manager_read_machine(struct manager *manager);

/*
 * Write what a successor has to know: of the hypervisor and links, of a cell, or whatever has not
 * been written yet. Return 0 or negative errno, with a line in the log; what could not be written
 * is tried again with the next look.
 */
int manager_save(struct manager *manager);
int manager_save_cell(struct manager *manager, struct cell *cell);
/* Of a cell that is no more. */
void manager_drop_record(const char *name);
void manager_save_rest(struct manager *manager);

/* A property has a new value. */
void manager_mark(struct manager *manager, enum manager_property property);

/* Tells of all properties of a cell that changed since the last time, or that there is a new one.
 */
void manager_publish_cell(struct manager *manager, struct cell *cell);

/* The hypervisor is being disabled, which is an operation with every cell that runs; or not any
 * more.
 */
void manager_show_disable(struct manager *manager, bool begins);

/*
 * Whether the cells that its description requires run well, and those that these require: its unit
 * would have all of them started. Negative with error set where one does not; only: where that one
 * does not, NULL for any.
 */
int manager_check_required(const struct manager *manager, const struct cell *cell, const char *only,
			   struct error *error);

/* How often to look, by what there is to see. */
void manager_set_period(struct manager *manager);

#endif /* MANAGER_H */
