// SPDX-License-Identifier: GPL-2.0-only
#include "manager/cell.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "util/log.h"
#include "manager/manager.h"

const char *lifecycle_name(enum lifecycle state)
{
	static const char *const names[] = {BUS_CELL_STATES(WORD_ENTRY)};

	return names[state];
}

static void release(struct cell *cell)
{
	sd_bus_slot_unref(cell->slot);
	description_free(cell->description);
	free(cell->last_error);
	free(cell->path);
	free(cell->name);
	free(cell);
}

int cell_new(struct manager *manager, const char *name, struct cell **ret)
{
	struct cell *cell = calloc(1, sizeof(*cell));
	int r = -ENOMEM;

	if (!cell)
		return -ENOMEM;
	cell->manager = manager;
	cell->operation = "";
	cell->id = -1;
	cell->name = strdup(name);
	if (!cell->name)
		goto err_release;
	/* Escapes what a foreign cell's name may hold. */
	r = sd_bus_path_encode(BUS_CELL_PATH, name, &cell->path);
	if (r < 0)
		goto err_release;
	r = sd_bus_add_object_vtable(manager->bus, &cell->slot, cell->path, BUS_CELL_INTERFACE,
				     cell_vtable, cell);
	if (r < 0)
		goto err_release;
	*ret = cell;
	return 0;

err_release:
	release(cell);
	return r;
}

void cell_free(struct cell *cell)
{
	if (!cell)
		return;
	sd_bus_emit_object_removed(cell->manager->bus, cell->path);
	release(cell);
}

void cell_announce(struct cell *cell)
{
	cell->changed = 0;
	sd_bus_emit_object_added(cell->manager->bus, cell->path);
}

bool cell_owned(const struct cell *cell)
{
	return cell->exists && cell->record.phase != CELL_PHASE_NONE &&
	       cell->record.id == cell->seen.id;
}

bool cell_running(const struct cell *cell)
{
	return cell->state == LIFECYCLE_RUNNING || cell->state == LIFECYCLE_RUNNING_LOCKED;
}

static void mark(struct cell *cell, enum cell_property property)
{
	cell->changed |= 1u << property;
}

void cell_set_operation(struct cell *cell, const char *operation)
{
	if (strcmp(cell->operation, operation) == 0)
		return;
	cell->operation = operation;
	mark(cell, CELL_PROPERTY_OPERATION);
}

void cell_set_last_error(struct cell *cell, const char *text)
{
	const char *old = cell->last_error ? cell->last_error : "";

	if (!text)
		text = "";
	if (strcmp(old, text) == 0)
		return;
	text = text[0] ? strdup(text) : NULL;
	free(cell->last_error);
	cell->last_error = (char *)text;
	mark(cell, CELL_PROPERTY_LAST_ERROR);
}

/* The driver knows of starts that we do not: somebody else's, or one that we died of. */
static void follow_start(struct cell *cell)
{
	bool started = snapshot_cell_runs(&cell->seen) ||
		       (cell->seen.has_status && cell->seen.status.started);

	if (!cell_owned(cell) || !started || cell->record.phase == CELL_PHASE_STARTED)
		return;
	cell->record.phase = CELL_PHASE_STARTED;
	cell->record.started_at = realtime_us();
	cell->record.failure_reported = false;
	cell->health_reported = false;
	cell->killed_because = NULL;
	cell->watch = (struct health_watch){0};
}

void cell_observe(struct cell *cell, const struct snapshot_cell *seen)
{
	cell->exists = seen != NULL;
	if (!seen) {
		cell->seen = (struct snapshot_cell){.id = -1};
		cell->exits_known = 0;
		return;
	}
	cell->seen = *seen;
	follow_start(cell);
}

static enum lifecycle work_out_state(const struct cell *cell)
{
	if (!cell->exists)
		return LIFECYCLE_DEFINED;
	if (!cell_owned(cell))
		return LIFECYCLE_FOREIGN;
	switch (cell->seen.state) {
	case CELL_RUNNING:
		return LIFECYCLE_RUNNING;
	case CELL_RUNNING_LOCKED:
		return LIFECYCLE_RUNNING_LOCKED;
	case CELL_SHUT_DOWN:
		/* The driver says the same of a cell that was never started. */
		if (cell->record.phase == CELL_PHASE_STARTED)
			return LIFECYCLE_SHUT_DOWN;
		return cell->record.phase == CELL_PHASE_LOADED ? LIFECYCLE_LOADED
							       : LIFECYCLE_CREATED;
	default:
		return LIFECYCLE_FAILED;
	}
}

static enum health work_out_health(struct cell *cell, uint64_t now_ns, bool can_watch)
{
	const struct health_input input = {
		.running = cell_running(cell),
		.failed = cell->state == LIFECYCLE_FAILED,
		.cpus_failed = cpu_mask_count(&cell->seen.cpus_failed) > 0,
		.can_watch = can_watch && cell->seen.has_status,
		.heartbeat_valid = cell->seen.status.heartbeat_valid,
		.heartbeat = cell->seen.status.heartbeat,
		.deadline_ns = cell->description ? cell->description->heartbeat_ns : 0,
		.now_ns = now_ns,
	};

	if (cell->state == LIFECYCLE_FOREIGN)
		return HEALTH_UNKNOWN;
	return health_update(&cell->watch, &input);
}

static void update_exits(struct cell *cell)
{
	/* A look without statistics says nothing about them. */
	if (cell->exists && !cell->seen.exits_known)
		return;
	if (cell->exits_known == cell->seen.exits_known &&
	    memcmp(cell->exits, cell->seen.exits, sizeof(cell->exits)) == 0)
		return;
	cell->exits_known = cell->seen.exits_known;
	memcpy(cell->exits, cell->seen.exits, sizeof(cell->exits));
	mark(cell, CELL_PROPERTY_EXITS);
}

static void update_resources(struct cell *cell)
{
	struct cpu_mask cpus = {0};
	uint64_t memory = 0;

	if (cell->exists)
		cpus = cell->seen.cpus;
	else if (cell->description)
		cpus = cell->description->cpus;
	if (cell_owned(cell) && cell->record.placement.num_memory) {
		for (size_t i = 0; i < cell->record.placement.num_memory; i++)
			memory += cell->record.placement.memory[i].size;
	} else if (cell->description && cell->state != LIFECYCLE_FOREIGN) {
		memory = description_memory_total(cell->description);
	}
	if (memcmp(&cpus, &cell->cpus, sizeof(cpus)) != 0) {
		cell->cpus = cpus;
		mark(cell, CELL_PROPERTY_CPUS);
	}
	if (memory != cell->memory) {
		cell->memory = memory;
		mark(cell, CELL_PROPERTY_MEMORY);
	}
}

static void update_history(struct cell *cell)
{
	int32_t id = cell->exists ? cell->seen.id : -1;

	if (id != cell->id) {
		cell->id = id;
		mark(cell, CELL_PROPERTY_ID);
	}
	if (cell->started_at != cell->record.started_at) {
		cell->started_at = cell->record.started_at;
		mark(cell, CELL_PROPERTY_STARTED_AT);
	}
	if (strcmp(cell->image_sha256, cell->record.image_sha256) != 0) {
		strcpy(cell->image_sha256, cell->record.image_sha256);
		mark(cell, CELL_PROPERTY_IMAGE_SHA256);
	}
}

void cell_update(struct cell *cell, uint64_t now_ns, bool can_watch)
{
	enum lifecycle state = work_out_state(cell);
	enum health health;

	if (state != cell->state) {
		log_debug("Cell %s: %s -> %s", cell->name, lifecycle_name(cell->state),
			  lifecycle_name(state));
		cell->state = state;
		mark(cell, CELL_PROPERTY_STATE);
	}
	health = work_out_health(cell, now_ns, can_watch);
	if (health != cell->health) {
		cell->health = health;
		mark(cell, CELL_PROPERTY_HEALTH);
	}
	update_history(cell);
	update_resources(cell);
	update_exits(cell);
}

void cell_publish(struct cell *cell)
{
	const char *names[CELL_PROPERTY_COUNT + 1];
	size_t count = 0;
	int r;

	if (!cell->changed || !cell->manager->observed)
		return;
	for (unsigned int i = 0; i < CELL_PROPERTY_COUNT; i++) {
		if (cell->changed & (1u << i))
			names[count++] = cell_property_names[i];
	}
	names[count] = NULL;
	cell->changed = 0;
	r = sd_bus_emit_properties_changed_strv(cell->manager->bus, cell->path, BUS_CELL_INTERFACE,
						(char **)names);
	if (r < 0)
		log_warning("Cannot tell of changes of cell %s: %s", cell->name, strerror(-r));
}

void cell_emit_failed(struct cell *cell, const char *reason)
{
	/* State first, so that who hears the signal reads what belongs to it. */
	cell_publish(cell);
	sd_bus_emit_signal(cell->manager->bus, cell->path, BUS_CELL_INTERFACE, "Failed", "ss",
			   reason, "");
}
