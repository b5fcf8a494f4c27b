/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to cellmgrd, and what its answers mean. */
#ifndef CLIENT_BUS_H
#define CLIENT_BUS_H

#include <systemd/sd-bus.h>

#include "bus_abi.h"
#include "bus/failure.h"
#include "options.h"
#include "view/output.h"
#include "view/screen.h"

struct client {
	struct options options;
	struct screen screen;
	sd_bus *bus;
	pid_t polkit_agent; /* 0: none */
};

enum call_kind {
	CALL_READ,	/* answered at once: a deadline of seconds */
	CALL_OPERATION, /* takes as long as it takes; may ask the user for a password */
	CALL_PROBE,	/* CALL_READ that does not start the daemon */
};

/* Connects to the system bus. On failure says why on standard error and returns a negative errno.
 */
int client_connect(struct client *client);

/* The same, but silently. */
int client_try_connect(struct client *client);

/* Disconnects; for use on a client that may never have been connected, too. */
void client_close(struct client *client);

/*
 * Calls a method of cellmgrd and waits for its answer. types and the arguments behind it are as for
 * sd_bus_message_append(). ret_reply may be NULL. Returns a negative errno with *ret_error set
 * where the bus or the daemon refused.
 */
int client_call(struct client *client, enum call_kind kind, const char *path, const char *interface,
		const char *member, sd_bus_error *ret_error, sd_bus_message **ret_reply,
		const char *types, ...);

/* Refuses what cannot be sent as a name (NoSuchCell). */
int client_check_name(const char *cell, sd_bus_error *ret_error);

/* Finds a cell's object. The path is to be freed by the caller. Errors as client_call(). */
int client_cell_path(struct client *client, const char *cell, sd_bus_error *ret_error,
		     char **ret_path);

/* Whether messages may have more than ASCII; not, before this is called. */
void complain_set_unicode(bool unicode);

/* Prints "cellctl: text" on standard error, safely whatever the arguments contain. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Shows what a verb printed. Says so, and returns STATUS_FAILED, if nobody takes it. */
enum exit_status client_show(struct client *client, struct output *output);

/* Says that a call's answer could not be read (negative errno r). Returns STATUS_FAILED. */
enum exit_status complain_reply(int r);

/* Says that memory is short. Returns STATUS_FAILED. */
enum exit_status complain_memory(void);

#endif /* CLIENT_BUS_H */
