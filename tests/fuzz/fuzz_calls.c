// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as arguments of the daemon's methods: its own tables of methods and cells, on a
 * connection with a single peer that also plays the bus and polkit, which allows nothing. Whatever
 * a peer sends, each call has one answer, and nothing of it stays. No driver, no state on the disk.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus/check_call.h"
#include "bus/request.h"
#include "bus/service.h"
#include "bus/subscription.h"
#include "bus_abi.h"
#include "manager/core.h"
#include "model/check.h"
#include "util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_METHODS 64
#define MAX_CALLS   64
#define MAX_TURNS   100000 /* of both sides, a tenth of a millisecond each where nothing happens */

static const char *const paths[] = {BUS_MANAGER_PATH, BUS_CELL_PATH "/turbine",
				    BUS_CELL_PATH "/bare", BUS_CELL_PATH "/nosuch"};

static struct method {
	char interface[64], name[64], signature[64];
	bool of_cell;
} methods[MAX_METHODS];
static size_t num_methods;

static struct manager manager = {.machine_root = MACHINE_ROOT};
static struct service service = {.inhibit_fd = -1, .manager = &manager};
static sd_bus *peer;
static unsigned int answers;
static bool is_known; /* the bus says who calls */

/* ---- Bytes ---------------------------------------------------------------------------------- */

struct input {
	const uint8_t *data;
	size_t size;
};

static uint8_t take(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

static uint64_t take_number(struct input *input)
{
	uint64_t number = 0;

	for (unsigned int bytes = take(input) % 9; bytes > 0; bytes--)
		number = number << 8 | take(input);
	return number;
}

/* Words that lead further, and others. */
static const char *take_text(struct input *input, char buffer[64])
{
	static const char *const words[] = {"turbine", "bare",
					    "valve",   "speed-setpoint",
					    "trip",    "turbine.1.memory-write.json",
					    "State",   BUS_CELL_INTERFACE};
	const uint8_t kind = take(input);
	size_t length = take(input) % 63;

	if (kind < 128)
		return words[kind % ARRAY_SIZE(words)];
	for (size_t i = 0; i < length; i++)
		buffer[i] = (char)(take(input) ?: 'x');
	buffer[length] = '\0';
	return buffer;
}

/* A description of bytes mostly: the rest is what nobody should send. */
static int take_descriptor(struct input *input)
{
	const uint8_t kind = take(input);
	size_t length = kind < 192 ? input->size : 0;
	int fd;

	if (kind >= 240)
		return open("/", kind & 1 ? O_PATH | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
	if (kind >= 224)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || write(fd, input->data, length) != (ssize_t)length)
		abort();
	input->data += length;
	input->size -= length;
	return fd;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

/* Bytes of the first type in a signature. */
static size_t type_length(const char *types)
{
	size_t length = 0;
	int depth = 0;

	do {
		depth += (types[length] == '(' || types[length] == '{') -
			 (types[length] == ')' || types[length] == '}');
	} while ((types[length++] == 'a' || depth > 0) && types[length]);
	return length;
}

static int append(struct input *input, sd_bus_message *call, const char *types);

static int append_container(struct input *input, sd_bus_message *call, char type,
			    const char *contents, unsigned int count)
{
	int r = sd_bus_message_open_container(call, type, contents);

	while (r >= 0 && count-- > 0)
		r = append(input, call, contents);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_one(struct input *input, sd_bus_message *call, const char *type)
{
	static const char *const variants[] = {"b", "y", "n", "q", "i",	 "u",	 "x",
					       "t", "d", "s", "v", "as", "(tb)", "a{sv}"};
	char contents[64] = "", buffer[64];
	const size_t length = type_length(type);
	uint64_t number;
	int fd, r;

	switch (type[0]) {
	case 's':
	case 'o':
		return sd_bus_message_append_basic(call, 's', take_text(input, buffer));
	case 'h':
		fd = take_descriptor(input);
		r = sd_bus_message_append_basic(call, 'h', &fd);
		close(fd);
		return r;
	case 'v':
		return append_container(input, call, 'v',
					variants[take(input) % ARRAY_SIZE(variants)], 1);
	case 'a':
		memcpy(contents, type + 1, length - 1);
		return append_container(input, call, 'a', contents, take(input) % 24);
	case '(':
	case '{':
		memcpy(contents, type + 1, length - 2);
		return append_container(input, call, type[0] == '(' ? 'r' : 'e', contents, 1);
	case 'b':
		fd = take(input) & 1;
		return sd_bus_message_append_basic(call, 'b', &fd);
	default:
		number = take_number(input);
		return sd_bus_message_append_basic(call, type[0], &number);
	}
}

static int append(struct input *input, sd_bus_message *call, const char *types)
{
	int r = 0;

	for (; r >= 0 && *types; types += type_length(types))
		r = append_one(input, call, types);
	return r;
}

/* ---- The other side ------------------------------------------------------------------------- */

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	answers++;
	return 0;
}

/* As the bus it may say who calls, never root; as polkit it says no. */
static int on_question(sd_bus_message *question, void *userdata, sd_bus_error *ret_error)
{
	if (is_known && sd_bus_message_is_method_call(question, "org.freedesktop.DBus",
						      "GetConnectionCredentials"))
		return sd_bus_reply_method_return(question, "a{sv}", 2, "UnixUserID", "u", 4711,
						  "ProcessID", "u", 1);
	if (sd_bus_message_is_method_call(question, NULL, NULL))
		return sd_bus_reply_method_errorf(question, SD_BUS_ERROR_ACCESS_DENIED, "no");
	return 0;
}

/* Both sides act until the answers are there. */
static void go_on_until(unsigned int wanted)
{
	unsigned int turns = 0;

	while (answers < wanted) {
		int r = sd_bus_process(peer, NULL);

		if (r < 0 || ++turns > MAX_TURNS || sd_event_run(manager.event, r ? 0 : 100) < 0)
			abort();
	}
}

static sd_bus_message *new_call(const char *path, const char *interface, const char *name)
{
	sd_bus_message *call;

	if (sd_bus_message_new_method_call(peer, &call, NULL, path, interface, name) < 0 ||
	    sd_bus_message_set_sender(call, ":1.1") < 0)
		abort();
	return call;
}

static void send_call(sd_bus_message *call)
{
	if (sd_bus_call_async(peer, NULL, call, on_answer, NULL, UINT64_MAX) < 0)
		abort();
	sd_bus_message_unref(call);
}

/* ---- Before the first ------------------------------------------------------------------------ */

static bool attribute(const char *text, const char *end, const char *name, char buffer[64])
{
	const char *value = strstr(text, name);
	size_t length;

	if (!value || value > end)
		return false;
	value += strlen(name);
	length = strcspn(value, "\"");
	if (length >= 64)
		abort();
	memcpy(buffer, value, length);
	buffer[length] = '\0';
	return true;
}

/* Whatever methods there are: a new one is fuzzed, too. */
static void add_methods(const char *xml, const char *interface, bool of_cell)
{
	char key[96];
	const char *text, *end;

	snprintf(key, sizeof(key), "<interface name=\"%s\">", interface);
	text = strstr(xml, key);
	end = text ? strstr(text, "</interface>") : NULL;
	while (end && (text = strstr(text + 1, "<method name=")) && text < end) {
		struct method *method = &methods[num_methods++];
		const char *last = strstr(text, "/>"), *body = strstr(text, "</method>");
		const char *tag = text;

		if (num_methods > MAX_METHODS || !attribute(text, end, "name=\"", method->name))
			abort();
		snprintf(method->interface, sizeof(method->interface), "%s", interface);
		method->of_cell = of_cell;
		/* One without arguments ends at once. */
		if (!body || strchr(text, '>')[-1] == '/' || !last)
			continue;
		while ((tag = strstr(tag + 1, "<arg ")) && tag < body) {
			const char *close = strchr(tag, '>');
			char type[64], direction[64];

			if (attribute(tag, close, "type=\"", type) &&
			    attribute(tag, close, "direction=\"", direction) &&
			    strcmp(direction, "in") == 0)
				strcat(method->signature, type);
		}
	}
}

static char *introspection;

static int on_introspection(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const char *xml;

	if (sd_bus_message_read(reply, "s", &xml) < 0)
		abort();
	introspection = strdup(xml);
	answers++;
	return 0;
}

static void look_at(const char *path)
{
	sd_bus_message *call = new_call(path, "org.freedesktop.DBus.Introspectable", "Introspect");

	answers = 0;
	if (sd_bus_call_async(peer, NULL, call, on_introspection, NULL, UINT64_MAX) < 0)
		abort();
	sd_bus_message_unref(call);
	go_on_until(1);
	add_methods(introspection, "org.freedesktop.DBus.Properties", path != paths[0]);
	add_methods(introspection, path == paths[0] ? BUS_MANAGER_INTERFACE : BUS_CELL_INTERFACE,
		    path != paths[0]);
	free(introspection);
}

static void connect_both(void)
{
	sd_id128_t id = {.bytes = {1}};
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 ||
	    sd_bus_new(&service.bus) < 0 || sd_bus_set_fd(service.bus, fds[0], fds[0]) < 0 ||
	    sd_bus_set_server(service.bus, true, id) < 0 ||
	    sd_bus_negotiate_fds(service.bus, true) < 0 || sd_bus_start(service.bus) < 0 ||
	    sd_bus_attach_event(service.bus, manager.event, 0) < 0 || sd_bus_new(&peer) < 0 ||
	    sd_bus_set_fd(peer, fds[1], fds[1]) < 0 || sd_bus_negotiate_fds(peer, true) < 0 ||
	    sd_bus_start(peer) < 0 || sd_bus_add_filter(peer, NULL, on_question, NULL) < 0 ||
	    sd_bus_add_object_manager(service.bus, NULL, BUS_MANAGER_PATH) < 0 ||
	    manager_bus_add(&service) < 0 || cell_bus_add(&service) < 0)
		abort();
}

static void prepare(void)
{
	static const struct core_events events = {
		.cell_added = cell_bus_added,
		.cell_removed = cell_bus_removed,
		.cell_changed = cell_bus_changed,
		.cell_failed = cell_bus_failed,
		.manager_changed = manager_bus_changed,
	};
	struct cell_dir *descriptions;

	log_set_target(LOG_TARGET_NULL);
	manager.events = &events;
	manager.userdata = &service;
	manager.pool_node = TOPOLOGY_NO_NODE;
	manager.state = HYPERVISOR_OFF;
	manager.observed = true;
	if (sd_event_new(&manager.event) < 0 || cell_dir_load_path(DESCRIPTIONS, &descriptions) < 0)
		abort();
	manager_read_machine(&manager);
	manager_take_descriptions(&manager, descriptions);
	/* One that nobody has described. */
	if (!manager.cells || !manager_ensure_cell(&manager, "bare"))
		abort();
	connect_both();
	look_at(paths[0]);
	look_at(paths[1]);
	if (num_methods < 20)
		abort();
}

/* ---------------------------------------------------------------------------------------------- */

/* A seed with a description leads to Check(), whatever else there is. */
static const struct method *choose_method(uint8_t kind)
{
	size_t i = kind % num_methods;

	for (size_t n = 0; kind == UINT8_MAX && n < num_methods; n++) {
		if (strcmp(methods[n].name, "Check") == 0)
			i = n;
	}
	/* What has no arguments is tried often enough. */
	while (kind & 1 && !methods[i].signature[0])
		i = (i + 1) % num_methods;
	return &methods[i];
}

static void make_call(struct input *input)
{
	const struct method *method = choose_method(take(input));
	const char *path = paths[method->of_cell ? 1 + take(input) % 3 : 0];
	sd_bus_message *call = new_call(path, method->interface, method->name);

	/* Lists of records are open to all, and a thread's that is not there. */
	is_known = strcmp(method->name, "ListCrashRecords") != 0 && take(input) % 4;
	if (append(input, call, method->signature) >= 0) {
		answers = 0;
		send_call(call);
		go_on_until(1);
	} else {
		sd_bus_message_unref(call);
	}
	if (service.requests || service.checks || service.subscriptions || manager.queue ||
	    manager.current)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};

	if (!num_methods)
		prepare();
	for (unsigned int calls = 0; input.size > 0 && calls < MAX_CALLS; calls++)
		make_call(&input);
	return 0;
}
