/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection to the system bus that watches a cell and its daemon. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

struct connection_events {
	sd_bus_message_handler_t changed; /* PropertiesChanged of the cell */
	sd_bus_message_handler_t owner;	  /* NameOwnerChanged of the daemon */
	sd_bus_message_handler_t lost;	  /* the bus has gone: the connection is of no more use */
};

/*
 * Nothing waits for the bus. path is of the cell's object. Returns 0 or negative errno: there is no
 * bus now.
 */
int connection_open(sd_event *event, const char *path, const struct connection_events *events,
		    void *userdata, sd_bus **ret);

#endif /* CONNECTION_H */
