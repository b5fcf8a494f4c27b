/* SPDX-License-Identifier: GPL-2.0-only */
/* What the output goes to: a stream, a terminal behind it or not, its size, and whether colours and
 * Unicode are welcome. */
#ifndef CLIENT_SCREEN_H
#define CLIENT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct screen {
	FILE *stream;
	bool legend; /* titles above tables are wanted */
	bool tty;
	bool moves; /* a terminal that obeys more than text */
	bool colors;
	bool unicode;
	size_t columns; /* 0: no limit */
	size_t rows;	/* 0: no limit */
};

enum color {
	COLOR_PLAIN,
	COLOR_BOLD,
	COLOR_DIM,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_BLUE,
};

/*
 * Looks at standard output and the environment (NO_COLOR, TERM, COLUMNS, LINES, the locale). Call
 * setlocale(LC_CTYPE, "") before. Leaves stream and legend as they are.
 */
void screen_detect(struct screen *screen);

/* Escape sequence that begins the colour, "" where colours are off; screen_plain() ends it. */
const char *screen_color(const struct screen *screen, enum color color);
const char *screen_plain(const struct screen *screen, enum color color);

/* Writes text of one line, safely, in the colour; behind it end, as it is. */
void screen_put(const struct screen *screen, enum color color, const char *text, const char *end);

/*
 * The same for a text of many words that begins in the column at: on a terminal it goes on below,
 * from the column indent, instead of being broken within a word. Returns the column it ends in.
 */
size_t screen_put_wrapped(const struct screen *screen, enum color color, size_t at, size_t indent,
			  const char *text);

/* Colour and dot that stand for a state of a cell or of the hypervisor, as in systemctl. */
enum color state_color(const char *state);
const char *state_dot(const struct screen *screen, const char *state);

/* Colour of a cell's Health. */
enum color health_color(const char *health);

#endif /* CLIENT_SCREEN_H */
