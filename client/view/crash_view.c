// SPDX-License-Identifier: GPL-2.0-only
#include "view/crash_view.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "json.h"
#include "view/console_filter.h"
#include "view/format.h"
#include "view/table.h"
#include "view/text.h"

#define LABEL_WIDTH 18
#define IN_ROW	    3

/* All that an object has, "name value", so many in a row, or fewer where the screen is narrow. */
static void put_members(const struct screen *screen, struct json_object *object)
{
	size_t in_row = 0, at = LABEL_WIDTH + 2;

	json_object_object_foreach(object, key, value)
	{
		const char *text = json_object_get_string(value) ?: "";
		size_t width = text_width(key) + 1 + text_width(text);

		if (in_row == IN_ROW ||
		    (in_row && screen->columns && at + 2 + width > screen->columns)) {
			fprintf(screen->stream, "\n%*s", LABEL_WIDTH + 2, "");
			in_row = 0;
			at = LABEL_WIDTH + 2;
		} else if (in_row) {
			fputs("  ", screen->stream);
			at += 2;
		}
		screen_put(screen, COLOR_PLAIN, key, " ");
		at = screen_put_wrapped(screen, COLOR_PLAIN, at + text_width(key) + 1,
					LABEL_WIDTH + 2, text);
		in_row++;
	}
}

static void put_value(const struct screen *screen, const char *key, struct json_object *value)
{
	const char *text = json_object_get_string(value) ?: "";
	char time[FORMAT_MAX];

	if (!*text ||
	    (json_object_is_type(value, json_type_object) && json_object_object_length(value) == 0))
		return;
	if (json_object_is_type(value, json_type_int) &&
	    (strcmp(key, "time") == 0 || strcmp(key, "started-at") == 0))
		text = format_timestamp(time, json_object_get_uint64(value));
	fprintf(screen->stream, "%*s", LABEL_WIDTH - (int)text_width(key), "");
	screen_put(screen, COLOR_PLAIN, key, ": ");
	if (json_object_is_type(value, json_type_object))
		put_members(screen, value);
	else
		screen_put_wrapped(screen, COLOR_PLAIN, LABEL_WIDTH + 2, LABEL_WIDTH + 2, text);
	fputc('\n', screen->stream);
}

static void put_console(const struct screen *screen, struct json_object *text)
{
	struct console_filter filter = {.unicode = screen->unicode};

	fputc('\n', screen->stream);
	screen_put(screen, COLOR_DIM, "The end of its console:", "\n");
	console_filter_write(&filter, screen->stream, json_object_get_string(text),
			     (size_t)json_object_get_string_len(text));
	console_filter_finish(&filter, screen->stream);
	fputc('\n', screen->stream);
}

void crash_view_print(const struct screen *screen, struct json_object *record)
{
	struct json_object *console = NULL;

	json_object_object_foreach(record, key, value)
	{
		if (strcmp(key, "console") == 0 && json_object_is_type(value, json_type_string))
			console = value;
		else
			put_value(screen, key, value);
	}
	if (console && json_object_get_string_len(console) > 0)
		put_console(screen, console);
}

int crash_view_list(const struct screen *screen, struct json_object *list)
{
	/* The last says what the two before it do, and is what one goes on with. */
	static const struct table_column columns[] = {
		{"TIME", false, 0, true},
		{"CELL", false, 0, true},
		{"REASON", false, 0, true},
		{"RECORD", false, 0, false},
	};
	_cleanup_(table_free) struct table table = TABLE(columns);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		char time[FORMAT_MAX];
		const char *const texts[] = {
			format_timestamp(
				time, json_object_get_uint64(json_object_object_get(item, "time"))),
			json_text_of(item, "cell"),
			json_text_of(item, "reason"),
			json_text_of(item, "record"),
		};

		if (table_add(&table, screen, texts, NULL) < 0)
			return -ENOMEM;
	}
	return table_print(&table, screen, "No crash records.");
}
