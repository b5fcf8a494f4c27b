// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/cleanup.h"
#include "common/utf8.h"
#include "view/text.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

bool text_code_is_unsafe(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return true;
	/* Line and paragraph separators; marks, embeddings and isolates of writing direction. */
	return code == 0x2028 || code == 0x2029 || code == 0x200e || code == 0x200f ||
	       code == 0x061c || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

unsigned int text_code_width(uint32_t code)
{
	int width;

	if (code < 0x80)
		return 1;
	width = wcwidth((wchar_t)code);
	return width < 0 ? 1 : (unsigned int)width;
}

/*
 * Takes the next character from *text; false at its end. Bytes that are no UTF-8 count as
 * TEXT_REPLACEMENT, one by one.
 */
static bool next_code(const char **text, uint32_t *ret_code)
{
	size_t bytes = utf8_decode(*text, strnlen(*text, 4), ret_code);

	if (**text == '\0')
		return false;
	if (bytes == 0)
		*ret_code = TEXT_REPLACEMENT;
	*text += bytes ? bytes : 1;
	return true;
}

size_t text_width(const char *text)
{
	size_t width = 0;
	uint32_t code;

	while (*text) {
		/* Nearly all are. */
		if ((unsigned char)*text < 0x80) {
			width++;
			text++;
		} else if (next_code(&text, &code)) {
			width += text_code_width(code);
		}
	}
	return width;
}

void text_put_code(FILE *stream, uint32_t code, bool unicode)
{
	char buffer[4];

	if (code < 0x20 || code == 0x7f) {
		fputc('^', stream);
		fputc((int)(code ^ 0x40), stream);
		return;
	}
	if (text_code_is_unsafe(code))
		code = TEXT_REPLACEMENT;
	if (code >= 0x80 && !unicode)
		code = '?';
	fwrite(buffer, 1, utf8_encode(code, buffer), stream);
}

void text_put_line(FILE *stream, const char *text, bool unicode)
{
	uint32_t code;

	while (next_code(&text, &code))
		text_put_code(stream, code == '\t' || code == '\n' || code == '\r' ? ' ' : code,
			      unicode);
}

char *text_clean(const char *text, bool unicode)
{
	char *clean = NULL;
	size_t size = 0, plain = 0;
	FILE *stream;

	/* Nearly all are. */
	while (text[plain] >= 0x20 && text[plain] < 0x7f)
		plain++;
	if (text[plain] == '\0')
		return strdup(text);
	stream = open_memstream(&clean, &size);
	if (!stream)
		return NULL;
	text_put_line(stream, text, unicode);
	return memstream_end(stream, &clean);
}

char *text_shorten(const char *text, size_t columns, bool unicode)
{
	const char *end = text, *next = text;
	size_t width = 0;
	uint32_t code;

	if (text_width(text) <= columns)
		return strdup(text);
	while (next_code(&next, &code) && width + text_code_width(code) < columns) {
		width += text_code_width(code);
		end = next;
	}
	return text_format("%.*s%s", (int)(end - text), text,
			   columns == 0 ? "" : (unicode ? ELLIPSIS : "~"));
}
