// SPDX-License-Identifier: GPL-2.0-only
/* start, stop, restart, kill, create, load, destroy: one call each. */
#include <string.h>

#include "bus/fetch.h"
#include "common/cleanup.h"
#include "verbs/verbs.h"

/* The Manager's methods take a name, the Cell's are called on its object. */
static const struct {
	const char *verb;
	const char *interface;
	const char *method;
} methods[] = {
	{"start", BUS_MANAGER_INTERFACE, "StartCell"},
	{"stop", BUS_MANAGER_INTERFACE, "StopCell"},
	{"restart", BUS_MANAGER_INTERFACE, "RestartCell"},
	{"kill", BUS_CELL_INTERFACE, "Kill"},
	{"create", BUS_CELL_INTERFACE, "Create"},
	{"load", BUS_CELL_INTERFACE, "Load"},
	{"destroy", BUS_CELL_INTERFACE, "Destroy"},
};

static int call_cell(struct client *client, const char *cell, const char *interface,
		     const char *method, sd_bus_error *ret_error)
{
	_cleanup_(freep) char *path = NULL;
	int r;

	if (strcmp(interface, BUS_MANAGER_INTERFACE) == 0) {
		r = check_cell_name(cell, ret_error);
		if (r < 0)
			return r;
		return connection_call(&client->connection, CALL_OPERATION, BUS_MANAGER_PATH,
				       interface, method, ret_error, NULL, "s", cell);
	}
	r = fetch_cell_path(&client->connection, cell, ret_error, &path);
	if (r < 0)
		return r;
	if (strcmp(method, "Load") == 0)
		/* No images of ours: the description's. */
		return connection_call(&client->connection, CALL_OPERATION, path, interface, method,
				       ret_error, NULL, "a(ht)", 0);
	return connection_call(&client->connection, CALL_OPERATION, path, interface, method,
			       ret_error, NULL, NULL);
}

enum exit_status verb_lifecycle(struct client *client, const struct verb *verb, char **arguments)
{
	enum exit_status status = STATUS_DONE;
	size_t i = 0;

	while (strcmp(methods[i].verb, verb->name) != 0)
		i++;

	/* One that fails does not keep the others from their turn; the first failure counts. */
	for (char **cell = arguments; *cell; cell++) {
		struct attempt attempt = {verb->name, *cell, BUS_ACTION_MANAGE_CELLS};
		_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
		enum exit_status this_one;
		int r;

		r = call_cell(client, *cell, methods[i].interface, methods[i].method, &error);
		if (r >= 0)
			continue;
		this_one = complain_attempt(client, &attempt, &error, r);
		if (status == STATUS_DONE)
			status = this_one;
	}
	return status;
}
