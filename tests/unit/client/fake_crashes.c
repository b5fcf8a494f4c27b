// SPDX-License-Identifier: GPL-2.0-only
#include "fake_crashes.h"

#include <string.h>

#include "bus_abi.h"
#include "common/cleanup.h"
#include "fake_log.h"

static const struct {
	const char *name;
	const char *cell;
	uint64_t time;
	const char *reason;
	const char *json;
} records[] = {
	{"broken.1.triple-fault.json", "broken", 1764338300123456, "triple-fault",
	 "{ \"cell\": \"broken\", \"reason\": \"triple-fault\", \"registers\": {} }"},
	{"gone.2.killed.json", "gone", 1764338310123456, "killed", "{ \"cell\": 7 }"},
	{"broken.3.memory-write.json", "broken", 1764338400123456, "memory-write",
	 "{ \"cell\": \"broken\", \"time\": 1764338400123456, \"reason\": \"memory-write\","
	 "  \"text\": \"wrote 4 bytes at guest address 0xdead000\", \"monotonic\": 5000000,"
	 "  \"boot-id\": \"0123456789abcdef0123456789abcdef\","
	 "  \"registers\": { \"rax\": \"0x1\", \"rbx\": \"0x2\", \"rcx\": \"0x3\", \"rdx\": "
	 "\"0x4\" },"
	 "  \"console\": \"last\\u001b]0;title\\u0007 words\" }"},
};

int fake_crashes_list(sd_bus_message *call, void *context, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	const char *cell;
	int r = sd_bus_message_read(call, "s", &cell);

	log_call(call, " %s", cell);
	if (r >= 0)
		r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssts)");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(records); i++) {
		if (!*cell || strcmp(cell, records[i].cell) == 0)
			r = sd_bus_message_append(reply, "(ssts)", records[i].name, records[i].cell,
						  records[i].time, records[i].reason);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int fake_crashes_read(sd_bus_message *call, void *context, sd_bus_error *error)
{
	const char *name;
	int r = sd_bus_message_read(call, "s", &name);

	if (r < 0)
		return r;
	log_call(call, " %s", name);
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		if (strcmp(name, records[i].name) == 0)
			return sd_bus_reply_method_return(call, "s", records[i].json);
	}
	if (strcmp(name, "odd.1.killed.json") == 0)
		return sd_bus_reply_method_return(call, "s", "[7]");
	if (strcmp(name, "secret.1.killed.json") == 0)
		return sd_bus_error_set(error, BUS_DBUS_ERROR("AccessDenied"), "Not allowed.");
	return sd_bus_error_set(error, BUS_ERROR("NoSuchRecord"), "There is none.");
}
