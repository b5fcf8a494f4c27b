// SPDX-License-Identifier: GPL-2.0-only
#include "manager/observe.h"

#include <string.h>

#include <systemd/sd-daemon.h>

#include "driver/driver.h"
#include "driver/step.h"
#include "manager/alarm.h"
#include "manager/console.h"
#include "manager/on_failure.h"
#include "manager/pending.h"
#include "manager/plan.h"
#include "util/log.h"
#include "util/message_ids.h"

static void tell_left_out(const struct cpu_mask *cpus)
{
	_cleanup_(freep) char *list = cpu_mask_format(cpus);

	if (list && *list)
		log_warning("CPUs %s are nobody's while the hypervisor is enabled: Linux keeps "
			    "them off (/sys/devices/system/cpu/smt/control)",
			    list);
}

/* Returns whether they are others than before. */
static bool take_cpus(struct manager *manager, struct cpu_mask *known, const struct cpu_mask *seen,
		      enum manager_property property)
{
	if (memcmp(known, seen, sizeof(*known)) == 0)
		return false;
	*known = *seen;
	manager_mark(manager, property);
	return true;
}

#define FEATURE_ENTRY(flag, word) {flag, word},
#define FEATURE_SIZE(flag, word)  +sizeof(" " word)

/* Where a machine has the original driver nobody shall have to find out step by step. */
static void tell_missing(uint64_t features)
{
	static const struct {
		uint64_t feature;
		const char *name;
	} names[] = {BUS_FEATURES(FEATURE_ENTRY)};
	char missing[1 BUS_FEATURES(FEATURE_SIZE)] = "", *end = missing;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(features & names[i].feature))
			end = stpcpy(stpcpy(end, " "), names[i].name);
	}
	if (*missing)
		log_notice("The driver in use%s does without:%s; cells that want some of it are "
			   "named by cellctl check",
			   features ? "" : ", which is the original one,", missing);
}

static void apply_hypervisor(struct manager *manager, const struct snapshot *snapshot)
{
	if (manager->state != snapshot->hypervisor) {
		log_debug("Hypervisor: %s -> %s", hypervisor_state_name(manager->state),
			  hypervisor_state_name(snapshot->hypervisor));
		manager->state = snapshot->hypervisor;
		manager_mark(manager, MANAGER_PROPERTY_HYPERVISOR_STATE);
		manager_mark(manager, MANAGER_PROPERTY_DRIVER);
	}
	/* Whoever enables it next may be somebody else. */
	if (snapshot->hypervisor != HYPERVISOR_ENABLED)
		manager->keeps_told = false;
	take_cpus(manager, &manager->cpus_kept, &snapshot->cpus_kept, MANAGER_PROPERTY_CPUS_KEPT);
	if (strcmp(manager->release, snapshot->release) != 0) {
		memcpy(manager->release, snapshot->release, sizeof(manager->release));
		manager_mark(manager, MANAGER_PROPERTY_DRIVER);
	}
	if (snapshot->features_known &&
	    (!manager->features_known || manager->features != snapshot->features))
		tell_missing(snapshot->features);
	manager->features_known = snapshot->features_known;
	if (manager->features != snapshot->features) {
		manager->features = snapshot->features;
		manager_mark(manager, MANAGER_PROPERTY_FEATURES);
	}
	if (take_cpus(manager, &manager->cpus_left_out, &snapshot->cpus_left_out,
		      MANAGER_PROPERTY_CPUS_LEFT_OUT))
		tell_left_out(&manager->cpus_left_out);
}

void observe_pool(struct manager *manager, const struct snapshot *snapshot, bool grown)
{
	struct address_range pieces[POOL_MAX_PIECES];

	if (!snapshot || snapshot->hypervisor != HYPERVISOR_ENABLED || !manager->pool.count ||
	    !snapshot->num_pieces)
		return;
	for (size_t i = 0; i < snapshot->num_pieces; i++)
		pieces[i] = (struct address_range){snapshot->pieces[i].phys_start,
						   snapshot->pieces[i].size};
	manager->unsaved |= pool_update(&manager->pool, pieces, snapshot->num_pieces, grown);
}

/* It died after the hypervisor was enabled and before it could write down with which memory. */
static void remember_pool(struct manager *manager, const struct state *state,
			  const struct snapshot *snapshot)
{
	uint64_t part = manager->config.hypervisor_memory;

	manager->pool = state->pool;
	manager->hypervisor = state->hypervisor;
	manager->pool_node = snapshot->pool.node ? (int)snapshot->pool.node - 1 : TOPOLOGY_NO_NODE;
	/* What came without being written down came for a cell, if that was about to be done. */
	observe_pool(manager, snapshot, strcmp(state->intent, verb_name(VERB_GROW_POOL)) == 0);
	if (manager->pool.count || strcmp(state->intent, verb_name(VERB_ENABLE)) != 0 ||
	    snapshot->pool.source == CELLVISOR_POOL_NONE || snapshot->pool.size <= part)
		return;
	manager->pool = pool_of(snapshot->pool.phys_start, snapshot->pool.size);
	manager->hypervisor = (struct address_range){snapshot->pool.phys_start, part};
	manager->pool_from_linux = driver_pool_is_linux(&snapshot->pool);
}

/* It died on the way to a hypervisor that is on, or back: Linux gets what is left with the driver.
 */
static void remember_rest(struct manager *manager, const struct state *state)
{
	manager->pool_left = strcmp(state->intent, verb_name(VERB_ENABLE)) == 0 ||
			     strcmp(state->intent, verb_name(VERB_DISABLE)) == 0;
}

/*
 * A daemon before us died between a step and writing down what came of it. What was asked for is on
 * record, and whether there is a cell is seen.
 */
static void finish_intent(struct cell_record *record, const struct snapshot_cell *seen)
{
	if (record->phase == CELL_PHASE_NONE &&
	    strcmp(record->intent, verb_name(VERB_CREATE)) == 0) {
		record->phase = CELL_PHASE_CREATED;
		record->id = seen->id;
	} else if (strcmp(record->intent, verb_name(VERB_LOAD)) == 0) {
		/* Half an image is none. */
		record->phase = CELL_PHASE_CREATED;
		record->image_sha256[0] = '\0';
	}
	record->intent[0] = '\0';
}

/*
 * Nobody was there to see it go. Whether it still ran then is not known; it has not been stopped by
 * a daemon, else that would be on record.
 */
static void miss(struct manager *manager, const struct state_cell *remembered)
{
	const struct cell_record *record = &remembered->record;
	struct cell *cell;

	if (record->phase != CELL_PHASE_STARTED || record->end_reported ||
	    strcmp(record->intent, verb_name(VERB_DESTROY)) == 0)
		return;
	cell = manager_ensure_cell(manager, remembered->name);
	if (!cell)
		return;
	cell->record.started_at = record->started_at;
	cell->record.started_monotonic = record->started_monotonic;
	cell->gone = true;
}

static bool is_same_cell(const struct cell_record *record, const struct snapshot_cell *seen)
{
	/* Another one of the same name and id may have been made while nobody was looking. */
	return record->phase != CELL_PHASE_NONE && record->id == seen->id &&
	       memcmp(&record->placement.cpus, &seen->cpus, sizeof(seen->cpus)) == 0;
}

/* On the way to be started again it had been destroyed, and could not be created yet. */
static bool is_to_come_back(const struct cell_record *record, const struct snapshot *snapshot)
{
	return record->restart.due && snapshot->hypervisor == HYPERVISOR_ENABLED &&
	       (record->phase == CELL_PHASE_NONE ||
		strcmp(record->intent, verb_name(VERB_DESTROY)) == 0);
}

/* A cell of a daemon before us. Returns false where that cannot be told yet. */
static bool remember_cell(struct manager *manager, struct state_cell *state,
			  const struct snapshot *snapshot)
{
	const struct snapshot_cell *seen = snapshot_find_name(snapshot, state->name);
	const bool start_left = strcmp(state->record.intent, verb_name(VERB_START)) == 0;
	struct cell *cell;
	bool same;

	if (seen && seen->error)
		return false;
	if (seen)
		finish_intent(&state->record, seen);
	same = seen && is_same_cell(&state->record, seen);
	if (!same)
		miss(manager, state);
	cell = seen ? manager_ensure_cell(manager, state->name)
		    : manager_find_cell(manager, state->name);
	/* What the file says is what is so, or the file goes. */
	if (cell)
		cell->unsaved = true;
	else
		manager_drop_record(state->name);
	if (cell && !seen && cell->description && is_to_come_back(&state->record, snapshot)) {
		cell->record.restart = state->record.restart;
		on_failure_remember(cell);
	}
	if (!cell || !same)
		return true;
	cell->record = state->record;
	cell->start_left = start_left;
	on_failure_remember(cell);
	pending_take_record(cell);
	cell->repend = true;
	log_event(LOG_INFO, MESSAGE_CELL_ADOPTED, cell->name, NULL, 0,
		  "Cell %s goes on under this daemon", cell->name);
	return true;
}

static void remember_cells(struct manager *manager, const struct snapshot *snapshot)
{
	struct state *state = manager->remembered;
	size_t left = 0;

	for (size_t i = 0; i < state->num_cells; i++) {
		if (remember_cell(manager, &state->cells[i], snapshot))
			free(state->cells[i].name);
		else
			state->cells[left++] = state->cells[i];
	}
	state->num_cells = left;
}

/* Cells of a daemon before us get their records back; what is below confirms them, or not. */
static void remember(struct manager *manager, const struct snapshot *snapshot)
{
	struct state *state = manager->remembered;

	if (!state)
		return;
	if (!manager->observed) {
		manager->pool_from_linux = state->pool_from_linux;
		links_remember(manager, state, snapshot->hypervisor == HYPERVISOR_ENABLED);
		if (snapshot->hypervisor == HYPERVISOR_ENABLED)
			remember_pool(manager, state, snapshot);
		else
			remember_rest(manager, state);
		manager->unsaved = true;
	}
	remember_cells(manager, snapshot);
	if (state->num_cells)
		return;
	state_free(state);
	manager->remembered = NULL;
}

static struct cell *find_by_id(const struct manager *manager, int32_t id)
{
	struct cell *cell = manager->cells;

	while (cell && !(cell->exists && cell->seen.id == id))
		cell = cell->next;
	return cell;
}

/* It stays as it was seen last, which may not be so any more. */
static void note_unreadable(struct cell *cell, const struct snapshot_cell *seen)
{
	if (!cell->unreadable)
		log_event(LOG_ERR, MESSAGE_CELL_UNREADABLE, cell->name, NULL, 0,
			  "Cell %s cannot be read: %s; its health is unknown until it can",
			  cell->name, strerror(-seen->error));
	cell->unreadable = true;
}

static void observe_existing(struct manager *manager, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->num_cells; i++) {
		const struct snapshot_cell *seen = &snapshot->cells[i];
		struct cell *cell = seen->error ? find_by_id(manager, seen->id) : NULL;
		bool was_foreign;

		if (!cell && seen->name[0])
			cell = manager_ensure_cell(manager, seen->name);
		if (!cell || cell->in_step)
			continue;
		if (seen->error)
			note_unreadable(cell, seen);
		else
			cell->unreadable = false;
		if (seen->error && cell->exists && cell->seen.id == seen->id)
			continue;
		was_foreign = cell->exists && !cell_owned(cell);
		cell_observe(cell, seen);
		if (!was_foreign && !cell_owned(cell))
			log_event(LOG_NOTICE, MESSAGE_CELL_FOREIGN, cell->name, NULL, 0,
				  "Cell %s is not known to this daemon; it is shown, not touched",
				  cell->name);
	}
}

static bool is_shown(const struct snapshot *snapshot, const struct cell *cell)
{
	const struct snapshot_cell *seen;

	if (snapshot_find_name(snapshot, cell->name))
		return true;
	/* One whose name cannot be read. */
	seen = cell->exists ? snapshot_find_id(snapshot, cell->seen.id) : NULL;
	return seen && seen->error;
}

static void observe_missing(struct manager *manager, const struct snapshot *snapshot)
{
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->in_step || is_shown(snapshot, cell))
			continue;
		cell->unreadable = false;
		if (cell_owned(cell) && !cell_running(cell))
			log_event(LOG_WARNING, NULL, cell->name, NULL, 0,
				  "Cell %s has been destroyed by somebody else", cell->name);
		if (cell->exists)
			consoles_end(manager, cell->seen.id);
		cell_observe(cell, NULL);
	}
}

/*
 * Those that have neither a description nor a cell below go, but not while a job is about them:
 * they may exist in a moment.
 */
static void drop_unneeded(struct manager *manager)
{
	struct cell **link = &manager->cells;

	while (*link) {
		struct cell *cell = *link;

		if (cell->description || cell->broken || cell->exists || cell->in_step ||
		    cell->operation[0] || cell->recording) {
			link = &cell->next;
			continue;
		}
		if (cell->unsaved)
			manager_save_cell(manager, cell);
		manager->events->cell_removed(cell, manager->userdata);
		*link = cell->next;
		cell_free(cell);
	}
}

static void publish(struct manager *manager)
{
	uint64_t total = plan_memory_total(manager);
	uint64_t available = plan_memory_free(manager);
	uint32_t changed;

	if (total != manager->memory_total) {
		manager->memory_total = total;
		manager_mark(manager, MANAGER_PROPERTY_MEMORY_TOTAL);
		manager_mark(manager, MANAGER_PROPERTY_MEMORY_SOURCE);
	}
	if (available != manager->memory_free) {
		manager->memory_free = available;
		manager_mark(manager, MANAGER_PROPERTY_MEMORY_FREE);
	}
	changed = manager->changed;
	manager->changed = 0;
	if (changed)
		manager->events->manager_changed(changed, manager->userdata);
}

void observe_settle(struct manager *manager)
{
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		/* Of one that has gone nothing is. */
		if (cell->repend || (cell->pending && !cell->exists && !cell->held))
			pending_update(manager, cell);
		cell->repend = false;
		cell->unseen = manager->blind || cell->unreadable;
		/* By the time of the last look: a heartbeat that nobody looked for is not late. */
		if (!cell->in_step || cell->unseen)
			cell_update(cell, manager->observed_at_ns,
				    manager->features & CELLVISOR_FEATURE_STATUS);
		if (!cell->in_step && !cell->unseen)
			alarm_raise(manager, cell);
		manager_publish_cell(manager, cell);
	}
	drop_unneeded(manager);
	publish(manager);
}

void observe_tell_status(const struct manager *manager)
{
	static char last[128];
	char text[128];
	unsigned int running = 0, cells = 0;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		cells++;
		running += cell_running(cell);
	}
	snprintf(text, sizeof(text), "STATUS=Hypervisor %s, %u of %u cells running",
		 hypervisor_state_name(manager->state), running, cells);
	if (strcmp(text, last) == 0)
		return;
	strcpy(last, text);
	sd_notify(false, text);
}

void observe_apply(struct manager *manager, const struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	manager->observed_at_ns = manager_now_ns(manager);
	apply_hypervisor(manager, snapshot);
	links_observe(manager, snapshot->hypervisor == HYPERVISOR_ENABLED);
	remember(manager, snapshot);
	/*
	 * Pieces that others have brought are as good, and theirs to take away. What comes while a
	 * step of ours is about the pool is that step's to tell.
	 */
	if (!manager->intent[0])
		observe_pool(manager, snapshot, false);
	observe_existing(manager, snapshot);
	observe_missing(manager, snapshot);
	manager->observed = true;
	observe_settle(manager);
	manager_set_period(manager);
	manager_save_rest(manager);
}
