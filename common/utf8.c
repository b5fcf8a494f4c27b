// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/utf8.h"

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

bool utf8_is_valid(const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		uint32_t code;
		size_t bytes = utf8_decode(text, length, &code);

		if (bytes == 0)
			return false;
		text += bytes;
		length -= bytes;
	}
	return true;
}
