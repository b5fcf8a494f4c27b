// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints every change that cellmgrd announces, one a line: when, which cell ("-" for the manager),
 * what. It neither starts the daemon nor ends with it.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "bus/fetch.h"
#include "bus/value.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "json.h"
#include "verbs/verbs.h"

#define PATH_RULE	"type='signal',sender='" BUS_NAME "',path_namespace='" BUS_MANAGER_PATH "',"
#define PROPERTIES_RULE PATH_RULE "interface='org.freedesktop.DBus.Properties'"
#define OBJECTS_RULE	PATH_RULE "interface='org.freedesktop.DBus.ObjectManager'"
#define CELL_RULE	PATH_RULE "interface='" BUS_CELL_INTERFACE "'"
#define OWNER_RULE                                                                      \
	"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
	"member='NameOwnerChanged',arg0='" BUS_NAME "'"

struct monitor {
	struct client *client;
	int failed; /* negative errno that ends it */
};

static void put_time(FILE *stream)
{
	uint64_t now_ms = realtime_us() / 1000;
	time_t now = (time_t)(now_ms / 1000);
	struct tm local;
	char text[32];

	if (!localtime_r(&now, &local) || strftime(text, sizeof(text), "%H:%M:%S", &local) == 0)
		return;
	fprintf(stream, "%s.%03u ", text, (unsigned int)(now_ms % 1000));
}

/* Name of the cell whose object is at path; "-" for the manager. To be freed. */
static char *cell_of_path(const char *path)
{
	char *name = NULL;

	if (sd_bus_path_decode(path, BUS_CELL_PATH, &name) > 0)
		return name;
	return strdup("-");
}

/* value NULL: none is known. */
static void print_line(struct monitor *monitor, const char *path, const char *what,
		       struct json_object *value)
{
	const struct screen *screen = &monitor->client->screen;
	_cleanup_(freep) char *cell = cell_of_path(path);

	if (!cell) {
		monitor->failed = -ENOMEM;
		return;
	}
	put_time(stdout);
	screen_put(screen, COLOR_PLAIN, cell, " ");
	screen_put(screen, COLOR_PLAIN, what, value ? " " : "\n");
	if (value) {
		const char *text =
			json_object_is_type(value, json_type_string)
				? json_object_get_string(value)
				: json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		enum color color = strcmp(what, "State") == 0 ? state_color(text) : COLOR_PLAIN;

		screen_put(screen, color, text, "\n");
	}
}

static void print_json(struct monitor *monitor, const char *path, const char *what,
		       struct json_object *value)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();
	_cleanup_(freep) char *cell = cell_of_path(path), *key = json_key(what);

	if (!object || !cell || !key || !json_add_uint64(object, "time", realtime_us()) ||
	    (strcmp(cell, "-") != 0 && !json_add_string(object, "cell", cell)) ||
	    !json_add_string(object, "what", key) ||
	    (value && !json_add(object, "value", json_object_get(value)))) {
		monitor->failed = -ENOMEM;
		return;
	}
	json_print(stdout, object, monitor->client->options.json == JSON_PRETTY);
}

static void announce(struct monitor *monitor, const char *path, const char *what,
		     struct json_object *value)
{
	if (monitor->client->options.json != JSON_OFF)
		print_json(monitor, path, what, value);
	else
		print_line(monitor, path, what, value);
	if (fflush(stdout) != 0)
		monitor->failed = -errno;
}

/* sa{sv}as: all that changes the daemon says to what. */
static int on_properties(sd_bus_message *message, void *context, sd_bus_error *ret_error)
{
	const char *path = sd_bus_message_get_path(message), *interface;
	_cleanup_(json_putp) struct json_object *changed = NULL;

	if (sd_bus_message_read(message, "s", &interface) < 0 ||
	    strncmp(interface, BUS_NAME ".", strlen(BUS_NAME ".")) != 0)
		return 0;
	if (json_from_message(message, &changed) < 0 ||
	    !json_object_is_type(changed, json_type_object))
		return 0;
	json_object_object_foreach(changed, name, value)
	{
		announce(context, path, name, value);
	}
	return 0;
}

static int on_objects(sd_bus_message *message, void *context, sd_bus_error *ret_error)
{
	const char *path;

	if (sd_bus_message_read(message, "o", &path) < 0)
		return 0;
	if (sd_bus_message_is_signal(message, NULL, "InterfacesAdded"))
		announce(context, path, "Added", NULL);
	else if (sd_bus_message_is_signal(message, NULL, "InterfacesRemoved"))
		announce(context, path, "Removed", NULL);
	return 0;
}

/* Signals of cells: Failed(s reason, s crash_record). */
static int on_cell_signal(sd_bus_message *message, void *context, sd_bus_error *ret_error)
{
	_cleanup_(json_putp) struct json_object *reason = NULL;
	const char *text;

	if (sd_bus_message_has_signature(message, "ss") &&
	    sd_bus_message_read(message, "s", &text) >= 0)
		reason = json_object_new_string(text);
	announce(context, sd_bus_message_get_path(message), sd_bus_message_get_member(message),
		 reason);
	return 0;
}

static int on_owner(sd_bus_message *message, void *context, sd_bus_error *ret_error)
{
	const char *name, *old_owner, *new_owner;

	if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
		return 0;
	announce(context, BUS_MANAGER_PATH, *new_owner ? "DaemonStarted" : "DaemonStopped", NULL);
	return 0;
}

static int subscribe(struct monitor *monitor)
{
	static const struct {
		const char *rule;
		sd_bus_message_handler_t handler;
	} matches[] = {
		{PROPERTIES_RULE, on_properties},
		{OBJECTS_RULE, on_objects},
		{CELL_RULE, on_cell_signal},
		{OWNER_RULE, on_owner},
	};

	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		int r = sd_bus_add_match(monitor->client->connection.bus, NULL, matches[i].rule,
					 matches[i].handler, monitor);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Whoever watches an empty screen should know that nobody is there to announce anything. */
static void note_absent_daemon(struct client *client)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(manager_info_free) struct manager_info manager = {0};

	if (!client->options.quiet &&
	    fetch_manager(&client->connection, CALL_PROBE, &error, &manager) < 0)
		complain("monitor: cellmgrd is not running; waiting for it");
}

enum exit_status verb_monitor(struct client *client, char **arguments)
{
	struct monitor monitor = {.client = client};
	int r;

	client->screen.stream = stdout;
	r = subscribe(&monitor);
	if (r < 0)
		return complain_attempt(client, NULL, &SD_BUS_ERROR_NULL, r);
	note_absent_daemon(client);
	while (monitor.failed == 0) {
		r = sd_bus_process(client->connection.bus, NULL);
		if (r == 0)
			r = sd_bus_wait(client->connection.bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return complain_attempt(client, NULL, &SD_BUS_ERROR_NULL, r);
	}
	complain("monitor: %s", strerror(-monitor.failed));
	return STATUS_FAILED;
}
