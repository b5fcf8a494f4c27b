// SPDX-License-Identifier: GPL-2.0-only
/* enable, disable. */
#include "common/cleanup.h"
#include "verbs/verbs.h"

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
