// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "fake_console.h"

#define FOLLOWED_LINES 3

/* Behind consoles that were opened. lines: those to come, and one for the end; 0: nothing is open.
 */
static struct {
	int fd;
	int lines;
	bool silent;
} followed[16];

int fake_console_open(bool text)
{
	int ends[2];

	if (pipe(ends) < 0)
		return -errno;
	if (text) {
		for (int line = 1; line <= 12; line++)
			dprintf(ends[1], "line %d\n", line);
		dprintf(ends[1], "%s", "\x1b[31mred\x1b[0m \x1b]0;title\x07 h\xc3\xa4\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(followed); i++) {
		if (followed[i].lines == 0) {
			followed[i].fd = ends[1];
			followed[i].lines = FOLLOWED_LINES + 1;
			/* The next line may come before its reader looks for the first time. */
			followed[i].silent = !text;
			return ends[0];
		}
	}
	close(ends[1]);
	return ends[0];
}

static int typed = -1;

int fake_console_open_input(bool heard)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK) < 0)
		return -errno;
	if (typed >= 0 || !heard)
		close(heard ? typed : ends[0]);
	if (heard)
		typed = ends[0];
	return ends[1];
}

static void tell_typed(void)
{
	char text[256];
	ssize_t length = typed < 0 ? 0 : read(typed, text, sizeof(text));

	for (size_t i = 0; length > 0 && i < ARRAY_SIZE(followed); i++) {
		if (followed[i].lines)
			dprintf(followed[i].fd, "typed: %.*s\n", (int)length, text);
	}
}

static bool has_reader(int fd)
{
	struct pollfd end = {.fd = fd};

	return poll(&end, 1, 0) == 0;
}

void fake_consoles_go_on(void)
{
	static const char line[] = "later\n";

	tell_typed();

	for (size_t i = 0; i < ARRAY_SIZE(followed); i++) {
		if (followed[i].lines == 0)
			continue;
		/* Nobody may be there to read any more. */
		if (--followed[i].lines > 0 &&
		    (followed[i].silent ? has_reader(followed[i].fd)
					: write(followed[i].fd, line, strlen(line)) >= 0))
			continue;
		close(followed[i].fd);
		followed[i].lines = 0;
	}
}
