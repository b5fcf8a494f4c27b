// SPDX-License-Identifier: GPL-2.0-only
/*
 * After the unit's process has ended. Where the service manager had to kill it, since the cell did
 * not stop in time or somebody wanted it so, the cell goes the same way.
 */
#include <errno.h>
#include <string.h>

#include "common/bus_words.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon.h"
#include "leftover.h"

/* A driver that hangs shall not hold up a shutdown. */
#define KILL_TIMEOUT_US 20000000u

bool daemon_is_away(const sd_bus_error *error)
{
	static const char *const prefixes[] = {
		/* Its unit is masked, say, or the machine goes down. */
		"org.freedesktop.systemd1.",
		"org.freedesktop.DBus.Error.Spawn.",
	};

	if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_SERVICE_UNKNOWN,
				   SD_BUS_ERROR_NAME_HAS_NO_OWNER,
				   "org.freedesktop.DBus.Error.TimedOut", SD_BUS_ERROR_TIMEOUT,
				   SD_BUS_ERROR_DISCONNECTED))
		return true;
	for (size_t i = 0; error->name && i < ARRAY_SIZE(prefixes); i++) {
		if (strncmp(error->name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

/* Whether there was a daemon that said something; what is in error. */
static bool call_kill(const char *path, sd_bus_error *error)
{
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	int r;

	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, KILL_TIMEOUT_US);
	if (r >= 0)
		r = sd_bus_call_method(bus, BUS_NAME, path, BUS_CELL_INTERFACE, "Kill", error, NULL,
				       "");
	if (r >= 0)
		return true;
	if (!sd_bus_error_is_set(error))
		sd_bus_error_set_errno(error, r);
	/* After that long it is there, but does not come to an end. */
	return !daemon_is_away(error) && r != -ECONNREFUSED && r != -ENOENT && r != -ECONNRESET;
}

/* What does not run, or is not there, is as dead as it can be. */
static bool is_dead(const sd_bus_error *error)
{
	return !sd_bus_error_is_set(error) ||
	       sd_bus_error_has_names(
		       error, error_bus_name(ERROR_WRONG_STATE), error_bus_name(ERROR_NO_SUCH_CELL),
		       error_bus_name(ERROR_HYPERVISOR_OFF), SD_BUS_ERROR_UNKNOWN_OBJECT);
}

static int kill_cell(const char *name)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t began = monotonic_us();
	_cleanup_(freep) char *path = NULL;

	if (sd_bus_path_encode(BUS_CELL_PATH, name, &path) < 0)
		return EXIT_FAILURE;
	while (!call_kill(path, &error) && monotonic_us() - began < DAEMON_PATIENCE_US) {
		sd_bus_error_free(&error);
		usleep(DAEMON_RETRY_US);
	}
	if (!is_dead(&error)) {
		fprintf(stderr, "<3>The cell could not be killed, it may run on: %s\n",
			error.message ? error.message : error.name);
		return EXIT_FAILURE;
	}
	if (!sd_bus_error_is_set(&error))
		fprintf(stderr, "<4>The cell was killed, as the unit was\n");
	leftover_remove(name);
	return EXIT_SUCCESS;
}

int end_cell(const char *name)
{
	const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS");
	const char *result = getenv("SERVICE_RESULT");

	if (!code || !status || strcmp(code, "exited") == 0)
		return EXIT_SUCCESS;
	/* It was told to stop before it could listen. */
	if (strcmp(status, "TERM") == 0 || strcmp(status, "INT") == 0)
		return END_CELL_STOP;
	/* Nobody meant the cell: memory was short in Linux, or the process had a fault. */
	if (strcmp(status, "KILL") != 0 || (result && strcmp(result, "oom-kill") == 0)) {
		fprintf(stderr,
			"<3>The unit's process was ended by signal %s; a cell that ran "
			"runs on, and start takes it over\n",
			status);
		return EXIT_SUCCESS;
	}
	return kill_cell(name);
}
