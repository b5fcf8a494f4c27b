// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>

#include "view/console_filter.h"
#include "view/console_reader.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static const struct {
	const char *bytes, *wanted, *name;
} cases[] = {
	{"rpm 3000\n", "rpm 3000\n", "plain lines stay"},
	{"a\r\nb\r\n", "a\nb\n", "CR LF is a line break"},
	{"abc\rd", "abc^Md", "a CR alone overwrites nothing"},
	{"a\r", "a^M", "a CR at the end"},
	{"\x1b[31mred\x1b[0m", "red", "colours are dropped"},
	{"\x1b[38;2;1:2:3mx", "x", "long colours are dropped"},
	{"\x1b[2Jx", "^[[2Jx", "clearing the screen is not obeyed"},
	{"\x1b]0;title\x07", "^[]0;title^G", "titles are not set"},
	{"\x1b\x1b[31mx", "^[x", "an escape before a colour"},
	{"\x1b", "^[", "an escape at the end"},
	{"\x1b[3", "^[[3", "a cut sequence at the end"},
	{"\x1b[11111111111111111111111111111111111111mx",
	 "^[[11111111111111111111111111111111111111mx", "a sequence without end is no colour"},
	{"tab\tok", "tab\tok", "tabs stay"},
	{"h\xc3\xa4", "h\xc3\xa4", "letters of several bytes stay"},
	{"\xe2\x97\x8f\xf0\x9f\x94\xa5", "\xe2\x97\x8f\xf0\x9f\x94\xa5", "longer ones, too"},
	{"\xff"
	 "a\xe2\x97",
	 "\xef\xbf\xbd"
	 "a\xef\xbf\xbd\xef\xbf\xbd",
	 "bytes that are no text are replaced"},
	{"\xc2\x9b"
	 "2J",
	 "\xef\xbf\xbd"
	 "2J",
	 "8-bit controls are replaced"},
	{"\x9b"
	 "2J",
	 "\xef\xbf\xbd"
	 "2J",
	 "raw 8-bit controls are replaced"},
};

/* Feeds the bytes in pieces of a size. */
static char *filtered(const char *bytes, size_t piece)
{
	struct console_filter filter = {.unicode = true};
	size_t size, length = strlen(bytes);
	char *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	for (size_t i = 0; i < length; i += piece)
		console_filter_write(&filter, stream, bytes + i,
				     length - i < piece ? length - i : piece);
	console_filter_finish(&filter, stream);
	fclose(stream);
	return text;
}

static void test_filter(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *whole = filtered(cases[i].bytes, strlen(cases[i].bytes));
		bool same = true;

		tap_is_str(tap, whole, cases[i].wanted, "%s", cases[i].name);
		for (size_t piece = 1; piece < 5; piece++) {
			_cleanup_(freep) char *cut = filtered(cases[i].bytes, piece);

			same = same && strcmp(cut, cases[i].wanted) == 0;
		}
		tap_ok(tap, same, "however it is cut: %s", cases[i].name);
	}
}

/* Whatever bytes come: no control character but tab and line break gets through. */
static void test_random(struct tap *tap)
{
	unsigned int seed = 1;
	bool good = true;

	for (int round = 0; round < 2000; round++) {
		char bytes[64];
		size_t length = (size_t)(rand_r(&seed) % 63) + 1;

		for (size_t i = 0; i < length; i++) {
			static const char likely[] = "\x1b[;:m0\r\n\xc2\x9b\xe2\x80\xae\xf0";
			int choice = rand_r(&seed);

			bytes[i] = choice & 1 ? likely[(choice >> 1) % (int)(sizeof(likely) - 1)]
					      : (char)((choice >> 1) % 255 + 1);
		}
		bytes[length] = '\0';
		_cleanup_(freep) char *text = filtered(bytes, 7);

		for (const char *c = text; *c; c++)
			good = good && ((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t') &&
			       *c != 0x7f;
	}
	tap_ok(tap, good, "no control character gets through, whatever comes");
}

static char *tail_of(const char *bytes, size_t max_lines)
{
	static const struct console_limits limits = {.pause_ms = 20, .total_ms = 500};
	char *text = NULL;
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], bytes, strlen(bytes)) < 0)
		return NULL;
	/* The write end stays open, as a console's does. */
	if (console_tail(ends[0], &limits, max_lines, true, &text) < 0)
		text = NULL;
	close(ends[0]);
	close(ends[1]);
	return text;
}

static void test_tail(struct tap *tap)
{
	static const struct {
		const char *bytes;
		size_t lines;
		const char *wanted, *name;
	} tails[] = {
		{"", 3, "", "an empty console"},
		{"a\nb\n", 3, "a\nb\n", "fewer lines than wanted"},
		{"a\nb\nc\nd\n", 3, "b\nc\nd\n", "the last lines"},
		{"a\nb\nc", 2, "b\nc\n", "a last line that is not ended"},
		{"\n\n\n", 2, "\n\n", "empty lines count"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		_cleanup_(freep) char *text = tail_of(tails[i].bytes, tails[i].lines);

		tap_is_str(tap, text, tails[i].wanted, "%s", tails[i].name);
	}
}

static int stop_at_once(void *context, const char *bytes, size_t length)
{
	*(size_t *)context += length;
	return -1234;
}

static void test_reader(struct tap *tap)
{
	static const struct console_limits busy = {.pause_ms = 1000, .total_ms = 100};
	static const struct console_limits endless = {.pause_ms = 1000, .total_ms = 1000000};
	_cleanup_(closep) int zeroes = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	_cleanup_(freep) char *text = NULL;
	size_t length = 0;

	tap_ok(tap, console_tail(zeroes, &busy, 1, true, &text) == 0 && text,
	       "a console that never pauses ends all the same");
	free(text);
	text = NULL;
	tap_ok(tap, console_tail(zeroes, &endless, 1, true, &text) == 0 && text,
	       "nor is more of it kept than anybody reads");
	tap_ok(tap, console_read(zeroes, &busy, stop_at_once, &length) == -1234 && length > 0,
	       "a sink can end the reading");
}

int main(void)
{
	struct tap tap = {0};

	test_filter(&tap);
	test_random(&tap);
	test_tail(&tap);
	test_reader(&tap);
	return tap_done(&tap);
}
