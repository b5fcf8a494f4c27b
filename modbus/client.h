/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection of a Modbus client. One request of each is at work at a time, and none waits for
 * another's: all sockets are read and written as far as they go, and every state has its end.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <systemd/sd-event.h>

#include "exchange.h"

/*
 * Between the begins of two requests of one client, and of any two: what is asked of the daemon is
 * bounded, however many ask it.
 */
#define CLIENT_PACE_US	UINT64_C(5000)
#define CLIENTS_PACE_US UINT64_C(2000)
/* For the rest of a frame whose beginning is there, and for a client to take its answer. */
#define CLIENT_FRAME_US UINT64_C(5000000)

struct client;

/* What all clients have in common. */
struct client_context {
	sd_event *event;
	struct exchange_context exchange;
	struct map *map;  /* in force: of the requests that begin from now on */
	uint64_t next_us; /* earliest begin of a request that has no time yet */
	/* A client is no more. */
	void (*gone)(struct client_context *context, struct client *client);
};

/* Takes over the socket, also when it fails. NULL without memory. */
struct client *client_new(struct client_context *context, int fd);

/* Ends the connection without calling gone. Takes NULL. */
void client_free(struct client *client);

#endif /* CLIENT_H */
