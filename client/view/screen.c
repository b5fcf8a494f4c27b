// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view/screen.h"
#include "common/cleanup.h"

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
	screen.colors =
		screen.tty && (!no_color || *no_color == '\0') && term && strcmp(term, "dumb") != 0;
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

static const struct {
	const char *name;
	enum color color;
	const char *dot;
	const char *ascii_dot;
} states[] = {
	{"running", COLOR_GREEN, DOT_FULL, "*"},
	{"running-locked", COLOR_YELLOW, DOT_FULL, "*"},
	{"failed", COLOR_RED, DOT_CROSS, "x"},
	{"loaded", COLOR_BLUE, DOT_EMPTY, "o"},
	{"created", COLOR_BLUE, DOT_EMPTY, "o"},
	{"shut-down", COLOR_PLAIN, DOT_EMPTY, "o"},
	{"defined", COLOR_DIM, DOT_EMPTY, "o"},
	{"foreign", COLOR_DIM, DOT_DIAMOND, "#"},
	/* The hypervisor's. */
	{"enabled", COLOR_GREEN, DOT_FULL, "*"},
	{"off", COLOR_PLAIN, DOT_EMPTY, "o"},
	{"unavailable", COLOR_RED, DOT_CROSS, "x"},
};

enum color state_color(const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(state, states[i].name) == 0)
			return states[i].color;
	return COLOR_PLAIN;
}

const char *state_dot(const struct screen *screen, const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(state, states[i].name) == 0)
			return screen->unicode ? states[i].dot : states[i].ascii_dot;
	return "?";
}

enum color health_color(const char *health)
{
	if (strcmp(health, "ok") == 0)
		return COLOR_GREEN;
	if (strcmp(health, "late") == 0)
		return COLOR_YELLOW;
	if (strcmp(health, "failed") == 0)
		return COLOR_RED;
	return COLOR_PLAIN;
}
