// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "view/json.h"
#include "common/cleanup.h"

#define MAX_DEPTH 16

bool json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return false;
	if (json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		return false;
	}
	return true;
}

bool json_append(struct json_object *array, struct json_object *value)
{
	if (!value)
		return false;
	if (json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return false;
	}
	return true;
}

bool json_add_string(struct json_object *object, const char *key, const char *text)
{
	return json_add(object, key, json_object_new_string(text));
}

bool json_add_uint64(struct json_object *object, const char *key, uint64_t number)
{
	return json_add(object, key, json_object_new_uint64(number));
}

char *json_key(const char *property)
{
	char *key = malloc(2 * strlen(property) + 1), *end = key;

	if (!key)
		return NULL;
	for (const char *c = property; *c; c++) {
		if (isupper((unsigned char)*c) && c != property)
			*end++ = '-';
		*end++ = (char)tolower((unsigned char)*c);
	}
	*end = '\0';
	return key;
}

static struct json_object *json_from_exits(const struct cell_info *cell)
{
	struct json_object *exits = json_object_new_object();

	if (!exits)
		return NULL;
	for (size_t i = 0; i < cell->num_exits; i++)
		if (!json_add_uint64(exits, cell->exits[i].name, cell->exits[i].count)) {
			json_object_put(exits);
			return NULL;
		}
	return exits;
}

static struct json_object *json_from_cpus(const struct cell_info *cell)
{
	struct json_object *cpus = json_object_new_array();

	if (!cpus)
		return NULL;
	for (size_t i = 0; i < cell->num_cpus; i++)
		if (!json_append(cpus, json_object_new_int64(cell->cpus[i]))) {
			json_object_put(cpus);
			return NULL;
		}
	return cpus;
}

struct json_object *json_from_cell(const struct cell_info *cell)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	if (!json_add_string(object, "name", cell->name) ||
	    !json_add(object, "id", json_object_new_int(cell->id)) ||
	    !json_add_string(object, "state", cell->state) ||
	    !json_add_string(object, "health", cell->health) ||
	    !json_add(object, "cpus", json_from_cpus(cell)) ||
	    !json_add_uint64(object, "memory", cell->memory) ||
	    !json_add_uint64(object, "started-at", cell->started_at) ||
	    !json_add_string(object, "operation", cell->operation) ||
	    !json_add_string(object, "last-error", cell->last_error) ||
	    !json_add_string(object, "image-sha256", cell->image_sha256) ||
	    !json_add(object, "exits", json_from_exits(cell))) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

struct json_object *json_from_cells(const struct cell_list *list)
{
	struct json_object *cells = json_object_new_array();

	if (!cells)
		return NULL;
	for (size_t i = 0; i < list->count; i++)
		if (!json_append(cells, json_from_cell(&list->cells[i]))) {
			json_object_put(cells);
			return NULL;
		}
	return cells;
}

struct json_object *json_from_manager(const struct manager_info *manager)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	struct json_object *features;

	if (!object)
		return NULL;
	if (!json_add_string(object, "hypervisor-state", manager->hypervisor_state) ||
	    !json_add_string(object, "driver", manager->driver) ||
	    !json_add_string(object, "version", manager->version) ||
	    !json_add_uint64(object, "memory-total", manager->memory_total) ||
	    !json_add_uint64(object, "memory-free", manager->memory_free))
		return NULL;

	features = json_object_new_array();
	if (!json_add(object, "features", features))
		return NULL;
	for (char **feature = manager->features; *feature; feature++)
		if (!json_append(features, json_object_new_string(*feature)))
			return NULL;
	return TAKE_POINTER(object);
}

static int read_value(sd_bus_message *message, unsigned int depth, struct json_object **ret_value);

static int read_entry(sd_bus_message *message, unsigned int depth, struct json_object *object)
{
	_cleanup_(json_putp) struct json_object *key = NULL;
	struct json_object *value = NULL;
	int r;

	r = read_value(message, depth, &key);
	if (r < 0)
		return r;
	r = read_value(message, depth, &value);
	if (r < 0)
		return r;
	return json_add(object, json_object_get_string(key), value) ? 0 : -ENOMEM;
}

static int read_elements(sd_bus_message *message, unsigned int depth, bool dictionary,
			 struct json_object *container)
{
	int r;

	while ((r = sd_bus_message_at_end(message, 0)) == 0) {
		struct json_object *value = NULL;

		if (!dictionary) {
			r = read_value(message, depth, &value);
			if (r < 0)
				return r;
			if (!json_append(container, value))
				return -ENOMEM;
			continue;
		}
		r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, NULL);
		if (r < 0)
			return r;
		r = read_entry(message, depth, container);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_container(sd_bus_message *message, char type, const char *contents,
			  unsigned int depth, struct json_object **ret_value)
{
	_cleanup_(json_putp) struct json_object *container = NULL;
	bool dictionary = type == SD_BUS_TYPE_ARRAY && contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
	int r;

	r = sd_bus_message_enter_container(message, type, contents);
	if (r < 0)
		return r;
	if (type == SD_BUS_TYPE_VARIANT) {
		r = read_value(message, depth, &container);
	} else {
		container = dictionary ? json_object_new_object() : json_object_new_array();
		if (!container)
			return -ENOMEM;
		r = read_elements(message, depth, dictionary, container);
	}
	if (r < 0)
		return r;
	r = sd_bus_message_exit_container(message);
	if (r < 0)
		return r;
	*ret_value = TAKE_POINTER(container);
	return 0;
}

static struct json_object *basic_value(char type, const void *data)
{
	switch (type) {
	case SD_BUS_TYPE_STRING:
	case SD_BUS_TYPE_OBJECT_PATH:
	case SD_BUS_TYPE_SIGNATURE:
		return json_object_new_string(*(const char *const *)data);
	case SD_BUS_TYPE_BOOLEAN:
		return json_object_new_boolean(*(const int *)data);
	case SD_BUS_TYPE_BYTE:
		return json_object_new_int64(*(const uint8_t *)data);
	case SD_BUS_TYPE_INT16:
		return json_object_new_int64(*(const int16_t *)data);
	case SD_BUS_TYPE_UINT16:
		return json_object_new_int64(*(const uint16_t *)data);
	case SD_BUS_TYPE_INT32:
		return json_object_new_int64(*(const int32_t *)data);
	case SD_BUS_TYPE_UINT32:
		return json_object_new_int64(*(const uint32_t *)data);
	case SD_BUS_TYPE_INT64:
		return json_object_new_int64(*(const int64_t *)data);
	case SD_BUS_TYPE_UINT64:
		return json_object_new_uint64(*(const uint64_t *)data);
	case SD_BUS_TYPE_DOUBLE:
		return json_object_new_double(*(const double *)data);
	default:
		return NULL;
	}
}

static int read_value(sd_bus_message *message, unsigned int depth, struct json_object **ret_value)
{
	union {
		const char *text;
		uint64_t number;
		double real;
		int boolean;
	} data;
	const char *contents;
	char type;
	int r;

	if (depth == 0)
		return -ELOOP;
	r = sd_bus_message_peek_type(message, &type, &contents);
	if (r < 0)
		return r;
	if (r == 0)
		return -ENXIO;
	if (contents)
		return read_container(message, type, contents, depth - 1, ret_value);
	if (type == SD_BUS_TYPE_UNIX_FD)
		return -EOPNOTSUPP;
	r = sd_bus_message_read_basic(message, type, &data);
	if (r < 0)
		return r;
	*ret_value = basic_value(type, &data);
	return *ret_value ? 0 : -ENOMEM;
}

int json_from_message(sd_bus_message *message, struct json_object **ret_value)
{
	return read_value(message, MAX_DEPTH, ret_value);
}

void json_print(FILE *stream, struct json_object *value, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	fputs(json_object_to_json_string_ext(value, flags), stream);
	fputc('\n', stream);
}
