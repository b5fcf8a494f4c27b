/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cell as the bus shows it: what its description says, what the daemon did with it and what the
 * driver tells of it, made into properties. A change of a property is collected and told with
 * cell_publish().
 */
#ifndef CELL_H
#define CELL_H

#include <systemd/sd-bus.h>

#include "model/description.h"
#include "manager/health.h"
#include "bus_abi.h"
#include "driver/snapshot.h"
#include "manager/state.h"

struct manager;

/* Properties that change, as bits of cell.changed. */
enum cell_property {
	CELL_PROPERTY_ID,
	CELL_PROPERTY_STATE,
	CELL_PROPERTY_HEALTH,
	CELL_PROPERTY_CPUS,
	CELL_PROPERTY_MEMORY,
	CELL_PROPERTY_STARTED_AT,
	CELL_PROPERTY_OPERATION,
	CELL_PROPERTY_LAST_ERROR,
	CELL_PROPERTY_IMAGE_SHA256,
	CELL_PROPERTY_EXITS,
	CELL_PROPERTY_COUNT
};

struct cell {
	struct manager *manager;
	struct cell *next; /* sorted by name */
	char *name;
	char *path;
	sd_bus_slot *slot;
	struct description *description; /* NULL: foreign, or its file has gone */
	struct cell_record record;
	bool in_step; /* a step is about it: what is seen of it meanwhile does not count */

	/* As last observed. */
	bool exists; /* below */
	struct snapshot_cell seen;
	struct health_watch watch;
	bool health_reported;
	const char *killed_because; /* a constant that follows "Cell NAME "; NULL: not known */

	/* As published. */
	enum lifecycle state;
	enum health health;
	int32_t id;
	struct cpu_mask cpus;
	uint64_t memory;
	const char *operation; /* a constant; "" for none */
	char *last_error;      /* NULL: none */
	uint32_t exits_known;
	uint64_t exits[SNAPSHOT_EXIT_REASONS];
	uint64_t started_at;
	char image_sha256[IMAGE_SHA256_TEXT];
	uint32_t changed; /* bits of enum cell_property */
};

/*
 * Makes a cell with its object on the bus; what it is like is set afterwards, then cell_announce()
 * tells everybody. Returns 0 or negative errno.
 */
int cell_new(struct manager *manager, const char *name, struct cell **ret);

/* Takes the object off the bus, with a signal. Takes NULL. */
void cell_free(struct cell *cell);

/* InterfacesAdded. */
void cell_announce(struct cell *cell);

/* Whether it is one of ours in the hypervisor. */
bool cell_owned(const struct cell *cell);
bool cell_running(const struct cell *cell);

/* "defined" … "foreign". */
const char *lifecycle_name(enum lifecycle state);

/* Takes over what was observed; NULL: it does not exist. cell_update() follows. */
void cell_observe(struct cell *cell, const struct snapshot_cell *seen);

/*
 * Works all properties out anew from description, record and observation. now_ns is the monotonic
 * time, can_watch whether the driver tells of heartbeats.
 */
void cell_update(struct cell *cell, uint64_t now_ns, bool can_watch);

/* operation must be a constant. */
void cell_set_operation(struct cell *cell, const char *operation);
/* text may be NULL or "" for no error. */
void cell_set_last_error(struct cell *cell, const char *text);

/* Tells of all properties that changed since the last time. */
void cell_publish(struct cell *cell);

/* Signal Failed. */
void cell_emit_failed(struct cell *cell, const char *reason);

/* bus/cell_bus.c: the interface. */
extern const sd_bus_vtable cell_vtable[];
extern const char *const cell_property_names[CELL_PROPERTY_COUNT];

#endif /* CELL_H */
