// SPDX-License-Identifier: GPL-2.0-only
/* start, stop, restart, kill, create, load, destroy: one call each. */
#include <string.h>

#include "bus/fetch.h"
#include "common/cleanup.h"
#include "verbs/verbs.h"

static int call_cell(struct client *client, const char *cell, sd_bus_error *ret_error)
{
	const struct verb *verb = client->verb;
	_cleanup_(freep) char *path = NULL;
	int r;

	if (strcmp(verb->interface, BUS_MANAGER_INTERFACE) == 0) {
		r = check_cell_name(cell, ret_error);
		if (r < 0)
			return r;
		return connection_call(&client->connection, CALL_OPERATION, BUS_MANAGER_PATH,
				       verb->interface, verb->method, ret_error, NULL, "s", cell);
	}
	r = fetch_cell_path(&client->connection, cell, ret_error, &path);
	if (r < 0)
		return r;
	/* Load: no images of ours, but the description's. */
	return connection_call(&client->connection, CALL_OPERATION, path, verb->interface,
			       verb->method, ret_error, NULL,
			       strcmp(verb->method, "Load") == 0 ? "a(ht)" : NULL, 0);
}

enum exit_status verb_lifecycle(struct client *client, char **arguments)
{
	enum exit_status status = STATUS_DONE;

	/* One that fails does not keep the others from their turn; the first failure counts. */
	for (char **cell = arguments; *cell; cell++) {
		_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
		enum exit_status this_one;
		int r;

		r = call_cell(client, *cell, &error);
		if (r >= 0)
			continue;
		this_one = complain_attempt(client, *cell, &error, r);
		if (status == STATUS_DONE)
			status = this_one;
	}
	return status;
}
