// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for cellmgrd that answers cellctl on a private bus: a few cells in as many states, and
 * errors where a name asks for them. Each call is written to the log file (first argument), so that
 * a test can see what really arrived.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "common/cleanup.h"

#define ERROR	       "org.cellmgr1.Error."
#define TURBINE_EXITS  1000 /* more each second */
#define MAX_FOLLOWED   4
#define FOLLOWED_LINES 3

struct cell {
	const char *name;
	const char *state;
	const char *health;
	int32_t id;
	uint32_t cpus[2];
	size_t num_cpus;
	uint64_t memory;
	uint64_t started_at;
	const char *operation;
	const char *last_error;
	const char *image;
	uint64_t exits;
	char *path;
};

/* Behind a console that was opened: lines to come before it ends. */
struct followed {
	int fd;
	int lines;
};

static struct cell cells[] = {
	{.name = "turbine",
	 .state = "running",
	 .health = "ok",
	 .id = 1,
	 .cpus = {3},
	 .num_cpus = 1,
	 .memory = 1 << 20,
	 .operation = "",
	 .last_error = "",
	 .image = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 .exits = 5000},
	{.name = "idle",
	 .state = "defined",
	 .health = "unknown",
	 .id = -1,
	 .memory = 64 << 10,
	 .operation = "",
	 .last_error = "",
	 .image = ""},
	{.name = "broken",
	 .state = "failed",
	 .health = "failed",
	 .id = 2,
	 .cpus = {1, 2},
	 .num_cpus = 2,
	 .memory = 3 << 19,
	 .operation = "",
	 .last_error = "Wrote 4 bytes at 0xdead000, which is not its memory\x1b[2J\n(rip 0x1234)",
	 .image = ""},
	{.name = "locked",
	 .state = "running-locked",
	 .health = "late",
	 .id = 3,
	 .operation = "stop",
	 .last_error = "",
	 .image = ""},
	{.name = "Old_Demo",
	 .state = "foreign",
	 .health = "unknown",
	 .id = 9,
	 .operation = "",
	 .last_error = "",
	 .image = ""},
};

static const char *hypervisor_state = "enabled";
static struct followed followed[MAX_FOLLOWED];
static FILE *call_log;

static void log_call(sd_bus_message *message, const char *format, ...)
{
	va_list list;

	fputs(sd_bus_message_get_member(message), call_log);
	va_start(list, format);
	vfprintf(call_log, format, list);
	va_end(list);
	if (sd_bus_message_get_allow_interactive_authorization(message) > 0)
		fputs(" (interactive)", call_log);
	fputc('\n', call_log);
	fflush(call_log);
}

static struct cell *find_cell(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		if (strcmp(cells[i].name, name) == 0)
			return &cells[i];
	return NULL;
}

static int no_such_cell(sd_bus_error *error, const char *name)
{
	return sd_bus_error_setf(error, ERROR "NoSuchCell", "There is no cell '%s'.", name);
}

static int set_state(sd_bus_message *message, struct cell *cell, const char *state)
{
	int r;

	cell->state = state;
	r = sd_bus_emit_properties_changed(sd_bus_message_get_bus(message), cell->path,
					   "org.cellmgr1.Cell", "State", NULL);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

/* Manager */

static int on_enable(sd_bus_message *message, void *context, sd_bus_error *error)
{
	log_call(message, "%s", "");
	hypervisor_state = "enabled";
	return sd_bus_reply_method_return(message, NULL);
}

static int on_disable(sd_bus_message *message, void *context, sd_bus_error *error)
{
	int force;

	if (sd_bus_message_read(message, "b", &force) < 0)
		return -EINVAL;
	log_call(message, " %s", force ? "force" : "gently");
	if (!force)
		return sd_bus_error_setf(error, ERROR "WrongState", "The cell 'turbine' runs.");
	hypervisor_state = "off";
	return sd_bus_reply_method_return(message, NULL);
}

static int on_reload(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return sd_bus_reply_method_return(message, NULL);
}

static int on_check(sd_bus_message *message, void *context, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	char text[256] = "";
	const char *name;
	ssize_t length;
	int fd, r;

	if (sd_bus_message_read(message, "hs", &fd, &name) < 0)
		return -EINVAL;
	length = read(fd, text, sizeof(text) - 1);
	log_call(message, " %s %zd bytes", name, length);
	if (strcmp(name, "huge") == 0)
		return sd_bus_error_setf(error, ERROR "Invalid", "The description is too large.");
	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(sss)");
	if (r >= 0 && strstr(text, "bad"))
		r = sd_bus_message_append(reply, "(sss)", "error", "cpus",
					  "CPU 0 stays with Linux; choose another");
	if (r >= 0 && strstr(text, "odd"))
		r = sd_bus_message_append(reply, "(sss)", "warning", "stop.timeout",
					  "0 waits for ever");
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_get_cell(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct cell *cell;
	const char *name;

	if (sd_bus_message_read(message, "s", &name) < 0)
		return -EINVAL;
	cell = find_cell(name);
	if (!cell)
		return no_such_cell(error, name);
	return sd_bus_reply_method_return(message, "o", cell->path);
}

static int on_list_cells(sd_bus_message *message, void *context, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(sso)");
	for (size_t i = 0; i < ARRAY_SIZE(cells) && r >= 0; i++)
		r = sd_bus_message_append(reply, "(sso)", cells[i].name, cells[i].state,
					  cells[i].path);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* StartCell, StopCell, RestartCell: what goes wrong with which cell. */
static const struct {
	const char *method;
	const char *cell;
	const char *error;
	const char *text;
} refusals[] = {
	{"StartCell", "broken", ERROR "Invalid", "broken.json: cpus: CPU 0 stays with Linux"},
	{"StartCell", "Old_Demo", ERROR "WrongState", "The cell is not ours."},
	{"StopCell", "locked", ERROR "Refused", "The cell denied its shutdown."},
	{"StopCell", "broken", ERROR "Timeout", "The cell did not answer within 5s."},
	{"RestartCell", "broken", ERROR "NoResources", "memory: wants 512M, 3M are free"},
	{"RestartCell", "locked", ERROR "HypervisorOff", "The hypervisor is off."},
	{"RestartCell", "idle", ERROR "Busy", "16 operations are waiting."},
	{"RestartCell", "Old_Demo", "org.freedesktop.DBus.Error.AccessDenied", "Not allowed."},
	{"StopCell", "Old_Demo", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
	 "Interactive authentication required."},
};

static int on_run(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *method = sd_bus_message_get_member(message), *name;
	struct cell *cell;

	if (sd_bus_message_read(message, "s", &name) < 0)
		return -EINVAL;
	log_call(message, " %s", name);
	cell = find_cell(name);
	if (!cell)
		return no_such_cell(error, name);
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (strcmp(refusals[i].method, method) == 0 && strcmp(refusals[i].cell, name) == 0)
			return sd_bus_error_set(error, refusals[i].error, refusals[i].text);
	return set_state(message, cell, strcmp(method, "StopCell") == 0 ? "shut-down" : "running");
}

static int get_manager_string(sd_bus *bus, const char *path, const char *interface,
			      const char *property, sd_bus_message *reply, void *context,
			      sd_bus_error *error)
{
	const char *value = "cellvisor 0.1.0";

	if (strcmp(property, "HypervisorState") == 0)
		value = hypervisor_state;
	else if (strcmp(property, "Version") == 0)
		value = "0.1.0";
	return sd_bus_message_append(reply, "s", value);
}

static int get_manager_size(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *context,
			    sd_bus_error *error)
{
	return sd_bus_message_append(reply, "t",
				     strcmp(property, "MemoryTotal") == 0 ? UINT64_C(48) << 20
									  : UINT64_C(45) << 20);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *context, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "as", 2, "pool", "console");
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("EnableHypervisor", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_enable,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("DisableHypervisor", SD_BUS_ARGS("b", force), SD_BUS_NO_RESULT,
				on_disable, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reload,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Check", SD_BUS_ARGS("h", description, "s", name),
				SD_BUS_RESULT("a(sss)", problems), on_check,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetCell", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", cell),
				on_get_cell, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListCells", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sso)", cells),
				on_list_cells, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("StartCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, on_run,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("StopCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, on_run,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("RestartCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, on_run,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("HypervisorState", "s", get_manager_string, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Driver", "s", get_manager_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Version", "s", get_manager_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("MemoryTotal", "t", get_manager_size, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("MemoryFree", "t", get_manager_size, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END};

/* Cell */

static int on_step(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *method = sd_bus_message_get_member(message);
	struct cell *cell = context;

	log_call(message, " %s", cell->name);
	if (strcmp(cell->state, "foreign") == 0)
		return sd_bus_error_setf(error, ERROR "WrongState", "The cell is not ours.");
	if (strcmp(method, "Create") == 0)
		return set_state(message, cell, "created");
	if (strcmp(method, "Kill") == 0)
		return set_state(message, cell, "failed");
	if (strcmp(method, "Destroy") == 0 && strcmp(cell->state, "running") == 0)
		return sd_bus_error_setf(error, ERROR "Driver", "ioctl: Input/output error");
	return set_state(message, cell, strcmp(method, "Destroy") == 0 ? "defined" : "running");
}

static int on_load(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct cell *cell = context;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "(ht)");
	if (r < 0)
		return r;
	log_call(message, " %s %s", cell->name,
		 sd_bus_message_at_end(message, 0) > 0 ? "description" : "images");
	return set_state(message, cell, "loaded");
}

/* False when nobody reads any more. */
static bool write_text(int fd, const char *text)
{
	return write(fd, text, strlen(text)) >= 0;
}

static int on_console(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct cell *cell = context;
	int ends[2], r;

	log_call(message, " %s", cell->name);
	if (strcmp(cell->name, "locked") == 0)
		return sd_bus_error_set(error, "org.freedesktop.DBus.Error.AccessDenied",
					"Not allowed.");
	if (pipe(ends) < 0)
		return -errno;
	if (strcmp(cell->name, "turbine") == 0) {
		for (int line = 1; line <= 12; line++)
			dprintf(ends[1], "line %d\n", line);
		dprintf(ends[1], "%s", "\x1b[31mred\x1b[0m \x1b]0;title\x07 h\xc3\xa4\n");
	}
	r = sd_bus_reply_method_return(message, "h", ends[0]);
	close(ends[0]);
	for (size_t i = 0; i < MAX_FOLLOWED; i++)
		if (followed[i].fd < 0) {
			followed[i] = (struct followed){ends[1], FOLLOWED_LINES};
			return r;
		}
	close(ends[1]);
	return r;
}

static int get_cell_property(sd_bus *bus, const char *path, const char *interface,
			     const char *property, sd_bus_message *reply, void *context,
			     sd_bus_error *error)
{
	const struct cell *cell = context;

	if (strcmp(property, "Name") == 0)
		return sd_bus_message_append(reply, "s", cell->name);
	if (strcmp(property, "State") == 0)
		return sd_bus_message_append(reply, "s", cell->state);
	if (strcmp(property, "Health") == 0)
		return sd_bus_message_append(reply, "s", cell->health);
	if (strcmp(property, "Operation") == 0)
		return sd_bus_message_append(reply, "s", cell->operation);
	if (strcmp(property, "LastError") == 0)
		return sd_bus_message_append(reply, "s", cell->last_error);
	if (strcmp(property, "ImageSha256") == 0)
		return sd_bus_message_append(reply, "s", cell->image);
	if (strcmp(property, "Id") == 0)
		return sd_bus_message_append(reply, "i", cell->id);
	if (strcmp(property, "Memory") == 0)
		return sd_bus_message_append(reply, "t", cell->memory);
	if (strcmp(property, "StartedAt") == 0)
		return sd_bus_message_append(reply, "t", cell->started_at);
	if (strcmp(property, "Cpus") == 0)
		return sd_bus_message_append_array(reply, 'u', cell->cpus,
						   cell->num_cpus * sizeof(*cell->cpus));
	if (cell->exits == 0)
		return sd_bus_message_append(reply, "a{st}", 0);
	return sd_bus_message_append(reply, "a{st}", 3, "total", cell->exits, "mmio",
				     cell->exits / 4, "hypercall", cell->exits / 2);
}

static const sd_bus_vtable cell_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Create", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_step,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Load", SD_BUS_ARGS("a(ht)", images), SD_BUS_NO_RESULT, on_load,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_step,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_step,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_step,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Destroy", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_step,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", console),
				on_console, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Name", "s", get_cell_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Id", "i", get_cell_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("State", "s", get_cell_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Health", "s", get_cell_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Cpus", "au", get_cell_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Memory", "t", get_cell_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("StartedAt", "t", get_cell_property, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Operation", "s", get_cell_property, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("LastError", "s", get_cell_property, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("ImageSha256", "s", get_cell_property, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Exits", "a{st}", get_cell_property, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_SIGNAL_WITH_ARGS("Failed", SD_BUS_ARGS("s", reason, "s", crash_record), 0),
	SD_BUS_VTABLE_END};

/* Once a second: counters move, and consoles that are open get a line. */
static int on_second(sd_event_source *source, uint64_t usec, void *context)
{
	sd_bus *bus = context;
	int r;

	cells[0].exits += TURBINE_EXITS;
	r = sd_bus_emit_properties_changed(bus, cells[0].path, "org.cellmgr1.Cell", "Exits", NULL);
	if (r < 0)
		return r;
	r = sd_bus_emit_signal(bus, cells[2].path, "org.cellmgr1.Cell", "Failed", "ss",
			       "memory-write", "");
	if (r < 0)
		return r;
	for (size_t i = 0; i < MAX_FOLLOWED; i++) {
		if (followed[i].fd < 0)
			continue;
		if (followed[i].lines-- > 0 && write_text(followed[i].fd, "later\n"))
			continue;
		close(followed[i].fd);
		followed[i].fd = -1;
	}
	r = sd_event_source_set_time(source, usec + 1000000);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_objects(sd_bus *bus)
{
	int r;

	r = sd_bus_add_object_manager(bus, NULL, "/org/cellmgr1");
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, "/org/cellmgr1", "org.cellmgr1.Manager",
					     manager_vtable, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cells) && r >= 0; i++) {
		r = sd_bus_path_encode("/org/cellmgr1/cell", cells[i].name, &cells[i].path);
		if (r >= 0)
			r = sd_bus_add_object_vtable(bus, NULL, cells[i].path, "org.cellmgr1.Cell",
						     cell_vtable, &cells[i]);
	}
	return r;
}

static int serve(void)
{
	_cleanup_(sd_event_unrefp) sd_event *event = NULL;
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	uint64_t now;
	int r;

	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_attach_event(bus, event, 0);
	if (r >= 0)
		r = add_objects(bus);
	if (r >= 0)
		r = sd_bus_request_name(bus, "org.cellmgr1", 0);
	if (r >= 0)
		r = sd_event_now(event, CLOCK_MONOTONIC, &now);
	if (r >= 0)
		r = sd_event_add_time(event, NULL, CLOCK_MONOTONIC, now + 1000000, 1, on_second,
				      bus);
	return r < 0 ? r : sd_event_loop(event);
}

int main(int argc, char **argv)
{
	int r;

	if (argc != 2)
		return 2;
	call_log = fopen(argv[1], "a");
	if (!call_log)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < MAX_FOLLOWED; i++)
		followed[i].fd = -1;
	cells[0].started_at = (uint64_t)(time(NULL) - 3600) * 1000000;
	r = serve();
	if (r < 0)
		fprintf(stderr, "fake_service: %s\n", strerror(-r));
	return r < 0;
}
