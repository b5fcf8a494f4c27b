// SPDX-License-Identifier: GPL-2.0-only
#include "bus/rates.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

static struct tap tap;

#define BEGIN_USEC (10 * EXITS_PERIOD_USEC)

static void set_counters(uint64_t total, uint64_t mmio, struct exit_counter **ret_exits)
{
	struct exit_counter *exits = calloc(2, sizeof(*exits));

	exits[0] = (struct exit_counter){strdup("total"), total};
	exits[1] = (struct exit_counter){strdup("mmio"), mmio};
	*ret_exits = exits;
}

static void begin(struct watched_cell *watched, const char *state)
{
	*watched = (struct watched_cell){.cell.state = strdup(state)};
	set_counters(1000, 10, &watched->cell.exits);
	watched->cell.num_exits = 2;
}

static void update(struct watched_cell *watched, uint64_t total, uint64_t mmio, uint64_t usec)
{
	struct exit_counter *exits;

	set_counters(total, mmio, &exits);
	watched_cell_update(watched, exits, 2, usec);
}

static void end(struct watched_cell *watched)
{
	exit_counters_free(watched->base, watched->num_base);
	cell_info_free(&watched->cell);
}

/* Checks and frees. */
static void expect(struct watched_cell *watched, bool valid, double total, double mmio,
		   const char *name)
{
	_cleanup_(cell_rates_free) struct cell_rates rates = {0};
	int r = cell_rates_compute(watched, &rates);

	tap_ok(&tap,
	       r == 0 && rates.valid == valid &&
		       (!valid || (rates.total == total && rates.per_counter[1] == mmio)),
	       "%s", name);
	end(watched);
}

int main(void)
{
	struct watched_cell watched;

	begin(&watched, "running");
	expect(&watched, true, 0, 0, "a cell that nothing is announced of makes no exits");

	begin(&watched, "failed");
	expect(&watched, false, 0, 0, "a cell that does not run has no rate");

	begin(&watched, "running");
	update(&watched, 1500, 20, BEGIN_USEC);
	expect(&watched, true, 500, 10, "one announcement: what was added in one period");

	begin(&watched, "running");
	update(&watched, 1000, 10, BEGIN_USEC);
	update(&watched, 1500, 20, BEGIN_USEC + EXITS_PERIOD_USEC / 2);
	expect(&watched, true, 500, 10, "an announcement of what was known is none");

	begin(&watched, "running");
	update(&watched, 1500, 20, BEGIN_USEC);
	update(&watched, 2000, 30, BEGIN_USEC + EXITS_PERIOD_USEC);
	update(&watched, 3000, 40, BEGIN_USEC + 2 * EXITS_PERIOD_USEC);
	expect(&watched, true, 2000.0 / 3, 10, "several announcements: the mean");

	begin(&watched, "running");
	update(&watched, 1500, 20, BEGIN_USEC);
	update(&watched, 5, 1, BEGIN_USEC + EXITS_PERIOD_USEC);
	expect(&watched, false, 0, 0, "counters that started anew give no rate");

	return tap_done(&tap);
}
