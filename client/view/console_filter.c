// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "view/console_filter.h"
#include "common/utf8.h"
#include "view/text.h"

enum match {
	MATCH_NO,
	MATCH_PART, /* all bytes so far, and more are needed to know */
	MATCH_YES,
};

/* ESC [ digits and ; or : m, with nothing behind it yet. */
static enum match match_color(const char *bytes, size_t length)
{
	if (bytes[0] != '\x1b')
		return MATCH_NO;
	if (length == 1)
		return MATCH_PART;
	if (bytes[1] != '[')
		return MATCH_NO;
	for (size_t i = 2; i < length; i++) {
		if (bytes[i] == 'm')
			return i == length - 1 ? MATCH_YES : MATCH_NO;
		if ((bytes[i] < '0' || bytes[i] > '9') && bytes[i] != ';' && bytes[i] != ':')
			return MATCH_NO;
	}
	return MATCH_PART;
}

static bool is_incomplete_character(const char *bytes, size_t length)
{
	static const char continuation[] = "\x80\x80\x80";
	uint32_t code;

	/* Some continuation makes it valid: 0x80 or, after e0, f0 (overlong else), 0xbf. */
	for (size_t missing = 1; missing <= 3; missing++) {
		char guess[8];

		if (length + missing > sizeof(guess))
			return false;
		memcpy(guess, bytes, length);
		memcpy(guess + length, continuation, missing);
		if (utf8_decode(guess, length + missing, &code) == length + missing)
			return true;
		guess[length] = '\xbf';
		if (utf8_decode(guess, length + missing, &code) == length + missing)
			return true;
	}
	return false;
}

/* Writes the first character of what is pending, which is no part of anything larger. */
static size_t put_first(struct console_filter *filter, FILE *stream)
{
	uint32_t code;
	size_t bytes = utf8_decode(filter->pending, filter->length, &code);

	if (bytes == 0) {
		text_put_code(stream, TEXT_REPLACEMENT, filter->unicode);
		return 1;
	}
	if (code == '\n' || code == '\t')
		fputc((int)code, stream);
	else
		text_put_code(stream, code, filter->unicode);
	return bytes;
}

/*
 * How many of the pending bytes are done with: dropped as a whole or written; 0: wait for more.
 */
static size_t settle(struct console_filter *filter, FILE *stream, bool last)
{
	const char *bytes = filter->pending;
	bool full = filter->length == sizeof(filter->pending);
	enum match color;

	if (bytes[0] == '\r') {
		if (filter->length > 1 && bytes[1] == '\n') {
			fputc('\n', stream);
			return 2;
		}
		if (filter->length == 1 && !last)
			return 0;
		return put_first(filter, stream);
	}
	color = match_color(bytes, filter->length);
	if (color == MATCH_YES)
		return filter->length;
	if (color == MATCH_PART && !last && !full)
		return 0;
	if (!last && filter->length < 4 && is_incomplete_character(bytes, filter->length))
		return 0;
	return put_first(filter, stream);
}

static void drain(struct console_filter *filter, FILE *stream, bool last)
{
	while (filter->length > 0) {
		size_t done = settle(filter, stream, last);

		if (done == 0)
			return;
		filter->length -= done;
		memmove(filter->pending, filter->pending + done, filter->length);
	}
}

void console_filter_write(struct console_filter *filter, FILE *stream, const char *bytes,
			  size_t length)
{
	for (size_t i = 0; i < length; i++) {
		filter->pending[filter->length++] = bytes[i];
		drain(filter, stream, false);
	}
}

void console_filter_finish(struct console_filter *filter, FILE *stream)
{
	drain(filter, stream, true);
}
