// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a record of a failure, as they are read back from the disk: what the daemon takes
 * for one cellctl can show, and no control character of it comes to a terminal.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/utf8.h"
#include "model/crash_store.h"
#include "util/json_text.h"
#include "view/crash_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const char *text)
{
	_cleanup_(json_object_putp) struct json_object *record = json_tokener_parse(text);
	char *shown = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&shown, &length);
	const struct screen screen = {.stream = stream, .tty = true, .unicode = true};

	crash_view_print(&screen, record);
	fclose(stream);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)shown[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			abort();
	}
	if (!utf8_is_valid(shown))
		abort();
	free(shown);
}

static void check_name(const char *text)
{
	char again[CRASH_NAME_TEXT];
	struct crash_name name;

	if (!crash_name_parse(text, &name))
		return;
	crash_name_format(&name, again);
	if (strcmp(text, again) != 0 || !name.number || strchr(text, '/'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	check_name(text);
	if (crash_text_valid(text, size))
		show(text);
	free(text);
	return 0;
}
