// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/bus_words.h"
#include "common/cleanup.h"
#include "view/screen.h"
#include "view/text.h"

#define NARROW_INDENT 4 /* where a terminal has no room for more */

#define DOT_FULL    "\xe2\x97\x8f" /* U+25CF */
#define DOT_EMPTY   "\xe2\x97\x8b" /* U+25CB */
#define DOT_CROSS   "\xc3\x97"	   /* U+00D7 */
#define DOT_DIAMOND "\xe2\x97\x86" /* U+25C6 */

static size_t environment_size(const char *name)
{
	const char *text = getenv(name);
	unsigned long value;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return 0;
	value = strtoul(text, &end, 10);
	return *end == '\0' && value <= 10000 ? value : 0;
}

void screen_detect(struct screen *screen)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = {0};

	screen->tty = isatty(STDOUT_FILENO);
	screen->columns = screen->rows = 0;
	screen->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->moves = screen->tty && term && strcmp(term, "dumb") != 0;
	screen->colors = screen->moves && (!no_color || *no_color == '\0');
	if (screen->tty) {
		(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
		screen->columns = environment_size("COLUMNS");
		if (screen->columns == 0)
			screen->columns = size.ws_col ? size.ws_col : 80;
		screen->rows = environment_size("LINES");
		if (screen->rows == 0)
			screen->rows = size.ws_row ? size.ws_row : 24;
	}
}

const char *screen_color(const struct screen *screen, enum color color)
{
	static const char *const sequences[] = {
		[COLOR_PLAIN] = "",	      [COLOR_BOLD] = "\x1b[1m",
		[COLOR_DIM] = "\x1b[2m",      [COLOR_RED] = "\x1b[1;31m",
		[COLOR_GREEN] = "\x1b[1;32m", [COLOR_YELLOW] = "\x1b[1;33m",
		[COLOR_BLUE] = "\x1b[34m",
	};

	return screen->colors ? sequences[color] : "";
}

const char *screen_plain(const struct screen *screen, enum color color)
{
	return screen->colors && color != COLOR_PLAIN ? "\x1b[0m" : "";
}

void screen_put(const struct screen *screen, enum color color, const char *text, const char *end)
{
	fputs(screen_color(screen, color), screen->stream);
	text_put_line(screen->stream, text, screen->unicode);
	fprintf(screen->stream, "%s%s", screen_plain(screen, color), end);
}

size_t screen_put_wrapped(const struct screen *screen, enum color color, size_t at, size_t indent,
			  const char *text)
{
	_cleanup_(freep) char *clean = text_clean(text, screen->unicode);
	const size_t columns = screen->columns;
	size_t gap = 0; /* blanks in front of the word; none where a line begins */

	if (!clean || columns == 0) {
		screen_put(screen, color, text, "");
		return at + (clean ? text_width(clean) : 0);
	}
	if (indent > columns / 2)
		indent = NARROW_INDENT;
	fputs(screen_color(screen, color), screen->stream);
	for (char *next = clean, *word; (word = strsep(&next, " "));) {
		const size_t width = text_width(word);

		if (at + gap + width > columns) {
			/* One too long for the lines below begins as far left as it must. */
			at = indent + width <= columns ? indent
			     : width < columns	       ? columns - width
						       : 0;
			gap = 0;
			fprintf(screen->stream, "\n%*s", (int)at, "");
		}
		fprintf(screen->stream, "%*s%s", (int)gap, "", word);
		at += gap + width;
		gap = 1;
	}
	fputs(screen_plain(screen, color), screen->stream);
	return at;
}

/* What stands for a state; in ASCII, too. */
struct sign {
	enum color color;
	const char *dot;
	const char *ascii_dot;
};

static const struct sign cell_signs[] = {
	[LIFECYCLE_RUNNING] = {COLOR_GREEN, DOT_FULL, "*"},
	[LIFECYCLE_RUNNING_LOCKED] = {COLOR_YELLOW, DOT_FULL, "*"},
	[LIFECYCLE_FAILED] = {COLOR_RED, DOT_CROSS, "x"},
	[LIFECYCLE_INVALID] = {COLOR_RED, DOT_CROSS, "x"},
	[LIFECYCLE_LOADED] = {COLOR_BLUE, DOT_EMPTY, "o"},
	[LIFECYCLE_CREATED] = {COLOR_BLUE, DOT_EMPTY, "o"},
	[LIFECYCLE_SHUT_DOWN] = {COLOR_PLAIN, DOT_EMPTY, "o"},
	[LIFECYCLE_DEFINED] = {COLOR_DIM, DOT_EMPTY, "o"},
	[LIFECYCLE_FOREIGN] = {COLOR_DIM, DOT_DIAMOND, "#"},
};

static const struct sign hypervisor_signs[] = {
	[HYPERVISOR_ENABLED] = {COLOR_GREEN, DOT_FULL, "*"},
	[HYPERVISOR_OFF] = {COLOR_PLAIN, DOT_EMPTY, "o"},
	[HYPERVISOR_UNAVAILABLE] = {COLOR_RED, DOT_CROSS, "x"},
	[HYPERVISOR_STATE_COUNT] = {COLOR_PLAIN, "?", "?"}, /* what is neither's */
};

_Static_assert(LIFECYCLE_COUNT == 9 && HYPERVISOR_STATE_COUNT == 3,
	       "a new state: what stands for it?");

static const struct sign *sign_of(const char *state)
{
	enum lifecycle of_cell = lifecycle_from_word(state);

	return of_cell == LIFECYCLE_COUNT ? &hypervisor_signs[hypervisor_state_from_word(state)]
					  : &cell_signs[of_cell];
}

enum color state_color(const char *state)
{
	return sign_of(state)->color;
}

const char *state_dot(const struct screen *screen, const char *state)
{
	const struct sign *sign = sign_of(state);

	return screen->unicode ? sign->dot : sign->ascii_dot;
}

enum color health_color(const char *health)
{
	static const enum color colors[HEALTH_COUNT + 1] = {[HEALTH_OK] = COLOR_GREEN,
							    [HEALTH_LATE] = COLOR_YELLOW,
							    [HEALTH_FAILED] = COLOR_RED};

	return colors[health_from_word(health)];
}
