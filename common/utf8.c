// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/utf8.h"

/* How characters of 1 to 4 bytes begin, and the first code that needs as many (RFC 3629). */
static const struct {
	unsigned char mask;
	unsigned char lead;
	uint32_t smallest;
} forms[] = {
	[1] = {0x80, 0x00, 0},
	[2] = {0xe0, 0xc0, 0x80},
	[3] = {0xf0, 0xe0, 0x800},
	[4] = {0xf8, 0xf0, 0x10000},
};

size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code)
{
	const unsigned char lead = length > 0 ? bytes[0] : 0;
	size_t wanted = 1;
	uint32_t code;

	while (wanted <= 4 && (lead & forms[wanted].mask) != forms[wanted].lead)
		wanted++;
	if (wanted > 4 || wanted > length)
		return 0;

	code = lead & ~forms[wanted].mask;
	for (size_t i = 1; i < wanted; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte & 0x3f);
	}
	if (code < forms[wanted].smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;

	*ret_code = code;
	return wanted;
}

size_t utf8_encode(uint32_t code, char *buffer)
{
	size_t length = 4;

	while (code < forms[length].smallest)
		length--;
	for (size_t i = length - 1; i > 0; i--, code >>= 6)
		buffer[i] = (char)(0x80 | (code & 0x3f));
	buffer[0] = (char)(forms[length].lead | code);
	return length;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static bool is_text(const char *text, bool with_controls)
{
	const char *end = text + strlen(text);
	uint32_t code;
	size_t bytes;

	for (; text < end; text += bytes) {
		bytes = utf8_decode(text, end - text, &code);
		if (bytes == 0 || (!with_controls && is_control(code)))
			return false;
	}
	return true;
}

bool utf8_is_valid(const char *text)
{
	return is_text(text, true);
}

bool utf8_is_printable(const char *text)
{
	return is_text(text, false);
}
