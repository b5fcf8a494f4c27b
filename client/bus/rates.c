// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "bus/rates.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define CHANGES_RULE                                                              \
	"type='signal',sender='" BUS_NAME "',path_namespace='" BUS_CELL_PATH "'," \
	"interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'"

/* How much later than its period the daemon may be. */
#define LATENESS_USEC (EXITS_PERIOD_USEC / 5)

void cell_rates_free(struct cell_rates *rates)
{
	free(rates->per_counter);
	*rates = (struct cell_rates){0};
}

void exit_watch_end(struct exit_watch *watch)
{
	watch->match = sd_bus_slot_unref(watch->match);
	for (size_t i = 0; i < watch->count; i++) {
		exit_counters_free(watch->cells[i].base, watch->cells[i].num_base);
		cell_info_free(&watch->cells[i].cell);
	}
	free(watch->cells);
	*watch = (struct exit_watch){0};
}

static bool same_counters(const struct cell_info *cell, const struct exit_counter *exits,
			  size_t num_exits)
{
	if (cell->num_exits != num_exits)
		return false;
	for (size_t i = 0; i < num_exits; i++) {
		uint64_t count;

		if (!cell_info_exits(cell, exits[i].name, &count) || count != exits[i].count)
			return false;
	}
	return true;
}

void watched_cell_update(struct watched_cell *watched, struct exit_counter *exits, size_t num_exits,
			 uint64_t now_usec)
{
	if (same_counters(&watched->cell, exits, num_exits)) {
		exit_counters_free(exits, num_exits);
		return;
	}
	if (watched->base_usec == 0) {
		watched->base = watched->cell.exits;
		watched->num_base = watched->cell.num_exits;
		watched->base_usec = now_usec - EXITS_PERIOD_USEC;
	} else {
		exit_counters_free(watched->cell.exits, watched->cell.num_exits);
	}
	watched->cell.exits = exits;
	watched->cell.num_exits = num_exits;
	watched->now_usec = now_usec;
}

static struct watched_cell *find_watched(struct exit_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->count; i++)
		if (strcmp(watch->cells[i].cell.path, path) == 0)
			return &watch->cells[i];
	return NULL;
}

/* sa{sv}as. A signal that cannot be read changes nothing: the rates are then those so far. */
static int on_changes(sd_bus_message *message, void *context, sd_bus_error *ret_error)
{
	struct exit_watch *watch = context;
	struct watched_cell *watched = find_watched(watch, sd_bus_message_get_path(message));
	_cleanup_(cell_info_free) struct cell_info changed = {0};
	const char *interface;

	if (!watched || sd_bus_message_read(message, "s", &interface) < 0 ||
	    strcmp(interface, BUS_CELL_INTERFACE) != 0)
		return 0;
	if (cell_info_read(message, "", &changed) < 0 || changed.num_exits == 0)
		return 0;
	watched_cell_update(watched, changed.exits, changed.num_exits, monotonic_us());
	changed.exits = NULL;
	changed.num_exits = 0;
	return 0;
}

static int fetch_one(struct exit_watch *watch, const char *path, sd_bus_error *ret_error)
{
	int r;

	watch->cells = calloc(1, sizeof(*watch->cells));
	if (!watch->cells)
		return -ENOMEM;
	r = fetch_cell(watch->connection, path, ret_error, &watch->cells[0].cell);
	if (r >= 0)
		watch->count = 1;
	return r;
}

static int fetch_all(struct exit_watch *watch, sd_bus_error *ret_error)
{
	struct cell_list list = {0};
	int r;

	r = fetch_cells(watch->connection, ret_error, &list);
	if (r < 0)
		return r;
	watch->cells = calloc(list.count + 1, sizeof(*watch->cells));
	if (!watch->cells) {
		cell_list_free(&list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < list.count; i++)
		watch->cells[i].cell = list.cells[i];
	watch->count = list.count;
	free(list.cells);
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
	return path ? fetch_one(watch, path, ret_error) : fetch_all(watch, ret_error);
}

/* What the watch may still expect. */
static void expectations(const struct exit_watch *watch, bool *ret_running, bool *ret_unheard)
{
	*ret_running = *ret_unheard = false;
	for (size_t i = 0; i < watch->count; i++) {
		const struct watched_cell *watched = &watch->cells[i];

		if (!cell_info_runs(&watched->cell))
			continue;
		*ret_running = true;
		if (watched->base_usec == 0)
			*ret_unheard = true;
	}
}

int exit_watch_wait(struct exit_watch *watch, uint64_t interval_usec)
{
	uint64_t begin = monotonic_us();
	uint64_t enough = begin + interval_usec;
	uint64_t last = enough + EXITS_PERIOD_USEC + LATENESS_USEC;
	bool running, unheard;

	expectations(watch, &running, &unheard);
	while (running) {
		uint64_t now = monotonic_us(), until;
		int r;

		expectations(watch, &running, &unheard);
		until = unheard ? last : enough;
		if (now >= until)
			break;
		r = sd_bus_process(watch->connection->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(watch->connection->bus, until - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

static bool compute_counters(const struct watched_cell *watched, double seconds,
			     struct cell_rates *rates)
{
	struct cell_info base = {.exits = watched->base, .num_exits = watched->num_base};
	const struct cell_info *now = &watched->cell;

	for (size_t i = 0; i < now->num_exits; i++) {
		uint64_t count = now->exits[i].count, earlier = 0;

		(void)cell_info_exits(&base, now->exits[i].name, &earlier);
		if (count < earlier)
			return false;
		rates->per_counter[i] = (double)(count - earlier) / seconds;
	}
	/* Where there is no counter "total", one that has gone may make the sum smaller. */
	if (cell_info_total_exits(now) < cell_info_total_exits(&base))
		return false;
	rates->total =
		(double)(cell_info_total_exits(now) - cell_info_total_exits(&base)) / seconds;
	return true;
}

int cell_rates_compute(const struct watched_cell *watched, struct cell_rates *ret_rates)
{
	struct cell_rates rates = {.num_counters = watched->cell.num_exits};

	rates.per_counter = calloc(rates.num_counters + 1, sizeof(*rates.per_counter));
	if (!rates.per_counter)
		return -ENOMEM;
	if (watched->base_usec != 0)
		rates.valid = compute_counters(
			watched, (double)(watched->now_usec - watched->base_usec) / 1e6, &rates);
	else
		/* Nothing was announced: a cell that runs makes no exits. */
		rates.valid = cell_info_runs(&watched->cell) && rates.num_counters > 0;
	*ret_rates = rates;
	return 0;
}
