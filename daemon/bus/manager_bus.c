// SPDX-License-Identifier: GPL-2.0-only
/* org.cellmgr1.Manager; documented in dbus/org.cellmgr1.Manager.xml. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "bus/request.h"
#include "bus/service.h"
#include "util/log.h"

static const char *const property_names[MANAGER_PROPERTY_COUNT] = {
	[MANAGER_PROPERTY_HYPERVISOR_STATE] = "HypervisorState",
	[MANAGER_PROPERTY_DRIVER] = "Driver",
	[MANAGER_PROPERTY_MEMORY_TOTAL] = "MemoryTotal",
	[MANAGER_PROPERTY_MEMORY_FREE] = "MemoryFree",
	[MANAGER_PROPERTY_FEATURES] = "Features",
};

static int submit(struct manager *manager, enum bus_verb verb, const char *cell,
		  sd_bus_message *call, sd_bus_error *ret_error)
{
	struct job *job = job_new(manager, verb, cell);

	if (!job)
		return -ENOMEM;
	job->whole = true;
	return request_submit(manager->userdata, call, job, ret_error);
}

static int method_enable(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_ENABLE, NULL, call, ret_error);
}

static int method_disable(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	struct manager *manager = userdata;
	struct job *job;
	int force, r;

	r = sd_bus_message_read(call, "b", &force);
	if (r < 0)
		return r;
	job = job_new(manager, VERB_DISABLE, NULL);
	if (!job)
		return -ENOMEM;
	job->whole = true;
	job->force = force;
	return request_submit(manager->userdata, call, job, ret_error);
}

static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_RELOAD, NULL, call, ret_error);
}

/* The cell that a call names, as an existing object; NULL with ret_error set. */
static struct cell *read_cell(struct manager *manager, sd_bus_message *call,
			      sd_bus_error *ret_error, int *ret)
{
	_cleanup_(error_done) struct error error = {0};
	struct cell *cell;
	const char *name;
	int r;

	r = sd_bus_message_read(call, "s", &name);
	if (r < 0) {
		*ret = r;
		return NULL;
	}
	cell = manager_look_up(manager, name, &error);
	if (!cell)
		*ret = service_reply_error(ret_error, &error);
	return cell;
}

static int submit_by_name(struct manager *manager, enum bus_verb verb, sd_bus_message *call,
			  sd_bus_error *ret_error)
{
	struct cell *cell;
	int r = 0;

	cell = read_cell(manager, call, ret_error, &r);
	return cell ? submit(manager, verb, cell->name, call, ret_error) : r;
}

static int method_start_cell(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit_by_name(userdata, VERB_START, call, ret_error);
}

static int method_stop_cell(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit_by_name(userdata, VERB_STOP, call, ret_error);
}

static int method_restart_cell(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit_by_name(userdata, VERB_RESTART, call, ret_error);
}

static int method_get_cell(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(freep) char *path = NULL;
	struct cell *cell;
	int r = 0;

	cell = read_cell(userdata, call, ret_error, &r);
	if (!cell)
		return r;
	path = cell_bus_path(cell);
	return path ? sd_bus_reply_method_return(call, "o", path) : -ENOMEM;
}

static int method_list_cells(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	int r;

	r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "(sso)");
	for (const struct cell *cell = manager->cells; r >= 0 && cell; cell = cell->next) {
		_cleanup_(freep) char *path = cell_bus_path(cell);

		r = path ? sd_bus_message_append(reply, "(sso)", cell->name,
						 lifecycle_name(cell->state), path)
			 : -ENOMEM;
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/*
 * Whether reading cannot make the daemon wait: memory, which memfds are. Whatever else a file is, a
 * file system of the peer's own making may be below it; and to ask for its kind is to ask it.
 */
static bool readable_at_once(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
}

static int reply_problems(sd_bus_message *call, const struct problems *problems)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	if (problems->out_of_memory)
		return -ENOMEM;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_open_container(reply, 'a', "(sss)");
	for (size_t i = 0; r >= 0 && i < problems->count; i++)
		r = sd_bus_message_append(reply, "(sss)",
					  severity_name(problems->items[i].severity),
					  problems->items[i].key, problems->items[i].text);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_check(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(description_freep) struct description *description = NULL;
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) char *file = NULL;
	const char *name;
	int fd, r;

	r = sd_bus_message_read(call, "hs", &fd, &name);
	if (r < 0)
		return r;
	if (!description_name_valid(name))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_INVALID),
					"name: a cell's name is 1 to 31 of a-z, 0-9 and -, not "
					"beginning with -");
	if (!readable_at_once(fd))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_INVALID),
					"description: must be a memfd that can be read");
	if (asprintf(&file, "%s.json", name) < 0) {
		file = NULL;
		return -ENOMEM;
	}
	r = description_read(fd, file, name, &problems, &description);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !problems.count)
		return sd_bus_error_setf(ret_error, error_bus_name(ERROR_INVALID),
					 "description: cannot be read: %s", strerror(-r));
	if (r >= 0)
		r = plan_check_description(userdata, description, &problems);
	return r == -ENOMEM ? r : reply_problems(call, &problems);
}

static int get_hypervisor_state(sd_bus *bus, const char *path, const char *interface,
				const char *property, sd_bus_message *reply, void *userdata,
				sd_bus_error *ret_error)
{
	const struct manager *manager = userdata;

	return sd_bus_message_append(reply, "s", hypervisor_state_name(manager->state));
}

static int get_driver(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct manager *manager = userdata;
	_cleanup_(freep) char *text = NULL;

	if (manager->state == HYPERVISOR_UNAVAILABLE)
		return sd_bus_message_append(reply, "s", "");
	if (!manager->features)
		return sd_bus_message_append(reply, "s", "jailhouse");
	if (asprintf(&text, "cellvisor %s", manager->release) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	return sd_bus_message_append(reply, "s", text);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	return sd_bus_message_append(reply, "s", CELLMGR_RELEASE);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	static const struct {
		uint64_t feature;
		const char *name;
	} names[] = {
		{CELLVISOR_FEATURE_POOL, "pool"},	{CELLVISOR_FEATURE_STATUS, "status"},
		{CELLVISOR_FEATURE_CONSOLE, "console"}, {CELLVISOR_FEATURE_KILL, "kill"},
		{CELLVISOR_FEATURE_EVENTS, "events"},
	};
	const struct manager *manager = userdata;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++) {
		if (manager->features & names[i].feature)
			r = sd_bus_message_append(reply, "s", names[i].name);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Whoever may call is polkit's matter, see request.c. */
#define FREE	SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("EnableHypervisor", NULL, NULL, method_enable, FREE),
	SD_BUS_METHOD_WITH_ARGS("DisableHypervisor", SD_BUS_ARGS("b", force), SD_BUS_NO_RESULT,
				method_disable, FREE),
	SD_BUS_METHOD("Reload", NULL, NULL, method_reload, FREE),
	SD_BUS_METHOD_WITH_ARGS("Check", SD_BUS_ARGS("h", description, "s", name),
				SD_BUS_RESULT("a(sss)", problems), method_check, FREE),
	SD_BUS_METHOD_WITH_ARGS("GetCell", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", cell),
				method_get_cell, FREE),
	SD_BUS_METHOD_WITH_ARGS("ListCells", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sso)", cells),
				method_list_cells, FREE),
	SD_BUS_METHOD_WITH_ARGS("StartCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_start_cell, FREE),
	SD_BUS_METHOD_WITH_ARGS("StopCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_stop_cell, FREE),
	SD_BUS_METHOD_WITH_ARGS("RestartCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_restart_cell, FREE),
	SD_BUS_PROPERTY("HypervisorState", "s", get_hypervisor_state, 0, CHANGES),
	SD_BUS_PROPERTY("Driver", "s", get_driver, 0, CHANGES),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("MemoryTotal", "t", NULL, offsetof(struct manager, memory_total), CHANGES),
	SD_BUS_PROPERTY("MemoryFree", "t", NULL, offsetof(struct manager, memory_free), CHANGES),
	SD_BUS_PROPERTY("Features", "as", get_features, 0, CHANGES),
	SD_BUS_VTABLE_END,
};

int manager_bus_add(struct service *service)
{
	return sd_bus_add_object_vtable(service->bus, NULL, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
					manager_vtable, service->manager);
}

void manager_bus_changed(uint32_t properties, void *userdata)
{
	const char *names[MANAGER_PROPERTY_COUNT + 1] = {NULL};
	const struct service *service = userdata;
	size_t count = 0;

	for (unsigned int i = 0; i < MANAGER_PROPERTY_COUNT; i++) {
		if (properties & (1u << i))
			names[count++] = property_names[i];
	}
	sd_bus_emit_properties_changed_strv(service->bus, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
					    (char **)names);
}
