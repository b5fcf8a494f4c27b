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
	if (is_remote(connection)) {
		for (size_t i = 0; i < list.count; i++)
			list.cells[i].started_at_monotonic = 0;
	}
	*ret_list = list;
	list = (struct cell_list){0};
	return 0;
}

/* The first column says how many there are. */
static struct cell_row *row_at(struct cell_rows *rows, size_t i, bool first)
{
	if (i < rows->count || !first)
		return i < rows->count ? &rows->rows[i] : NULL;
	if (i % 64 == 0) {
		struct cell_row *more = realloc(rows->rows, (i + 64) * sizeof(*more));

		if (!more)
			return NULL;
		rows->rows = more;
	}
	return &rows->rows[rows->count++];
}

static int read_texts(struct cell_rows *rows, size_t member, bool first)
{
	struct cell_row *row;
	const char *text;
	size_t i = 0;
	int r = sd_bus_message_enter_container(rows->reply, 'a', "s");

	for (; r >= 0 && (r = sd_bus_message_read_basic(rows->reply, 's', &text)) > 0; i++) {
		row = row_at(rows, i, first);
		if (!row)
			return first ? -ENOMEM : -EBADMSG;
		*(const char **)((char *)row + member) = text;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(rows->reply);
	return r < 0 || i == rows->count ? r : -EBADMSG;
}

static int read_numbers(struct cell_rows *rows, size_t member)
{
	const void *numbers;
	size_t size;
	int r = sd_bus_message_read_array(rows->reply, 't', &numbers, &size);

	if (r >= 0 && size != rows->count * sizeof(uint64_t))
		r = -EBADMSG;
	for (size_t i = 0; r >= 0 && i < rows->count; i++)
		*(uint64_t *)((char *)&rows->rows[i] + member) = ((const uint64_t *)numbers)[i];
	return r;
}

int fetch_rows(struct connection *connection, sd_bus_error *ret_error, struct cell_rows *ret_rows)
{
	static const char types[] = {BUS_SUMMARY_COLUMNS(WORD_ENTRY)};
	static const size_t members[SUMMARY_COLUMN_COUNT] = {
		[SUMMARY_NAME] = offsetof(struct cell_row, name),
		[SUMMARY_STATE] = offsetof(struct cell_row, state),
		[SUMMARY_HEALTH] = offsetof(struct cell_row, health),
		[SUMMARY_CPUS] = offsetof(struct cell_row, cpus),
		[SUMMARY_MEMORY] = offsetof(struct cell_row, memory),
		[SUMMARY_UPTIME] = offsetof(struct cell_row, uptime_us),
		[SUMMARY_NOTE] = offsetof(struct cell_row, note),
	};
	_cleanup_(cell_rows_free) struct cell_rows rows = {0};
	int r;

	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
			    "SummarizeCells", ret_error, &rows.reply, NULL);
	for (size_t i = 0; r >= 0 && i < SUMMARY_COLUMN_COUNT; i++)
		r = types[i] == 's' ? read_texts(&rows, members[i], i == 0)
				    : read_numbers(&rows, members[i]);
	if (r < 0)
		return r;
	*ret_rows = rows;
	rows = (struct cell_rows){0};
	return 0;
}

void cell_rows_free(struct cell_rows *rows)
{
	free(rows->rows);
	sd_bus_message_unref(rows->reply);
	*rows = (struct cell_rows){0};
}

int fetch_map(struct connection *connection, sd_bus_error *ret_error, struct json_object **ret_map)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(json_putp) struct json_object *map = json_object_new_array();
	int r;

	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
			    "GetMap", ret_error, &reply, NULL);
	if (r >= 0 && !sd_bus_message_has_signature(reply, "a(uss)a(ttss)"))
		r = -EBADMSG;
	for (int i = 0; r >= 0 && i < 2; i++) {
		struct json_object *part = NULL;

		r = json_from_message(reply, &part);
		if (r >= 0 && (!map || !json_append(map, part)))
			r = -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret_map = TAKE_POINTER(map);
	return 0;
}

static int keep_reply(sd_bus_message *reply, void *kept, sd_bus_error *ret_error)
{
	*(sd_bus_message **)kept = sd_bus_message_ref(reply);
	return 1;
}

int fetch_overview(struct connection *connection, sd_bus_error *ret_error,
		   struct manager_info *ret_manager, struct cell_list *ret_list,
		   struct cell_rows *ret_rows)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_(json_putp) struct json_object *properties = NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(cell_rows_free) struct cell_rows rows = {0};
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
			     : fetch_rows(connection, ret_error, &rows);
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
		*ret_rows = rows;
		rows = (struct cell_rows){0};
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
					 "That is no name of a cell.");
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

static int add_crash(struct json_object *list, const char *record, const char *cell, uint64_t time,
		     const char *reason)
{
	struct json_object *object = json_object_new_object();

	if (!json_append(list, object) || !json_add_string(object, "record", record) ||
	    !json_add_string(object, "cell", cell) || !json_add_uint64(object, "time", time) ||
	    !json_add_string(object, "reason", reason))
		return -ENOMEM;
	return 0;
}

int fetch_crashes(struct connection *connection, const char *cell, sd_bus_error *ret_error,
		  struct json_object **ret_list)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(json_putp) struct json_object *list = NULL;
	const char *record, *of, *reason;
	uint64_t time;
	int r;

	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
			    "ListCrashRecords", ret_error, &reply, "s", cell);
	if (r < 0)
		return r;
	list = json_object_new_array();
	if (!list)
		return -ENOMEM;
	r = sd_bus_message_enter_container(reply, 'a', "(ssts)");
	while (r >= 0 &&
	       (r = sd_bus_message_read(reply, "(ssts)", &record, &of, &time, &reason)) > 0)
		r = add_crash(list, record, of, time, reason);
	if (r < 0)
		return r;
	*ret_list = TAKE_POINTER(list);
	return 0;
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
