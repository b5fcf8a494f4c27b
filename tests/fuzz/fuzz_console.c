// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a cell's console: nothing of it reaches a terminal that the terminal would obey, and
 * where the bytes are cut makes no difference. The first byte: how they are cut, and whether the
 * output may have more than ASCII.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "view/console_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UNICODE 0x80

static char *filter(const uint8_t *data, size_t size, size_t piece, bool unicode,
		    size_t *ret_length)
{
	struct console_filter filter = {.unicode = unicode};
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_length);

	if (!stream)
		abort();
	for (size_t i = 0; i < size; i += piece)
		console_filter_write(&filter, stream, (const char *)data + i,
				     size - i < piece ? size - i : piece);
	console_filter_finish(&filter, stream);
	if (fclose(stream) != 0)
		abort();
	return text;
}

static void check_harmless(const char *text, size_t length, bool unicode)
{
	size_t bytes;
	uint32_t code;

	for (size_t i = 0; i < length; i += bytes) {
		bytes = utf8_decode(text + i, length - i, &code);
		if (bytes == 0 || (!unicode && code >= 0x7f))
			abort();
		/* C0 but for lines and tabs, DEL, C1; marks that turn the direction of writing. */
		if ((code < 0x20 && code != '\n' && code != '\t') ||
		    (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
		    (code >= 0x2066 && code <= 0x2069))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length, length_cut;
	char *whole, *cut;
	bool unicode;

	if (size < 2)
		return 0;
	unicode = data[0] & UNICODE;
	whole = filter(data + 1, size - 1, size, unicode, &length);
	cut = filter(data + 1, size - 1, (data[0] & ~UNICODE & 0xf) + 1, unicode, &length_cut);
	if (length != length_cut || memcmp(whole, cut, length) != 0)
		abort();
	check_harmless(whole, length, unicode);
	free(whole);
	free(cut);
	return 0;
}
