// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bus/fetch.h"
#include "common/cleanup.h"
#include "common/utf8.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define OBJECTS_INTERFACE    "org.freedesktop.DBus.ObjectManager"

/* One property: how its variant is read into the structure. */
struct property {
	const char *name;
	const char *signature;
	int (*read)(sd_bus_message *message, void *field);
	size_t offset;
};

static int read_string(sd_bus_message *message, void *field)
{
	char **place = field;
	const char *text;
	char *copy;
	int r;

	r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &text);
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*place);
	*place = copy;
	return 0;
}

static int read_uint64(sd_bus_message *message, void *field)
{
	return sd_bus_message_read_basic(message, SD_BUS_TYPE_UINT64, field);
}

static int read_int32(sd_bus_message *message, void *field)
{
	return sd_bus_message_read_basic(message, SD_BUS_TYPE_INT32, field);
}

static int read_strings(sd_bus_message *message, void *field)
{
	char ***place = field, **strings = NULL;
	int r;

	r = sd_bus_message_read_strv(message, &strings);
	if (r < 0)
		return r;
	strv_free(*place);
	*place = strings;
	return 0;
}

/* field is the structure itself: CPUs and exits have two members each. */
static int read_cpus(sd_bus_message *message, void *field)
{
	struct cell_info *cell = field;
	const void *numbers;
	uint32_t *copy;
	size_t size;
	int r;

	r = sd_bus_message_read_array(message, SD_BUS_TYPE_UINT32, &numbers, &size);
	if (r < 0)
		return r;
	copy = malloc(size ? size : 1);
	if (!copy)
		return -ENOMEM;
	if (size)
		memcpy(copy, numbers, size);
	free(cell->cpus);
	cell->cpus = copy;
	cell->num_cpus = size / sizeof(*copy);
	return 0;
}

static int read_exit_counters(sd_bus_message *message, struct exit_counter **exits, size_t *count)
{
	const char *name;
	uint64_t value;
	int r;

	while ((r = sd_bus_message_read(message, "{st}", &name, &value)) > 0) {
		struct exit_counter *grown = reallocarray(*exits, *count + 1, sizeof(**exits));

		if (!grown)
			return -ENOMEM;
		*exits = grown;
		grown[*count] = (struct exit_counter){.name = strdup(name), .count = value};
		if (!grown[*count].name)
			return -ENOMEM;
		(*count)++;
	}
	return r;
}

static int read_exits(sd_bus_message *message, void *field)
{
	struct cell_info *cell = field;
	struct exit_counter *exits = NULL;
	size_t count = 0;
	int r;

	r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{st}");
	if (r < 0)
		return r;
	r = read_exit_counters(message, &exits, &count);
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r < 0) {
		exit_counters_free(exits, count);
		return r;
	}
	exit_counters_free(cell->exits, cell->num_exits);
	cell->exits = exits;
	cell->num_exits = count;
	return 0;
}

static const struct property cell_properties[] = {
	{"Name", "s", read_string, offsetof(struct cell_info, name)},
	{"Id", "i", read_int32, offsetof(struct cell_info, id)},
	{"State", "s", read_string, offsetof(struct cell_info, state)},
	{"Health", "s", read_string, offsetof(struct cell_info, health)},
	{"Cpus", "au", read_cpus, 0},
	{"Memory", "t", read_uint64, offsetof(struct cell_info, memory)},
	{"StartedAt", "t", read_uint64, offsetof(struct cell_info, started_at)},
	{"Operation", "s", read_string, offsetof(struct cell_info, operation)},
	{"LastError", "s", read_string, offsetof(struct cell_info, last_error)},
	{"ImageSha256", "s", read_string, offsetof(struct cell_info, image_sha256)},
	{"Exits", "a{st}", read_exits, 0},
};

static const struct property manager_properties[] = {
	{"HypervisorState", "s", read_string, offsetof(struct manager_info, hypervisor_state)},
	{"Driver", "s", read_string, offsetof(struct manager_info, driver)},
	{"Version", "s", read_string, offsetof(struct manager_info, version)},
	{"MemoryTotal", "t", read_uint64, offsetof(struct manager_info, memory_total)},
	{"MemoryFree", "t", read_uint64, offsetof(struct manager_info, memory_free)},
	{"Features", "as", read_strings, offsetof(struct manager_info, features)},
};

static int read_property(sd_bus_message *message, const char *name,
			 const struct property *properties, size_t count, void *structure)
{
	const char *contents;
	int r;

	r = sd_bus_message_peek_type(message, NULL, &contents);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(properties[i].name, name) != 0 ||
		    strcmp(properties[i].signature, contents) != 0)
			continue;
		r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
		if (r < 0)
			return r;
		r = properties[i].read(message, (char *)structure + properties[i].offset);
		if (r < 0)
			return r;
		return sd_bus_message_exit_container(message);
	}
	return sd_bus_message_skip(message, "v");
}

static int read_properties(sd_bus_message *message, const struct property *properties, size_t count,
			   void *structure)
{
	int r;

	r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
		const char *name;

		r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &name);
		if (r < 0)
			return r;
		r = read_property(message, name, properties, count, structure);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return sd_bus_message_exit_container(message);
}

static bool fill_in_string(char **text, const char *otherwise)
{
	if (!*text)
		*text = strdup(otherwise);
	return *text;
}

static bool cell_info_complete(struct cell_info *cell)
{
	return fill_in_string(&cell->name, "") && fill_in_string(&cell->state, "unknown") &&
	       fill_in_string(&cell->health, "unknown") && fill_in_string(&cell->operation, "") &&
	       fill_in_string(&cell->last_error, "") && fill_in_string(&cell->image_sha256, "");
}

int cell_info_read(sd_bus_message *message, const char *path, struct cell_info *ret_cell)
{
	_cleanup_(cell_info_free) struct cell_info cell = {.id = -1};
	int r;

	cell.path = strdup(path);
	if (!cell.path)
		return -ENOMEM;
	r = read_properties(message, cell_properties, ARRAY_SIZE(cell_properties), &cell);
	if (r < 0)
		return r;
	if (!cell_info_complete(&cell))
		return -ENOMEM;
	*ret_cell = cell;
	cell = (struct cell_info){0};
	return 0;
}

int fetch_manager(struct connection *connection, enum call_kind kind, sd_bus_error *ret_error,
		  struct manager_info *ret_manager)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(manager_info_free) struct manager_info manager = {0};
	int r;

	r = connection_call(connection, kind, BUS_MANAGER_PATH, PROPERTIES_INTERFACE, "GetAll",
			    ret_error, &reply, "s", BUS_MANAGER_INTERFACE);
	if (r < 0)
		return r;
	r = read_properties(reply, manager_properties, ARRAY_SIZE(manager_properties), &manager);
	if (r < 0)
		return r;
	if (!manager.features)
		manager.features = calloc(1, sizeof(*manager.features));
	if (!manager.features || !fill_in_string(&manager.hypervisor_state, "unknown") ||
	    !fill_in_string(&manager.driver, "") || !fill_in_string(&manager.version, ""))
		return -ENOMEM;
	*ret_manager = manager;
	manager = (struct manager_info){0};
	return 0;
}

int fetch_cell(struct connection *connection, const char *path, sd_bus_error *ret_error,
	       struct cell_info *ret_cell)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = connection_call(connection, CALL_READ, path, PROPERTIES_INTERFACE, "GetAll", ret_error,
			    &reply, "s", BUS_CELL_INTERFACE);
	if (r < 0)
		return r;
	return cell_info_read(reply, path, ret_cell);
}

static int list_append(struct cell_list *list, sd_bus_message *message, const char *path)
{
	struct cell_info *grown = reallocarray(list->cells, list->count + 1, sizeof(*grown));
	int r;

	if (!grown)
		return -ENOMEM;
	list->cells = grown;
	r = cell_info_read(message, path, &grown[list->count]);
	if (r < 0)
		return r;
	list->count++;
	return 0;
}

/* a{sa{sv}}: the interfaces of one object. */
static int read_interfaces(sd_bus_message *message, const char *path, struct cell_list *list)
{
	int r;

	r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sa{sv}}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sa{sv}")) >
	       0) {
		const char *interface;

		r = sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &interface);
		if (r < 0)
			return r;
		if (strcmp(interface, BUS_CELL_INTERFACE) == 0)
			r = list_append(list, message, path);
		else
			r = sd_bus_message_skip(message, "a{sv}");
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return sd_bus_message_exit_container(message);
}

static int read_objects(sd_bus_message *message, struct cell_list *list)
{
	int r;

	r = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{oa{sa{sv}}}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "oa{sa{sv}}")) >
	       0) {
		const char *path;

		r = sd_bus_message_read_basic(message, SD_BUS_TYPE_OBJECT_PATH, &path);
		if (r < 0)
			return r;
		r = read_interfaces(message, path, list);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return sd_bus_message_exit_container(message);
}

static int compare_names(const void *a, const void *b)
{
	const struct cell_info *left = a, *right = b;

	return strcmp(left->name, right->name);
}

int fetch_cells(struct connection *connection, sd_bus_error *ret_error, struct cell_list *ret_list)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	int r;

	r = connection_call(connection, CALL_READ, BUS_MANAGER_PATH, OBJECTS_INTERFACE,
			    "GetManagedObjects", ret_error, &reply, NULL);
	if (r < 0)
		return r;
	r = read_objects(reply, &list);
	if (r < 0)
		return r;
	if (list.count > 1)
		qsort(list.cells, list.count, sizeof(*list.cells), compare_names);
	*ret_list = list;
	list = (struct cell_list){0};
	return 0;
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
		 sd_bus_error *ret_error, int *ret_fd)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int borrowed, fd, r;

	r = connection_call(connection, kind, path, BUS_CELL_INTERFACE, "OpenConsole", ret_error,
			    &reply, NULL);
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
