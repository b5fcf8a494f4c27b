// SPDX-License-Identifier: GPL-2.0-only
/* The values of a cell's signals, and setting one. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "bus/fetch.h"
#include "bus/signals.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/format.h"
#include "view/sparkline.h"
#include "view/table.h"

#define DEFAULT_INTERVAL_USEC 500000
#define HOME_AND_CLEAR	      "\033[H\033[J"

static const struct table_column columns[] = {
	{"SIGNAL", false, 0, false}, {"VALUE", true, 0, false},	   {"UNIT", false, 0, true},
	{"AGE", true, 0, true},	     {"QUALITY", false, 0, false}, {"", false, 8, true},
};

/* What is watched, from one look to the next. */
struct watch {
	struct client *client;
	const char *path;
	char **names;
	struct json_object *descriptions;
	struct sparkline *lines; /* NULL: one look only */
	size_t num_lines;
};

static enum color quality_color(const char *quality)
{
	if (strcmp(quality, "good") == 0)
		return COLOR_GREEN;
	return strcmp(quality, "bad") == 0 ? COLOR_RED : COLOR_YELLOW;
}

static const char *member(struct json_object *signal, const char *key)
{
	return json_object_get_string(json_object_object_get(signal, key));
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

static int add_signal(struct watch *watch, struct table *table, struct json_object *signal,
		      size_t index)
{
	struct json_object *number = json_object_object_get(signal, "value");
	const struct screen *screen = &watch->client->screen;
	char value[FORMAT_MAX], age[FORMAT_MAX], line[SPARKLINE_MAX] = "";
	const char *texts[] = {
		member(signal, "name"),
		format_value(value, number),
		member(signal, "unit"),
		format_signal_age(age, json_object_object_get(signal, "age-usec")),
		member(signal, "quality"),
		line,
	};
	const enum color colors[ARRAY_SIZE(texts)] = {[4] = quality_color(texts[4])};

	if (watch->lines && index < watch->num_lines) {
		sparkline_add(&watch->lines[index], drawn_value(number));
		sparkline_draw(&watch->lines[index], screen->unicode, line);
	}
	return table_add(table, screen, texts, colors);
}

static int print_table(struct watch *watch, struct json_object *signals)
{
	_cleanup_(table_free) struct table table = TABLE(columns);
	struct client *client = watch->client;
	int r;

	if (!watch->lines)
		table.num_columns--;
	for (size_t i = 0; i < json_object_array_length(signals); i++) {
		if (add_signal(watch, &table, json_object_array_get_idx(signals, i), i) < 0)
			return -ENOMEM;
	}
	if (watch->lines && client->screen.tty)
		fputs(HOME_AND_CLEAR, client->output.stream);
	r = table_print(&table, client->output.stream, &client->screen, !client->options.no_legend,
			"This cell has no signals.");
	if (watch->lines && !client->screen.tty)
		fputc('\n', client->output.stream);
	return r;
}

static int show_once(struct watch *watch, sd_bus_error *ret_error)
{
	_cleanup_(json_putp) struct json_object *signals = NULL;
	struct client *client = watch->client;
	const struct options *options = &client->options;
	int r;

	r = fetch_signals(&client->connection, watch->path, watch->names, watch->descriptions,
			  ret_error, &signals);
	if (r < 0)
		return r;
	if (options->json != JSON_OFF)
		json_print(client->output.stream, signals, options->json == JSON_PRETTY);
	else
		r = print_table(watch, signals);
	if (r < 0)
		return r;
	return output_show(&client->output, &client->screen,
			   !options->no_pager && !options->follow);
}

static int show(struct watch *watch, sd_bus_error *ret_error)
{
	const struct options *options = &watch->client->options;
	uint64_t interval = options->interval_usec ? options->interval_usec : DEFAULT_INTERVAL_USEC;
	int r;

	do {
		uint64_t begin = monotonic_us();

		r = show_once(watch, ret_error);
		if (r >= 0 && options->follow)
			sleep_until_us(begin + interval);
	} while (r >= 0 && options->follow);
	return r;
}

enum exit_status verb_signals(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(json_putp) struct json_object *descriptions = NULL;
	_cleanup_(freep) struct sparkline *lines = NULL;
	_cleanup_(freep) char *path = NULL;
	struct watch watch = {.client = client, .names = arguments + 1};
	int r;

	r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	if (r >= 0)
		r = fetch_signal_descriptions(&client->connection, path, &error, &descriptions);
	if (r < 0)
		return complain_attempt(client, arguments[0], &error, r);
	watch.path = path;
	watch.descriptions = descriptions;
	if (client->options.follow) {
		watch.num_lines = (size_t)json_object_object_length(descriptions);
		lines = calloc(watch.num_lines + 1, sizeof(*lines));
		if (!lines)
			return complain_memory();
		watch.lines = lines;
	}
	r = show(&watch, &error);
	return r < 0 ? complain_attempt(client, arguments[0], &error, r) : STATUS_DONE;
}

enum exit_status verb_set(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(freep) char *path = NULL, *name = strdup(arguments[1]);
	char *sign = name ? strchr(name, '=') : NULL;
	struct signal_text value;
	int r;

	if (!name)
		return complain_memory();
	if (!sign || signal_text_parse(sign + 1, &value) < 0) {
		complain(
			"set: '%s' is not to be set; write NAME=VALUE with a number, true or false",
			arguments[1]);
		return STATUS_USAGE;
	}
	*sign = '\0';
	r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	if (r >= 0)
		r = write_signal(&client->connection, path, name, &value, &error);
	return r < 0 ? complain_attempt(client, arguments[0], &error, r) : STATUS_DONE;
}
