// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/cleanup.h"
#include "json.h"
#include "view/format.h"
#include "view/signal_table.h"
#include "view/table.h"

static const struct table_column columns[] = {
	{"SIGNAL", false, 0, false}, {"VALUE", true, 0, false},	   {"UNIT", false, 0, true},
	{"AGE", true, 0, true},	     {"QUALITY", false, 0, false}, {"", false, 8, true},
};

static enum color quality_color(const char *quality)
{
	if (strcmp(quality, "good") == 0)
		return COLOR_GREEN;
	return strcmp(quality, "bad") == 0 ? COLOR_RED : COLOR_YELLOW;
}

static const char *format_value(char buffer[FORMAT_MAX], struct json_object *value)
{
	if (!value)
		return "-";
	if (!json_object_is_type(value, json_type_double))
		return json_object_get_string(value);
	snprintf(buffer, FORMAT_MAX, "%.9g", json_object_get_double(value));
	return buffer;
}

static const char *format_signal_age(char buffer[FORMAT_MAX], struct json_object *age)
{
	return age ? format_age(buffer, json_object_get_uint64(age)) : "-";
}

static double drawn_value(struct json_object *value)
{
	if (!value)
		return NAN;
	return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value)
							     : json_object_get_double(value);
}

void signal_table_follow(struct json_object *signals, struct sparkline *lines, size_t count)
{
	for (size_t i = 0; i < json_object_array_length(signals) && i < count; i++) {
		struct json_object *signal = json_object_array_get_idx(signals, i);

		sparkline_add(&lines[i], drawn_value(json_object_object_get(signal, "value")));
	}
}

static int add_signal(struct table *table, struct json_object *signal,
		      const struct sparkline *sparkline, const struct screen *screen)
{
	struct json_object *number = json_object_object_get(signal, "value");
	char value[FORMAT_MAX], age[FORMAT_MAX], line[SPARKLINE_MAX] = "";
	const char *texts[] = {
		json_text_of(signal, "name"),
		format_value(value, number),
		json_text_of(signal, "unit"),
		format_signal_age(age, json_object_object_get(signal, "age-usec")),
		json_text_of(signal, "quality"),
		sparkline ? sparkline_draw(sparkline, screen->unicode, line) : "",
	};
	const enum color colors[ARRAY_SIZE(texts)] = {[4] = quality_color(texts[4])};

	return table_add(table, screen, texts, colors);
}

int signal_table_print(struct json_object *signals, const struct sparkline *lines, size_t count,
		       const struct screen *screen)
{
	_cleanup_(table_free) struct table table = TABLE(columns);

	if (!lines)
		table.num_columns--;
	for (size_t i = 0; i < json_object_array_length(signals); i++) {
		if (add_signal(&table, json_object_array_get_idx(signals, i),
			       lines && i < count ? &lines[i] : NULL, screen) < 0)
			return -ENOMEM;
	}
	return table_print(&table, screen, "This cell has no signals.");
}
