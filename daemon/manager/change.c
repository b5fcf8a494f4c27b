// SPDX-License-Identifier: GPL-2.0-only
#include "manager/change.h"

#include <errno.h>
#include <string.h>

#include "common/array.h"
#include "manager/digest.h"
#include "manager/pending.h"
#include "model/description_diff.h"
#include "util/log.h"

static void set_kind(struct change *change, enum bus_change kind, const char *why)
{
	change->kind = kind;
	change->why = why;
}

static void judge_existing(const struct manager *manager, const struct cell *cell,
			   const struct description *description, struct change *change)
{
	const uint32_t image = description_key_bit("image");
	uint32_t pending = pending_keys(manager, cell, description);

	if (cell_running(cell) && !(pending & image) && digest_differs(cell, description))
		pending |= image;
	if (pending && cell->state == LIFECYCLE_RUNNING) {
		change->keys = pending;
		change->remake = pending & description_keys_used(USE_AT_CREATE);
		set_kind(change, CHANGE_RESTART, "");
	} else if (pending && cell->state == LIFECYCLE_RUNNING_LOCKED) {
		change->keys = pending;
		set_kind(change, CHANGE_KEEP, "it has locked the configuration; destroy it first");
	} else if (pending) {
		change->keys |= pending;
		set_kind(change, CHANGE_UPDATE, "the next start makes it so");
	} else if (change->keys & description_keys_used(USE_AT_ONCE)) {
		change->keys &= description_keys_used(USE_AT_ONCE);
		set_kind(change, CHANGE_UPDATE, "in place");
	} else {
		change->keys = 0;
	}
}

static void judge_entry(const struct manager *manager, const struct cell *cell,
			const struct cell_dir_entry *entry, struct change *change)
{
	const struct description *description = entry->description;

	if (!description) {
		set_kind(change, CHANGE_INVALID,
			 cell && cell->description
				 ? "it has errors; the description in force stays so"
				 : "it has errors, see cellctl check");
		return;
	}
	if (!cell || (!cell->description && !cell->exists)) {
		set_kind(change, CHANGE_DEFINE, "it is new, and can be started");
		return;
	}
	/* That of either may be in force when it is stopped. */
	change->may_kill |= description->stop_force;
	if (cell->description)
		change->keys = description_differences(cell->description, description);
	if (cell->exists && !cell_owned(cell)) {
		change->keys = 0;
		set_kind(change, CHANGE_KEEP, "it is not known to this daemon");
	} else if (cell->exists) {
		judge_existing(manager, cell, description, change);
	} else if (change->keys) {
		set_kind(change, CHANGE_UPDATE, "for its next start");
	}
}

static struct change *add(struct changes *changes, const char *name, const struct cell *cell)
{
	struct change *change = array_add(&changes->items, &changes->count, sizeof(*change));

	if (!change)
		return NULL;
	change->name = strdup(name);
	set_kind(change, CHANGE_KEEP, "");
	if (!cell || !change->name)
		return change->name ? change : NULL;
	change->exists = cell_owned(cell);
	change->ran = cell_running(cell);
	change->may_kill = cell->description && cell->description->stop_force;
	change->id = cell->id;
	change->started_at = cell->started_at;
	memcpy(change->image_sha256, cell->image_sha256, sizeof(change->image_sha256));
	return change;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->name, ((const struct change *)b)->name);
}

/* Also by what the descriptions say, and which run of a cell it is about. */
static int identify(const struct cell_dir *dir, struct changes *changes)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < changes->count; i++)
		fprintf(stream, "%s %d %u %d\n", changes->items[i].name, changes->items[i].kind,
			changes->items[i].keys, changes->items[i].id);
	for (size_t i = 0; i < dir->count; i++) {
		if (dir->entries[i].description)
			fprintf(stream, "%s\n", dir->entries[i].description->text);
	}
	r = fclose(stream) == 0 ? 0 : -ENOMEM;
	if (r >= 0)
		sha256_of(text, size, changes->id);
	free(text);
	return r;
}

int changes_make(const struct manager *manager, struct cell_dir *dir, struct changes *ret)
{
	_cleanup_(changes_done) struct changes changes = {0};
	struct change *change;
	int r;

	for (size_t i = 0; i < dir->count; i++) {
		const struct cell *cell = manager_find_cell(manager, dir->entries[i].name);

		change = add(&changes, dir->entries[i].name, cell);
		if (!change)
			return -ENOMEM;
		judge_entry(manager, cell, &dir->entries[i], change);
	}
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell_dir_find(dir, cell->name) ||
		    (!cell->description && !cell_owned(cell) && !cell->broken))
			continue;
		change = add(&changes, cell->name, cell);
		if (!change)
			return -ENOMEM;
		set_kind(change, CHANGE_REMOVE, "its description has gone");
	}
	if (changes.count)
		qsort(changes.items, changes.count, sizeof(*changes.items), compare);
	r = identify(dir, &changes);
	if (r < 0)
		return r;
	*ret = changes;
	changes = (struct changes){0};
	return 0;
}

void changes_done(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].name);
		description_free(changes->items[i].old);
		description_free(changes->items[i].made_of);
		free(changes->items[i].lost);
	}
	free(changes->items);
	*changes = (struct changes){0};
}

bool change_is_work(const struct change *change)
{
	return change->kind == CHANGE_RESTART || (change->kind == CHANGE_REMOVE && change->exists);
}

uint32_t changes_steps(const struct manager *manager, const struct changes *changes)
{
	const bool can_kill = manager->features & CELLVISOR_FEATURE_KILL;
	uint32_t steps = 0;

	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		if (change->kind == CHANGE_RESTART)
			steps |= 1u << VERB_STOP | 1u << VERB_LOAD | 1u << VERB_START |
				 (change->remake ? 1u << VERB_DESTROY | 1u << VERB_CREATE : 0);
		else if (change->kind == CHANGE_REMOVE && change->exists)
			steps |= 1u << VERB_DESTROY | (change->ran ? 1u << VERB_STOP : 0);
		if (change_is_work(change) && change->ran && change->may_kill && can_kill)
			steps |= 1u << VERB_KILL;
	}
	return steps;
}

void changes_log(const struct changes *changes, bool done)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];
		_cleanup_(freep) char *keys = description_keys_format(change->keys);

		if (change->kind != CHANGE_KEEP || change->keys)
			log_event(LOG_NOTICE, NULL, change->name, NULL, 0, "%s: %s %s%s%s%s%s",
				  done || !change_is_work(change) ? "Plan" : "Pending",
				  change_name(change->kind), change->name, change->keys ? ": " : "",
				  keys && change->keys ? keys : "", change->why[0] ? "; " : "",
				  change->why);
	}
}
