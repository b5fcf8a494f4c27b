// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus/info.h"
#include "common/bus_words.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "json.h"

/* How a property's value becomes a member of a structure. */
struct property {
	void (*take)(struct json_object *value, void *member);
	size_t offset;
	const char *key;
	const char *otherwise;
};

static void take_text(struct json_object *value, void *member)
{
	*(const char **)member = json_object_get_string(value);
}

static void take_int64(struct json_object *value, void *member)
{
	*(int64_t *)member = json_object_get_int64(value);
}

static void take_uint64(struct json_object *value, void *member)
{
	*(uint64_t *)member = json_object_get_uint64(value);
}

static void take_value(struct json_object *value, void *member)
{
	*(struct json_object **)member = value;
}

#define PROPERTY_TAKE(member) \
	_Generic((member),                \
		const char *: take_text,  \
		int64_t: take_int64,      \
		uint64_t: take_uint64,    \
		struct json_object *: take_value)

#define PROPERTY(structure, member, key, otherwise)                                             \
	{PROPERTY_TAKE(((struct structure *)NULL)->member), offsetof(struct structure, member), \
	 key, otherwise},
#define CELL_PROPERTY(type, ...)    PROPERTY(cell_info, __VA_ARGS__)
#define MANAGER_PROPERTY(type, ...) PROPERTY(manager_info, __VA_ARGS__)

static const struct property cell_properties[] = {CELL_PROPERTIES(CELL_PROPERTY)};
static const struct property manager_properties[] = {MANAGER_PROPERTIES(MANAGER_PROPERTY)};

/* A value of another type than what stands for a missing one is as good as missing. */
static int take_property(struct json_object *values, const struct property *property,
			 void *structure)
{
	_cleanup_(json_putp) struct json_object *otherwise =
		json_tokener_parse(property->otherwise);
	struct json_object *value = json_object_object_get(values, property->key);

	if (!otherwise)
		return -ENOMEM;
	if (json_object_get_type(value) != json_object_get_type(otherwise)) {
		value = otherwise;
		if (!json_add(values, property->key, json_object_get(value)))
			return -ENOMEM;
	}
	property->take(value, (char *)structure + property->offset);
	return 0;
}

static int take_properties(struct json_object *published, const struct property *properties,
			   size_t count, void *structure, struct json_object **ret_values)
{
	_cleanup_(json_putp) struct json_object *values = json_object_new_object();

	if (!values)
		return -ENOMEM;
	if (!json_object_is_type(published, json_type_object))
		return -EBADMSG;
	json_object_object_foreach(published, name, value)
	{
		_cleanup_(freep) char *key = json_key(name);

		if (!key || !json_add(values, key, json_object_get(value)))
			return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		int r = take_property(values, &properties[i], structure);

		if (r < 0)
			return r;
	}
	*ret_values = TAKE_POINTER(values);
	return 0;
}

int cell_info_make(struct json_object *published, const char *path, struct cell_info *ret_cell)
{
	struct cell_info cell = {.path = strdup(path)};
	int r = -ENOMEM;

	if (cell.path)
		r = take_properties(published, cell_properties, ARRAY_SIZE(cell_properties), &cell,
				    &cell.properties);
	if (r < 0)
		free(cell.path);
	else
		*ret_cell = cell;
	return r;
}

int manager_info_make(struct json_object *published, struct manager_info *ret_manager)
{
	struct manager_info manager = {0};
	int r = take_properties(published, manager_properties, ARRAY_SIZE(manager_properties),
				&manager, &manager.properties);

	if (r >= 0)
		*ret_manager = manager;
	return r;
}

void cell_info_free(struct cell_info *cell)
{
	free(cell->path);
	json_object_put(cell->properties);
	*cell = (struct cell_info){0};
}

bool manager_has_feature(const struct manager_info *manager, const char *feature)
{
	for (size_t i = 0; i < json_object_array_length(manager->features); i++) {
		struct json_object *have = json_object_array_get_idx(manager->features, i);

		if (strcmp(json_object_get_string(have), feature) == 0)
			return true;
	}
	return false;
}

void manager_info_free(struct manager_info *manager)
{
	json_object_put(manager->properties);
	*manager = (struct manager_info){0};
}

void cell_list_free(struct cell_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		cell_info_free(&list->cells[i]);
	free(list->cells);
	*list = (struct cell_list){0};
}

struct json_object *cell_list_properties(const struct cell_list *list)
{
	_cleanup_(json_putp) struct json_object *cells = json_object_new_array();

	if (!cells)
		return NULL;
	for (size_t i = 0; i < list->count; i++) {
		if (!json_append(cells, json_object_get(list->cells[i].properties)))
			return NULL;
	}
	return TAKE_POINTER(cells);
}

bool cell_info_runs(const struct cell_info *cell)
{
	enum lifecycle state = lifecycle_from_word(cell->state);

	return state == LIFECYCLE_RUNNING || state == LIFECYCLE_RUNNING_LOCKED;
}

uint64_t exits_count(struct json_object *exits, const char *name)
{
	return json_object_get_uint64(json_object_object_get(exits, name));
}

uint64_t exits_total(struct json_object *exits)
{
	struct json_object *counter;
	uint64_t total = 0;

	if (json_object_object_get_ex(exits, "total", &counter))
		return json_object_get_uint64(counter);
	json_object_object_foreach(exits, name, count)
	{
		(void)name;
		total += json_object_get_uint64(count);
	}
	return total;
}

uint64_t cell_info_age(const struct cell_info *cell)
{
	const uint64_t from =
		cell->started_at_monotonic ? cell->started_at_monotonic : cell->started_at;
	const uint64_t now = cell->started_at_monotonic ? monotonic_us() : realtime_us();

	return from && now > from ? now - from : 0;
}
