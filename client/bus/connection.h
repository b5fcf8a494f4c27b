/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to cellmgrd, and calls of its methods. */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "bus_abi.h"

struct connection {
	const char *host;   /* as sd_bus_open_system_remote() takes it; NULL: this machine */
	sd_bus *bus;	    /* NULL: none */
	pid_t polkit_agent; /* 0: none */
};

enum call_kind {
	CALL_READ,	/* answered at once: a deadline of seconds */
	CALL_OPERATION, /* takes as long as it takes; may ask the user for a password */
	CALL_PROBE,	/* CALL_READ that does not start the daemon */
	CALL_LONG_READ, /* answered when files have been read, however large */
};

/* Connects to the host's system bus, unless that was done. Returns 0 or a negative errno. */
int connection_open(struct connection *connection);

/* At the end of the process; for use on what may never have been connected, too. */
void connection_close(struct connection *connection);

/*
 * Calls a method of cellmgrd and waits for its answer. types and the arguments behind it are as for
 * sd_bus_message_append(). ret_reply may be NULL. Returns a negative errno with *ret_error set
 * where the bus or the daemon refused.
 */
int connection_call(struct connection *connection, enum call_kind kind, const char *path,
		    const char *interface, const char *member, sd_bus_error *ret_error,
		    sd_bus_message **ret_reply, const char *types, ...);

/* The same in two steps, for arguments that are lists: a call to append them to, and its way. */
int connection_new_call(struct connection *connection, const char *path, const char *interface,
			const char *member, sd_bus_message **ret_call);
int connection_send(struct connection *connection, enum call_kind kind, sd_bus_message *call,
		    sd_bus_error *ret_error, sd_bus_message **ret_reply);

#endif /* CLIENT_CONNECTION_H */
