// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_abi.h"
#include "common/cleanup.h"
#include "fake_answers.h"
#include "fake_log.h"

/* So many cells, by name; uneven: with a state too few. */
static int reply_many(sd_bus_message *message, unsigned int count, bool uneven)
{
	static const char types[] = {BUS_SUMMARY_COLUMNS(WORD_ENTRY)};
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(message, &reply);

	for (enum summary_column i = 0; r >= 0 && i < SUMMARY_COLUMN_COUNT; i++) {
		r = sd_bus_message_open_container(reply, 'a', (char[]){types[i], '\0'});
		for (unsigned int n = uneven && i == SUMMARY_STATE; r >= 0 && n < count; n++) {
			char name[16];

			snprintf(name, sizeof(name), "cell-%03u", n);
			r = types[i] == 't' ? sd_bus_message_append(reply, "t", UINT64_C(0))
					    : sd_bus_message_append(reply, "s", i ? "" : name);
		}
		if (r >= 0)
			r = sd_bus_message_close_container(reply);
	}
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int fake_summary_reply(sd_bus_message *message, uint64_t uptime)
{
	const char *other = getenv("FAKE_SUMMARY");

	if (other)
		return reply_many(message, (unsigned int)atoi(other) ?: 200,
				  strcmp(other, "uneven") == 0);
	return sd_bus_reply_method_return(
		message, "asasasasatatas", 5, "Old_Demo", "broken", "idle", "locked", "turbine", 5,
		"foreign", "failed", "defined", "running-locked", "running", 5, "unknown", "failed",
		"unknown", "late", "ok", 5, "", "1-2", "", "", "3", 5, UINT64_C(0),
		UINT64_C(3) << 19, UINT64_C(64) << 10, UINT64_C(0), UINT64_C(1) << 20, 5,
		UINT64_C(0), UINT64_C(0), UINT64_C(0), UINT64_C(0), uptime, 5, "",
		"Wrote 4 bytes at 0xdead000, which is not its memory\x1b[2J\n(rip 0x1234)", "",
		"(stop)", "pending: cpus, memory");
}

int fake_get_map(sd_bus_message *message, void *context, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	static const struct {
		const char *owner, *name;
	} cpus[] = {{"linux", ""}, {"cell", "broken"}, {"cell", "broken"}, {"cell", "turbine"},
		    {"kept", ""},  {"left-out", ""},   {"none", ""}};
	int r = sd_bus_message_new_method_return(message, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(uss)");
	for (unsigned int i = 0; r >= 0 && i < 72; i++) {
		size_t at = i < ARRAY_SIZE(cpus) ? i : 0;

		if (i != 7 && i != 8)
			r = sd_bus_message_append(reply, "(uss)", i, cpus[at].owner, cpus[at].name);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_append(
			reply, "a(ttss)", 5, UINT64_C(0x10000000), UINT64_C(6) << 20, "hypervisor",
			"", UINT64_C(0x10600000), UINT64_C(26) << 20, "none", "",
			UINT64_C(0x40000000), UINT64_C(1) << 20, "cell", "turbine",
			UINT64_C(0x40100000), UINT64_C(4096), "link", "plant", UINT64_C(0x40101000),
			(UINT64_C(31) << 20) - 4096, "none", "");
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int fake_room_reply(sd_bus_error *error)
{
	const char *room = getenv("FAKE_ROOM");

	if (room && strcmp(room, "gone") == 0)
		return sd_bus_error_set(error, BUS_ERROR("NoSuchCell"), "It has gone.");
	if (room)
		return sd_bus_error_set(error, BUS_ERROR("WrongState"), "idle is created already");
	return sd_bus_error_set(error, BUS_ERROR("NoResources"), "idle.json: memory: \x1b[2J4G");
}

int fake_check_all_reply(sd_bus_message *message)
{
	static const char *const rows[][4] = {
		{"/etc/cellmgr/cells/broken.json", "error", "memroy",
		 "line 2, column 5: \"1M\": unknown key"},
		{"/etc/cellmgr/cells/broken.json", "warning", "stop.timeout", "0 waits for ever"},
		{"/etc/cellmgr/cells/turbine.json", "", "", ""},
		{"", "warning", "cpus", "all cells together want 5 CPUs"},
	};
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssss)");
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rows); i++)
		r = sd_bus_message_append(reply, "(ssss)", rows[i][0], rows[i][1], rows[i][2],
					  rows[i][3]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int fake_plan_reply(sd_bus_message *message)
{
	log_call(message, "%s", "");
	return sd_bus_reply_method_return(message, "sa(ssass)", "plan-7", 3, "idle", "keep", 0, "",
					  "turbine", "restart", 2, "cpus", "memory", "", "gone",
					  "remove", 0, "its description has gone");
}

int fake_apply(sd_bus_message *message, int fails, sd_bus_error *error)
{
	const char *id;

	if (sd_bus_message_read(message, "s", &id) < 0)
		return -1;
	log_call(message, " %s", id);
	if (fails)
		return sd_bus_error_set(error, BUS_ERROR("Driver"),
					"cannot create turbine; all that was changed is as before");
	return sd_bus_reply_method_return(message, NULL);
}

int fake_check(sd_bus_message *message, void *context, sd_bus_error *error)
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
		return sd_bus_error_set(error, BUS_ERROR("Invalid"),
					"The description is too large.");
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
