// SPDX-License-Identifier: GPL-2.0-only
#include "bus/signals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bus/value.h"
#include "common/cleanup.h"
#include "common/utf8.h"
#include "json.h"

static bool is_number(struct json_object *value)
{
	return !json_object_is_type(value, json_type_double) ||
	       isfinite(json_object_get_double(value));
}

/* What the description says of it: type, range, whether it can be set … */
static bool add_description(struct json_object *signal, struct json_object *description)
{
	if (!description)
		return true;
	json_object_object_foreach(description, key, value)
	{
		if (!json_add(signal, key, json_object_get(value)))
			return false;
	}
	return true;
}

/* reading: [value, age, quality] */
static struct json_object *make_signal(const char *name, struct json_object *reading,
				       struct json_object *description)
{
	_cleanup_(json_putp) struct json_object *signal = json_object_new_object();
	struct json_object *value = json_object_array_get_idx(reading, 0);
	uint64_t age = json_object_get_uint64(json_object_array_get_idx(reading, 1));
	const char *quality = json_object_get_string(json_object_array_get_idx(reading, 2));
	struct json_object *unit = json_object_object_get(description, "unit");

	if (!signal || !json_add_string(signal, "name", name) ||
	    (strcmp(quality, "unconnected") != 0 && is_number(value) &&
	     !json_add(signal, "value", json_object_get(value))) ||
	    !json_add_string(signal, "unit", unit ? json_object_get_string(unit) : "") ||
	    (age != UINT64_MAX && !json_add_uint64(signal, "age-usec", age)) ||
	    !json_add_string(signal, "quality", quality) || !add_description(signal, description))
		return NULL;
	return TAKE_POINTER(signal);
}

static int make_signals(struct json_object *readings, struct json_object *descriptions,
			struct json_object **ret_signals)
{
	_cleanup_(json_putp) struct json_object *signals = json_object_new_array();

	if (!signals)
		return -ENOMEM;
	if (!json_object_is_type(readings, json_type_object))
		return -EBADMSG;
	json_object_object_foreach(readings, name, reading)
	{
		struct json_object *description = json_object_object_get(descriptions, name);

		if (!json_object_is_type(reading, json_type_array) ||
		    json_object_array_length(reading) != 3)
			return -EBADMSG;
		if (!json_append(signals, make_signal(name, reading, description)))
			return -ENOMEM;
	}
	*ret_signals = TAKE_POINTER(signals);
	return 0;
}

static int check_name(const char *name, sd_bus_error *ret_error)
{
	if (*name == '\0' || !utf8_is_valid(name))
		return sd_bus_error_set(ret_error, BUS_ERROR("NoSuchSignal"),
					"this is no name of a signal");
	return 0;
}

int fetch_signals(struct connection *connection, const char *path, char *const *names,
		  struct json_object *descriptions, sd_bus_error *ret_error,
		  struct json_object **ret_signals)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_(json_putp) struct json_object *readings = NULL;
	int r;

	for (size_t i = 0; names[i]; i++) {
		r = check_name(names[i], ret_error);
		if (r < 0)
			return r;
	}
	r = connection_new_call(connection, path, BUS_CELL_INTERFACE, "ReadSignals", &call);
	if (r >= 0)
		r = sd_bus_message_append_strv(call, (char **)names);
	if (r >= 0)
		r = connection_send(connection, CALL_READ, call, ret_error, &reply);
	if (r >= 0)
		r = json_from_message(reply, &readings);
	return r < 0 ? r : make_signals(readings, descriptions, ret_signals);
}

int signal_text_parse(const char *text, struct signal_text *ret)
{
	struct signal_text value = {0};
	char *end;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		*ret = (struct signal_text){.type = 'b', .basic.truth = text[0] == 't'};
		return 0;
	}
	/* What only begins like a number, or with a blank, is none. */
	if (!strchr("+-.0123456789", text[0]) || text[0] == '\0')
		return -EINVAL;
	errno = 0;
	value.type = 'x';
	value.basic.x = strtoll(text, &end, 10);
	if ((errno || *end) && text[0] != '-') {
		errno = 0;
		value.type = 't';
		value.basic.t = strtoull(text, &end, 10);
	}
	if (errno || *end) {
		value.type = 'd';
		value.basic.d = strtod(text, &end);
	}
	if (end == text || *end || (value.type == 'd' && !isfinite(value.basic.d)))
		return -EINVAL;
	*ret = value;
	return 0;
}

int write_signal(struct connection *connection, const char *path, const char *name,
		 const struct signal_text *value, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r = check_name(name, ret_error);

	if (r < 0)
		return r;
	r = connection_new_call(connection, path, BUS_CELL_INTERFACE, "WriteSignal", &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "s", name);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'v', (char[]){value->type, '\0'});
	if (r >= 0)
		r = sd_bus_message_append_basic(call, value->type, &value->basic);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	return r < 0 ? r : connection_send(connection, CALL_OPERATION, call, ret_error, NULL);
}
