// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell-unit NAME: the cell as a unit, run by cell@NAME.service. Starts the cell, tells the service
 * manager when it runs, stays as long as it does, and ends as it ends: with 0 when it was shut
 * down, with 1 when it failed. SIGTERM shuts the cell down.
 *
 * The cell does not need cellmgrd to run, so neither does this: while the daemon is away it waits,
 * and looks at the cell again when it is back.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "common/bus_words.h"
#include "common/cleanup.h"

/* The daemon gives every operation its deadline; a second one here would only be wrong. */
#define NO_TIMEOUT UINT64_MAX
#define RETRY_US   500000u

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

struct unit {
	sd_event *event;
	sd_bus *bus;
	const char *name;
	char *path;
	sd_bus_slot *call;   /* of the method in progress */
	const char *pending; /* method in progress: "StartCell" or "StopCell"; NULL: none */
	bool stopping;
	bool started; /* the service manager has been told */
	bool ask_again;
	bool asking;
};

/* Of the cell's properties, within the message that they came in. */
struct view {
	const char *state;
	const char *health;
	const char *operation;
	const char *last_error;
};

static void call_manager(struct unit *unit, const char *method);
static void ask_for_view(struct unit *unit);

static void set_status(const char *text)
{
	sd_notifyf(false, "STATUS=%s", text);
}

static void finish(struct unit *unit, int status, const char *text)
{
	set_status(text);
	/* Into the journal of the unit as well: the status line of a failed unit is soon forgotten.
	 */
	fprintf(stderr, "<%d>%s\n", status == EXIT_SUCCESS ? 6 : 3, text);
	sd_event_exit(unit->event, status);
}

static bool daemon_away(const sd_bus_error *error)
{
	static const char *const names[] = {
		SD_BUS_ERROR_NO_REPLY,		SD_BUS_ERROR_SERVICE_UNKNOWN,
		SD_BUS_ERROR_NAME_HAS_NO_OWNER, "org.freedesktop.DBus.Error.TimedOut",
		SD_BUS_ERROR_TIMEOUT,		SD_BUS_ERROR_DISCONNECTED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (sd_bus_error_has_name(error, names[i]))
			return true;
	}
	return false;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct unit *unit = userdata;

	if (unit->pending)
		call_manager(unit, unit->pending);
	else
		ask_for_view(unit);
	return 0;
}

/* The daemon is being restarted, or will be by our next call. */
static void retry(struct unit *unit)
{
	sd_event_add_time_relative(unit->event, NULL, CLOCK_MONOTONIC, RETRY_US, 0, on_retry, unit);
}

/* Where it is not, the call is made again when the daemon is back, or the unit ends. */
static bool is_answered(struct unit *unit, sd_bus_message *reply)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	if (error && daemon_away(error))
		retry(unit);
	else if (error)
		finish(unit, EXIT_FAILURE, error->message ? error->message : error->name);
	return !error;
}

static int read_member(sd_bus_message *reply, const char *name, struct view *view)
{
	const struct {
		const char *name;
		const char **value;
	} members[] = {
		{"State", &view->state},
		{"Health", &view->health},
		{"Operation", &view->operation},
		{"LastError", &view->last_error},
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		if (strcmp(name, members[i].name) == 0)
			return sd_bus_message_read(reply, "v", "s", members[i].value);
	}
	return sd_bus_message_skip(reply, "v");
}

static int read_view(sd_bus_message *reply, struct view *view)
{
	const char *name;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = sd_bus_message_read(reply, "s", &name);
		if (r >= 0)
			r = read_member(reply, name, view);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r < 0)
		return r;
	return view->state && view->health && view->operation && view->last_error ? 0 : -EPROTO;
}

static void tell_running(struct unit *unit, const struct view *view)
{
	if (!unit->started) {
		unit->started = true;
		sd_notify(false, "READY=1");
	}
	set_status(health_from_word(view->health) == HEALTH_LATE
			   ? "The cell runs, its heartbeat is late"
			   : "The cell runs");
}

/* Decides what the cell's condition means for the unit. */
static void judge(struct unit *unit, const struct view *view)
{
	const char *error = view->last_error[0] ? view->last_error : "The cell failed";

	/* In the midst of a restart, say, it is shut down without having ended. */
	if (view->operation[0] || unit->pending)
		return;
	switch (lifecycle_from_word(view->state)) {
	case LIFECYCLE_RUNNING:
	case LIFECYCLE_RUNNING_LOCKED:
		if (unit->stopping || health_from_word(view->health) == HEALTH_FAILED)
			finish(unit, EXIT_FAILURE, error);
		else
			tell_running(unit, view);
		break;
	case LIFECYCLE_FAILED:
		finish(unit, EXIT_FAILURE, error);
		break;
	case LIFECYCLE_FOREIGN:
		finish(unit, EXIT_FAILURE, "The cell belongs to somebody else now");
		break;
	case LIFECYCLE_DEFINED:
	case LIFECYCLE_CREATED:
	case LIFECYCLE_LOADED:
	case LIFECYCLE_SHUT_DOWN:
	case LIFECYCLE_COUNT:
		finish(unit, EXIT_SUCCESS, "The cell is shut down");
		break;
	}
}

static int on_view(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct unit *unit = userdata;
	struct view view = {0};

	unit->asking = false;
	if (!is_answered(unit, reply))
		return 0;
	if (unit->ask_again)
		ask_for_view(unit);
	else if (read_view(reply, &view) < 0)
		finish(unit, EXIT_FAILURE, "The cell's properties make no sense");
	else
		judge(unit, &view);
	return 0;
}

static void ask_for_view(struct unit *unit)
{
	int r;

	if (unit->asking) {
		unit->ask_again = true;
		return;
	}
	unit->ask_again = false;
	r = sd_bus_call_method_async(unit->bus, NULL, BUS_NAME, unit->path, PROPERTIES_INTERFACE,
				     "GetAll", on_view, unit, "s", BUS_CELL_INTERFACE);
	unit->asking = r >= 0;
	if (r < 0)
		finish(unit, EXIT_FAILURE, "Cannot make a call");
}

static int on_called(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct unit *unit = userdata;

	if (is_answered(unit, reply)) {
		unit->pending = NULL;
		ask_for_view(unit);
	}
	return 0;
}

static void call_manager(struct unit *unit, const char *method)
{
	int r;

	/* SIGTERM may come while the cell is being started: then nobody waits for that any more. */
	unit->call = sd_bus_slot_unref(unit->call);
	unit->pending = method;
	r = sd_bus_call_method_async(unit->bus, &unit->call, BUS_NAME, BUS_MANAGER_PATH,
				     BUS_MANAGER_INTERFACE, method, on_called, unit, "s",
				     unit->name);
	if (r < 0)
		finish(unit, EXIT_FAILURE, "Cannot make a call");
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info,
			void *userdata)
{
	struct unit *unit = userdata;

	if (unit->stopping)
		return 0;
	unit->stopping = true;
	sd_notify(false, "STOPPING=1\nSTATUS=Shutting the cell down");
	call_manager(unit, "StopCell");
	return 0;
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	ask_for_view(userdata);
	return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	const char *name, *old_owner, *new_owner;
	struct unit *unit = userdata;

	if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
		return 0;
	if (!new_owner[0])
		set_status("The cell runs, cellmgrd is away");
	else if (!unit->pending)
		ask_for_view(unit);
	return 0;
}

static int set_up(struct unit *unit)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_bus_path_encode(BUS_CELL_PATH, unit->name, &unit->path);
	if (r >= 0)
		r = sd_event_default(&unit->event);
	if (r >= 0)
		r = sd_event_add_signal(unit->event, NULL, SIGTERM, on_terminate, unit);
	if (r >= 0)
		r = sd_event_add_signal(unit->event, NULL, SIGINT, on_terminate, unit);
	if (r >= 0)
		r = sd_bus_open_system(&unit->bus);
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(unit->bus, true);
	if (r >= 0)
		r = sd_bus_attach_event(unit->bus, unit->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_match_signal(unit->bus, NULL, BUS_NAME, unit->path, PROPERTIES_INTERFACE,
					"PropertiesChanged", on_changed, unit);
	if (r >= 0)
		r = sd_bus_add_match(unit->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
				     "arg0='" BUS_NAME "'",
				     on_owner, unit);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(unit->bus, NO_TIMEOUT);
	return r;
}

int main(int argc, char *argv[])
{
	struct unit unit = {0};
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: cell-unit NAME\n");
		return 2;
	}
	unit.name = argv[1];
	r = set_up(&unit);
	if (r >= 0) {
		set_status("Starting the cell");
		call_manager(&unit, "StartCell");
		r = sd_event_loop(unit.event);
	} else {
		fprintf(stderr, "<3>Cannot start: %s\n", strerror(-r));
	}
	sd_bus_slot_unref(unit.call);
	sd_bus_flush_close_unref(unit.bus);
	sd_event_unref(unit.event);
	free(unit.path);
	return r < 0 ? EXIT_FAILURE : r;
}
