// SPDX-License-Identifier: GPL-2.0-only
#include "bus/rates.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"
#include "json.h"

/* A cell's properties as the daemon publishes them. */
static struct cell_info make_cell(const char *state, uint64_t total, uint64_t mmio, uint64_t at)
{
	_cleanup_(json_putp) struct json_object *published = json_object_new_object();
	struct json_object *exits = json_object_new_object();
	struct cell_info cell = {0};

	json_add_string(published, "Name", "turbine");
	json_add_string(published, "State", state);
	json_add_uint64(exits, "total", total);
	json_add_uint64(exits, "mmio", mmio);
	json_add(published, "Exits", exits);
	json_add_uint64(published, "ExitsAt", at);
	cell_info_make(published, "", &cell);
	return cell;
}

/* One look after the other; what is known after the last is to be as said. */
struct look {
	uint64_t total, mmio, at;
};

static void expect(struct tap *tap, const struct look *looks, size_t count, bool valid,
		   double total, double mmio, const char *name)
{
	_cleanup_(rates_free) struct rates rates = {0};
	const struct cell_rates *known = NULL;

	for (size_t i = 0; i < count; i++) {
		_cleanup_(cell_info_free) struct cell_info cell =
			make_cell("running", looks[i].total, looks[i].mmio, looks[i].at);

		known = rates_update(&rates, &cell);
		if (i + 1 == count)
			tap_ok(tap, known && rates_are_due(&cell, known) == !valid,
			       "whether to look again: %s", name);
	}
	tap_ok(tap,
	       known && known->valid == valid &&
		       (!valid ||
			(known->total == total && json_object_get_double(json_object_object_get(
							  known->per_counter, "mmio")) == mmio)),
	       "%s", name);
}

#define EXPECT(tap, valid, total, mmio, name, ...)                                             \
	expect(tap, (const struct look[]){__VA_ARGS__},                                        \
	       sizeof((const struct look[]){__VA_ARGS__}) / sizeof(struct look), valid, total, \
	       mmio, name)

int main(void)
{
	struct tap tap = {0};

	EXPECT(&tap, false, 0, 0, "one reading has no rate", {1000, 10, 5000000});
	EXPECT(&tap, false, 0, 0, "a driver that counts none has no rate", {0, 0, 0}, {0, 0, 0});
	EXPECT(&tap, false, 0, 0, "the same reading twice has no rate", {1000, 10, 5000000},
	       {1000, 10, 5000000});
	EXPECT(&tap, true, 500, 10, "what was added between two", {1000, 10, 5000000},
	       {1500, 20, 6000000});
	EXPECT(&tap, true, 400, 8, "however far apart they are", {1000, 10, 5000000},
	       {1500, 20, 6250000});
	EXPECT(&tap, true, 500, 10, "a look without a new reading changes nothing",
	       {1000, 10, 5000000}, {1500, 20, 6000000}, {1500, 20, 6000000});
	EXPECT(&tap, true, 0, 0, "counters that stand still make none", {1000, 10, 5000000},
	       {1000, 10, 6000000});
	EXPECT(&tap, false, 0, 0, "counters that started anew have no rate", {1000, 10, 5000000},
	       {5, 1, 6000000});
	EXPECT(&tap, false, 0, 0, "nor do those of which one did", {1000, 10, 5000000},
	       {1500, 1, 6000000});
	EXPECT(&tap, true, 20, 2, "from then on they have one", {1000, 10, 5000000},
	       {5, 1, 6000000}, {25, 3, 7000000});
	return tap_done(&tap);
}
