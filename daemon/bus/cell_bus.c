// SPDX-License-Identifier: GPL-2.0-only
/* org.cellmgr1.Cell; documented in dbus/org.cellmgr1.Cell.xml. */
#include <errno.h>
#include <fcntl.h>

#include <string.h>

#include "bus/request.h"
#include "bus/service.h"
#include "util/log.h"

static const char *const property_names[CELL_PROPERTY_COUNT] = {
	[CELL_PROPERTY_ID] = "Id",
	[CELL_PROPERTY_STATE] = "State",
	[CELL_PROPERTY_HEALTH] = "Health",
	[CELL_PROPERTY_CPUS] = "Cpus",
	[CELL_PROPERTY_MEMORY] = "Memory",
	[CELL_PROPERTY_STARTED_AT] = "StartedAt",
	[CELL_PROPERTY_OPERATION] = "Operation",
	[CELL_PROPERTY_LAST_ERROR] = "LastError",
	[CELL_PROPERTY_IMAGE_SHA256] = "ImageSha256",
	[CELL_PROPERTY_EXITS] = "Exits",
};

static int submit(struct cell *cell, enum bus_verb verb, sd_bus_message *call,
		  sd_bus_error *ret_error)
{
	struct job *job = job_new(cell->manager, verb, cell->name);

	return job ? request_submit(cell->manager->userdata, call, job, ret_error) : -ENOMEM;
}

static int method_create(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_CREATE, call, ret_error);
}

static int method_start(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_START, call, ret_error);
}

static int method_stop(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_STOP, call, ret_error);
}

static int method_kill(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_KILL, call, ret_error);
}

static int method_destroy(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_DESTROY, call, ret_error);
}

static int method_open_console(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	return submit(userdata, VERB_OPEN_CONSOLE, call, ret_error);
}

/* Reads a(ht) into the job: the message's descriptors end with it, so they are duplicated. */
static int read_images(sd_bus_message *call, struct job *job, sd_bus_error *ret_error)
{
	uint64_t address;
	int fd, r;

	r = sd_bus_message_enter_container(call, 'a', "(ht)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(call, "(ht)", &fd, &address)) > 0) {
		struct step_image *image;

		if (job->num_images == ARRAY_SIZE(job->images))
			return sd_bus_error_setf(ret_error, error_bus_name(ERROR_INVALID),
						 "images: %zu at most", ARRAY_SIZE(job->images));
		image = &job->images[job->num_images];
		image->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (image->fd < 0)
			return -errno;
		image->address = address;
		job->num_images++;
	}
	return r < 0 ? r : sd_bus_message_exit_container(call);
}

static int method_load(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(job_freep) struct job *job = NULL;
	struct cell *cell = userdata;
	int r;

	job = job_new(cell->manager, VERB_LOAD, cell->name);
	if (!job)
		return -ENOMEM;
	r = read_images(call, job, ret_error);
	return r < 0 ? r
		     : request_submit(cell->manager->userdata, call, TAKE_POINTER(job), ret_error);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct cell *cell = userdata;

	/* To call a cell "defined" that may well run would end its unit. */
	if (!cell->manager->observed)
		return sd_bus_error_set(ret_error, SD_BUS_ERROR_TIMEOUT,
					"the driver has not told yet which cells there are");
	return sd_bus_message_append(reply, "s", lifecycle_name(cell->state));
}

static int get_health(sd_bus *bus, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct cell *cell = userdata;

	return sd_bus_message_append(reply, "s", health_name(cell->health));
}

static int get_cpus(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct cell *cell = userdata;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "u");
	for (int cpu = cpu_mask_next(&cell->cpus, 0); r >= 0 && cpu >= 0;
	     cpu = cpu_mask_next(&cell->cpus, (unsigned int)cpu + 1))
		r = sd_bus_message_append(reply, "u", (uint32_t)cpu);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_last_error(sd_bus *bus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *ret_error)
{
	const struct cell *cell = userdata;

	return sd_bus_message_append(reply, "s", cell->last_error ? cell->last_error : "");
}

static int get_image_sha256(sd_bus *bus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *ret_error)
{
	const struct cell *cell = userdata;

	return sd_bus_message_append(reply, "s", cell->image_sha256);
}

static int get_exits(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const struct cell *cell = userdata;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "{st}");
	for (unsigned int i = 0; r >= 0 && i < SNAPSHOT_EXIT_REASONS; i++) {
		if (cell->exits_known & (1u << i))
			r = sd_bus_message_append(reply, "{st}", snapshot_exit_name(i),
						  cell->exits[i]);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Whoever may call is polkit's matter, see request.c. */
#define FREE	SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable cell_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Create", NULL, NULL, method_create, FREE),
	SD_BUS_METHOD_WITH_ARGS("Load", SD_BUS_ARGS("a(ht)", images), SD_BUS_NO_RESULT, method_load,
				FREE),
	SD_BUS_METHOD("Start", NULL, NULL, method_start, FREE),
	SD_BUS_METHOD("Stop", NULL, NULL, method_stop, FREE),
	SD_BUS_METHOD("Kill", NULL, NULL, method_kill, FREE),
	SD_BUS_METHOD("Destroy", NULL, NULL, method_destroy, FREE),
	SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", console),
				method_open_console, FREE),
	SD_BUS_PROPERTY("Name", "s", NULL, offsetof(struct cell, name),
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Id", "i", NULL, offsetof(struct cell, id), CHANGES),
	SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
	SD_BUS_PROPERTY("Health", "s", get_health, 0, CHANGES),
	SD_BUS_PROPERTY("Cpus", "au", get_cpus, 0, CHANGES),
	SD_BUS_PROPERTY("Memory", "t", NULL, offsetof(struct cell, memory), CHANGES),
	SD_BUS_PROPERTY("StartedAt", "t", NULL, offsetof(struct cell, started_at), CHANGES),
	SD_BUS_PROPERTY("Operation", "s", NULL, offsetof(struct cell, operation), CHANGES),
	SD_BUS_PROPERTY("LastError", "s", get_last_error, 0, CHANGES),
	SD_BUS_PROPERTY("ImageSha256", "s", get_image_sha256, 0, CHANGES),
	SD_BUS_PROPERTY("Exits", "a{st}", get_exits, 0, CHANGES),
	SD_BUS_SIGNAL_WITH_ARGS("Failed", SD_BUS_ARGS("s", reason, "s", crash_record), 0),
	SD_BUS_VTABLE_END,
};

char *cell_bus_path(const struct cell *cell)
{
	char *path;

	return sd_bus_path_encode(BUS_CELL_PATH, cell->name, &path) < 0 ? NULL : path;
}

/* Objects are not registered one by one: whatever cell there is has one. */
static int find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		void **ret_found, sd_bus_error *ret_error)
{
	const struct service *service = userdata;
	_cleanup_(freep) char *name = NULL;
	struct cell *cell;
	int r;

	r = sd_bus_path_decode(path, BUS_CELL_PATH, &name);
	if (r <= 0)
		return r;
	cell = manager_find_cell(service->manager, name);
	if (!cell)
		return 0;
	*ret_found = cell;
	return 1;
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
		     sd_bus_error *ret_error)
{
	const struct service *service = userdata;
	size_t count = 0;
	char **paths;

	for (const struct cell *cell = service->manager->cells; cell; cell = cell->next)
		count++;
	paths = calloc(count + 1, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	count = 0;
	for (const struct cell *cell = service->manager->cells; cell; cell = cell->next) {
		paths[count] = cell_bus_path(cell);
		count += paths[count] != NULL;
	}
	*ret_nodes = paths;
	return 0;
}

int cell_bus_add(struct service *service)
{
	int r = sd_bus_add_fallback_vtable(service->bus, NULL, BUS_CELL_PATH, BUS_CELL_INTERFACE,
					   cell_vtable, find, service);

	return r < 0 ? r
		     : sd_bus_add_node_enumerator(service->bus, NULL, BUS_CELL_PATH, enumerate,
						  service);
}

void cell_bus_added(const struct cell *cell, void *userdata)
{
	const struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		sd_bus_emit_object_added(service->bus, path);
}

void cell_bus_removed(const struct cell *cell, void *userdata)
{
	const struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		sd_bus_emit_object_removed(service->bus, path);
}

void cell_bus_changed(const struct cell *cell, uint32_t properties, void *userdata)
{
	const char *names[CELL_PROPERTY_COUNT + 1] = {NULL};
	const struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);
	size_t count = 0;
	int r;

	for (unsigned int i = 0; i < CELL_PROPERTY_COUNT; i++) {
		if (properties & (1u << i))
			names[count++] = property_names[i];
	}
	r = path ? sd_bus_emit_properties_changed_strv(service->bus, path, BUS_CELL_INTERFACE,
						       (char **)names)
		 : -ENOMEM;
	if (r < 0)
		log_warning("Cannot tell of changes of cell %s: %s", cell->name, strerror(-r));
}

void cell_bus_failed(const struct cell *cell, const char *reason, void *userdata)
{
	const struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		sd_bus_emit_signal(service->bus, path, BUS_CELL_INTERFACE, "Failed", "ss", reason,
				   "");
}
