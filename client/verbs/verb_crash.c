// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "bus/fetch.h"
#include "common/cleanup.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/crash_view.h"

static enum exit_status show_list(struct client *client, struct json_object *list)
{
	if (client->options.json != JSON_OFF)
		return client_show_json(client, json_object_get(list));
	if (crash_view_list(&client->screen, list) < 0)
		return complain_memory();
	return client_show(client);
}

static enum exit_status show_record(struct client *client, const char *record)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(json_putp) struct json_object *object = NULL;
	int r = fetch_crash(&client->connection, record, &error, &object);

	if (r < 0)
		return complain_attempt(client, record, &error, r);
	if (client->options.json != JSON_OFF)
		return client_show_json(client, json_object_get(object));
	crash_view_print(&client->screen, object);
	return client_show(client);
}

/* The name of the newest; NULL where there is none. */
static const char *newest(struct json_object *list)
{
	size_t count = json_object_array_length(list);
	struct json_object *name;

	if (!count ||
	    !json_object_object_get_ex(json_object_array_get_idx(list, count - 1), "record", &name))
		return NULL;
	return json_object_get_string(name);
}

/* A cell, for its newest record, or the name of a record, which has dots. */
enum exit_status verb_crash(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(json_putp) struct json_object *list = NULL;
	const char *cell = *arguments ? *arguments : "";
	_cleanup_(freep) char *path = NULL;
	int r = *arguments ? check_cell_name(cell, &error) : 0;

	if (r >= 0 && strchr(cell, '.'))
		return show_record(client, cell);
	if (r >= 0)
		r = fetch_crashes(&client->connection, cell, &error, &list);
	if (r >= 0 && *cell && newest(list))
		return show_record(client, newest(list));
	/* Whether there is such a cell at all. */
	if (r >= 0 && *cell)
		r = fetch_cell_path(&client->connection, cell, &error, &path);
	if (r < 0)
		return complain_attempt(client, *cell ? cell : NULL, &error, r);
	return show_list(client, list);
}
