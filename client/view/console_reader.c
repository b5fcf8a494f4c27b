// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdint.h>

#include "view/console_filter.h"
#include "view/console_reader.h"
#include "common/cleanup.h"
#include "common/clock.h"

/* More than any console's buffer holds; a cell that writes faster than we read ends here. */
#define MAX_TAIL (256 * 1024)

static int64_t now_ms(void)
{
	return (int64_t)(monotonic_us() / 1000);
}

/* Time to wait for the next piece; 0: enough. Negative: as long as it takes. */
static int next_wait(const struct console_limits *limits, int64_t begin)
{
	int64_t left;

	if (limits->pause_ms < 0)
		return -1;
	left = begin + limits->total_ms - now_ms();
	if (left <= 0)
		return 0;
	return left < limits->pause_ms ? (int)left : limits->pause_ms;
}

int console_read(int fd, const struct console_limits *limits, console_sink sink, void *context)
{
	int64_t begin = now_ms();
	char buffer[4096];
	int wait;

	while ((wait = next_wait(limits, begin)) != 0) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t length;
		int r = poll(&ready, 1, wait);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		if (r == 0)
			return 0;
		length = read(fd, buffer, sizeof(buffer));
		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length < 0)
			return -errno;
		if (length == 0)
			return 0;
		r = sink(context, buffer, (size_t)length);
		if (r != 0)
			return r;
	}
	return 0;
}

struct tail {
	struct console_filter filter;
	FILE *stream;
	size_t bytes;
};

static int tail_sink(void *context, const char *bytes, size_t length)
{
	struct tail *tail = context;

	console_filter_write(&tail->filter, tail->stream, bytes, length);
	tail->bytes += length;
	return tail->bytes > MAX_TAIL ? -EFBIG : 0;
}

/* Start of the last max_lines lines. */
static const char *last_lines(const char *text, size_t length, size_t max_lines)
{
	const char *start = text + length;

	if (length > 0 && start[-1] == '\n')
		start--;
	while (start > text) {
		if (start[-1] == '\n' && --max_lines == 0)
			break;
		start--;
	}
	return start;
}

int console_tail(int fd, const struct console_limits *limits, size_t max_lines, int unicode,
		 char **ret_text)
{
	_cleanup_(freep) char *text = NULL;
	struct tail tail = {.filter.unicode = unicode};
	const char *start;
	size_t size = 0;
	int r;

	tail.stream = open_memstream(&text, &size);
	if (!tail.stream)
		return -ENOMEM;
	r = console_read(fd, limits, tail_sink, &tail);
	console_filter_finish(&tail.filter, tail.stream);
	if (fclose(tail.stream) != 0)
		return -ENOMEM;
	if (r < 0 && r != -EFBIG)
		return r;
	start = last_lines(text, size, max_lines);
	*ret_text = text_format("%s%s", start, size > 0 && text[size - 1] != '\n' ? "\n" : "");
	return *ret_text ? 0 : -ENOMEM;
}
