// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "bus/value.h"
#include "common/cleanup.h"
#include "json.h"

#define MAX_DEPTH 16

static int read_value(sd_bus_message *message, unsigned int depth, struct json_object **ret_value);

/* The next element of a container: a value, or a key and its value. */
static int read_element(sd_bus_message *message, unsigned int depth, bool dictionary,
			struct json_object *container)
{
	_cleanup_(json_putp) struct json_object *key = NULL;
	struct json_object *value = NULL;
	int r = 0;

	if (dictionary)
		r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, NULL);
	if (dictionary && r >= 0)
		r = read_value(message, depth, &key);
	if (r >= 0)
		r = read_value(message, depth, &value);
	if (r < 0)
		return r;
	if (!dictionary)
		return json_append(container, value) ? 0 : -ENOMEM;
	if (!json_add(container, json_object_get_string(key), value))
		return -ENOMEM;
	return sd_bus_message_exit_container(message);
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
		do
			r = sd_bus_message_at_end(message, 0);
		while (r == 0 && (r = read_element(message, depth, dictionary, container)) >= 0);
	}
	if (r >= 0)
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
