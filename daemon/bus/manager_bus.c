// SPDX-License-Identifier: GPL-2.0-only
/* org.cellmgr1.Manager; documented in dbus/org.cellmgr1.Manager.xml. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "manager/job.h"
#include "manager/manager.h"
#include "manager/plan.h"

const char *const manager_property_names[MANAGER_PROPERTY_COUNT] = {
	[MANAGER_PROPERTY_HYPERVISOR_STATE] = "HypervisorState",
	[MANAGER_PROPERTY_DRIVER] = "Driver",
	[MANAGER_PROPERTY_MEMORY_TOTAL] = "MemoryTotal",
	[MANAGER_PROPERTY_MEMORY_FREE] = "MemoryFree",
	[MANAGER_PROPERTY_FEATURES] = "Features",
};

const char *hypervisor_state_name(enum hypervisor_state state)
{
	static const char *const names[] = {BUS_HYPERVISOR_STATES(WORD_ENTRY)};

	return names[state];
}

int manager_reply_error(sd_bus_error *ret_error, const struct error *error)
{
	return sd_bus_error_set(ret_error, error_bus_name(error->code), error_text(error));
}

static int submit(struct manager *manager, enum bus_verb verb, const char *cell,
		  sd_bus_message *call, sd_bus_error *ret_error)
{
	struct job *job = job_new(manager, verb, cell, call);

	if (!job)
		return -ENOMEM;
	job->whole = true;
	return job_submit(job, ret_error);
}

static int method_enable(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_ENABLE, NULL, call, ret_error);
}

static int method_disable(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	struct job *job;
	int force, r;

	r = sd_bus_message_read(call, "b", &force);
	if (r < 0)
		return r;
	job = job_new(userdata, VERB_DISABLE, NULL, call);
	if (!job)
		return -ENOMEM;
	job->force = force;
	return job_submit(job, ret_error);
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
		*ret = manager_reply_error(ret_error, &error);
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
	struct cell *cell;
	int r = 0;

	cell = read_cell(userdata, call, ret_error, &r);
	return cell ? sd_bus_reply_method_return(call, "o", cell->path) : r;
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
	for (struct cell *cell = manager->cells; r >= 0 && cell; cell = cell->next)
		r = sd_bus_message_append(reply, "(sso)", cell->name, lifecycle_name(cell->state),
					  cell->path);
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

/* Whoever may call is polkit's matter, see job.c. */
#define FREE	SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

const sd_bus_vtable manager_vtable[] = {
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
