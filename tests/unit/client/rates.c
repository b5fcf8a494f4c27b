// SPDX-License-Identifier: GPL-2.0-only
#include "bus/rates.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"
#include "json.h"

#define BEGIN_USEC (10 * EXITS_PERIOD_USEC)

/* A cell's properties as the daemon publishes them. */
static struct cell_info make_cell(const char *state, uint64_t total, uint64_t mmio)
{
	_cleanup_(json_putp) struct json_object *published = json_object_new_object();
	struct json_object *exits = json_object_new_object();
	struct cell_info cell = {0};

	json_add_string(published, "State", state);
	json_add_uint64(exits, "total", total);
	json_add_uint64(exits, "mmio", mmio);
	json_add(published, "Exits", exits);
	cell_info_make(published, "", &cell);
	return cell;
}

static void begin(struct watched_cell *watched, const char *state)
{
	*watched = (struct watched_cell){.cell = make_cell(state, 1000, 10)};
}

static void update(struct watched_cell *watched, uint64_t total, uint64_t mmio, uint64_t usec)
{
	_cleanup_(cell_info_free) struct cell_info changed = make_cell("", total, mmio);

	watched_cell_update(watched, changed.exits, usec);
}

/* Checks and frees. */
static void expect(struct tap *tap, struct watched_cell *watched, bool valid, double total,
		   double mmio, const char *name)
{
	_cleanup_(cell_rates_free) struct cell_rates rates = {0};
	int r = cell_rates_compute(watched, &rates);

	tap_ok(tap,
	       r == 0 && rates.valid == valid &&
		       (!valid ||
			(rates.total == total && json_object_get_double(json_object_object_get(
							 rates.per_counter, "mmio")) == mmio)),
	       "%s", name);
	watched_cell_free(watched);
}

int main(void)
{
	struct tap tap = {0};
	struct watched_cell watched;

	begin(&watched, "running");
	expect(&tap, &watched, true, 0, 0, "a cell that nothing is announced of makes no exits");

	begin(&watched, "failed");
	expect(&tap, &watched, false, 0, 0, "a cell that does not run has no rate");

	begin(&watched, "running");
	update(&watched, 1500, 20, BEGIN_USEC);
	expect(&tap, &watched, true, 500, 10, "one announcement: what was added in one period");

	begin(&watched, "running");
	update(&watched, 1000, 10, BEGIN_USEC);
	update(&watched, 1500, 20, BEGIN_USEC + EXITS_PERIOD_USEC / 2);
	expect(&tap, &watched, true, 500, 10, "an announcement of what was known is none");

	begin(&watched, "running");
	update(&watched, 1500, 20, BEGIN_USEC);
	update(&watched, 2000, 30, BEGIN_USEC + EXITS_PERIOD_USEC);
	update(&watched, 3000, 40, BEGIN_USEC + 2 * EXITS_PERIOD_USEC);
	expect(&tap, &watched, true, 2000.0 / 3, 10, "several announcements: the mean");

	begin(&watched, "running");
	update(&watched, 1500, 20, BEGIN_USEC);
	update(&watched, 5, 1, BEGIN_USEC + EXITS_PERIOD_USEC);
	expect(&tap, &watched, false, 0, 0, "counters that started anew give no rate");

	return tap_done(&tap);
}
