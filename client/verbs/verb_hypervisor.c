// SPDX-License-Identifier: GPL-2.0-only
/* enable, disable. */
#include "common/cleanup.h"
#include "verbs/verbs.h"

static enum exit_status call_manager(struct client *client, const struct verb *verb,
				     const char *method, const char *types, int argument)
{
	struct attempt attempt = {verb->name, NULL, BUS_ACTION_MANAGE_HYPERVISOR};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = connection_call(&client->connection, CALL_OPERATION, BUS_MANAGER_PATH,
			    BUS_MANAGER_INTERFACE, method, &error, NULL, types, argument);
	return r < 0 ? complain_attempt(client, &attempt, &error, r) : STATUS_DONE;
}

enum exit_status verb_enable(struct client *client, const struct verb *verb, char **arguments)
{
	return call_manager(client, verb, "EnableHypervisor", NULL, 0);
}

enum exit_status verb_disable(struct client *client, const struct verb *verb, char **arguments)
{
	return call_manager(client, verb, "DisableHypervisor", "b", client->options.force);
}
