// SPDX-License-Identifier: GPL-2.0-only
#include "bus/fetch.h"
#include "common/cleanup.h"
#include "json.h"
#include "verbs/verbs.h"

static struct json_object *versions_json(const struct manager_info *manager)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !json_add_string(object, "cellctl", CELLMGR_RELEASE))
		return NULL;
	if (manager && (!json_add_string(object, "cellmgrd", manager->version) ||
			!json_add_string(object, "driver", manager->driver)))
		return NULL;
	return TAKE_POINTER(object);
}

static void put_version(struct client *client, const char *what, const char *version)
{
	fprintf(client->output.stream, "%s ", what);
	screen_put(&client->screen, COLOR_PLAIN, version, "\n");
}

/* manager: NULL when the daemon does not run, or cannot be asked. */
static enum exit_status print_versions(struct client *client, const struct manager_info *manager,
				       const char *why)
{
	if (client->options.json != JSON_OFF)
		return client_show_json(client, versions_json(manager));
	put_version(client, "cellctl", CELLMGR_RELEASE);
	put_version(client, "cellmgrd", manager ? manager->version : why);
	if (manager && *manager->driver)
		put_version(client, "driver", manager->driver);
	return client_show(client);
}

/* Asking for a version is no reason to start the daemon, or to fail without a bus. */
enum exit_status verb_version(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(manager_info_free) struct manager_info manager = {0};
	const char *why = "cannot be asked";

	if (connection_open(&client->connection) >= 0 &&
	    fetch_manager(&client->connection, CALL_PROBE, &error, &manager) >= 0)
		return print_versions(client, &manager, NULL);
	if (sd_bus_error_has_name(&error, BUS_DBUS_ERROR("NameHasNoOwner")) ||
	    sd_bus_error_has_name(&error, BUS_DBUS_ERROR("ServiceUnknown")))
		why = "not running";
	return print_versions(client, NULL, why);
}
