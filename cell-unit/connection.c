// SPDX-License-Identifier: GPL-2.0-only
#include "connection.h"

#include "common/bus_words.h"
#include "common/cleanup.h"

/* The daemon gives every operation its deadline; a second one here would only be wrong. */
#define NO_TIMEOUT UINT64_MAX

static int watch(sd_bus *bus, const char *path, const struct connection_events *events,
		 void *userdata)
{
	int r;

	r = sd_bus_match_signal_async(bus, NULL, BUS_NAME, path, PROPERTIES_INTERFACE,
				      "PropertiesChanged", events->changed, NULL, userdata);
	if (r >= 0)
		r = sd_bus_add_match_async(bus, NULL,
					   "type='signal',sender='org.freedesktop.DBus',"
					   "interface='org.freedesktop.DBus',"
					   "member='NameOwnerChanged',arg0='" BUS_NAME "'",
					   events->owner, NULL, userdata);
	if (r >= 0)
		r = sd_bus_match_signal_async(
			bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
			"org.freedesktop.DBus.Local", "Disconnected", events->lost, NULL, userdata);
	return r;
}

int connection_open(sd_event *event, const char *path, const struct connection_events *events,
		    void *userdata, sd_bus **ret)
{
	_cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
	int r;

	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, NO_TIMEOUT);
	if (r >= 0)
		r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = watch(bus, path, events, userdata);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(bus);
	return 0;
}
