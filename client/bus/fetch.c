// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bus/fetch.h"
#include "bus/value.h"
#include "common/cleanup.h"
#include "common/utf8.h"
#include "json.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define OBJECTS_INTERFACE    "org.freedesktop.DBus.ObjectManager"

/* All properties of an interface, by their names on the bus. */
static int fetch_properties(struct connection *connection, enum call_kind kind, const char *path,
			    const char *interface, sd_bus_error *ret_error,
			    struct json_object **ret_properties)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = connection_call(connection, kind, path, PROPERTIES_INTERFACE, "GetAll", ret_error,
			    &reply, "s", interface);
	return r < 0 ? r : json_from_message(reply, ret_properties);
}

int fetch_manager(struct connection *connection, enum call_kind kind, sd_bus_error *ret_error,
		  struct manager_info *ret_manager)
{
	_cleanup_(json_putp) struct json_object *properties = NULL;
	int r;

	r = fetch_properties(connection, kind, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE, ret_error,
			     &properties);
	return r < 0 ? r : manager_info_make(properties, ret_manager);
}

/* Another machine's clock has nothing to do with ours. */
static bool is_remote(struct connection *connection)
{
	const char *address;

	return sd_bus_get_address(connection->bus, &address) >= 0 &&
	       strncmp(address, "unixexec:", strlen("unixexec:")) == 0;
}

int fetch_cell(struct connection *connection, const char *path, sd_bus_error *ret_error,
	       struct cell_info *ret_cell)
{
	_cleanup_(json_putp) struct json_object *properties = NULL;
	int r;

	r = fetch_properties(connection, CALL_READ, path, BUS_CELL_INTERFACE, ret_error,
			     &properties);
	if (r >= 0)
		r = cell_info_make(properties, path, ret_cell);
	if (r >= 0 && is_remote(connection))
		ret_cell->started_at_monotonic = 0;
	return r;
}

static int compare_names(const void *a, const void *b)
{
	const struct cell_info *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* objects: by path, by interface, by name on the bus. */
static int make_list(struct json_object *objects, struct cell_list *list)
{
	list->cells = calloc((size_t)json_object_object_length(objects) + 1, sizeof(*list->cells));
	if (!list->cells)
		return -ENOMEM;
	json_object_object_foreach(objects, path, interfaces)
	{
		struct json_object *properties;
		int r;

		if (!json_object_object_get_ex(interfaces, BUS_CELL_INTERFACE, &properties))
			continue;
		r = cell_info_make(properties, path, &list->cells[list->count]);
		if (r < 0)
			return r;
		list->count++;
	}
	qsort(list->cells, list->count, sizeof(*list->cells), compare_names);
	return 0;
}

int fetch_cells(struct connection *connection, sd_bus_error *ret_error, struct cell_list *ret_list)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(json_putp) struct json_object *objects = NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	int r;

	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, OBJECTS_INTERFACE,
			    "GetManagedObjects", ret_error, &reply, NULL);
	if (r >= 0)
		r = json_from_message(reply, &objects);
	if (r >= 0 && !json_object_is_type(objects, json_type_object))
		r = -EBADMSG;
	if (r >= 0)
		r = make_list(objects, &list);
	if (r < 0)
		return r;
	*ret_list = list;
	list = (struct cell_list){0};
	return 0;
}

/* The arguments of an answer to a question about a text (NULL: without one), in one array. */
static int fetch_arguments(struct connection *connection, const char *member, const char *text,
			   const char *signature, sd_bus_error *ret_error,
			   struct json_object **ret_arguments)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(json_putp) struct json_object *arguments = json_object_new_array();
	int r;

	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE, member,
			    ret_error, &reply, text ? "s" : NULL, text);
	if (r >= 0 && !sd_bus_message_has_signature(reply, signature))
		r = -EBADMSG;
	while (r >= 0 && (r = sd_bus_message_at_end(reply, true)) == 0) {
		struct json_object *argument = NULL;

		r = json_from_message(reply, &argument);
		if (r >= 0 && (!arguments || !json_append(arguments, argument)))
			r = -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret_arguments = TAKE_POINTER(arguments);
	return 0;
}

int fetch_summary(struct connection *connection, sd_bus_error *ret_error,
		  struct json_object **ret_columns)
{
#define COLUMN_TYPE(column, type) 'a', type,
	static const char signature[] = {BUS_SUMMARY_COLUMNS(COLUMN_TYPE) '\0'};
	_cleanup_(json_putp) struct json_object *columns = NULL;
	int r = fetch_arguments(connection, "SummarizeCells", NULL, signature, ret_error, &columns);

	for (size_t i = 1; r >= 0 && i < SUMMARY_COLUMN_COUNT; i++) {
		if (json_object_array_length(json_object_array_get_idx(columns, i)) !=
		    json_object_array_length(json_object_array_get_idx(columns, 0)))
			r = -EBADMSG;
	}
	if (r >= 0)
		*ret_columns = TAKE_POINTER(columns);
	return r;
}

int fetch_map(struct connection *connection, sd_bus_error *ret_error, struct json_object **ret_map)
{
	return fetch_arguments(connection, "GetMap", NULL, "a(uss)a(ttss)", ret_error, ret_map);
}

static int keep_reply(sd_bus_message *reply, void *kept, sd_bus_error *ret_error)
{
	*(sd_bus_message **)kept = sd_bus_message_ref(reply);
	return 1;
}

int fetch_overview(struct connection *connection, sd_bus_error *ret_error,
		   struct manager_info *ret_manager, struct cell_list *ret_list,
		   struct json_object **ret_columns)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_(json_putp) struct json_object *properties = NULL, *columns = NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	int r;

	r = connection_new_call(connection, BUS_MANAGER_PATH, PROPERTIES_INTERFACE, "GetAll",
				&call);
	if (r >= 0)
		r = sd_bus_message_append(call, "s", BUS_MANAGER_INTERFACE);
	if (r >= 0)
		r = sd_bus_call_async(connection->bus, &slot, call, keep_reply, &reply, 0);
	if (r >= 0)
		r = ret_list ? fetch_cells(connection, ret_error, &list)
			     : fetch_summary(connection, ret_error, &columns);
	/* What came meanwhile is in the queue. */
	while (r >= 0 && !reply) {
		r = sd_bus_process(connection->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(connection->bus, UINT64_MAX);
	}
	if (r >= 0 && sd_bus_message_is_method_error(reply, NULL))
		r = sd_bus_error_copy(ret_error, sd_bus_message_get_error(reply));
	if (r >= 0)
		r = json_from_message(reply, &properties);
	if (r >= 0)
		r = manager_info_make(properties, ret_manager);
	if (r < 0)
		return r;
	if (ret_list) {
		*ret_list = list;
		list = (struct cell_list){0};
	} else {
		*ret_columns = TAKE_POINTER(columns);
	}
	return 0;
}

int fetch_cells_at(struct connection *connection, const char *path, sd_bus_error *ret_error,
		   struct cell_list *ret_list)
{
	struct cell_list one = {.cells = path ? calloc(1, sizeof(*one.cells)) : NULL, .count = 1};
	int r;

	if (!path)
		return fetch_cells(connection, ret_error, ret_list);
	if (!one.cells)
		return -ENOMEM;
	r = fetch_cell(connection, path, ret_error, one.cells);
	if (r < 0)
		free(one.cells);
	else
		*ret_list = one;
	return r;
}

int check_cell_name(const char *cell, sd_bus_error *ret_error)
{
	if (*cell == '\0' || !utf8_is_valid(cell))
		return sd_bus_error_setf(ret_error, BUS_ERROR("NoSuchCell"),
					 "this is no name of a cell");
	return 0;
}

int fetch_cell_path(struct connection *connection, const char *cell, sd_bus_error *ret_error,
		    char **ret_path)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *path;
	char *copy;
	int r;

	r = check_cell_name(cell, ret_error);
	if (r < 0)
		return r;
	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
			    "GetCell", ret_error, &reply, "s", cell);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return r;
	copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	*ret_path = copy;
	return 0;
}

int open_console(struct connection *connection, enum call_kind kind, const char *path,
		 bool is_input, sd_bus_error *ret_error, int *ret_fd)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int borrowed, fd, r;

	r = connection_call(connection, kind, path, BUS_CELL_INTERFACE,
			    is_input ? "OpenConsoleInput" : "OpenConsole", ret_error, &reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "h", &borrowed);
	if (r < 0)
		return r;
	/* The message closes its own with its last reference. */
	fd = fcntl(borrowed, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int fetch_crashes(struct connection *connection, const char *cell, sd_bus_error *ret_error,
		  struct json_object **ret_list)
{
	static const char *const keys[] = {"record", "cell", "time", "reason"};
	_cleanup_(json_putp) struct json_object *arguments = NULL;
	int r = fetch_arguments(connection, "ListCrashRecords", cell, "a(ssts)", ret_error,
				&arguments);

	if (r < 0)
		return r;
	*ret_list = json_named(json_object_array_get_idx(arguments, 0), keys, ARRAY_SIZE(keys));
	return *ret_list ? 0 : -ENOMEM;
}

int fetch_crash(struct connection *connection, const char *record, sd_bus_error *ret_error,
		struct json_object **ret_record)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct json_object *object;
	const char *text;
	int r;

	r = connection_call(connection, CALL_OPERATION, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
			    "ReadCrashRecord", ret_error, &reply, "s", record);
	if (r >= 0)
		r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return r;
	object = json_tokener_parse(text);
	if (!json_object_is_type(object, json_type_object)) {
		json_object_put(object);
		return -EBADMSG;
	}
	*ret_record = object;
	return 0;
}
