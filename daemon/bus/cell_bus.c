// SPDX-License-Identifier: GPL-2.0-only
/* org.cellmgr1.Cell; documented in dbus/org.cellmgr1.Cell.xml. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "bus/request.h"
#include "bus/service.h"
#include "bus/signal_bus.h"
#include "bus/unit.h"
#include "bus/vtable.h"

#define BUS_OBJECT struct cell

static int submit(struct cell *cell, enum bus_verb verb, sd_bus_message *call,
		  sd_bus_error *ret_error)
{
	struct job *job = job_new(cell->manager, verb, cell->name);

	return job ? request_submit(cell->manager->userdata, call, job, ret_error) : -ENOMEM;
}

/* A method that is a verb, without arguments. */
#define VERB_METHOD(name, verb)                                 \
	METHOD(name)                                            \
	{                                                       \
		return submit(userdata, verb, call, ret_error); \
	}
VERB_METHOD(create, VERB_CREATE)
VERB_METHOD(start, VERB_START)
VERB_METHOD(stop, VERB_STOP)
VERB_METHOD(kill, VERB_KILL)
VERB_METHOD(destroy, VERB_DESTROY)
VERB_METHOD(open_console, VERB_OPEN_CONSOLE)
VERB_METHOD(open_console_input, VERB_OPEN_INPUT)
VERB_METHOD(adopt, VERB_ADOPT)
VERB_METHOD(cancel, VERB_CANCEL)

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

METHOD(load)
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

METHOD(read_signals)
{
	return signal_bus_read(userdata, call, ret_error);
}

METHOD(write_signal)
{
	return signal_bus_write(userdata, call, ret_error);
}

METHOD(subscribe_signals)
{
	return submit(userdata, VERB_SUBSCRIBE, call, ret_error);
}

GETTER(state)
{
	const struct cell *cell = userdata;

	/* To call a cell "defined" that may well run would end its unit. */
	if (!cell->manager->observed)
		return service_refuse_unseen(ret_error);
	return sd_bus_message_append(reply, "s", lifecycle_name(cell->state));
}

GETTER(health)
{
	const struct cell *cell = userdata;

	return sd_bus_message_append(reply, "s", health_name(cell->health));
}

GETTER(cpus)
{
	const struct cell *cell = userdata;

	return service_append_cpus(reply, &cell->cpus);
}

GETTER(image_sha256)
{
	const struct cell *cell = userdata;

	return sd_bus_message_append(reply, "s", cell->image_sha256);
}

GETTER(pending)
{
	const struct cell *cell = userdata;

	return service_append_keys(reply, cell->pending);
}

GETTER(exits)
{
	const struct cell *cell = userdata;
	int r;

	/* Who is told of changes has not asked. */
	if (cell_running(cell) && sd_bus_get_current_message(bus))
		observer_want_statistics(cell->manager->observer);
	r = sd_bus_message_open_container(reply, 'a', "{st}");
	for (unsigned int i = 0; r >= 0 && i < EXITS_COUNT; i++) {
		if (cell->exits_known & (1u << i))
			r = sd_bus_message_append(reply, "{st}", snapshot_exit_name(i),
						  cell->exits[i]);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_ranges(const struct description *description, sd_bus_message *reply)
{
	char text[64];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < description->num_ports; i++) {
		const struct description_ports *ports = &description->ports[i];

		snprintf(text, sizeof(text), "port:0x%x-0x%x", ports->base,
			 ports->base + ports->count - 1u);
		r = sd_bus_message_append(reply, "s", text);
	}
	for (size_t i = 0; r >= 0 && i < description->num_mmio; i++) {
		const struct description_mmio *mmio = &description->mmio[i];

		snprintf(text, sizeof(text), "mmio:0x%" PRIx64 "-0x%" PRIx64, mmio->phys,
			 mmio->phys + (mmio->size - 1));
		r = sd_bus_message_append(reply, "s", text);
	}
	return r;
}

static int append_pins(const struct cpu_mask *pins, sd_bus_message *reply)
{
	int r = 0;

	for (int pin = cpu_mask_next(pins, 0); r >= 0 && pin >= 0;
	     pin = cpu_mask_next(pins, pin + 1)) {
		char text[16];

		snprintf(text, sizeof(text), "pin:%d", pin);
		r = sd_bus_message_append(reply, "s", text);
	}
	return r;
}

GETTER(devices)
{
	const struct description *description = ((const struct cell *)userdata)->description;
	char text[64];
	int r;

	r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; r >= 0 && description && i < description->num_pci; i++) {
		snprintf(text, sizeof(text), "pci:%s", description->pci[i].id);
		r = sd_bus_message_append(reply, "s", text);
	}
	if (r >= 0 && description)
		r = append_ranges(description, reply);
	if (r >= 0 && description)
		r = append_pins(&description->pins, reply);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(dma)
{
	const struct cell *cell = userdata;

	return sd_bus_message_append(
		reply, "s", dma_name(cell->description ? cell->description->dma : DMA_NONE));
}

GETTER(signals)
{
	return signal_bus_append_descriptions(userdata, reply);
}

static const sd_bus_vtable cell_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Adopt", NULL, NULL, method_adopt, METHOD_FLAGS),
	SD_BUS_METHOD("Create", NULL, NULL, method_create, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("Load", SD_BUS_ARGS("a(ht)", images), SD_BUS_NO_RESULT, method_load,
				METHOD_FLAGS),
	SD_BUS_METHOD("Start", NULL, NULL, method_start, METHOD_FLAGS),
	SD_BUS_METHOD("Stop", NULL, NULL, method_stop, METHOD_FLAGS),
	SD_BUS_METHOD("Kill", NULL, NULL, method_kill, METHOD_FLAGS),
	SD_BUS_METHOD("Destroy", NULL, NULL, method_destroy, METHOD_FLAGS),
	SD_BUS_METHOD("Cancel", NULL, NULL, method_cancel, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", console),
				method_open_console, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("OpenConsoleInput", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", input),
				method_open_console_input, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("ReadSignals", SD_BUS_ARGS("as", names),
				SD_BUS_RESULT("a{sv}", values), method_read_signals, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("WriteSignal", SD_BUS_ARGS("s", name, "v", value), SD_BUS_NO_RESULT,
				method_write_signal, METHOD_FLAGS),
	SD_BUS_METHOD_WITH_ARGS("SubscribeSignals", SD_BUS_ARGS("as", names, "t", period_usec),
				SD_BUS_NO_RESULT, method_subscribe_signals, METHOD_FLAGS),
	SD_BUS_SIGNAL_WITH_ARGS("SignalsChanged", SD_BUS_ARGS("a{sv}", values), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Failed", SD_BUS_ARGS("s", reason, "s", crash_record), 0),
	SD_BUS_PROPERTY("Name", "s", NULL, offsetof(struct cell, name),
			SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("ExitsAt", "t", NULL, offsetof(struct cell, exits_at), 0),
	CELL_PROPERTIES(PROPERTY_ROW) SD_BUS_VTABLE_END,
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
	struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		sd_bus_emit_object_added(service->bus, path);
	service_settle(service);
}

void cell_bus_removed(const struct cell *cell, void *userdata)
{
	struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		sd_bus_emit_object_removed(service->bus, path);
	if (cell->unit_kept)
		unit_tell(service, "UnrefUnit", cell->name);
	service_settle(service);
}

void cell_bus_changed(const struct cell *cell, uint32_t properties, void *userdata)
{
	static const char *const names[] = {CELL_PROPERTIES(WORD_ENTRY)};
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		service_tell_changes(userdata, path, BUS_CELL_INTERFACE, names, properties);
	if (properties & 1u << CELL_PROPERTY_STATE)
		service_settle(userdata);
}

void cell_bus_failed(const struct cell *cell, const char *reason, const char *crash_record,
		     void *userdata)
{
	const struct service *service = userdata;
	_cleanup_(freep) char *path = cell_bus_path(cell);

	if (path)
		sd_bus_emit_signal(service->bus, path, BUS_CELL_INTERFACE, "Failed", "ss", reason,
				   crash_record);
}

void cell_bus_stopped(const struct cell *cell, void *userdata)
{
	unit_follow(userdata, VERB_STOP, cell->name, NULL, NULL);
}
