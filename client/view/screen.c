// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/bus_words.h"
#include "view/screen.h"
#include "view/text.h"

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

void screen_detect(struct screen *ret_screen)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct screen screen = {.tty = isatty(STDOUT_FILENO)};
	struct winsize size = {0};

	screen.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen.moves = screen.tty && term && strcmp(term, "dumb") != 0;
	screen.colors = screen.moves && (!no_color || *no_color == '\0');
	if (screen.tty) {
		(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
		screen.columns = environment_size("COLUMNS");
		if (screen.columns == 0)
			screen.columns = size.ws_col ? size.ws_col : 80;
		screen.rows = environment_size("LINES");
		if (screen.rows == 0)
			screen.rows = size.ws_row ? size.ws_row : 24;
	}
	*ret_screen = screen;
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

void screen_put(const struct screen *screen, FILE *stream, enum color color, const char *text,
		const char *end)
{
	fputs(screen_color(screen, color), stream);
	text_put_line(stream, text, screen->unicode);
	fprintf(stream, "%s%s", screen_plain(screen, color), end);
}

/* What stands for a state; in ASCII, too. */
struct sign {
	enum color color;
	const char *dot;
	const char *ascii_dot;
};

static const struct sign unknown_sign = {COLOR_PLAIN, "?", "?"};

static struct sign cell_sign(enum lifecycle state)
{
	switch (state) {
	case LIFECYCLE_RUNNING:
		return (struct sign){COLOR_GREEN, DOT_FULL, "*"};
	case LIFECYCLE_RUNNING_LOCKED:
		return (struct sign){COLOR_YELLOW, DOT_FULL, "*"};
	case LIFECYCLE_FAILED:
	case LIFECYCLE_INVALID:
		return (struct sign){COLOR_RED, DOT_CROSS, "x"};
	case LIFECYCLE_LOADED:
	case LIFECYCLE_CREATED:
		return (struct sign){COLOR_BLUE, DOT_EMPTY, "o"};
	case LIFECYCLE_SHUT_DOWN:
		return (struct sign){COLOR_PLAIN, DOT_EMPTY, "o"};
	case LIFECYCLE_DEFINED:
		return (struct sign){COLOR_DIM, DOT_EMPTY, "o"};
	case LIFECYCLE_FOREIGN:
		return (struct sign){COLOR_DIM, DOT_DIAMOND, "#"};
	case LIFECYCLE_COUNT:
		break;
	}
	return unknown_sign;
}

static struct sign hypervisor_sign(enum hypervisor_state state)
{
	switch (state) {
	case HYPERVISOR_ENABLED:
		return (struct sign){COLOR_GREEN, DOT_FULL, "*"};
	case HYPERVISOR_OFF:
		return (struct sign){COLOR_PLAIN, DOT_EMPTY, "o"};
	case HYPERVISOR_UNAVAILABLE:
		return (struct sign){COLOR_RED, DOT_CROSS, "x"};
	case HYPERVISOR_STATE_COUNT:
		break;
	}
	return unknown_sign;
}

static struct sign sign_of(const char *state)
{
	enum lifecycle of_cell = lifecycle_from_word(state);

	return of_cell == LIFECYCLE_COUNT ? hypervisor_sign(hypervisor_state_from_word(state))
					  : cell_sign(of_cell);
}

enum color state_color(const char *state)
{
	return sign_of(state).color;
}

const char *state_dot(const struct screen *screen, const char *state)
{
	struct sign sign = sign_of(state);

	return screen->unicode ? sign.dot : sign.ascii_dot;
}

enum color health_color(const char *health)
{
	switch (health_from_word(health)) {
	case HEALTH_OK:
		return COLOR_GREEN;
	case HEALTH_LATE:
		return COLOR_YELLOW;
	case HEALTH_FAILED:
		return COLOR_RED;
	case HEALTH_UNKNOWN:
	case HEALTH_COUNT:
		break;
	}
	return COLOR_PLAIN;
}
