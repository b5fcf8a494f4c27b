// SPDX-License-Identifier: GPL-2.0-only
#include "manager/console.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "util/log.h"

#define MAX_STREAMS	    OBSERVER_MAX_CONSOLES
#define MAX_STREAMS_OF_USER 4
#define STREAMS_OF_ROOT	    4 /* kept free for root */
#define INPUT_PATIENCE_NS   5000000000ull

struct console_stream {
	struct manager *manager;
	struct console_stream *next;
	uint64_t serial; /* never used again: an address would be */
	uid_t uid;	 /* whose */
	int32_t id;	 /* the cell's; another cell may have it afterwards */
	bool is_input;
	/* Who waits for the first bytes; NULL afterwards. */
	void (*done)(int fd, void *userdata);
	void *userdata;
	int their_fd; /* to be handed out; -1 afterwards */
	int our_fd;
	sd_event_source *source; /* of ours: the peer has gone, or typed */
	uint64_t offset;
	char pending[OBSERVER_CONSOLE_ROOM + 64]; /* did not fit into the pipe, or into the cell */
	size_t pending_length;
	uint64_t left_at_ns; /* when the peer was found gone with bytes pending; 0: it is there */
};

static void stream_free(struct console_stream *stream)
{
	if (!stream)
		return;
	sd_event_source_disable_unref(stream->source);
	if (stream->their_fd >= 0)
		close(stream->their_fd);
	if (stream->our_fd >= 0)
		close(stream->our_fd);
	free(stream);
}

static void close_stream(struct console_stream *stream)
{
	struct console_stream **link = &stream->manager->consoles;

	while (*link && *link != stream)
		link = &(*link)->next;
	if (*link)
		*link = stream->next;
	manager_set_period(stream->manager);
	stream_free(stream);
}

static int on_hangup(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	close_stream(userdata);
	return 0;
}

/* What was typed goes with the next look; until the cell has taken it no more is read. */
static int on_typed(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct console_stream *stream = userdata;
	ssize_t length = read(fd, stream->pending, CELLVISOR_INPUT_MAX);

	if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
		sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
		return 0;
	}
	if (length <= 0) {
		close_stream(stream);
		return 0;
	}
	stream->pending_length = (size_t)length;
	observer_look(stream->manager->observer);
	return 0;
}

/* Every user's share is bounded, however many connections he has; root is not kept out by them. */
static int check_limits(const struct manager *manager, uid_t uid, struct error *error)
{
	const size_t max = uid ? MAX_STREAMS - STREAMS_OF_ROOT : MAX_STREAMS;
	size_t all = 0, of_user = 0;

	for (struct console_stream *stream = manager->consoles; stream; stream = stream->next) {
		all++;
		of_user += stream->uid == uid;
	}
	if (uid && of_user >= MAX_STREAMS_OF_USER)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%zu consoles are open for you already", of_user);
	if (all >= max)
		return error_set(error, ERROR_LIMITS_EXCEEDED, "%zu consoles are open already",
				 all);
	return 0;
}

/*
 * Of output no events are asked for: EPOLLERR comes anyway when the last reader has closed. Input
 * is read once it is known that the cell takes some.
 */
static int watch(struct console_stream *stream)
{
	int r = sd_event_add_io(stream->manager->event, &stream->source, stream->our_fd,
				stream->is_input ? EPOLLIN : 0,
				stream->is_input ? on_typed : on_hangup, stream);

	if (r < 0 || !stream->is_input)
		return r;
	return sd_event_source_set_enabled(stream->source, SD_EVENT_OFF);
}

static int stream_new(struct manager *manager, uid_t uid, bool is_input,
		      struct console_stream **ret)
{
	static uint64_t last_serial;
	struct console_stream *stream = calloc(1, sizeof(*stream));
	int fds[2];
	int r;

	if (!stream)
		return -ENOMEM;
	stream->manager = manager;
	stream->serial = ++last_serial;
	stream->their_fd = stream->our_fd = -1;
	stream->uid = uid;
	stream->is_input = is_input;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		r = -errno;
		goto err_free;
	}
	stream->their_fd = fds[is_input];
	stream->our_fd = fds[!is_input];
	/* Only our end: whether the peer waits is its own choice. */
	if (fcntl(stream->our_fd, F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		goto err_free;
	}
	r = watch(stream);
	if (r < 0)
		goto err_free;
	*ret = stream;
	return 0;

err_free:
	stream_free(stream);
	return r;
}

static int check_cell_state(const struct manager *manager, const struct cell *cell, bool is_input,
			    struct error *error)
{
	if (is_input && !(manager->features & CELLVISOR_FEATURE_INPUT))
		return error_set(error, ERROR_DRIVER,
				 "the driver in use has no input for consoles (see Features)");
	if (!(manager->features & CELLVISOR_FEATURE_CONSOLE))
		return error_set(error, ERROR_DRIVER,
				 "the driver in use has no virtual consoles (see Features)");
	if (!cell->exists)
		return error_set(error, ERROR_WRONG_STATE,
				 "cell %s is defined: it has no console before it is created",
				 cell->name);
	return 0;
}

int console_open(struct manager *manager, const char *cell_name, uid_t uid, bool is_input,
		 void (*done)(int fd, void *userdata), void *userdata, struct error *error)
{
	const struct cell *cell = manager_look_up(manager, cell_name, error);
	struct console_stream *stream = NULL;
	int r;

	if (!cell || check_cell_state(manager, cell, is_input, error) < 0 ||
	    check_limits(manager, uid, error) < 0)
		return -EINVAL;
	r = stream_new(manager, uid, is_input, &stream);
	if (r < 0)
		return error_set(error, ERROR_NO_RESOURCES, "cannot make a pipe: %s", strerror(-r));
	stream->id = cell->seen.id;
	stream->done = done;
	stream->userdata = userdata;
	stream->next = manager->consoles;
	manager->consoles = stream;
	manager_set_period(manager);
	observer_look(manager->observer);
	return 0;
}

size_t console_requests(struct manager *manager, struct observer_console *requests)
{
	size_t count = 0;

	for (struct console_stream *stream = manager->consoles; stream; stream = stream->next) {
		/* Not before the last bytes are through: what is not read yet stays below. Of no
		 * bytes the first one, which tells whether the cell takes any. */
		bool is_due = stream->is_input ? stream->pending_length || stream->done
					       : !stream->pending_length;

		if (!is_due || count == OBSERVER_MAX_CONSOLES)
			continue;
		requests[count].serial = stream->serial;
		requests[count].id = stream->id;
		requests[count].offset = stream->offset;
		requests[count].is_input = stream->is_input;
		requests[count].length = (uint32_t)stream->pending_length;
		if (stream->is_input)
			memcpy(requests[count].buffer, stream->pending, stream->pending_length);
		count++;
	}
	return count;
}

/* Returns false where the reader has gone. */
static bool flush(struct console_stream *stream)
{
	ssize_t written;

	if (!stream->pending_length || stream->is_input)
		return true;
	written = write(stream->our_fd, stream->pending, stream->pending_length);
	if (written < 0)
		return errno == EAGAIN || errno == EINTR;
	stream->pending_length -= (size_t)written;
	memmove(stream->pending, stream->pending + written, stream->pending_length);
	return true;
}

static void take_bytes(struct console_stream *stream, const struct observer_console *console)
{
	size_t length = 0;

	/* What was lost before anybody looked is no news. */
	if (console->lost && stream->offset)
		length = (size_t)snprintf(stream->pending, sizeof(stream->pending),
					  "\n[%" PRIu64 " bytes lost]\n", console->lost);
	memcpy(stream->pending + length, console->buffer, console->length);
	stream->pending_length = length + console->length;
	stream->offset = console->offset;
}

static void answer(struct console_stream *stream, int error)
{
	if (!stream->done)
		return;
	stream->done(error < 0 ? error : stream->their_fd, stream->userdata);
	stream->done = NULL;
	close(stream->their_fd);
	stream->their_fd = -1;
}

/* Who typed has gone, and the cell has not taken what is left for long. */
static bool is_abandoned(struct console_stream *stream, bool taken)
{
	struct pollfd peer = {.fd = stream->our_fd};
	const uint64_t now = manager_now_ns(stream->manager);

	if (taken || poll(&peer, 1, 0) != 1 || !(peer.revents & POLLHUP)) {
		stream->left_at_ns = 0;
		return false;
	}
	stream->left_at_ns = stream->left_at_ns ?: now;
	return now - stream->left_at_ns > INPUT_PATIENCE_NS;
}

/* Where it takes no more, or is gone, the peer writes into a closed pipe. */
static void deliver_input(struct console_stream *stream, const struct observer_console *console)
{
	answer(stream, console->result);
	if (console->result < 0 && console->result != -EINTR) {
		close_stream(stream);
		return;
	}
	if (console->result == 0) {
		stream->pending_length -= console->length;
		memmove(stream->pending, stream->pending + console->length, stream->pending_length);
	}
	if (!stream->pending_length)
		sd_event_source_set_enabled(stream->source, SD_EVENT_ONESHOT);
	else if (is_abandoned(stream, console->length > 0))
		close_stream(stream);
}

static void deliver(struct console_stream *stream, const struct observer_console *console)
{
	bool alive;

	if (stream->is_input) {
		deliver_input(stream, console);
		return;
	}
	if (console->result == 0)
		take_bytes(stream, console);
	alive = flush(stream);
	answer(stream, 0);
	/* -ENOENT and the like: the cell has been destroyed; the reader sees the end of the file.
	 */
	if (!alive || (console->result < 0 && console->result != -EINTR))
		close_stream(stream);
}

/* NULL where it was closed while the observer was reading for it. */
static struct console_stream *find_stream(const struct manager *manager, uint64_t serial)
{
	struct console_stream *stream = manager->consoles;

	while (stream && stream->serial != serial)
		stream = stream->next;
	return stream;
}

void console_deliver(struct manager *manager, const struct observation *observation)
{
	struct console_stream *stream, *next;

	for (size_t i = 0; i < observation->num_consoles; i++) {
		stream = find_stream(manager, observation->consoles[i].serial);
		if (stream)
			deliver(stream, &observation->consoles[i]);
	}
	for (stream = manager->consoles; stream; stream = next) {
		next = stream->next;
		if (!flush(stream))
			close_stream(stream);
	}
}

void consoles_end(struct manager *manager, int32_t id)
{
	struct console_stream *stream, *next;

	for (stream = manager->consoles; stream; stream = next) {
		next = stream->next;
		if (stream->id != id)
			continue;
		answer(stream, stream->is_input ? -ENOENT : 0);
		flush(stream);
		close_stream(stream);
	}
}

void consoles_free(struct manager *manager)
{
	while (manager->consoles)
		close_stream(manager->consoles);
}
