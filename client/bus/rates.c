// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "bus/rates.h"
#include "common/array.h"
#include "common/cleanup.h"
#include "json.h"

void rates_free(struct rates *rates)
{
	for (size_t i = 0; i < rates->count; i++) {
		free(rates->cells[i].name);
		json_object_put(rates->cells[i].exits);
		json_object_put(rates->cells[i].per_counter);
	}
	free(rates->cells);
	*rates = (struct rates){0};
}

static struct cell_rates *find(struct rates *rates, const char *name)
{
	struct cell_rates *cell;

	for (size_t i = 0; i < rates->count; i++) {
		if (strcmp(rates->cells[i].name, name) == 0)
			return &rates->cells[i];
	}
	cell = array_add(&rates->cells, &rates->count, sizeof(*cell));
	if (!cell)
		return NULL;
	*cell = (struct cell_rates){.name = strdup(name)};
	if (!cell->name)
		rates->count--;
	return cell->name ? cell : NULL;
}

/* Valid where no counter went back. */
static bool compute(struct cell_rates *rates, struct json_object *now, double seconds)
{
	rates->valid = exits_total(now) >= exits_total(rates->exits);
	rates->total = (double)(exits_total(now) - exits_total(rates->exits)) / seconds;
	json_object_object_foreach(now, name, counter)
	{
		uint64_t count = json_object_get_uint64(counter);
		uint64_t earlier = exits_count(rates->exits, name);

		rates->valid &= count >= earlier;
		if (!json_add(rates->per_counter, name,
			      json_object_new_double((double)(count - earlier) / seconds)))
			return false;
	}
	return true;
}

const struct cell_rates *rates_update(struct rates *rates, const struct cell_info *cell)
{
	struct cell_rates *known = find(rates, cell->name);
	bool done = true;

	if (!known || known->read_at == cell->exits_at)
		return known;
	json_object_put(known->per_counter);
	known->per_counter = json_object_new_object();
	known->valid = false;
	if (known->per_counter && known->read_at > 0 && known->read_at < cell->exits_at)
		done = compute(known, cell->exits, (double)(cell->exits_at - known->read_at) / 1e6);
	json_object_put(known->exits);
	known->exits = json_object_get(cell->exits);
	known->read_at = cell->exits_at;
	return known->per_counter && done ? known : NULL;
}

bool rates_are_due(const struct cell_info *cell, const struct cell_rates *rates)
{
	return cell_info_runs(cell) && !rates->valid;
}
