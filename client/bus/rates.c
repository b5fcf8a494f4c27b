// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "bus/rates.h"
#include "bus/value.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "json.h"

#define CHANGES_RULE                                                              \
	"type='signal',sender='" BUS_NAME "',path_namespace='" BUS_CELL_PATH "'," \
	"interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'"

/* How much later than its period the daemon may be. */
#define LATENESS_USEC (EXITS_PERIOD_USEC / 5)

void cell_rates_free(struct cell_rates *rates)
{
	json_object_put(rates->per_counter);
	*rates = (struct cell_rates){0};
}

void watched_cell_free(struct watched_cell *watched)
{
	cell_info_free(&watched->cell);
	json_object_put(watched->base);
	*watched = (struct watched_cell){0};
}

void exit_watch_end(struct exit_watch *watch)
{
	watch->match = sd_bus_slot_unref(watch->match);
	for (size_t i = 0; i < watch->count; i++)
		watched_cell_free(&watch->cells[i]);
	free(watch->cells);
	*watch = (struct exit_watch){0};
}

void watched_cell_update(struct watched_cell *watched, struct json_object *exits, uint64_t now_usec)
{
	if (json_object_equal(watched->cell.exits, exits))
		return;
	if (!watched->base) {
		watched->base = json_object_get(watched->cell.exits);
		watched->base_usec = now_usec - EXITS_PERIOD_USEC;
	}
	/* In place of the counters so far: that needs no memory. */
	json_add(watched->cell.properties, "exits", json_object_get(exits));
	watched->cell.exits = exits;
	watched->now_usec = now_usec;
}

static struct watched_cell *find_watched(struct exit_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (strcmp(watch->cells[i].cell.path, path) == 0)
			return &watch->cells[i];
	}
	return NULL;
}

/* sa{sv}as. A signal that cannot be read changes nothing: the rates are then those so far. */
static int on_changes(sd_bus_message *message, void *context, sd_bus_error *ret_error)
{
	struct exit_watch *watch = context;
	struct watched_cell *watched = find_watched(watch, sd_bus_message_get_path(message));
	_cleanup_(json_putp) struct json_object *properties = NULL;
	_cleanup_(cell_info_free) struct cell_info changed = {0};
	const char *interface;

	if (!watched || sd_bus_message_read(message, "s", &interface) < 0 ||
	    strcmp(interface, BUS_CELL_INTERFACE) != 0)
		return 0;
	if (json_from_message(message, &properties) < 0 ||
	    cell_info_make(properties, "", &changed) < 0)
		return 0;
	if (json_object_object_length(changed.exits) > 0)
		watched_cell_update(watched, changed.exits, monotonic_us());
	return 0;
}

/* path: of the only cell wanted, NULL for all. */
static int fetch_watched(struct exit_watch *watch, const char *path, sd_bus_error *ret_error)
{
	_cleanup_(cell_list_free) struct cell_list list = {0};
	int r = path ? 0 : fetch_cells(watch->connection, ret_error, &list);

	if (r < 0)
		return r;
	watch->cells = calloc(list.count + 1, sizeof(*watch->cells));
	if (!watch->cells)
		return -ENOMEM;
	if (path) {
		r = fetch_cell(watch->connection, path, ret_error, &watch->cells[0].cell);
		watch->count = r >= 0;
		return r;
	}
	for (; watch->count < list.count; watch->count++) {
		watch->cells[watch->count].cell = list.cells[watch->count];
		list.cells[watch->count] = (struct cell_info){0};
	}
	return 0;
}

int exit_watch_begin(struct exit_watch *watch, struct connection *connection, const char *path,
		     sd_bus_error *ret_error)
{
	int r;

	*watch = (struct exit_watch){.connection = connection};
	/* First the match: a change must not fall between the look and the listening. */
	r = sd_bus_add_match(connection->bus, &watch->match, CHANGES_RULE, on_changes, watch);
	if (r < 0)
		return r;
	return fetch_watched(watch, path, ret_error);
}

/* How long the watch may still expect something, where what was announced by then is enough. */
static uint64_t watch_deadline(const struct exit_watch *watch, uint64_t enough)
{
	uint64_t deadline = 0;

	for (size_t i = 0; i < watch->count; i++) {
		if (!cell_info_runs(&watch->cells[i].cell))
			continue;
		if (!watch->cells[i].base)
			return enough + EXITS_PERIOD_USEC + LATENESS_USEC;
		deadline = enough;
	}
	return deadline;
}

int exit_watch_wait(struct exit_watch *watch, uint64_t interval_usec)
{
	uint64_t now = monotonic_us(), enough = now + interval_usec, deadline;

	for (; now < (deadline = watch_deadline(watch, enough)); now = monotonic_us()) {
		int r = sd_bus_process(watch->connection->bus, NULL);

		if (r == 0)
			r = sd_bus_wait(watch->connection->bus, deadline - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

/* Valid where no counter went back from base to now. */
static int compute_counters(struct json_object *base, struct json_object *now, double seconds,
			    struct cell_rates *rates)
{
	json_object_object_foreach(now, name, counter)
	{
		uint64_t count = json_object_get_uint64(counter);
		uint64_t earlier = exits_count(base, name);

		if (count < earlier)
			return 0;
		if (!json_add(rates->per_counter, name,
			      json_object_new_double((double)(count - earlier) / seconds)))
			return -ENOMEM;
	}
	/* Where there is no counter "total", one that has gone may make the sum smaller. */
	if (exits_total(now) < exits_total(base))
		return 0;
	rates->total = (double)(exits_total(now) - exits_total(base)) / seconds;
	rates->valid = true;
	return 0;
}

int cell_rates_compute(const struct watched_cell *watched, struct cell_rates *ret_rates)
{
	_cleanup_(cell_rates_free) struct cell_rates rates = {0};
	struct json_object *now = watched->cell.exits, *base = watched->base;
	double seconds = (double)(watched->now_usec - watched->base_usec) / 1e6;
	int r = 0;

	rates.per_counter = json_object_new_object();
	if (!rates.per_counter)
		return -ENOMEM;
	if (base)
		r = compute_counters(base, now, seconds, &rates);
	else if (cell_info_runs(&watched->cell) && json_object_object_length(now) > 0)
		/* Nothing was announced: a cell that runs makes no exits. */
		r = compute_counters(now, now, 1, &rates);
	if (r < 0)
		return r;
	*ret_rates = rates;
	rates = (struct cell_rates){0};
	return 0;
}
