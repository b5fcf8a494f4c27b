// SPDX-License-Identifier: GPL-2.0-only
/* The values of a cell's signals, and setting one. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus/fetch.h"
#include "bus/signals.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/signal_table.h"

#define DEFAULT_INTERVAL_USEC 500000
#define HOME_AND_CLEAR	      "\033[H\033[J"

/* What is watched, from one look to the next. */
struct watch {
	struct client *client;
	const char *path;
	char **names;
	struct json_object *descriptions;
	struct sparkline *lines; /* NULL: one look only */
	size_t num_lines;
};

static int print_table(struct watch *watch, struct json_object *signals)
{
	struct client *client = watch->client;
	FILE *stream = client->output.stream;
	int r;

	if (watch->lines)
		signal_table_follow(signals, watch->lines, watch->num_lines);
	if (watch->lines && client->screen.tty)
		fputs(HOME_AND_CLEAR, stream);
	r = signal_table_print(signals, watch->lines, watch->num_lines, &client->screen);
	if (watch->lines && !client->screen.tty)
		fputc('\n', stream);
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

	/* Where there are none there is nothing to follow. */
	const bool follow = watch->num_lines > 0;

	do {
		uint64_t begin = monotonic_us();

		r = show_once(watch, ret_error);
		if (r >= 0 && follow)
			sleep_until_us(begin + interval);
	} while (r >= 0 && follow);
	return r;
}

enum exit_status verb_signals(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(cell_info_free) struct cell_info cell = {0};
	_cleanup_(freep) struct sparkline *lines = NULL;
	_cleanup_(freep) char *path = NULL;
	struct watch watch = {.client = client, .names = arguments + 1};
	int r;

	r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	if (r >= 0)
		r = fetch_cell(&client->connection, path, &error, &cell);
	if (r < 0)
		return complain_attempt(client, arguments[0], &error, r);
	watch.path = path;
	watch.descriptions = cell.signals;
	if (client->options.follow) {
		watch.num_lines = (size_t)json_object_object_length(cell.signals);
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
