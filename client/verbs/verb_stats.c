// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "bus/rates.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/format.h"
#include "view/table.h"

#define DEFAULT_INTERVAL_USEC 1000000

static const struct table_column one_cell_columns[] = {
	{"EXITS", false, 8, false},
	{"TOTAL", true, 0, false},
	{"PER SECOND", true, 0, false},
};

static const struct table_column all_cells_columns[] = {
	{"CELL", false, 0, false},	{"STATE", false, 0, true},   {"EXITS", true, 0, true},
	{"PER SECOND", true, 0, false}, {"MOSTLY", false, 10, true},
};

static int add_counter(struct table *table, const struct screen *screen, const char *name,
		       uint64_t count, bool valid, double rate)
{
	char total[FORMAT_MAX], per_second[FORMAT_MAX];
	const char *texts[] = {name, total, valid ? format_rate(per_second, rate) : "-"};

	snprintf(total, sizeof(total), "%" PRIu64, count);
	return table_add(table, screen, texts, NULL);
}

static double rate_of(const struct cell_rates *rates, const char *name)
{
	return json_object_get_double(json_object_object_get(rates->per_counter, name));
}

static int print_one(struct client *client, FILE *stream, const struct watched_cell *watched)
{
	_cleanup_(cell_rates_free) struct cell_rates rates = {0};
	_cleanup_(table_free) struct table table = TABLE(one_cell_columns);

	if (cell_rates_compute(watched, &rates) < 0)
		return -ENOMEM;
	json_object_object_foreach(watched->cell.exits, name, count)
	{
		if (add_counter(&table, &client->screen, name, json_object_get_uint64(count),
				rates.valid, rate_of(&rates, name)) < 0)
			return -ENOMEM;
	}
	return table_print(&table, stream, &client->screen, !client->options.no_legend,
			   "No exits are counted for this cell now.");
}

/* The counter that moves most, other than the sum; "" if none does. */
static void format_mostly(char buffer[FORMAT_MAX], const struct cell_rates *rates)
{
	const char *mostly = NULL;
	char text[FORMAT_MAX];
	double most = 0;

	*buffer = '\0';
	if (!rates->valid)
		return;
	json_object_object_foreach(rates->per_counter, name, rate)
	{
		if (strcmp(name, "total") == 0 || json_object_get_double(rate) <= most)
			continue;
		mostly = name;
		most = json_object_get_double(rate);
	}
	if (mostly)
		snprintf(buffer, FORMAT_MAX, "%.40s %s", mostly, format_rate(text, most));
}

static int add_cell(struct table *table, const struct screen *screen,
		    const struct watched_cell *watched)
{
	_cleanup_(cell_rates_free) struct cell_rates rates = {0};
	char total[FORMAT_MAX] = "-", per_second[FORMAT_MAX], mostly[FORMAT_MAX];
	const char *texts[] = {watched->cell.name, watched->cell.state, total, "-", mostly};
	const enum color colors[ARRAY_SIZE(texts)] = {COLOR_PLAIN,
						      state_color(watched->cell.state)};

	if (cell_rates_compute(watched, &rates) < 0)
		return -ENOMEM;
	if (json_object_object_length(watched->cell.exits) > 0)
		snprintf(total, sizeof(total), "%" PRIu64, exits_total(watched->cell.exits));
	if (rates.valid)
		texts[3] = format_rate(per_second, rates.total);
	format_mostly(mostly, &rates);
	return table_add(table, screen, texts, colors);
}

static int print_all(struct client *client, FILE *stream, const struct exit_watch *watch)
{
	_cleanup_(table_free) struct table table = TABLE(all_cells_columns);

	for (size_t i = 0; i < watch->count; i++) {
		if (add_cell(&table, &client->screen, &watch->cells[i]) < 0)
			return -ENOMEM;
	}
	return table_print(&table, stream, &client->screen, !client->options.no_legend,
			   "No cells.");
}

static struct json_object *cell_json(const struct watched_cell *watched,
				     const struct cell_rates *rates)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !json_add_string(object, "name", watched->cell.name) ||
	    !json_add_string(object, "state", watched->cell.state) ||
	    !json_add(object, "exits", json_object_get(watched->cell.exits)) ||
	    (rates->valid &&
	     !json_add(object, "exits-per-second", json_object_get(rates->per_counter))))
		return NULL;
	return TAKE_POINTER(object);
}

static int print_json(struct client *client, FILE *stream, const struct exit_watch *watch)
{
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();

	if (!array)
		return -ENOMEM;
	for (size_t i = 0; i < watch->count; i++) {
		_cleanup_(cell_rates_free) struct cell_rates rates = {0};

		if (cell_rates_compute(&watch->cells[i], &rates) < 0 ||
		    !json_append(array, cell_json(&watch->cells[i], &rates)))
			return -ENOMEM;
	}
	json_print(stream, array, client->options.json == JSON_PRETTY);
	return 0;
}

static int print_watch(struct client *client, FILE *stream, bool one,
		       const struct exit_watch *watch)
{
	if (client->options.json != JSON_OFF)
		return print_json(client, stream, watch);
	if (!one)
		return print_all(client, stream, watch);
	return print_one(client, stream, &watch->cells[0]);
}

/* path: of the only cell wanted, NULL for all. */
static int show_once(struct client *client, const char *path, uint64_t interval_usec,
		     sd_bus_error *ret_error)
{
	_cleanup_(exit_watch_end) struct exit_watch watch = {0};
	FILE *stream = client->output.stream;
	const struct options *options = &client->options;
	int r;

	r = exit_watch_begin(&watch, &client->connection, path, ret_error);
	if (r >= 0)
		r = exit_watch_wait(&watch, interval_usec);
	if (r >= 0)
		r = print_watch(client, stream, path, &watch);
	if (r < 0)
		return r;
	if (options->follow && options->json == JSON_OFF)
		fputc('\n', stream);
	return output_show(&client->output, &client->screen,
			   !options->no_pager && !options->follow);
}

enum exit_status verb_stats(struct client *client, char **arguments)
{
	uint64_t interval = client->options.interval_usec;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(freep) char *path = NULL;
	int r = 0;

	if (interval == 0)
		interval = DEFAULT_INTERVAL_USEC;
	if (arguments[0])
		r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	while (r >= 0) {
		uint64_t begin = monotonic_us();

		r = show_once(client, path, interval, &error);
		if (!client->options.follow)
			break;
		if (r >= 0)
			sleep_until_us(begin + interval);
	}
	return r < 0 ? complain_attempt(client, arguments[0], &error, r) : STATUS_DONE;
}
