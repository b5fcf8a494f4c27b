// SPDX-License-Identifier: GPL-2.0-only
/* A picture of the machine: what belongs to whom, and which cells would find room. */
#include <errno.h>
#include <string.h>

#include "bus/fetch.h"
#include "common/bus_words.h"
#include "common/cleanup.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/map_picture.h"
#include "view/text.h"

/* Why a cell that is described and not created could not be now: a text, or JSON's null. */
static int fetch_problem(struct connection *connection, const char *cell,
			 struct json_object **ret_problem)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	*ret_problem = NULL;
	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
			    "CheckRoom", &error, NULL, "s", cell);
	if (r >= 0)
		return 0;
	*ret_problem = json_object_new_string(error.message ?: strerror(-r));
	return *ret_problem ? 0 : -ENOMEM;
}

/* By the cells' names; those that are created or cannot be are left out. */
static int fetch_problems(struct client *client, const struct cell_list *list,
			  struct json_object *problems)
{
	for (size_t i = 0; i < list->count; i++) {
		struct json_object *problem;
		int r;

		if (lifecycle_from_word(list->cells[i].state) != LIFECYCLE_DEFINED)
			continue;
		r = fetch_problem(&client->connection, list->cells[i].name, &problem);
		if (r < 0)
			return r;
		if (json_object_object_add(problems, list->cells[i].name, problem) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void put_problems(struct client *client, struct json_object *problems)
{
	FILE *stream = client->output.stream;
	int width = 0;

	json_object_object_foreach(problems, cell, unused)
	{
		(void)unused;
		width = (int)strlen(cell) > width ? (int)strlen(cell) : width;
	}
	if (width > 0)
		fputs("\nNot created\n", stream);
	json_object_object_foreach(problems, name, problem)
	{
		fputs("  ", stream);
		text_put_line(stream, name, client->screen.unicode);
		fprintf(stream, "%*s  %s", width - (int)strlen(name), "",
			problem ? "does not fit: " : "would fit\n");
		if (problem) {
			text_put_line(stream, json_object_get_string(problem),
				      client->screen.unicode);
			fputc('\n', stream);
		}
	}
}

/* Rows of an array as objects with these keys. */
static struct json_object *named(struct json_object *rows, const char *const *keys)
{
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *object = json_object_new_object();

		if (!json_append(array, object))
			return NULL;
		for (size_t j = 0; j < json_object_array_length(row); j++) {
			if (!json_add(object, keys[j],
				      json_object_get(json_object_array_get_idx(row, j))))
				return NULL;
		}
	}
	return TAKE_POINTER(array);
}

static struct json_object *map_json(const struct map *map, struct json_object *problems)
{
	static const char *const cpu_keys[] = {"cpu", "owner", "name"}, *const memory_keys[] = {
										"start", "size",
										"owner", "name"};
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !json_add(object, "cpus", named(map->cpus, cpu_keys)) ||
	    !json_add(object, "memory", named(map->memory, memory_keys)) ||
	    !json_add(object, "not-created", json_object_get(problems)))
		return NULL;
	return TAKE_POINTER(object);
}

enum exit_status verb_map(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(json_putp) struct json_object *parts = NULL, *problems = json_object_new_object();
	_cleanup_(cell_list_free) struct cell_list list = {0};
	struct map map = {.cells = &list};
	int r = problems ? fetch_cells(&client->connection, &error, &list) : -ENOMEM;

	if (r >= 0)
		r = fetch_map(&client->connection, &error, &parts);
	if (r >= 0)
		r = fetch_problems(client, &list, problems);
	if (r < 0)
		return complain_attempt(client, NULL, &error, r);
	map.cpus = json_object_array_get_idx(parts, 0);
	map.memory = json_object_array_get_idx(parts, 1);
	if (client->options.json != JSON_OFF)
		return client_show_json(client, map_json(&map, problems));
	r = map_picture_print(&map, client->output.stream, &client->screen,
			      !client->options.no_legend);
	if (r == -EBADMSG)
		return complain_reply(r);
	if (r < 0)
		return complain_memory();
	put_problems(client, problems);
	return client_show(client);
}
