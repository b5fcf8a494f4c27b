// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "util/log.h"

#define BACKLOG 16
#define TELL_US UINT64_C(60000000)

struct server {
	struct client_context context;
	sd_event_source *listener;
	struct client *clients[MAP_MAX_CLIENTS];
	unsigned int count;
	uint64_t tell_us; /* when the log may be told again that others were turned away */
};

static void on_gone(struct client_context *context, struct client *client)
{
	struct server *server = (struct server *)context;
	unsigned int i = 0;

	while (i < server->count && server->clients[i] != client)
		i++;
	if (i == server->count)
		return;
	server->clients[i] = server->clients[--server->count];
}

static void admit(struct server *server, int fd)
{
	const uint64_t now = monotonic_us();
	struct client *client;

	if (server->count >= server->context.map->max_clients) {
		if (now >= server->tell_us) {
			server->tell_us = now + TELL_US;
			log_warning("There are %u clients already (max-clients); others are turned "
				    "away",
				    server->count);
		}
		close(fd);
		return;
	}
	client = client_new(&server->context, fd);
	if (client)
		server->clients[server->count++] = client;
	else
		log_error("No memory for a client");
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct server *server = userdata;
	const int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (client >= 0) {
		admit(server, client);
		return 0;
	}
	switch (errno) {
	case EAGAIN:
	case EINTR:
	case ECONNABORTED:
		return 0;
	default:
		/* It would come again at once, and for ever. */
		log_error("Cannot accept clients: %s", strerror(errno));
		return sd_event_exit(server->context.event, EXIT_FAILURE);
	}
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t make_address(const struct map *map, union address *ret)
{
	*ret = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons(map->port)}};
	if (inet_pton(AF_INET, map->listen, &ret->v4.sin_addr) == 1)
		return sizeof(ret->v4);
	*ret = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(map->port)}};
	inet_pton(AF_INET6, map->listen, &ret->v6.sin6_addr);
	return sizeof(ret->v6);
}

/* For an address of this machine that has yet to come. */
static int bind_early(int fd, const struct map *map, const union address *address, socklen_t length)
{
	const int on = 1;

	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on));
	else
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	if (bind(fd, &address->any, length) < 0)
		return -errno;
	log_warning("%s is no address of this machine yet; clients can come when it is",
		    map->listen);
	return 0;
}

/* is_first: there is no other address yet to stay at. */
static int open_socket(const struct map *map, bool is_first)
{
	_cleanup_(closep) int fd = -1;
	union address address;
	const socklen_t length = make_address(map, &address);
	const int on = 1;
	int r;

	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Connections of the one before us may still be ending. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	r = bind(fd, &address.any, length) < 0 ? -errno : 0;
	if (r == -EADDRNOTAVAIL && is_first)
		r = bind_early(fd, map, &address, length);
	if (r >= 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r < 0)
		return r;
	r = fd;
	fd = -1;
	return r;
}

static int listen_at(struct server *server, const struct map *map, sd_event_source **ret_listener)
{
	const int fd = open_socket(map, !server->context.map);
	sd_event_source *listener;
	int r;

	if (fd < 0)
		return fd;
	r = sd_event_add_io(server->context.event, &listener, fd, EPOLLIN, on_connection, server);
	if (r < 0) {
		close(fd);
		return r;
	}
	sd_event_source_set_io_fd_own(listener, true);
	*ret_listener = listener;
	return 0;
}

static int move(struct server *server, const struct map *map)
{
	const struct map *old = server->context.map;
	sd_event_source *listener = NULL;
	int r = listen_at(server, map, &listener);

	if (r == -EADDRINUSE && old && old->port == map->port) {
		/* The one at work may be in the way of its successor: all addresses and one of
		 * them. */
		server->listener = sd_event_source_disable_unref(server->listener);
		r = listen_at(server, map, &listener);
		if (r < 0 && listen_at(server, old, &server->listener) < 0) {
			log_error("Cannot go back to %s either", old->listen);
			sd_event_exit(server->context.event, EXIT_FAILURE);
		}
	}
	if (r < 0)
		return r;
	sd_event_source_disable_unref(server->listener);
	server->listener = listener;
	return 0;
}

int server_use(struct server *server, struct map *map)
{
	const struct map *old = server->context.map;
	int r = 0;

	if (!old || old->port != map->port || strcmp(old->listen, map->listen) != 0)
		r = move(server, map);
	if (r < 0)
		return r;
	map_ref(map);
	map_unref(server->context.map);
	server->context.map = map;
	return 0;
}

int server_new(sd_event *event, struct signals *signals, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->context = (struct client_context){
		.event = event,
		.exchange.signals = signals,
		.gone = on_gone,
	};
	r = answers_new(&server->context.exchange.answers);
	if (r < 0) {
		free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	sd_event_source_disable_unref(server->listener);
	for (unsigned int i = 0; i < server->count; i++)
		client_free(server->clients[i]);
	map_unref(server->context.map);
	answers_free(server->context.exchange.answers);
	free(server);
}
