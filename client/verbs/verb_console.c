// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "bus/fetch.h"
#include "common/cleanup.h"
#include "verbs/verbs.h"
#include "view/console_filter.h"
#include "view/console_reader.h"
#include "view/console_talk.h"

/* Without --follow. What is there is in the pipe when we get it: a pause means that this was all.
 */
static const struct console_limits backlog_limits = {.pause_ms = 50, .total_ms = 1000};
static const struct console_limits follow_limits = {.pause_ms = -1};

struct sink {
	struct console_filter filter;
	bool raw;
};

static int write_console(void *context, const char *bytes, size_t length)
{
	struct sink *sink = context;

	if (sink->raw)
		fwrite(bytes, 1, length, stdout);
	else
		console_filter_write(&sink->filter, stdout, bytes, length);
	return fflush(stdout) == 0 ? 0 : -errno;
}

/*
 * A file or a program gets the bytes as the cell wrote them; a terminal would obey them, so that
 * it gets them filtered.
 */
static int copy_console(struct client *client, int fd, int input)
{
	struct sink sink = {
		.raw = !client->screen.tty,
		.filter.unicode = client->screen.unicode,
	};
	int r;

	if (input >= 0)
		r = console_talk(fd, input, write_console, &sink);
	else
		r = console_read(fd, client->options.follow ? &follow_limits : &backlog_limits,
				 write_console, &sink);
	console_filter_finish(&sink.filter, stdout);
	if (fflush(stdout) != 0 && r >= 0)
		r = -errno;
	return r;
}

enum exit_status verb_console(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	int input = -1, r;

	r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	if (r >= 0)
		r = open_console(&client->connection, CALL_OPERATION, path, false, &error, &fd);
	if (r >= 0 && client->options.input)
		r = open_console(&client->connection, CALL_OPERATION, path, true, &error, &input);
	if (r < 0)
		return complain_attempt(client, arguments[0], &error, r);
	r = copy_console(client, fd, input);
	if (client->options.input && client->screen.tty)
		putchar('\n');
	if (r < 0) {
		complain("console %s: %s", arguments[0], strerror(-r));
		return STATUS_FAILED;
	}
	return STATUS_DONE;
}
