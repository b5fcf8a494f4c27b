/* SPDX-License-Identifier: GPL-2.0-only */
/* The socket that clients come to, and all clients. */
#ifndef SERVER_H
#define SERVER_H

#include "client.h"

struct server;

/* signals must outlast it. 0 or a negative errno. */
int server_new(sd_event *event, struct signals *signals, struct server **ret_server);

/* Takes NULL. */
void server_free(struct server *server);

/*
 * Brings a map into force: listens where it says, and answers by it from the next request on.
 * Clients that are there stay. The first map may have an address that the machine has yet to get.
 * Returns 0, or the errno of what made it impossible to listen, and all is as it was.
 */
int server_use(struct server *server, struct map *map);

#endif /* SERVER_H */
