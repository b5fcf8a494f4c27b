// SPDX-License-Identifier: GPL-2.0-only
#include "manager/cell.h"

#include <string.h>

#include "common/clock.h"
#include "util/log.h"

struct cell *cell_new(struct manager *manager, const char *name)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	if (!cell)
		return NULL;
	cell->manager = manager;
	cell->operation = cell->warning = "";
	cell->id = -1;
	cell->name = strdup(name);
	if (!cell->name) {
		free(cell);
		return NULL;
	}
	return cell;
}

void cell_free(struct cell *cell)
{
	if (!cell)
		return;
	description_free(cell->description);
	description_free(cell->made_of);
	description_free(cell->held);
	free(cell->digest);
	free(cell->broken);
	free(cell->last_error);
	free(cell->name);
	free(cell);
}

static void mark(struct cell *cell, enum cell_property property)
{
	cell->changed |= 1u << property;
}

/* Gives a member that is shown as a property its value, which is told where it is another one. */
#define SHOW(cell, member, value, property)                        \
	do {                                                       \
		const __typeof__((cell)->member) value_ = (value); \
                                                                   \
		if ((cell)->member != value_)                      \
			mark(cell, property);                      \
		(cell)->member = value_;                           \
	} while (0)

void cell_set_operation(struct cell *cell, const char *operation)
{
	if (strcmp(cell->operation, operation) == 0)
		return;
	cell->operation = operation;
	mark(cell, CELL_PROPERTY_OPERATION);
}

void cell_set_pending(struct cell *cell, uint32_t keys)
{
	SHOW(cell, pending, keys, CELL_PROPERTY_PENDING);
}

void cell_mark_described(struct cell *cell)
{
	mark(cell, CELL_PROPERTY_SIGNALS);
	mark(cell, CELL_PROPERTY_DEVICES);
	mark(cell, CELL_PROPERTY_DMA);
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

/* What is wrong with the file of its description; NULL: nothing. */
static const char *file_trouble(const struct cell *cell)
{
	if (cell->broken || cell->description || !cell_owned(cell))
		return cell->broken;
	return "its description has gone; cellctl apply stops and destroys it";
}

bool cell_has_own_error(const struct cell *cell)
{
	const char *trouble = file_trouble(cell);

	return cell->last_error && (!trouble || strcmp(trouble, cell->last_error) != 0);
}

void cell_mend(struct cell *cell)
{
	if (!cell_has_own_error(cell))
		cell_set_last_error(cell, NULL);
	free(cell->broken);
	cell->broken = NULL;
}

void cell_forget(struct cell *cell)
{
	cell->unsaved |= cell->record.phase != CELL_PHASE_NONE || cell->record.intent[0];
	cell->record = (struct cell_record){.started_at = cell->record.started_at,
					    .started_monotonic = cell->record.started_monotonic,
					    .restart = cell->record.restart};
}

void cell_note_start(struct cell *cell)
{
	cell->record.phase = CELL_PHASE_STARTED;
	cell->record.started_at = realtime_us();
	cell->record.started_monotonic = monotonic_us();
	cell->record.end_reported = cell->record.doomed = false;
	cell->unsaved = true;
	cell->health_reported = false;
	cell->killed_because = NULL;
	cell->watch = (struct health_watch){0};
	cell->exit_rate = (struct exit_rate){0};
}

/* The driver knows of starts that we do not: somebody else's, or one that we died of. */
static void follow_start(struct cell *cell)
{
	bool started = snapshot_cell_runs(&cell->seen) ||
		       (cell->seen.has_status && cell->seen.status.started);

	if (!cell_owned(cell) || !started || cell->record.phase == CELL_PHASE_STARTED)
		return;
	cell_note_start(cell);
}

void cell_observe(struct cell *cell, const struct snapshot_cell *seen)
{
	bool ran = cell_owned(cell) && cell_running(cell);

	cell->exists = seen != NULL;
	if (!seen) {
		cell->gone |= ran;
		cell_forget(cell);
		cell->seen = (struct snapshot_cell){.id = -1};
		cell->exits_known = 0;
		return;
	}
	cell->seen = *seen;
	cell->gone |= ran && !cell_owned(cell);
	follow_start(cell);
}

static enum lifecycle work_out_state(const struct cell *cell)
{
	if (!cell->exists)
		return cell->broken && !cell->description ? LIFECYCLE_INVALID : LIFECYCLE_DEFINED;
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
		.moved_ns = cell->seen.beat_moved_ns,
		.deadline_ns = cell->description ? cell->description->heartbeat_ns : 0,
		.now_ns = now_ns,
	};

	if (cell->state == LIFECYCLE_FOREIGN || cell->unseen)
		return HEALTH_UNKNOWN;
	return health_update(&cell->watch, &input);
}

static void update_warning(struct cell *cell)
{
	const char *warning = "";

	if (cell_running(cell) && cell->exits_known & (1u << EXITS_TOTAL) &&
	    exit_rate_update(&cell->exit_rate, cell->exits[EXITS_TOTAL], cell->exits_at * 1000))
		warning = "it needs the hypervisor far more often than it used to";
	if (strcmp(warning, cell->warning) == 0)
		return;
	cell->warning = warning;
	mark(cell, CELL_PROPERTY_WARNING);
}

/* One that cannot be watched is taken at its word. */
static void update_up(struct cell *cell, bool can_watch)
{
	bool to_show = cell->description && cell->description->heartbeat_ns && can_watch &&
		       cell->seen.has_status;

	SHOW(cell, up, cell_running(cell) && (!to_show || cell->watch.has_beat), CELL_PROPERTY_UP);
}

static void update_exits(struct cell *cell)
{
	/* A look without statistics says nothing about them. */
	if (cell->exists && !cell->seen.exits_known)
		return;
	cell->exits_at = cell->seen.exits_at;
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
	SHOW(cell, memory, memory, CELL_PROPERTY_MEMORY);
}

static void update_history(struct cell *cell)
{
	SHOW(cell, id, cell->exists ? cell->seen.id : -1, CELL_PROPERTY_ID);
	SHOW(cell, started_at, cell->record.started_at, CELL_PROPERTY_STARTED_AT);
	SHOW(cell, started_monotonic, cell->record.started_monotonic,
	     CELL_PROPERTY_STARTED_AT_MONOTONIC);
	if (strcmp(cell->image_sha256, cell->record.image_sha256) != 0) {
		strcpy(cell->image_sha256, cell->record.image_sha256);
		mark(cell, CELL_PROPERTY_IMAGE_SHA256);
	}
}

void cell_update(struct cell *cell, uint64_t now_ns, bool can_watch)
{
	const char *trouble = file_trouble(cell);
	enum lifecycle state = work_out_state(cell);

	if (state != cell->state) {
		log_debug("Cell %s: %s -> %s", cell->name, lifecycle_name(cell->state),
			  lifecycle_name(state));
		/* What went wrong with ours says nothing about somebody else's. */
		if (state == LIFECYCLE_FOREIGN || cell->state == LIFECYCLE_INVALID)
			cell_set_last_error(cell, NULL);
		cell->state = state;
		mark(cell, CELL_PROPERTY_STATE);
	}
	/* Of one that goes on as it was described before that is the last to be told. */
	if (trouble && (state == LIFECYCLE_INVALID || !cell->last_error))
		cell_set_last_error(cell, trouble);
	SHOW(cell, health, work_out_health(cell, now_ns, can_watch), CELL_PROPERTY_HEALTH);
	/* Where nothing is seen it is what it was. */
	if (!cell->unseen)
		update_up(cell, can_watch);
	update_history(cell);
	update_resources(cell);
	update_exits(cell);
	/* A look without statistics says nothing about that, either. */
	if (cell->seen.exits_known || !cell_running(cell))
		update_warning(cell);
}
