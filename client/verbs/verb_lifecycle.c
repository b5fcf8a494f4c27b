// SPDX-License-Identifier: GPL-2.0-only
/* start, stop, restart, kill, cancel, create, load, destroy, adopt, enable, disable: one call each.
 */
#include <string.h>

#include "bus/fetch.h"
#include "common/bus_words.h"
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

/*
 * What is to end or to go, and has done so already, is as wanted: the second of two kills has not
 * failed.
 */
static bool is_as_wanted(struct client *client, const char *name, const sd_bus_error *error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error ignored = SD_BUS_ERROR_NULL;
	_cleanup_(cell_info_free) struct cell_info cell = {0};
	_cleanup_(freep) char *path = NULL;
	const char *method = client->verb->method;
	enum lifecycle state;

	if (!error->name || error_code_from_name(error->name) != ERROR_WRONG_STATE ||
	    (strcmp(method, "Kill") != 0 && strcmp(method, "Destroy") != 0) ||
	    fetch_cell_path(&client->connection, name, &ignored, &path) < 0 ||
	    fetch_cell(&client->connection, path, &ignored, &cell) < 0)
		return false;
	state = lifecycle_from_word(cell.state);
	if (state == LIFECYCLE_DEFINED || state == LIFECYCLE_INVALID)
		return true;
	return strcmp(method, "Kill") == 0 && !cell_info_runs(&cell) &&
	       state != LIFECYCLE_FOREIGN && state != LIFECYCLE_COUNT;
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
		if (r >= 0 || is_as_wanted(client, *cell, &error))
			continue;
		this_one = complain_attempt(client, *cell, &error, r);
		if (status == STATUS_DONE)
			status = this_one;
	}
	return status;
}

enum exit_status verb_hypervisor(struct client *client, char **arguments)
{
	const struct verb *verb = client->verb;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = connection_call(&client->connection, CALL_OPERATION, BUS_MANAGER_PATH, verb->interface,
			    verb->method, &error, NULL, verb->options & OPTION_FORCE ? "b" : NULL,
			    client->options.force);
	return r < 0 ? complain_attempt(client, NULL, &error, r) : STATUS_DONE;
}
