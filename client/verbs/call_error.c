// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/bus_words.h"
#include "common/cleanup.h"
#include "verbs/call_error.h"

/* Hints may have one %s, which the cell's name is put in for. */
#define HINT_STILL_RUNS "'cellctl list' shows what still runs; 'cellctl disable --force' stops it"
#define HINT_KILL	"the cell did not answer in time; 'cellctl kill %s' stops it without asking"
#define HINT_NO_KILL	"it has to end by itself: the driver in use cannot stop it without asking"
#define HINT_MODPROBE \
	"'modprobe cellvisor' loads the driver; if it refuses, 'journalctl -k' says why"
#define HINT_DAEMON  "'systemctl status cellmgrd' shows how the daemon is"
#define HINT_VERSION "cellctl and cellmgrd are of different versions; 'cellctl version' shows both"

/* The first that fits counts: an error of one verb may want another hint than that of others. */
static const struct {
	enum error_code code;
	const char *verb; /* NULL: any */
	const char *hint;
	const char *without_kill; /* instead, where there is no kill; NULL: the same */
} daemon_hints[] = {
	{ERROR_HYPERVISOR_OFF, "enable", HINT_MODPROBE, NULL},
	{ERROR_HYPERVISOR_OFF, NULL, "'cellctl enable' opens the hypervisor", NULL},
	{ERROR_NO_SUCH_CELL, NULL, "'cellctl list' shows the cells that there are", NULL},
	{ERROR_NO_SUCH_SIGNAL, NULL, "'cellctl signals %s' shows the signals that there are", NULL},
	{ERROR_NO_SUCH_RECORD, NULL, "'cellctl crash' lists the records that there are", NULL},
	{ERROR_WRONG_STATE, "disable", HINT_STILL_RUNS, NULL},
	{ERROR_WRONG_STATE, NULL, "'cellctl status %s' shows its state", NULL},
	{ERROR_REFUSED, "disable", HINT_STILL_RUNS, HINT_NO_KILL},
	{ERROR_REFUSED, NULL,
	 "the cell did not agree to be shut down; 'cellctl kill %s' stops it without asking",
	 HINT_NO_KILL},
	{ERROR_BUSY, "disable", HINT_STILL_RUNS, NULL},
	{ERROR_BUSY, NULL,
	 "another operation is under way; 'cellctl status' shows it, then try again", NULL},
	{ERROR_LOCKED, NULL,
	 "a cell in state running-locked forbids creating and destroying cells until "
	 "it leaves that state",
	 NULL},
	{ERROR_INVALID, "set",
	 "'cellctl --json=pretty signals %s' shows which signals can be set, and to what", NULL},
	{ERROR_INVALID, NULL,
	 "'cellctl check' shows everything that is wrong with descriptions and cellmgrd.conf",
	 NULL},
	{ERROR_NO_RESOURCES, "crash", HINT_DAEMON, NULL},
	{ERROR_NO_RESOURCES, "enable", "'cellctl doctor' shows how much memory Linux has", NULL},
	{ERROR_NO_RESOURCES, NULL,
	 "'cellctl map' shows who has what; 'cellctl destroy' takes it back from a cell that "
	 "does not run",
	 NULL},
	{ERROR_DRIVER, "kill", "'journalctl -k' may say more", HINT_NO_KILL},
	{ERROR_DRIVER, NULL, "'journalctl -k' may say more", NULL},
	{ERROR_TIMEOUT, "stop", HINT_KILL, HINT_NO_KILL},
	{ERROR_TIMEOUT, "restart", HINT_KILL, HINT_NO_KILL},
};

_Static_assert(ERROR_CODE_COUNT == 17, "a new error code: what can be done about it?");

/* Errors that are not the daemon's. */
static const struct {
	const char *name;
	const char *hint;
} bus_hints[] = {
	{BUS_DBUS_ERROR("NoReply"), HINT_DAEMON},
	{BUS_DBUS_ERROR("Disconnected"), HINT_DAEMON},
	{BUS_DBUS_ERROR("Timeout"), HINT_DAEMON},
	{BUS_DBUS_ERROR("ServiceUnknown"),
	 "cellmgrd does not run and cannot be started over the bus: is it installed? "
	 "'systemctl status cellmgrd' shows"},
	{BUS_DBUS_ERROR("NameHasNoOwner"), "'systemctl start cellmgrd' starts the daemon"},
	{"org.freedesktop.systemd1.UnitMasked",
	 "somebody has forbidden that it starts; 'systemctl unmask cellmgrd' allows it again"},
	{BUS_DBUS_ERROR("UnknownMethod"), HINT_VERSION},
	{BUS_DBUS_ERROR("UnknownInterface"), HINT_VERSION},
	{BUS_DBUS_ERROR("UnknownProperty"), HINT_VERSION},
};

enum exit_status call_error_status(const char *error_name)
{
	return error_code_from_name(error_name) == ERROR_NO_SUCH_CELL ? STATUS_NO_SUCH_CELL
								      : STATUS_FAILED;
}

static const char *daemon_hint(enum error_code code, const struct attempt *attempt)
{
	if (code == ERROR_HYPERVISOR_OFF && attempt->without_driver)
		return HINT_MODPROBE;
	for (size_t i = 0; i < ARRAY_SIZE(daemon_hints); i++) {
		if (daemon_hints[i].code != code ||
		    (daemon_hints[i].verb && strcmp(daemon_hints[i].verb, attempt->verb) != 0))
			continue;
		return attempt->without_kill && daemon_hints[i].without_kill
			       ? daemon_hints[i].without_kill
			       : daemon_hints[i].hint;
	}
	return NULL;
}

static const char *bus_hint(const char *name)
{
	if (strncmp(name, BUS_DBUS_ERROR("Spawn."), strlen(BUS_DBUS_ERROR("Spawn."))) == 0)
		return "cellmgrd could not be started: 'systemctl status cellmgrd' shows why";
	for (size_t i = 0; i < ARRAY_SIZE(bus_hints); i++) {
		if (strcmp(bus_hints[i].name, name) == 0)
			return bus_hints[i].hint;
	}
	return NULL;
}

static char *authorization_hint(const struct attempt *attempt, bool interactive_helps)
{
	const char *how = "run it as root, or have an administrator allow it";
	const char *action = attempt->polkit_action;

	if (attempt->host)
		how = "be root there (-H root@...), or have an administrator allow it";
	else if (interactive_helps)
		how = "run it as root, or on a terminal to be asked for a password";
	return text_format("%s%s%s%s", action ? "this needs the polkit action " : "",
			   action ? action : "", action ? "; " : "", how);
}

/* The hints above are the only source of formats, and hold at most one %s. */
static char *fill_in(const char *hint, const char *cell)
{
	const char *place = strstr(hint, "%s");

	if (!place)
		return strdup(hint);
	return text_format("%.*s%s%s", (int)(place - hint), hint, cell ? cell : "CELL", place + 2);
}

/* What is said of the way to another machine, HOST:PORT, is ssh's own, and stands before. */
static char *host_hint(const char *host)
{
	const int name = (int)strcspn(host, ":/");
	const int port = host[name] == ':' ? (int)strcspn(host + name + 1, "/") : 0;

	return text_format(
		"'ssh %s%.*s%s%.*s systemd-stdio-bridge' has to let you in there, and to find "
		"systemd and its bus",
		port ? "-p " : "", port, host + name + !!port, port ? " " : "", name, host);
}

bool call_error_is_lost_way(const char *error_name, const struct attempt *attempt)
{
	if (!attempt->host)
		return false;
	/* As sd-bus names what the kernel says of it. */
	return !error_name || strncmp(error_name, "System.Error.", strlen("System.Error.")) == 0 ||
	       strcmp(error_name, BUS_DBUS_ERROR("Disconnected")) == 0 ||
	       strcmp(error_name, BUS_DBUS_ERROR("NoReply")) == 0;
}

char *call_error_hint(const char *error_name, const struct attempt *attempt)
{
	enum error_code code = error_code_from_name(error_name ?: "");
	const char *hint;

	if (call_error_is_lost_way(error_name, attempt))
		return host_hint(attempt->host);
	if (!error_name)
		return NULL;
	if (code == ERROR_ACCESS_DENIED || code == ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)
		return authorization_hint(attempt,
					  code == ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED);
	hint = code == ERROR_NONE ? bus_hint(error_name) : daemon_hint(code, attempt);
	return hint ? fill_in(hint, attempt->cell) : NULL;
}
