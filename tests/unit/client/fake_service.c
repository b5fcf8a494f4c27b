// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stand-in for cellmgrd that answers cellctl on a private bus: a few cells in as many states, and
 * errors where a name asks for them. Each call is written to the log file (first argument).
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bus_abi.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "fake_answers.h"
#include "fake_console.h"
#include "fake_crashes.h"
#include "fake_log.h"
#include "fake_signals.h"

#define FREE	      SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES	      SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define TURBINE_EXITS 1000 /* more each second */

struct cell {
	const char *name;
	enum lifecycle state;
	enum health health;
	int32_t id;
	uint32_t cpus[2];
	size_t num_cpus;
	uint64_t memory;
	uint64_t started_at, started_monotonic;
	const char *operation; /* NULL: "", as of those that follow */
	const char *last_error, *warning;
	const char *image;
	uint64_t exits;
	uint64_t exits_at;
	char *path;
};

static struct cell cells[] = {
	{.name = "turbine",
	 .state = LIFECYCLE_RUNNING,
	 .health = HEALTH_OK,
	 .id = 1,
	 .cpus = {3},
	 .num_cpus = 1,
	 .memory = 1 << 20,
	 .warning = "it is odd",
	 .image = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 .exits = 5000},
	{.name = "idle", .state = LIFECYCLE_DEFINED, .id = -1, .memory = 64 << 10},
	{.name = "broken",
	 .state = LIFECYCLE_FAILED,
	 .health = HEALTH_FAILED,
	 .id = 2,
	 .cpus = {1, 2},
	 .num_cpus = 2,
	 .memory = 3 << 19,
	 .last_error = "Wrote 4 bytes at 0xdead000, which is not its memory\x1b[2J\n(rip 0x1234)"},
	{.name = "locked",
	 .state = LIFECYCLE_RUNNING_LOCKED,
	 .health = HEALTH_LATE,
	 .id = 3,
	 .operation = "stop"},
	{.name = "Old_Demo", .state = LIFECYCLE_FOREIGN, .id = 9},
};

static const char *const states[] = {BUS_CELL_STATES(WORD_ENTRY)};
static const char *const healths[] = {BUS_HEALTHS(WORD_ENTRY)};
static const char *const hypervisor_states[] = {BUS_HYPERVISOR_STATES(WORD_ENTRY)};
static const char *const errors[] = {BUS_ERRORS(WORD_ENTRY)};

static struct manager {
	enum hypervisor_state hypervisor;
	const char *driver, *version, *source, *config_error;
	uint64_t memory_total;
	uint64_t memory_free;
	uint32_t kept[2], left_out[2];
} manager = {HYPERVISOR_ENABLED, "cellvisor 0.1.0", "0.1.0", "boot", "",
	     48 << 20,		 45 << 20,	    {2, 3},  {4, 5}};

static struct cell *find_cell(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		if (strcmp(cells[i].name, name) == 0)
			return &cells[i];
	}
	return NULL;
}

static int no_such_cell(sd_bus_error *error, const char *name)
{
	return sd_bus_error_setf(error, errors[ERROR_NO_SUCH_CELL], "There is no cell '%s'.", name);
}

static int set_state(sd_bus_message *message, struct cell *cell, enum lifecycle state)
{
	int r;

	cell->state = state;
	r = sd_bus_emit_properties_changed(sd_bus_message_get_bus(message), cell->path,
					   BUS_CELL_INTERFACE, "State", NULL);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

/* Manager */

static int on_enable(sd_bus_message *message, void *context, sd_bus_error *error)
{
	log_call(message, "%s", "");
	manager.hypervisor = HYPERVISOR_ENABLED;
	return sd_bus_reply_method_return(message, NULL);
}

static int on_disable(sd_bus_message *message, void *context, sd_bus_error *error)
{
	int force;

	if (sd_bus_message_read(message, "b", &force) < 0)
		return -EINVAL;
	log_call(message, " %s", force ? "force" : "gently");
	if (!force)
		return sd_bus_error_set(error, errors[ERROR_WRONG_STATE],
					"The cell 'turbine' runs.");
	manager.hypervisor = HYPERVISOR_OFF;
	return sd_bus_reply_method_return(message, NULL);
}

static int on_reload(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return sd_bus_reply_method_return(message, NULL);
}

static int on_check_all(sd_bus_message *message, void *context, sd_bus_error *error)
{
	log_call(message, "%s", "");
	return fake_check_all_reply(message);
}

static int on_check_room(sd_bus_message *message, void *context, sd_bus_error *error)
{
	if (manager.hypervisor == HYPERVISOR_OFF)
		return sd_bus_error_set(error, errors[ERROR_LIMITS_EXCEEDED], "too many");
	return fake_room_reply(error);
}

static int on_plan(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return fake_plan_reply(message);
}

static int on_apply(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return fake_apply(message, manager.hypervisor == HYPERVISOR_OFF, error);
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
		r = sd_bus_message_append(reply, "(sso)", cells[i].name, states[cells[i].state],
					  cells[i].path);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int on_summarize(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return fake_summary_reply(message, monotonic_us() - cells[0].started_monotonic);
}

/* StartCell, StopCell, RestartCell: what goes wrong with which cell. */
static const struct {
	const char *method;
	const char *cell;
	enum error_code error;
	const char *text;
} refusals[] = {
	{"StartCell", "broken", ERROR_INVALID, "broken.json: cpus: CPU 0 stays with Linux"},
	{"StartCell", "Old_Demo", ERROR_WRONG_STATE, "The cell is not ours."},
	{"StopCell", "locked", ERROR_REFUSED, "The cell denied its shutdown."},
	{"StopCell", "broken", ERROR_TIMEOUT, "The cell did not answer within 5s."},
	{"RestartCell", "broken", ERROR_NO_RESOURCES, "memory: wants 512M, 3M are free"},
	{"RestartCell", "locked", ERROR_HYPERVISOR_OFF, "The hypervisor is off."},
	{"RestartCell", "idle", ERROR_BUSY, "16 operations are waiting."},
	{"RestartCell", "Old_Demo", ERROR_ACCESS_DENIED, "Not allowed."},
	{"StopCell", "Old_Demo", ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
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
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		if (strcmp(refusals[i].method, method) == 0 && strcmp(refusals[i].cell, name) == 0)
			return sd_bus_error_set(error, errors[refusals[i].error], refusals[i].text);
	}
	return set_state(message, cell,
			 strcmp(method, "StopCell") == 0 ? LIFECYCLE_SHUT_DOWN : LIFECYCLE_RUNNING);
}

static int get_hypervisor_state(sd_bus *bus, const char *path, const char *interface,
				const char *property, sd_bus_message *reply, void *context,
				sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", hypervisor_states[manager.hypervisor]);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *context, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "as", getenv("NO_KILL") ? 2 : 3, "pool", "console",
				     "kill");
}

static int get_cpus(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *cpus, sd_bus_error *error)
{
	return sd_bus_message_append_array(reply, 'u', cpus, sizeof(manager.kept));
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("EnableHypervisor", NULL, NULL, on_enable, FREE),
	SD_BUS_METHOD("DisableHypervisor", "b", NULL, on_disable, FREE),
	SD_BUS_METHOD("Reload", NULL, NULL, on_reload, FREE),
	SD_BUS_METHOD("Plan", NULL, "sa(ssass)", on_plan, FREE),
	SD_BUS_METHOD("Apply", "s", NULL, on_apply, FREE),
	SD_BUS_METHOD("Check", "hs", "a(sss)", fake_check, FREE),
	SD_BUS_METHOD("CheckAll", NULL, "a(ssss)", on_check_all, FREE),
	SD_BUS_METHOD("GetMap", NULL, "a(uss)a(ttss)", fake_get_map, FREE),
	SD_BUS_METHOD("CheckRoom", "s", NULL, on_check_room, FREE),
	SD_BUS_METHOD("GetCell", "s", "o", on_get_cell, FREE),
	SD_BUS_METHOD("ListCells", NULL, "a(sso)", on_list_cells, FREE),
	SD_BUS_METHOD("SummarizeCells", NULL, "asasasasatatas", on_summarize, FREE),
	SD_BUS_METHOD("StartCell", "s", NULL, on_run, FREE),
	SD_BUS_METHOD("StopCell", "s", NULL, on_run, FREE),
	SD_BUS_METHOD("RestartCell", "s", NULL, on_run, FREE),
	SD_BUS_METHOD("ListCrashRecords", "s", "a(ssts)", fake_crashes_list, FREE),
	SD_BUS_METHOD("ReadCrashRecord", "s", "s", fake_crashes_read, FREE),
	SD_BUS_PROPERTY("HypervisorState", "s", get_hypervisor_state, 0, CHANGES),
	SD_BUS_PROPERTY("Driver", "s", NULL, offsetof(struct manager, driver), CHANGES),
	SD_BUS_PROPERTY("Version", "s", NULL, offsetof(struct manager, version),
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("MemoryTotal", "t", NULL, offsetof(struct manager, memory_total), CHANGES),
	SD_BUS_PROPERTY("MemorySource", "s", NULL, offsetof(struct manager, source), CHANGES),
	SD_BUS_PROPERTY("MemoryFree", "t", NULL, offsetof(struct manager, memory_free), CHANGES),
	SD_BUS_PROPERTY("CpusKept", "au", get_cpus, offsetof(struct manager, kept), CHANGES),
	SD_BUS_PROPERTY("Features", "as", get_features, 0, CHANGES),
	SD_BUS_PROPERTY("CpusLeftOut", "au", get_cpus, offsetof(struct manager, left_out), CHANGES),
	SD_BUS_PROPERTY("ConfigError", "s", NULL, offsetof(struct manager, config_error), CHANGES),
	SD_BUS_VTABLE_END};

static int on_step(sd_bus_message *message, void *context, sd_bus_error *error)
{
	const char *method = sd_bus_message_get_member(message);
	struct cell *cell = context;

	log_call(message, " %s", cell->name);
	if ((cell->state == LIFECYCLE_FOREIGN) != (strcmp(method, "Adopt") == 0))
		return sd_bus_error_set(error, errors[ERROR_WRONG_STATE], "The cell is not ours.");
	if (strcmp(method, "Create") == 0)
		return set_state(message, cell, LIFECYCLE_CREATED);
	if ((strcmp(method, "Kill") == 0 && cell->id < 0) ||
	    (strcmp(method, "Destroy") == 0 && cell->state == LIFECYCLE_DEFINED))
		return sd_bus_error_set(error, errors[ERROR_WRONG_STATE], "The cell is defined.");
	if (strcmp(method, "Kill") == 0 && !getenv("NO_KILL"))
		return set_state(message, cell, LIFECYCLE_FAILED);
	if (strcmp(method, "Destroy") != 0 && strcmp(method, "Kill") != 0)
		return set_state(message, cell, LIFECYCLE_RUNNING);
	if (cell->state == LIFECYCLE_RUNNING)
		return sd_bus_error_set(error, errors[ERROR_DRIVER], "ioctl: Input/output error");
	return set_state(message, cell, LIFECYCLE_DEFINED);
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
	return set_state(message, cell, LIFECYCLE_LOADED);
}

static int on_console(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct cell *cell = context;
	const bool turbine = strcmp(cell->name, "turbine") == 0;
	int fd = -EACCES, r;

	log_call(message, " %s", cell->name);
	if (strcmp(cell->name, "locked") == 0)
		return sd_bus_error_set(error, errors[ERROR_ACCESS_DENIED], "Not allowed.");
	if (strcmp(sd_bus_message_get_member(message), "OpenConsole") == 0)
		fd = fake_console_open(turbine);
	else if (turbine || cell->state == LIFECYCLE_FAILED)
		fd = fake_console_open_input(turbine);
	if (fd < 0)
		return sd_bus_error_set(error, errors[ERROR_WRONG_STATE], "takes no input");
	r = sd_bus_reply_method_return(message, "h", fd);
	close(fd);
	return r;
}

static int on_read_signals(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return fake_signals_read(message, ((struct cell *)context)->name, error);
}

static int on_write_signal(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return fake_signals_write(message, ((struct cell *)context)->name, error);
}

static int on_subscribe(sd_bus_message *message, void *context, sd_bus_error *error)
{
	return fake_signals_tell(message, ((struct cell *)context)->path);
}

static int get_cell_property(sd_bus *bus, const char *path, const char *interface,
			     const char *property, sd_bus_message *reply, void *context,
			     sd_bus_error *error)
{
	const struct cell *cell = context;

	if (strcmp(property, "State") == 0 || strcmp(property, "Health") == 0)
		return sd_bus_message_append(reply, "s",
					     property[0] == 'S' ? states[cell->state]
								: healths[cell->health]);
	if (strcmp(property, "Up") == 0)
		return sd_bus_message_append(reply, "b", states[cell->state][0] == 'r');
	if (strcmp(property, "Cpus") == 0)
		return sd_bus_message_append_array(reply, 'u', cell->cpus,
						   cell->num_cpus * sizeof(*cell->cpus));
	if (strcmp(property, "Signals") == 0)
		return fake_signals_describe(reply, cell->name);
	if (strcmp(property, "Devices") == 0)
		return sd_bus_message_append(reply, "as", !!cell->exits, "pci:8086:10d3");
	if (strcmp(property, "Pending") == 0)
		return cell->state == LIFECYCLE_RUNNING
			       ? sd_bus_message_append(reply, "as", 2, "cpus", "memory")
			       : sd_bus_message_append(reply, "as", 0);
	if (strcmp(property, "Dma") == 0)
		return sd_bus_message_append(reply, "s", cell->exits ? "unprotected" : "none");
	return sd_bus_message_append(reply, "a{st}", cell->exits ? 3 : 0, "total", cell->exits,
				     "mmio", cell->exits / 4, "hypercall", cell->exits / 2);
}

#define MEMBER(name, type, member) \
	SD_BUS_PROPERTY(name, type, NULL, offsetof(struct cell, member), CHANGES)

static const sd_bus_vtable cell_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Create", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("Load", "a(ht)", NULL, on_load, FREE),
	SD_BUS_METHOD("Start", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("Stop", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("Adopt", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("Kill", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("Cancel", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("Destroy", NULL, NULL, on_step, FREE),
	SD_BUS_METHOD("OpenConsole", NULL, "h", on_console, FREE),
	SD_BUS_METHOD("OpenConsoleInput", NULL, "h", on_console, FREE),
	SD_BUS_PROPERTY("Name", "s", NULL, offsetof(struct cell, name),
			SD_BUS_VTABLE_PROPERTY_CONST),
	MEMBER("Id", "i", id),
	SD_BUS_PROPERTY("State", "s", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("Health", "s", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("Up", "b", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("Cpus", "au", get_cell_property, 0, CHANGES),
	MEMBER("Memory", "t", memory),
	MEMBER("StartedAt", "t", started_at),
	MEMBER("StartedAtMonotonic", "t", started_monotonic),
	MEMBER("Operation", "s", operation),
	MEMBER("LastError", "s", last_error),
	MEMBER("Warning", "s", warning),
	MEMBER("ImageSha256", "s", image),
	SD_BUS_PROPERTY("Pending", "as", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("Exits", "a{st}", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("ExitsAt", "t", NULL, offsetof(struct cell, exits_at), 0),
	SD_BUS_PROPERTY("Signals", "a{sa{sv}}", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("Devices", "as", get_cell_property, 0, CHANGES),
	SD_BUS_PROPERTY("Dma", "s", get_cell_property, 0, CHANGES),
	SD_BUS_METHOD("ReadSignals", "as", "a{sv}", on_read_signals, FREE),
	SD_BUS_METHOD("WriteSignal", "sv", NULL, on_write_signal, FREE),
	SD_BUS_METHOD("SubscribeSignals", "ast", NULL, on_subscribe, FREE),
	SD_BUS_SIGNAL("SignalsChanged", "a{sv}", 0),
	SD_BUS_SIGNAL("Failed", "ss", 0),
	SD_BUS_VTABLE_END};

/* Once a second: counters move, and consoles that are open get a line. */
static int on_second(sd_event_source *source, uint64_t usec, void *context)
{
	sd_bus *bus = context;
	int r;

	cells[0].exits += TURBINE_EXITS;
	cells[0].exits_at = usec;
	r = sd_bus_emit_properties_changed(bus, cells[0].path, BUS_CELL_INTERFACE, "Exits", NULL);
	if (r < 0)
		return r;
	r = sd_bus_emit_signal(bus, cells[2].path, BUS_CELL_INTERFACE, "Failed", "ss",
			       "memory-write", "");
	if (r < 0)
		return r;
	fake_consoles_go_on();
	r = sd_event_source_set_time(source, usec + 1000000);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_objects(sd_bus *bus)
{
	int r;

	r = sd_bus_add_object_manager(bus, NULL, BUS_MANAGER_PATH);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
					     manager_vtable, &manager);
	for (size_t i = 0; i < ARRAY_SIZE(cells) && r >= 0; i++) {
		r = sd_bus_path_encode(BUS_CELL_PATH, cells[i].name, &cells[i].path);
		if (r >= 0)
			r = sd_bus_add_object_vtable(bus, NULL, cells[i].path, BUS_CELL_INTERFACE,
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
		r = sd_bus_request_name(bus, BUS_NAME, 0);
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

	if (argc != 2 || !log_open(argv[1]))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	/* The clock was set by an hour since. */
	cells[0].started_at = realtime_us() - 3600000000u;
	cells[0].started_monotonic = monotonic_us() - 125000000;
	r = serve();
	if (r < 0)
		fprintf(stderr, "fake_service: %s\n", strerror(-r));
	return r < 0;
}
