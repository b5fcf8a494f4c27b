// SPDX-License-Identifier: GPL-2.0-only
#include "bus/caller.h"

#include <errno.h>
#include <string.h>

#include <systemd/sd-login.h>

#include "common/cleanup.h"

static int read_credential(sd_bus_message *reply, uint32_t *uid, uint32_t *pid)
{
	const char *name;
	int r = sd_bus_message_read(reply, "s", &name);

	if (r < 0)
		return r;
	if (strcmp(name, "UnixUserID") == 0)
		return sd_bus_message_read(reply, "v", "u", uid);
	if (strcmp(name, "ProcessID") == 0)
		return sd_bus_message_read(reply, "v", "u", pid);
	return sd_bus_message_skip(reply, "v");
}

static bool is_of_unit(pid_t pid, const char *cell)
{
	_cleanup_(freep) char *unit = NULL;
	_cleanup_(freep) char *own = text_format("cell@%s.service", cell);

	return own && sd_pid_get_unit(pid, &unit) >= 0 && strcmp(unit, own) == 0;
}

int caller_read_reply(sd_bus_message *reply, const char *cell, uid_t *ret_uid, bool *ret_is_unit)
{
	uint32_t uid = UINT32_MAX, pid = 0;
	int r = sd_bus_message_enter_container(reply, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
		r = read_credential(reply, &uid, &pid);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r < 0)
		return r;
	if (uid == UINT32_MAX)
		return -EACCES;
	*ret_uid = uid;
	*ret_is_unit = cell && pid && is_of_unit((pid_t)pid, cell);
	return 0;
}
