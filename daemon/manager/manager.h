/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon's view of everything: configuration, machine, pool, cells, and the queue of what is
 * being done. It belongs to the bus thread alone.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "manager/cell.h"
#include "model/cell_dir.h"
#include "model/config.h"
#include "model/machine.h"
#include "driver/observer.h"
#include "util/worker.h"

enum manager_property {
	MANAGER_PROPERTY_HYPERVISOR_STATE,
	MANAGER_PROPERTY_DRIVER,
	MANAGER_PROPERTY_MEMORY_TOTAL,
	MANAGER_PROPERTY_MEMORY_FREE,
	MANAGER_PROPERTY_FEATURES,
	MANAGER_PROPERTY_COUNT
};

struct job;
struct console_stream;

struct manager {
	sd_event *event;
	sd_bus *bus;
	struct worker *worker;
	struct observer *observer;
	const char *machine_root; /* prefix of /proc and /sys for the machine's facts; "" */

	struct config config;
	struct cell_dir *descriptions; /* as loaded; the broken ones too */
	struct cell_dir *rejected;     /* what the last reload would not take; NULL: it took all */
	struct machine *machine;       /* NULL: could not be read */
	struct state *remembered;      /* of a daemon before us; NULL once it has been matched */

	struct address_range pool;
	struct address_range hypervisor; /* its part */
	bool pool_from_linux;
	char intent[16]; /* step with the hypervisor in progress */

	struct cell *cells; /* sorted by name */

	/* As published. */
	enum hypervisor_state state;
	bool observed;		 /* state is known */
	uint64_t observed_at_ns; /* monotonic: when what is shown was true */
	uint64_t features;
	char release[32];
	uint64_t memory_total;
	uint64_t memory_free;
	uint32_t changed; /* bits of enum manager_property */

	/* Jobs (job.h): waiting for authorization, queued, and the one at work. */
	struct job *asking;
	struct job *queue;
	struct job *current;

	struct console_stream *consoles;
	size_t num_consoles;
};

/* Sets everything up, but for the bus name. Returns 0 or negative errno, with a line in the log. */
int manager_new(sd_event *event, sd_bus *bus, const char *machine_root, struct manager **ret);

/* Takes NULL. */
void manager_free(struct manager *manager);
DEFINE_FREEP(struct manager *, manager_free)

/* NULL where there is none. */
struct cell *manager_find_cell(struct manager *manager, const char *name);

/*
 * The same for a peer that gave the name: where there is none, error says why (NoSuchCell, Invalid
 * with what is wrong with its description).
 */
struct cell *manager_look_up(struct manager *manager, const char *name, struct error *error);

/*
 * Reads all descriptions anew. tolerant: broken ones are logged and left out; else they change
 * nothing and error says what is wrong. Returns 0 or negative.
 */
int manager_load_descriptions(struct manager *manager, bool tolerant, struct error *error);

/* Takes over what was observed, and tells of it. */
void manager_apply(struct manager *manager, const struct snapshot *snapshot);

/* For manager.c and manager_observe.c: 1 where the cell is new and is still to be announced. */
int manager_find_or_make_cell(struct manager *manager, const char *name, struct cell **ret);
void manager_mark(struct manager *manager, enum manager_property property);

/* Works out and publishes what follows from records and observations. */
void manager_settle(struct manager *manager);

/* The same, and looks soon again. */
void manager_refresh(struct manager *manager);

/* Writes the state file. */
void manager_save(struct manager *manager);

/* Reads the machine's facts anew; what fails is logged and leaves what there was. */
void manager_read_machine(struct manager *manager);

/* Monotonic time in ns. */
uint64_t manager_now_ns(struct manager *manager);

/* How often to look, by what there is to see. */
void manager_set_period(struct manager *manager);

/* bus/manager_bus.c: the interface. */
extern const sd_bus_vtable manager_vtable[];
extern const char *const manager_property_names[MANAGER_PROPERTY_COUNT];
/* Property HypervisorState. */
const char *hypervisor_state_name(enum hypervisor_state state);
/* Replies with an error. For return from a method. */
int manager_reply_error(sd_bus_error *ret_error, const struct error *error);

#endif /* MANAGER_H */
