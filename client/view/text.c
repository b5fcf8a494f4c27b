// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <wchar.h>

#include "view/text.h"
#include "common/cleanup.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

static size_t sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code)
{
	static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t wanted;
	uint32_t code;

	if (length == 0)
		return 0;
	wanted = sequence_length((unsigned char)bytes[0]);
	if (wanted == 0 || wanted > length)
		return 0;

	code = (unsigned char)bytes[0] & lead_mask[wanted];
	for (size_t i = 1; i < wanted; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte & 0x3f);
	}
	if (code < smallest[wanted] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;

	*ret_code = code;
	return wanted;
}

size_t utf8_encode(uint32_t code, char *buffer)
{
	if (code < 0x80) {
		buffer[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		buffer[0] = (char)(0xc0 | code >> 6);
		buffer[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		buffer[0] = (char)(0xe0 | code >> 12);
		buffer[1] = (char)(0x80 | (code >> 6 & 0x3f));
		buffer[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	buffer[0] = (char)(0xf0 | code >> 18);
	buffer[1] = (char)(0x80 | (code >> 12 & 0x3f));
	buffer[2] = (char)(0x80 | (code >> 6 & 0x3f));
	buffer[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

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

size_t text_width(const char *text)
{
	size_t length = strlen(text), width = 0;

	while (length > 0) {
		uint32_t code;
		size_t bytes = utf8_decode(text, length, &code);

		width += bytes ? text_code_width(code) : 1;
		bytes = bytes ? bytes : 1;
		text += bytes;
		length -= bytes;
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
	size_t length = strlen(text);

	while (length > 0) {
		uint32_t code;
		size_t bytes = utf8_decode(text, length, &code);

		if (bytes == 0) {
			code = TEXT_REPLACEMENT;
			bytes = 1;
		}
		if (code == '\t' || code == '\n' || code == '\r')
			code = ' ';
		text_put_code(stream, code, unicode);
		text += bytes;
		length -= bytes;
	}
}

char *text_clean(const char *text, bool unicode)
{
	char *clean = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&clean, &size);

	if (!stream)
		return NULL;
	text_put_line(stream, text, unicode);
	if (fclose(stream) != 0) {
		free(clean);
		return NULL;
	}
	return clean;
}

size_t text_put_fitting(FILE *stream, const char *text, size_t columns, bool unicode)
{
	size_t full = text_width(text), length = strlen(text);
	size_t room = columns, written = 0;
	const char *ellipsis = "";

	if (full > columns && columns > 0) {
		ellipsis = unicode ? ELLIPSIS : "~";
		room = columns - 1;
	}
	while (length > 0) {
		uint32_t code;
		size_t bytes = utf8_decode(text, length, &code);
		unsigned int width = bytes ? text_code_width(code) : 1;

		if (written + width > room)
			break;
		bytes = bytes ? bytes : 1;
		fwrite(text, 1, bytes, stream);
		written += width;
		text += bytes;
		length -= bytes;
	}
	fputs(ellipsis, stream);
	return written + (*ellipsis ? 1 : 0);
}
