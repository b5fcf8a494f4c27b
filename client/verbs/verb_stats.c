// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>

#include "bus/fetch.h"
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

static int print_one(struct client *client, FILE *stream, const struct cell_info *cell,
		     const struct cell_rates *rates)
{
	_cleanup_(table_free) struct table table = TABLE(one_cell_columns);

	json_object_object_foreach(cell->exits, name, count)
	{
		double rate =
			json_object_get_double(json_object_object_get(rates->per_counter, name));

		if (add_counter(&table, &client->screen, name, json_object_get_uint64(count),
				rates->valid, rate) < 0)
			return -ENOMEM;
	}
	return table_print(&table, &client->screen, "No exits are counted for this cell now.");
}

static int add_cell(struct table *table, const struct screen *screen, const struct cell_info *cell,
		    const struct cell_rates *rates)
{
	_cleanup_(freep) char *mostly = format_reasons(rates->valid ? rates->per_counter : NULL, 1);
	char total[FORMAT_MAX] = "-", per_second[FORMAT_MAX];
	const char *texts[] = {cell->name, cell->state, total,
			       rates->valid ? format_rate(per_second, rates->total) : "-", mostly};
	const enum color colors[ARRAY_SIZE(texts)] = {COLOR_PLAIN, state_color(cell->state)};

	if (json_object_object_length(cell->exits) > 0)
		snprintf(total, sizeof(total), "%" PRIu64, exits_total(cell->exits));
	return mostly ? table_add(table, screen, texts, colors) : -ENOMEM;
}

static struct json_object *cell_json(const struct cell_info *cell, const struct cell_rates *rates)
{
	_cleanup_(json_putp) struct json_object *object = json_object_new_object();

	if (!object || !json_add_string(object, "name", cell->name) ||
	    !json_add_string(object, "state", cell->state) ||
	    !json_add(object, "exits", json_object_get(cell->exits)) ||
	    (rates->valid &&
	     !json_add(object, "exits-per-second", json_object_get(rates->per_counter))))
		return NULL;
	return TAKE_POINTER(object);
}

/* What is asked of the daemon, again and again. */
struct look {
	struct client *client;
	const char *path; /* of the only cell wanted, NULL for all */
	struct cell_list list;
	struct rates rates;
};

static void look_done(struct look *look)
{
	cell_list_free(&look->list);
	rates_free(&look->rates);
}

/* Returns 1 where a later look may tell more. */
static int look_again(struct look *look, sd_bus_error *ret_error)
{
	bool due = false;
	int r;

	cell_list_free(&look->list);
	r = fetch_cells_at(&look->client->connection, look->path, ret_error, &look->list);
	for (size_t i = 0; r >= 0 && i < look->list.count; i++) {
		const struct cell_rates *rates = rates_update(&look->rates, &look->list.cells[i]);

		if (!rates)
			return -ENOMEM;
		due |= rates_are_due(&look->list.cells[i], rates);
	}
	return r < 0 ? r : due;
}

static int print(struct look *look)
{
	struct client *client = look->client;
	FILE *stream = client->output.stream;
	bool json = client->options.json != JSON_OFF;
	_cleanup_(table_free) struct table table = TABLE(all_cells_columns);
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();
	int r = array ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < look->list.count; i++) {
		const struct cell_info *cell = &look->list.cells[i];
		const struct cell_rates *rates = rates_update(&look->rates, cell);

		if (!rates)
			return -ENOMEM;
		if (json)
			r = json_append(array, cell_json(cell, rates)) ? 0 : -ENOMEM;
		else if (look->path)
			return print_one(client, stream, cell, rates);
		else
			r = add_cell(&table, &client->screen, cell, rates);
	}
	if (r >= 0 && json)
		json_print(stream, array, client->options.json == JSON_PRETTY);
	else if (r >= 0)
		r = table_print(&table, &client->screen, "No cells.");
	return r;
}

static int show(struct look *look)
{
	struct client *client = look->client;
	const struct options *options = &client->options;
	int r = print(look);

	if (r < 0)
		return r;
	if (options->follow && options->json == JSON_OFF)
		fputc('\n', client->output.stream);
	return output_show(&client->output, &client->screen,
			   !options->no_pager && !options->follow);
}

enum exit_status verb_stats(struct client *client, char **arguments)
{
	const uint64_t begin = monotonic_us();
	const uint64_t interval = client->options.interval_usec ?: DEFAULT_INTERVAL_USEC;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(freep) char *path = NULL;
	_cleanup_(look_done) struct look look = {.client = client};
	int r = 0;

	if (arguments[0])
		r = fetch_cell_path(&client->connection, arguments[0], &error, &path);
	look.path = path;
	if (r >= 0)
		r = look_again(&look, &error);
	/* The daemon's next reading may be late. */
	for (uint64_t wait = EXITS_PERIOD_USEC; r > 0 && wait < 2 * EXITS_PERIOD_USEC;) {
		wait += EXITS_PERIOD_USEC / 8;
		sleep_until_us(begin + (interval > wait ? interval : wait));
		r = look_again(&look, &error);
	}
	while (r >= 0 && (r = show(&look)) >= 0 && client->options.follow) {
		sleep_until_us(monotonic_us() + interval);
		r = look_again(&look, &error);
	}
	return r < 0 ? complain_attempt(client, arguments[0], &error, r) : STATUS_DONE;
}
