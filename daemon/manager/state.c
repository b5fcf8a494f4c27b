// SPDX-License-Identifier: GPL-2.0-only
#include "manager/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/cleanup.h"
#include "util/json_text.h"
#include "util/read_text.h"
#include "util/write_text.h"

#define STATE_VERSION  1
#define STATE_MAX_FILE (4u << 20)
#define LINKS_MAX      32 /* places on a PCI bus */

static const char *const phase_names[CELL_PHASE_COUNT] = {
	[CELL_PHASE_NONE] = "none",
	[CELL_PHASE_CREATED] = "created",
	[CELL_PHASE_LOADED] = "loaded",
	[CELL_PHASE_STARTED] = "started",
};

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_uint(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static struct json_object *encode_range(const struct address_range *range)
{
	struct json_object *object = json_object_new_object();

	add_uint(object, "start", range->start);
	add_uint(object, "size", range->size);
	return object;
}

static struct json_object *encode_place(const struct link_place *place)
{
	struct json_object *object = json_object_new_object();

	add_string(object, "id", place->id);
	add_uint(object, "bdf", place->bdf);
	json_object_object_add(object, "memory", encode_range(&place->memory));
	add_uint(object, "common", place->shape.common);
	add_uint(object, "output", place->shape.output);
	add_uint(object, "vectors", place->shape.vectors);
	return object;
}

static struct json_object *encode_link(const struct link_record *record)
{
	struct json_object *object = encode_place(&record->place);

	add_string(object, "intent", record->intent);
	return object;
}

static struct json_object *encode_record(const struct cell_record *record)
{
	struct json_object *object = json_object_new_object();
	struct json_object *memory = json_object_new_array();
	struct json_object *links = json_object_new_array();
	_cleanup_(freep) char *cpus = cpu_mask_format(&record->placement.cpus);

	add_string(object, "phase", phase_names[record->phase]);
	json_object_object_add(object, "id", json_object_new_int(record->id));
	add_string(object, "intent", record->intent);
	add_uint(object, "started-at", record->started_at);
	add_string(object, "image-sha256", record->image_sha256);
	add_string(object, "blob-sha256", record->blob_sha256);
	json_object_object_add(object, "failure-reported",
			       json_object_new_boolean(record->end_reported));
	add_string(object, "cpus", cpus ? cpus : "");
	for (size_t i = 0; i < record->placement.num_memory; i++)
		json_object_array_add(memory, encode_range(&record->placement.memory[i]));
	json_object_object_add(object, "memory", memory);
	for (size_t i = 0; i < record->placement.num_links; i++)
		json_object_array_add(links, encode_place(&record->placement.links[i]));
	json_object_object_add(object, "links", links);
	add_uint(object, "started-monotonic", record->started_monotonic);
	add_uint(object, "restarts", record->restart.count);
	add_uint(object, "restarts-since", record->restart.since);
	add_uint(object, "restart-at", record->restart.due);
	add_string(object, "stopped-for", record->stopped_for);
	json_object_object_add(object, "doomed", json_object_new_boolean(record->doomed));
	return object;
}

static struct json_object *encode_pool(const struct pool *pool)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < pool->count; i++) {
		struct json_object *piece = encode_range(&pool->pieces[i].range);

		json_object_object_add(piece, "grown",
				       json_object_new_boolean(pool->pieces[i].grown));
		json_object_array_add(array, piece);
	}
	return array;
}

static struct json_object *encode_state(const struct state *state)
{
	struct json_object *object = json_object_new_object();
	struct json_object *links = json_object_new_array();

	json_object_object_add(object, "version", json_object_new_int(STATE_VERSION));
	json_object_object_add(object, "pool", encode_pool(&state->pool));
	json_object_object_add(object, "hypervisor", encode_range(&state->hypervisor));
	json_object_object_add(object, "pool-from-linux",
			       json_object_new_boolean(state->pool_from_linux));
	add_string(object, "intent", state->intent);
	for (size_t i = 0; i < state->num_links; i++)
		json_object_array_add(links, encode_link(&state->links[i]));
	json_object_object_add(object, "links", links);
	return object;
}

static int write_json(const char *file, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY);

	return text ? write_text(file, text, 0600) : -ENOMEM;
}

int state_write(const char *file, const struct state *state)
{
	_cleanup_(json_object_putp) struct json_object *object = encode_state(state);

	return write_json(file, object);
}

int state_write_record(const char *file, const struct cell_record *record)
{
	_cleanup_(json_object_putp) struct json_object *object = encode_record(record);

	return write_json(file, object);
}

/* A person may have had a hand in the file: every look-up says whether it worked. */
static bool get_uint(struct json_object *object, const char *key, uint64_t *ret)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		return false;
	*ret = json_object_get_uint64(value);
	return true;
}

static bool get_bool(struct json_object *object, const char *key, bool *ret)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_boolean))
		return false;
	*ret = json_object_get_boolean(value);
	return true;
}

static const char *get_string(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

static bool copy_string(struct json_object *object, const char *key, char *buffer, size_t size)
{
	const char *value = get_string(object, key);

	if (!value || strlen(value) >= size)
		return false;
	strcpy(buffer, value);
	return true;
}

static bool decode_range(struct json_object *object, struct address_range *ret)
{
	struct address_range range;

	if (!object || !get_uint(object, "start", &range.start) ||
	    !get_uint(object, "size", &range.size) || range.start + range.size < range.start)
		return false;
	*ret = range;
	return true;
}

/* A daemon that knew of one piece only wrote a range, of no bytes for none. */
static bool decode_pool(struct json_object *value, struct pool *ret)
{
	struct pool_piece piece = {0};

	if (json_object_is_type(value, json_type_object)) {
		if (!decode_range(value, &piece.range))
			return false;
		*ret = pool_of(piece.range.start, piece.range.size);
		return true;
	}
	if (!json_object_is_type(value, json_type_array))
		return false;
	*ret = pool_of(0, 0);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_object) ||
		    !decode_range(item, &piece.range) || !get_bool(item, "grown", &piece.grown) ||
		    (piece.range.size && !pool_add(ret, piece)))
			return false;
	}
	return true;
}

static bool decode_memory(struct json_object *object, struct placement *placement)
{
	struct json_object *memory;
	size_t count;

	if (!json_object_object_get_ex(object, "memory", &memory) ||
	    !json_object_is_type(memory, json_type_array))
		return false;
	count = json_object_array_length(memory);
	if (count > DESCRIPTION_MAX_MEMORY)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!decode_range(json_object_array_get_idx(memory, i), &placement->memory[i]))
			return false;
	}
	placement->num_memory = count;
	return true;
}

static bool decode_place(struct json_object *object, struct link_place *ret)
{
	struct link_place place = {0};
	struct json_object *memory = NULL;
	uint64_t bdf, vectors;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, "memory", &memory) ||
	    !copy_string(object, "id", place.id, sizeof(place.id)) || !strchr(place.id, ' ') ||
	    !get_uint(object, "bdf", &bdf) || bdf > UINT8_MAX ||
	    !decode_range(memory, &place.memory) ||
	    !get_uint(object, "common", &place.shape.common) ||
	    !get_uint(object, "output", &place.shape.output) ||
	    !get_uint(object, "vectors", &vectors) || vectors > UINT16_MAX)
		return false;
	place.bdf = bdf;
	place.shape.vectors = vectors;
	*ret = place;
	return true;
}

/* The list in an object, of at most max; none in the file of a daemon that knew no links. */
static bool get_links(struct json_object *object, size_t max, struct json_object **ret,
		      size_t *ret_count)
{
	*ret_count = 0;
	if (!json_object_object_get_ex(object, "links", ret))
		return true;
	if (!json_object_is_type(*ret, json_type_array) || json_object_array_length(*ret) > max)
		return false;
	*ret_count = json_object_array_length(*ret);
	return true;
}

static bool decode_places(struct json_object *object, struct placement *placement)
{
	struct json_object *links;

	if (!get_links(object, DESCRIPTION_MAX_LINKS, &links, &placement->num_links))
		return false;
	for (size_t i = 0; i < placement->num_links; i++) {
		if (!decode_place(json_object_array_get_idx(links, i), &placement->links[i]))
			return false;
	}
	return true;
}

static bool decode_phase(struct json_object *object, enum cell_phase *ret)
{
	const char *name = get_string(object, "phase");

	for (size_t i = 0; name && i < CELL_PHASE_COUNT; i++) {
		if (strcmp(name, phase_names[i]) == 0) {
			*ret = (enum cell_phase)i;
			return true;
		}
	}
	return false;
}

static bool decode_record(struct json_object *object, struct cell_record *ret)
{
	struct cell_record record = {0};
	const char *cpus = get_string(object, "cpus");
	struct json_object *id;

	if (!cpus || cpu_mask_parse(cpus, &record.placement.cpus) < 0 ||
	    !decode_phase(object, &record.phase) || !decode_memory(object, &record.placement) ||
	    !decode_places(object, &record.placement) ||
	    !json_object_object_get_ex(object, "id", &id) ||
	    !json_object_is_type(id, json_type_int) ||
	    !copy_string(object, "intent", record.intent, sizeof(record.intent)) ||
	    !get_uint(object, "started-at", &record.started_at) ||
	    !copy_string(object, "image-sha256", record.image_sha256,
			 sizeof(record.image_sha256)) ||
	    !copy_string(object, "blob-sha256", record.blob_sha256, sizeof(record.blob_sha256)) ||
	    !get_bool(object, "failure-reported", &record.end_reported))
		return false;
	record.id = json_object_get_int(id);
	/* Older daemons wrote none of these. */
	(void)get_uint(object, "started-monotonic", &record.started_monotonic);
	(void)get_uint(object, "restarts", &record.restart.count);
	(void)get_uint(object, "restarts-since", &record.restart.since);
	(void)get_uint(object, "restart-at", &record.restart.due);
	(void)get_bool(object, "doomed", &record.doomed);
	(void)copy_string(object, "stopped-for", record.stopped_for, sizeof(record.stopped_for));
	*ret = record;
	return true;
}

static int add_record(struct state *state, const char *name, struct json_object *object)
{
	struct state_cell *cells;
	struct state_cell cell = {0};

	if (!json_object_is_type(object, json_type_object) || !decode_record(object, &cell.record))
		return -EPROTO;
	cell.name = strdup(name);
	cells = reallocarray(state->cells, state->num_cells + 1, sizeof(*cells));
	if (cells)
		state->cells = cells;
	if (!cell.name || !cells) {
		free(cell.name);
		return -ENOMEM;
	}
	state->cells[state->num_cells++] = cell;
	return 0;
}

static int decode_cells(struct json_object *object, struct state *state)
{
	struct json_object *cells;
	int r = 0;

	if (!json_object_object_get_ex(object, "cells", &cells))
		return 0;
	if (!json_object_is_type(cells, json_type_object))
		return -EPROTO;
	json_object_object_foreach(cells, name, value)
	{
		r = r == -ENOMEM ? r : add_record(state, name, value);
		state->num_bad += r == -EPROTO;
	}
	return r == -ENOMEM ? r : 0;
}

static int decode_links(struct json_object *object, struct state *state)
{
	struct json_object *links;
	size_t count;

	if (!get_links(object, LINKS_MAX, &links, &count))
		return -EPROTO;
	state->links = calloc(count + 1, sizeof(*state->links));
	if (!state->links)
		return -ENOMEM;
	for (; state->num_links < count; state->num_links++) {
		struct json_object *item = json_object_array_get_idx(links, state->num_links);
		struct link_record *record = &state->links[state->num_links];

		if (!decode_place(item, &record->place) ||
		    !copy_string(item, "intent", record->intent, sizeof(record->intent)))
			return -EPROTO;
	}
	return 0;
}

static int decode_state(struct json_object *object, struct state *state)
{
	struct json_object *pool = NULL, *hypervisor = NULL;
	uint64_t version;
	int r;

	if (!json_object_is_type(object, json_type_object) ||
	    !get_uint(object, "version", &version) || version != STATE_VERSION)
		return -EPROTO;
	json_object_object_get_ex(object, "pool", &pool);
	json_object_object_get_ex(object, "hypervisor", &hypervisor);
	if (!decode_pool(pool, &state->pool) || !decode_range(hypervisor, &state->hypervisor) ||
	    !get_bool(object, "pool-from-linux", &state->pool_from_linux) ||
	    !copy_string(object, "intent", state->intent, sizeof(state->intent)))
		return -EPROTO;
	r = decode_cells(object, state);
	return r < 0 ? r : decode_links(object, state);
}

static int read_json(const char *file, struct json_object **ret)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t length;
	int r;

	if (fd < 0)
		return -errno;
	r = read_text(fd, STATE_MAX_FILE, &text, &length);
	if (r < 0)
		return r;
	*ret = json_tokener_parse(text);
	return *ret ? 0 : -EPROTO;
}

int state_read(const char *file, struct state **ret)
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	_cleanup_(state_freep) struct state *state = NULL;
	int r;

	r = read_json(file, &object);
	if (r < 0)
		return r;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	r = decode_state(object, state);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(state);
	return 0;
}

void state_keep_bad(const char *file)
{
	_cleanup_(freep) char *kept = text_format("%s" STATE_BAD, file);

	if (kept)
		(void)rename(file, kept);
}

static int read_record(const char *directory, const char *name, struct state *state,
		       void (*bad)(const char *file, int error))
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	_cleanup_(freep) char *file = text_format("%s/%s", directory, name);
	int r;

	if (!file)
		return -ENOMEM;
	r = read_json(file, &object);
	if (r >= 0)
		r = add_record(state, name, object);
	if (r >= 0 || r == -ENOMEM)
		return r;
	state_keep_bad(file);
	bad(file, r);
	return 0;
}

int state_read_records(const char *directory, struct state *state,
		       void (*bad)(const char *file, int error))
{
	const struct dirent *entry;
	_cleanup_(closedirp) DIR *records = opendir(directory);
	int r = 0;

	if (!records)
		return errno == ENOENT ? 0 : -errno;
	/* Names of cells have no dots: what is half written or kept as evidence has. */
	while (r >= 0 && (entry = readdir(records))) {
		if (description_name_valid(entry->d_name))
			r = read_record(directory, entry->d_name, state, bad);
	}
	return r;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	for (size_t i = 0; i < state->num_cells; i++)
		free(state->cells[i].name);
	free(state->cells);
	free(state->links);
	free(state);
}
