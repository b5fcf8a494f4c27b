/* SPDX-License-Identifier: GPL-2.0-only */
/* What every verb is given: what was asked for, what the output goes to, and the connection. */
#ifndef CLIENT_H
#define CLIENT_H

#include <json-c/json.h>

#include "bus/connection.h"
#include "options.h"
#include "verbs/call_error.h"
#include "view/output.h"
#include "view/screen.h"

struct verb;

struct client {
	struct options options;
	const struct verb *verb; /* that runs */
	struct screen screen;
	struct output output; /* what the verb prints */
	struct connection connection;
};

/* For use on a client that may never have been connected or have had an output, too. */
void client_close(struct client *client);

/* Connects to the system bus. On failure says why on standard error and returns a negative errno.
 */
int client_connect(struct client *client);

/* Shows what the verb printed. Says so, and returns STATUS_FAILED, if nobody takes it. */
enum exit_status client_show(struct client *client);

/* The same for a value in JSON, which is put; NULL: there was no memory to make one. */
enum exit_status client_show_json(struct client *client, struct json_object *value);

#endif /* CLIENT_H */
