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

/*
 * Adds why a cell that is described and not created could not be now: a text, or JSON's null.
 * Nothing where it was created or left meanwhile.
 */
static int add_problem(struct connection *connection, const char *cell,
		       struct json_object *problems, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct json_object *problem = NULL;
	int r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
				"CheckRoom", &error, NULL, "s", cell);

	switch (r < 0 ? error_code_from_name(error.name) : ERROR_NONE) {
	case ERROR_WRONG_STATE:
	case ERROR_NO_SUCH_CELL:
		return 0;
	case ERROR_INVALID:
	case ERROR_NO_RESOURCES:
		problem = json_object_new_string(error.message);
		if (!problem)
			return -ENOMEM;
		break;
	default:
		if (r < 0) {
			sd_bus_error_move(ret_error, &error);
			return r;
		}
	}
	return json_object_object_add(problems, cell, problem) < 0 ? -ENOMEM : 0;
}

/* By the cells' names; those that are created or cannot be are left out. */
static int fetch_problems(struct client *client, const struct cell_list *list,
			  struct json_object *problems, sd_bus_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < list->count && r >= 0; i++) {
		const enum lifecycle state = lifecycle_from_word(list->cells[i].state);

		if (state == LIFECYCLE_DEFINED || state == LIFECYCLE_INVALID)
			r = add_problem(&client->connection, list->cells[i].name, problems,
					ret_error);
	}
	return r;
}

static void put_problems(struct client *client, struct json_object *problems)
{
	FILE *stream = client->output.stream;
	const char *verdict;
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
		screen_put(&client->screen, COLOR_PLAIN, name, "");
		verdict = problem ? "does not fit: " : "would fit";
		fprintf(stream, "%*s  %s", width - (int)strlen(name), "", verdict);
		screen_put_wrapped(&client->screen, COLOR_PLAIN,
				   (size_t)width + 4 + strlen(verdict), (size_t)width + 4,
				   json_object_get_string(problem) ?: "");
		fputc('\n', stream);
	}
}

static struct json_object *map_json(const struct map *map, struct json_object *problems)
{
	static const char *const cpu_keys[] = {"cpu", "owner", "name"};
	static const char *const memory_keys[] = {"start", "size", "owner", "name"};
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object ||
	    !json_add(object, "cpus", json_named(map->cpus, cpu_keys, ARRAY_SIZE(cpu_keys))) ||
	    !json_add(object, "memory",
		      json_named(map->memory, memory_keys, ARRAY_SIZE(memory_keys))) ||
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
		r = fetch_problems(client, &list, problems, &error);
	if (r < 0)
		return complain_attempt(client, NULL, &error, r);
	map.cpus = json_object_array_get_idx(parts, 0);
	map.memory = json_object_array_get_idx(parts, 1);
	if (client->options.json != JSON_OFF)
		return client_show_json(client, map_json(&map, problems));
	r = map_picture_print(&map, &client->screen);
	if (r == -EBADMSG)
		return complain_reply(r);
	if (r < 0)
		return complain_memory();
	put_problems(client, problems);
	return client_show(client);
}
