// SPDX-License-Identifier: GPL-2.0-only
/* org.cellmgr1.Manager; documented in dbus/org.cellmgr1.Manager.xml. */
#include <errno.h>
#include <string.h>

#include "bus/crash_bus.h"
#include "bus/plan_bus.h"
#include "bus/request.h"
#include "bus/service.h"
#include "bus/vtable.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "model/description_diff.h"

#define BUS_OBJECT struct manager

static int submit(struct manager *manager, enum bus_verb verb, const char *cell,
		  sd_bus_message *call, sd_bus_error *ret_error)
{
	struct job *job = job_new(manager, verb, cell);

	if (!job)
		return -ENOMEM;
	job->whole = true;
	return request_submit(manager->userdata, call, job, ret_error);
}

METHOD(enable)
{
	return submit(userdata, VERB_ENABLE, NULL, call, ret_error);
}

METHOD(disable)
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

METHOD(reload)
{
	return submit(userdata, VERB_RELOAD, NULL, call, ret_error);
}

/* The cell that a call names; negative, with ret_error set, where there is none. */
static int read_cell(const struct manager *manager, sd_bus_message *call, const struct cell **ret,
		     sd_bus_error *ret_error)
{
	_cleanup_(error_done) struct error error = {0};
	const char *name;
	int r;

	r = sd_bus_message_read(call, "s", &name);
	if (r < 0)
		return r;
	*ret = manager_look_up(manager, name, &error);
	return *ret ? 0 : service_reply_error(ret_error, &error);
}

static int submit_by_name(struct manager *manager, enum bus_verb verb, sd_bus_message *call,
			  sd_bus_error *ret_error)
{
	const struct cell *cell;
	int r = read_cell(manager, call, &cell, ret_error);

	return r < 0 ? r : submit(manager, verb, cell->name, call, ret_error);
}

#define VERB_METHOD(name, verb)                                         \
	METHOD(name)                                                    \
	{                                                               \
		return submit_by_name(userdata, verb, call, ret_error); \
	}
VERB_METHOD(start_cell, VERB_START)
VERB_METHOD(stop_cell, VERB_STOP)
VERB_METHOD(restart_cell, VERB_RESTART)

METHOD(get_cell)
{
	_cleanup_(error_done) struct error error = {0};
	_cleanup_(freep) char *path = NULL;
	const struct cell *cell;
	const char *name;
	int r;

	r = sd_bus_message_read(call, "s", &name);
	if (r < 0)
		return r;
	/* One whose description has errors can be looked at. */
	cell = manager_find_cell(userdata, name);
	if (!cell && !manager_look_up(userdata, name, &error))
		return service_reply_error(ret_error, &error);
	path = cell ? cell_bus_path(cell) : NULL;
	return path ? sd_bus_reply_method_return(call, "o", path) : -ENOMEM;
}

METHOD(list_cells)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	int r;

	/* To call a cell "defined" that may well run would end its unit. */
	if (!manager->observed)
		return service_refuse_unseen(ret_error);
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

/* Where there is little room: a file is named without the directories that it is in. */
static const char *without_directory(const char *text)
{
	const size_t length = *text == '/' ? strcspn(text, ": ") : 0;
	const char *slash = memrchr(text, '/', length);

	return slash ? slash + 1 : text;
}

/* What is most worth knowing of a cell beyond its state. To be freed; NULL without memory. */
static char *make_note(const struct cell *cell)
{
	_cleanup_(freep) char *keys = NULL;

	if (*cell->operation)
		return text_format("(%s)", cell->operation);
	if (cell->last_error || !cell->pending)
		return strdup(without_directory(cell->last_error ?: ""));
	keys = description_keys_format(cell->pending);
	return keys ? text_format("pending: %s", keys) : NULL;
}

/* text is freed; NULL: out of memory. */
static int append_made(sd_bus_message *reply, char *text)
{
	int r = text ? sd_bus_message_append_basic(reply, 's', text) : -ENOMEM;

	free(text);
	return r;
}

static int append_summary(sd_bus_message *reply, const struct cell *cell,
			  enum summary_column column)
{
	const uint64_t since = cell_running(cell) ? cell->started_monotonic : 0;
	const uint64_t uptime = since ? monotonic_us() - since : 0;

	switch (column) {
	case SUMMARY_NAME:
		return sd_bus_message_append_basic(reply, 's', cell->name);
	case SUMMARY_STATE:
		return sd_bus_message_append_basic(reply, 's', lifecycle_name(cell->state));
	case SUMMARY_HEALTH:
		return sd_bus_message_append_basic(reply, 's', health_name(cell->health));
	case SUMMARY_CPUS:
		return append_made(reply, cpu_mask_format(&cell->cpus));
	case SUMMARY_MEMORY:
		return sd_bus_message_append_basic(reply, 't', &cell->memory);
	case SUMMARY_UPTIME:
		return sd_bus_message_append_basic(reply, 't', &uptime);
	default:
		return append_made(reply, make_note(cell));
	}
}

METHOD(summarize_cells)
{
	static const char types[] = {BUS_SUMMARY_COLUMNS(WORD_ENTRY)};
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	int r;

	if (!manager->observed)
		return service_refuse_unseen(ret_error);
	r = sd_bus_message_new_method_return(call, &reply);
	for (enum summary_column i = 0; r >= 0 && i < SUMMARY_COLUMN_COUNT; i++) {
		r = sd_bus_message_open_container(reply, 'a', (char[]){types[i], '\0'});
		for (const struct cell *cell = manager->cells; r >= 0 && cell; cell = cell->next)
			r = append_summary(reply, cell, i);
		if (r >= 0)
			r = sd_bus_message_close_container(reply);
	}
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

METHOD(check)
{
	return submit(userdata, VERB_CHECK, NULL, call, ret_error);
}

METHOD(check_all)
{
	return submit(userdata, VERB_CHECK, NULL, call, ret_error);
}

static int append_map(sd_bus_message *reply, const struct plan_map *map)
{
	int r = sd_bus_message_open_container(reply, 'a', "(uss)");

	for (size_t i = 0; r >= 0 && i < map->num_cpus; i++)
		r = sd_bus_message_append(reply, "(uss)", map->cpus[i].cpu,
					  owner_name(map->cpus[i].owner), map->cpus[i].name);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ttss)");
	for (size_t i = 0; r >= 0 && i < map->num_memory; i++)
		r = sd_bus_message_append(reply, "(ttss)", map->memory[i].range.start,
					  map->memory[i].range.size,
					  owner_name(map->memory[i].owner), map->memory[i].name);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

METHOD(get_map)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(plan_map_done) struct plan_map map = {0};
	_cleanup_(error_done) struct error error = {0};
	struct manager *manager = userdata;
	int r;

	if (!manager->observed)
		return service_refuse_unseen(ret_error);
	if (plan_map_make(manager, &error, &map) < 0)
		return service_reply_error(ret_error, &error);
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = append_map(reply, &map);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

METHOD(check_room)
{
	_cleanup_(error_done) struct error error = {0};
	const struct cell *found;
	struct cell *cell;
	int r = read_cell(userdata, call, &found, ret_error);

	if (r < 0)
		return r;
	cell = manager_find_cell(userdata, found->name);
	if (!cell->description || cell->exists)
		return sd_bus_error_setf(
			ret_error, error_bus_name(ERROR_WRONG_STATE),
			"cell %s is %s; only one that is described and not created "
			"asks for room",
			cell->name, lifecycle_name(cell->state));
	if (plan_check_room(userdata, cell, &error) < 0)
		return service_reply_error(ret_error, &error);
	return sd_bus_reply_method_return(call, NULL);
}

METHOD(list_crash_records)
{
	return crash_bus_list(userdata, call, ret_error);
}

METHOD(read_crash_record)
{
	return crash_bus_read(userdata, call, ret_error);
}

METHOD(plan)
{
	return submit(userdata, VERB_PLAN, NULL, call, ret_error);
}

METHOD(apply)
{
	return plan_bus_apply(userdata, call, ret_error);
}

GETTER(hypervisor_state)
{
	const struct manager *manager = userdata;

	return sd_bus_message_append(reply, "s", hypervisor_state_name(manager->state));
}

GETTER(cpus_kept)
{
	const struct manager *manager = userdata;

	return service_append_cpus(reply, &manager->cpus_kept);
}

GETTER(memory_source)
{
	const struct manager *manager = userdata;

	if (!manager->memory_total)
		return sd_bus_message_append(reply, "s", MEMORY_SOURCE_NONE);
	return sd_bus_message_append(
		reply, "s", manager->pool_from_linux ? MEMORY_SOURCE_LINUX : MEMORY_SOURCE_BOOT);
}

GETTER(driver)
{
	const struct manager *manager = userdata;
	_cleanup_(freep) char *text = NULL;

	if (manager->state == HYPERVISOR_UNAVAILABLE)
		return sd_bus_message_append(reply, "s", "");
	if (!manager->features)
		return sd_bus_message_append(reply, "s", "jailhouse");
	text = text_format("cellvisor %s", manager->release);
	if (!text)
		return -ENOMEM;
	return sd_bus_message_append(reply, "s", text);
}

GETTER(version)
{
	return sd_bus_message_append(reply, "s", CELLMGR_RELEASE);
}

#define FEATURE_ENTRY(flag, word) {flag, word},

GETTER(features)
{
	static const struct {
		uint64_t feature;
		const char *name;
	} names[] = {BUS_FEATURES(FEATURE_ENTRY)};
	const struct manager *manager = userdata;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++) {
		if (manager->features & names[i].feature)
			r = sd_bus_message_append(reply, "s", names[i].name);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(cpus_left_out)
{
	const struct manager *manager = userdata;

	return service_append_cpus(reply, &manager->cpus_left_out);
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("EnableHypervisor", NULL, NULL, method_enable, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("DisableHypervisor", SD_BUS_ARGS("b", force), SD_BUS_NO_RESULT,
				method_disable, METHOD_FLAGS),
	SD_BUS_METHOD("Reload", NULL, NULL, method_reload, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("Plan", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("s", plan, "a(ssass)", changes), method_plan,
				METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("Apply", SD_BUS_ARGS("s", plan), SD_BUS_NO_RESULT, method_apply,
				METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("Check", SD_BUS_ARGS("h", description, "s", name),
				SD_BUS_RESULT("a(sss)", problems), method_check, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("CheckAll", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", problems),
				method_check_all, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("GetMap", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(uss)", cpus, "a(ttss)", memory), method_get_map,
				METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("CheckRoom", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_check_room, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("GetCell", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", cell),
				method_get_cell, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("ListCells", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sso)", cells),
				method_list_cells, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("SummarizeCells", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("as", names, "as", states, "as", healths, "as", cpus,
					      "at", memory, "at", uptimes_usec, "as", notes),
				method_summarize_cells, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("StartCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_start_cell, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("StopCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_stop_cell, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("RestartCell", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
				method_restart_cell, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("ListCrashRecords", SD_BUS_ARGS("s", cell),
				SD_BUS_RESULT("a(ssts)", records), method_list_crash_records,
				METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("ReadCrashRecord", SD_BUS_ARGS("s", record),
				SD_BUS_RESULT("s", json), method_read_crash_record, METHOD_FLAGS),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	MANAGER_PROPERTIES(PROPERTY_ROW) SD_BUS_VTABLE_END,
};

int manager_bus_add(struct service *service)
{
	return sd_bus_add_object_vtable(service->bus, NULL, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE,
					manager_vtable, service->manager);
}

void manager_bus_changed(uint32_t properties, void *userdata)
{
	static const char *const names[] = {MANAGER_PROPERTIES(WORD_ENTRY)};

	service_tell_changes(userdata, BUS_MANAGER_PATH, BUS_MANAGER_INTERFACE, names, properties);
	service_settle(userdata);
}
