// SPDX-License-Identifier: GPL-2.0-only
/* What a screen is taken for, on terminals of the test's own. */
#include <fcntl.h>
#include <locale.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "json.h"
#include "tests/lib/tap.h"
#include "view/crash_view.h"
#include "view/screen.h"

static const struct {
	const char *name;
	const char *term, *no_color, *columns, *lines; /* NULL: not set */
	struct winsize size;			       /* no rows: no terminal */
	struct screen wanted;
} screens[] = {
	{"a terminal",
	 "xterm",
	 NULL,
	 NULL,
	 NULL,
	 {30, 100, 0, 0},
	 {.tty = true, .moves = true, .colors = true, .columns = 100, .rows = 30}},
	{"no terminal", "xterm", NULL, "40", "10", {0}, {0}},
	{"one that says nothing of its size",
	 "xterm",
	 NULL,
	 NULL,
	 NULL,
	 {1, 0, 0, 0},
	 {.tty = true, .moves = true, .colors = true, .columns = 80, .rows = 1}},
	{"one whose size is told",
	 "xterm",
	 NULL,
	 "40",
	 "10",
	 {30, 100, 0, 0},
	 {.tty = true, .moves = true, .colors = true, .columns = 40, .rows = 10}},
	{"one whose size is told in nonsense",
	 "xterm",
	 NULL,
	 "40x",
	 "-1",
	 {30, 100, 0, 0},
	 {.tty = true, .moves = true, .colors = true, .columns = 100, .rows = 30}},
	{"one whose size is told too large",
	 "xterm",
	 NULL,
	 "10001",
	 "99999999999999999999",
	 {30, 100, 0, 0},
	 {.tty = true, .moves = true, .colors = true, .columns = 100, .rows = 30}},
	{"one without colours",
	 "xterm",
	 "1",
	 NULL,
	 NULL,
	 {30, 100, 0, 0},
	 {.tty = true, .moves = true, .columns = 100, .rows = 30}},
	{"one of which nobody says that",
	 "xterm",
	 "",
	 NULL,
	 NULL,
	 {30, 100, 0, 0},
	 {.tty = true, .moves = true, .colors = true, .columns = 100, .rows = 30}},
	{"a dumb one",
	 "dumb",
	 NULL,
	 NULL,
	 NULL,
	 {30, 100, 0, 0},
	 {.tty = true, .columns = 100, .rows = 30}},
	{"an unknown one",
	 NULL,
	 NULL,
	 NULL,
	 NULL,
	 {30, 100, 0, 0},
	 {.tty = true, .columns = 100, .rows = 30}},
};

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static struct screen detect(size_t i)
{
	const int output = dup(STDOUT_FILENO);
	struct screen screen = {0};
	int ends[2];

	if (screens[i].size.ws_row ? openpty(&ends[0], &ends[1], NULL, NULL, &screens[i].size) < 0
				   : pipe(ends) < 0)
		abort();
	set("TERM", screens[i].term);
	set("NO_COLOR", screens[i].no_color);
	set("COLUMNS", screens[i].columns);
	set("LINES", screens[i].lines);
	fflush(stdout);
	dup2(ends[1], STDOUT_FILENO);
	screen_detect(&screen);
	dup2(output, STDOUT_FILENO);
	close(output);
	close(ends[0]);
	close(ends[1]);
	return screen;
}

static void test_detection(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(screens); i++) {
		const struct screen *wanted = &screens[i].wanted, screen = detect(i);

		tap_ok(tap, screen.tty == wanted->tty && screen.moves == wanted->moves,
		       "%s: whether one can draw on it", screens[i].name);
		tap_ok(tap, screen.colors == wanted->colors, "%s: colours", screens[i].name);
		tap_is_u64(tap, screen.columns, wanted->columns, "%s: columns", screens[i].name);
		tap_is_u64(tap, screen.rows, wanted->rows, "%s: rows", screens[i].name);
	}
}

static void test_health(struct tap *tap)
{
	tap_ok(tap, health_color("ok") == COLOR_GREEN, "what is well is green");
	tap_ok(tap, health_color("late") == COLOR_YELLOW, "what is late is yellow");
	tap_ok(tap, health_color("failed") == COLOR_RED, "what has failed is red");
	tap_ok(tap, health_color("unknown") == COLOR_PLAIN && health_color("odd") == COLOR_PLAIN,
	       "what nobody knows has no colour");
}

static const struct {
	const char *name;
	size_t columns;
	const char *record, *wanted;
} crashes[] = {
	{"times are read by people", 0,
	 "{\"time\":1764338400123456,\"started-at\":1764338300000000,\"monotonic\":5}",
	 "              time: Fri 2025-11-28 14:00:00 UTC\n"
	 "        started-at: Fri 2025-11-28 13:58:20 UTC\n"
	 "         monotonic: 5\n"},
	{"a time that is none is as it is", 0, "{\"time\":\"soon\"}", "              time: soon\n"},
	{"what is empty is left out", 0, "{\"registers\":{},\"text\":\"\",\"console\":\"\"}", ""},
	{"three in a row", 0, "{\"registers\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\",\"d\":\"4\"}}",
	 "         registers: a 1  b 2  c 3\n                    d 4\n"},
	{"those that just fit", 28, "{\"registers\":{\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}}",
	 "         registers: a 1  b 2\n                    c 3\n"},
	{"fewer where there is no room", 27, "{\"registers\":{\"a\":\"1\",\"b\":\"2\"}}",
	 "         registers: a 1\n                    b 2\n"},
	{"last words come last", 0, "{\"console\":\"a\\r\\nb\",\"text\":\"c\"}",
	 "              text: c\n\nThe end of its console:\na\nb\n"},
};

static void test_crashes(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++) {
		_cleanup_(json_putp) struct json_object *record =
			json_tokener_parse(crashes[i].record);
		_cleanup_(freep) char *text = NULL;
		size_t size;
		struct screen screen = {.stream = open_memstream(&text, &size),
					.columns = crashes[i].columns};

		crash_view_print(&screen, record);
		fclose(screen.stream);
		tap_is_str(tap, text, crashes[i].wanted, "a record: %s", crashes[i].name);
	}
}

int main(void)
{
	struct tap tap = {0};

	setenv("TZ", "UTC", 1);
	test_detection(&tap);
	test_health(&tap);
	test_crashes(&tap);
	return tap_done(&tap);
}
