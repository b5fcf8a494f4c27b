// SPDX-License-Identifier: GPL-2.0-only
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "util/log.h"

/* Of answers that the kernel keeps for a client that does not take them. */
#define UNSENT_BYTES 4096
/* sd-event's own, of 250 ms, would be the pace. */
#define ACCURACY_US  1000

struct client {
	struct client_context *context;
	int fd;
	sd_event_source *io;
	sd_event_source *timer; /* at its end the client goes, or goes on where it is paced */
	bool is_paced;
	bool is_busy; /* in go_on() */
	uint8_t in[FRAME_MAX];
	size_t in_length;
	struct answer out;
	size_t sent;
	uint64_t next_us;  /* earliest begin of its next request */
	uint64_t begin_us; /* of the one whose frame is there; 0: it has no time yet */
	struct exchange *exchange;
};

static void go_on(struct client *client);

void client_free(struct client *client)
{
	if (!client)
		return;
	exchange_cancel(client->exchange);
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->timer);
	close(client->fd);
	free(client);
}

static void leave(struct client *client)
{
	struct client_context *context = client->context;

	context->gone(context, client);
	client_free(client);
}

/* ---- Waiting -------------------------------------------------------------------------------- */

/* For events (0: only for the connection's end), as long as timeout_us; 0: without an end of its
 * own. */
static void wait_for(struct client *client, uint32_t events, uint64_t timeout_us)
{
	sd_event_source_set_io_events(client->io, events);
	client->is_paced = false;
	if (timeout_us)
		sd_event_source_set_time_relative(client->timer, timeout_us);
	sd_event_source_set_enabled(client->timer, timeout_us ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct client *client = userdata;

	if (client->is_paced)
		go_on(client);
	else
		leave(client);
	return 0;
}

/* The time for a frame runs from its first byte, whatever comes of it. */
static void wait_for_input(struct client *client, bool is_begun)
{
	if (client->in_length == 0)
		wait_for(client, EPOLLIN, client->context->map->idle_us);
	else if (!is_begun)
		wait_for(client, EPOLLIN, CLIENT_FRAME_US);
}

/* ---- Requests and answers ------------------------------------------------------------------- */

static void on_answer(void *userdata, const struct answer *answer)
{
	struct client *client = userdata;

	client->exchange = NULL;
	if (!answer) {
		/* Whoever waits for it shall not wait for ever. */
		shutdown(client->fd, SHUT_RDWR);
		wait_for(client, EPOLLIN, CLIENT_FRAME_US);
		return;
	}
	client->out = *answer;
	client->sent = 0;
	if (!client->is_busy)
		go_on(client);
}

/* Returns 1 when all is sent, 0 when the socket takes no more now. */
static int send_answer(struct client *client)
{
	while (client->sent < client->out.length) {
		const ssize_t r = send(client->fd, client->out.bytes + client->sent,
				       client->out.length - client->sent, MSG_NOSIGNAL);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return errno == EAGAIN ? 0 : -errno;
		client->sent += (size_t)r;
	}
	client->out.length = client->sent = 0;
	return 1;
}

/*
 * When the request whose frame is there begins: behind those of others that came before it. There
 * are no more of these than clients: the rest have left before their turn came.
 */
static uint64_t take_turn(const struct client *client, uint64_t now)
{
	const uint64_t last_us = now + MAP_MAX_CLIENTS * CLIENTS_PACE_US;
	struct client_context *context = client->context;
	uint64_t turn = now > client->next_us ? now : client->next_us;

	if (context->next_us > last_us)
		context->next_us = last_us;
	if (turn < context->next_us)
		turn = context->next_us;
	context->next_us = turn + CLIENTS_PACE_US;
	return turn;
}

/* 1: a request has begun or has its time, 0: there is none yet. */
static int begin_request(struct client *client)
{
	const int length = frame_length(client->in, client->in_length);
	const uint64_t now = monotonic_us();
	int r;

	if (length <= 0 || (size_t)length > client->in_length)
		return length < 0 ? length : 0;
	if (!client->begin_us)
		client->begin_us = take_turn(client, now);
	if (now < client->begin_us) {
		wait_for(client, 0, client->begin_us - now);
		client->is_paced = true;
		return 1;
	}
	client->next_us = client->begin_us + CLIENT_PACE_US;
	client->begin_us = 0;
	wait_for(client, 0, 0);
	r = exchange_begin(&client->context->exchange, client->context->map, client->in,
			   (size_t)length, on_answer, client, &client->exchange);
	if (r < 0)
		return r;
	client->in_length -= (size_t)length;
	memmove(client->in, client->in + length, client->in_length);
	return 1;
}

/* Until there is something to wait for. The client may be no more afterwards. */
static void go_on(struct client *client)
{
	int r = 1;

	client->is_busy = true;
	client->is_paced = false;
	while (r > 0 && !client->exchange && !client->is_paced) {
		r = send_answer(client);
		if (r == 0)
			wait_for(client, EPOLLOUT, CLIENT_FRAME_US);
		if (r <= 0)
			break;
		r = begin_request(client);
		if (r == 0)
			wait_for_input(client, false);
	}
	client->is_busy = false;
	if (r < 0)
		leave(client);
}

/* 1: something has come. 0: nothing has. Negative: nothing will. */
static int receive(struct client *client)
{
	ssize_t r;

	do
		r = recv(client->fd, client->in + client->in_length,
			 sizeof(client->in) - client->in_length, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EAGAIN ? 0 : -errno;
	client->in_length += (size_t)r;
	return r > 0 ? 1 : -ECONNRESET;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	const bool was_begun = client->in_length > 0;
	int r;

	if (events & (EPOLLERR | EPOLLHUP)) {
		leave(client);
		return 0;
	}
	if (events & EPOLLOUT) {
		go_on(client);
		return 0;
	}
	r = receive(client);
	if (r > 0) {
		r = frame_length(client->in, client->in_length);
		if (r > 0 && (size_t)r <= client->in_length)
			go_on(client);
		else if (r >= 0)
			wait_for_input(client, was_begun);
	}
	if (r < 0)
		leave(client);
	return 0;
}

struct client *client_new(struct client_context *context, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	const int on = 1, unsent = UNSENT_BYTES;
	int r;

	if (!client) {
		close(fd);
		return NULL;
	}
	client->context = context;
	client->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unsent, sizeof(unsent));
	r = sd_event_add_io(context->event, &client->io, fd, EPOLLIN, on_io, client);
	if (r >= 0)
		r = sd_event_add_time_relative(context->event, &client->timer, CLOCK_MONOTONIC,
					       context->map->idle_us, ACCURACY_US, on_time, client);
	if (r < 0) {
		client_free(client);
		return NULL;
	}
	return client;
}
