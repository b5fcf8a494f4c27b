/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what the daemon sends of a cell's console. */
#ifndef CLIENT_CONSOLE_READER_H
#define CLIENT_CONSOLE_READER_H

#include <stddef.h>
#include <sys/types.h>

/*
 * What is there and what is still to come arrive through the same descriptor. What is there is
 * taken to end at the first pause, or after a time where the cell writes without any.
 */
struct console_limits {
	int pause_ms; /* negative: never ends (follow) */
	int total_ms;
};

/* Called for each piece. A non-zero answer ends the reading and is returned. */
typedef int (*console_sink)(void *context, const char *bytes, size_t length);

/* Reads fd until its end or the limits. Returns 0, a negative errno, or the sink's answer. */
int console_read(int fd, const struct console_limits *limits, console_sink sink, void *context);

/*
 * The last max_lines lines of the console as safe text, each ended by a line break, to be freed by
 * the caller; "" if there is none. Returns 0 or a negative errno.
 */
int console_tail(int fd, const struct console_limits *limits, size_t max_lines, int unicode,
		 char **ret_text);

#endif /* CLIENT_CONSOLE_READER_H */
