// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>

#include "bus_abi.h"
#include "common/cleanup.h"
#include "verbs/call_error.h"

/* Hints in which nothing is to be filled in, or the cell's name (%s). */
static const struct {
	const char *error;
	const char *verb; /* NULL: any */
	const char *hint;
} hints[] = {
	{BUS_ERROR("HypervisorOff"), "enable",
	 "'modprobe cellvisor' loads the driver; if it refuses, 'journalctl -k' says why"},
	{BUS_ERROR("HypervisorOff"), NULL, "'cellctl enable' opens the hypervisor"},
	{BUS_ERROR("NoSuchCell"), NULL,
	 "'cellctl list' shows the cells that there are; 'systemctl reload cellmgrd' "
	 "reads new descriptions"},
	{BUS_ERROR("WrongState"), "disable",
	 "'cellctl list' shows what still runs; 'cellctl disable --force' stops it"},
	{BUS_ERROR("Busy"), "disable",
	 "'cellctl list' shows what still runs; 'cellctl disable --force' stops it"},
	{BUS_ERROR("Refused"), "disable",
	 "'cellctl list' shows what still runs; 'cellctl disable --force' stops it"},
	{BUS_ERROR("WrongState"), NULL, "'cellctl status %s' shows its state"},
	{BUS_ERROR("Refused"), NULL,
	 "the cell did not agree to be shut down; 'cellctl kill %s' stops it without asking"},
	{BUS_ERROR("Timeout"), "stop",
	 "the cell did not answer in time; 'cellctl kill %s' stops it without asking"},
	{BUS_ERROR("Timeout"), "restart",
	 "the cell did not answer in time; 'cellctl kill %s' stops it without asking"},
	{BUS_ERROR("Busy"), NULL,
	 "another operation is under way; 'cellctl status' shows it, then try again"},
	{BUS_ERROR("Locked"), NULL,
	 "a cell in state running-locked forbids creating and destroying cells until it leaves "
	 "that state"},
	{BUS_ERROR("Invalid"), NULL,
	 "'cellctl check' shows everything that is wrong with the descriptions"},
	{BUS_ERROR("NoResources"), NULL,
	 "'cellctl status' shows what is free and which cells hold the rest"},
	{BUS_ERROR("Driver"), NULL, "'journalctl -k' may say more"},
	{BUS_DBUS_ERROR("NoReply"), NULL, "'systemctl status cellmgrd' shows how the daemon is"},
	{BUS_DBUS_ERROR("Disconnected"), NULL,
	 "'systemctl status cellmgrd' shows how the daemon is"},
	{BUS_DBUS_ERROR("Timeout"), NULL, "'systemctl status cellmgrd' shows how the daemon is"},
	{BUS_DBUS_ERROR("ServiceUnknown"), NULL,
	 "cellmgrd does not run and cannot be started over the bus: is it installed? "
	 "'systemctl status cellmgrd' shows"},
	{BUS_DBUS_ERROR("NameHasNoOwner"), NULL, "'systemctl start cellmgrd' starts the daemon"},
	{BUS_DBUS_ERROR("UnknownMethod"), NULL,
	 "cellctl and cellmgrd are of different versions; 'cellctl version' shows both"},
	{BUS_DBUS_ERROR("UnknownInterface"), NULL,
	 "cellctl and cellmgrd are of different versions; 'cellctl version' shows both"},
	{BUS_DBUS_ERROR("UnknownProperty"), NULL,
	 "cellctl and cellmgrd are of different versions; 'cellctl version' shows both"},
};

enum exit_status call_error_status(const char *error_name)
{
	return strcmp(error_name, BUS_ERROR("NoSuchCell")) == 0 ? STATUS_NO_SUCH_CELL
								: STATUS_FAILED;
}

static char *authorization_hint(const struct attempt *attempt, bool interactive_helps)
{
	const char *how = interactive_helps
				  ? "run it as root, or on a terminal to be asked for a password"
				  : "run it as root, or have an administrator allow it";
	char *text;
	int r;

	if (attempt->polkit_action)
		r = asprintf(&text, "this needs the polkit action %s; %s", attempt->polkit_action,
			     how);
	else
		r = asprintf(&text, "%s", how);
	return r < 0 ? NULL : text;
}

/* The tables above are the only source of formats, and hold at most one %s. */
static char *fill_in(const char *hint, const char *cell)
{
	const char *place = strstr(hint, "%s");
	char *text;
	int r;

	if (!place)
		return strdup(hint);
	r = asprintf(&text, "%.*s%s%s", (int)(place - hint), hint, cell ? cell : "CELL", place + 2);
	return r < 0 ? NULL : text;
}

char *call_error_hint(const char *error_name, const struct attempt *attempt)
{
	if (strcmp(error_name, BUS_DBUS_ERROR("AccessDenied")) == 0)
		return authorization_hint(attempt, false);
	if (strcmp(error_name, BUS_DBUS_ERROR("InteractiveAuthorizationRequired")) == 0)
		return authorization_hint(attempt, true);
	if (strncmp(error_name, BUS_DBUS_ERROR("Spawn."), strlen(BUS_DBUS_ERROR("Spawn."))) == 0)
		return strdup(
			"cellmgrd could not be started: 'systemctl status cellmgrd' shows why");

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		if (strcmp(error_name, hints[i].error) != 0)
			continue;
		if (hints[i].verb && strcmp(hints[i].verb, attempt->verb) != 0)
			continue;
		return fill_in(hints[i].hint, attempt->cell);
	}
	return NULL;
}
