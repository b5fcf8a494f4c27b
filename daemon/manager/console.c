// SPDX-License-Identifier: GPL-2.0-only
#include "manager/console.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "util/log.h"

#define MAX_STREAMS	    OBSERVER_MAX_CONSOLES
#define MAX_STREAMS_OF_USER 4
#define STREAMS_OF_ROOT	    4 /* kept free for root */

struct console_stream {
	struct manager *manager;
	struct console_stream *next;
	uint64_t serial; /* never used again: an address would be */
	uid_t uid;	 /* whose */
	int32_t id;	 /* the cell's; another cell may have it afterwards */
	/* Who waits for the first bytes; NULL afterwards. */
	void (*done)(int fd, void *userdata);
	void *userdata;
	int read_fd; /* to be handed out; -1 afterwards */
	int write_fd;
	sd_event_source *hangup;
	uint64_t offset;
	char pending[OBSERVER_CONSOLE_ROOM + 64]; /* did not fit into the pipe */
	size_t pending_length;
};

static void stream_free(struct console_stream *stream)
{
	if (!stream)
		return;
	sd_event_source_disable_unref(stream->hangup);
	if (stream->read_fd >= 0)
		close(stream->read_fd);
	if (stream->write_fd >= 0)
		close(stream->write_fd);
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

static int stream_new(struct manager *manager, uid_t uid, struct console_stream **ret)
{
	static uint64_t last_serial;
	struct console_stream *stream = calloc(1, sizeof(*stream));
	int fds[2];
	int r;

	if (!stream)
		return -ENOMEM;
	stream->manager = manager;
	stream->serial = ++last_serial;
	stream->read_fd = stream->write_fd = -1;
	stream->uid = uid;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		r = -errno;
		goto err_free;
	}
	stream->read_fd = fds[0];
	stream->write_fd = fds[1];
	/* Only our end: whether the peer waits is its own choice. */
	if (fcntl(stream->write_fd, F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		goto err_free;
	}
	/* No events asked for: EPOLLERR comes anyway when the last reader has closed. */
	r = sd_event_add_io(manager->event, &stream->hangup, stream->write_fd, 0, on_hangup,
			    stream);
	if (r < 0)
		goto err_free;
	*ret = stream;
	return 0;

err_free:
	stream_free(stream);
	return r;
}

static int check_cell_state(const struct manager *manager, const struct cell *cell,
			    struct error *error)
{
	if (!(manager->features & CELLVISOR_FEATURE_CONSOLE))
		return error_set(error, ERROR_DRIVER,
				 "the driver in use has no virtual consoles (see Features)");
	if (!cell->exists)
		return error_set(error, ERROR_WRONG_STATE,
				 "cell %s is defined: it has no console before it is created",
				 cell->name);
	return 0;
}

int console_open(struct manager *manager, const char *cell_name, uid_t uid,
		 void (*done)(int fd, void *userdata), void *userdata, struct error *error)
{
	const struct cell *cell = manager_look_up(manager, cell_name, error);
	struct console_stream *stream = NULL;
	int r;

	if (!cell || check_cell_state(manager, cell, error) < 0 ||
	    check_limits(manager, uid, error) < 0)
		return -EINVAL;
	r = stream_new(manager, uid, &stream);
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
		/* Not before the last bytes are through: what is not read yet stays below. */
		if (stream->pending_length || count == OBSERVER_MAX_CONSOLES)
			continue;
		requests[count].serial = stream->serial;
		requests[count].id = stream->id;
		requests[count].offset = stream->offset;
		count++;
	}
	return count;
}

/* Returns false where the reader has gone. */
static bool flush(struct console_stream *stream)
{
	ssize_t written;

	if (!stream->pending_length)
		return true;
	written = write(stream->write_fd, stream->pending, stream->pending_length);
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

static void answer(struct console_stream *stream)
{
	if (!stream->done)
		return;
	stream->done(stream->read_fd, stream->userdata);
	stream->done = NULL;
	close(stream->read_fd);
	stream->read_fd = -1;
}

static void deliver(struct console_stream *stream, const struct observer_console *console)
{
	bool alive;

	if (console->result == 0)
		take_bytes(stream, console);
	alive = flush(stream);
	answer(stream);
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
		answer(stream);
		flush(stream);
		close_stream(stream);
	}
}

void consoles_free(struct manager *manager)
{
	while (manager->consoles)
		close_stream(manager->consoles);
}
