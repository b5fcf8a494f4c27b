/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a cell's console output safe for a terminal. A cell may write whatever it likes; a terminal
 * obeys escape sequences (and answers some of them with input). Colours are dropped, as they are
 * common and only get in the way; every other control character becomes visible as ^X.
 */
#ifndef CLIENT_CONSOLE_FILTER_H
#define CLIENT_CONSOLE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What may still turn out to be a colour sequence, a CR LF or a character of several bytes. */
#define CONSOLE_FILTER_PENDING 32

struct console_filter {
	char pending[CONSOLE_FILTER_PENDING];
	size_t length;
	bool unicode; /* the output may have more than ASCII */
};

/* Filters bytes to stream. They may be cut anywhere; zero the structure before the first ones. */
void console_filter_write(struct console_filter *filter, FILE *stream, const char *bytes,
			  size_t length);

/* Writes what was kept back, when no more bytes will come. */
void console_filter_finish(struct console_filter *filter, FILE *stream);

#endif /* CLIENT_CONSOLE_FILTER_H */
