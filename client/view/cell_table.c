// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "bus_abi.h"
#include "common/cleanup.h"
#include "common/quantity.h"
#include "view/cell_table.h"
#include "view/format.h"
#include "view/table.h"

/* On a narrow terminal what went wrong is cut first, then columns go, from the right. */
static const struct table_column titles[] = {
	{"CELL", false, 0, false}, {"STATE", false, 0, false}, {"HEALTH", false, 0, true},
	{"CPUS", false, 6, true},  {"MEMORY", true, 0, true},  {"UPTIME", true, 0, true},
	{"NOTE", false, 12, true},
};

static struct json_object *entry(struct json_object *columns, enum summary_column column,
				 size_t row)
{
	return json_object_array_get_idx(json_object_array_get_idx(columns, column), row);
}

static const char *text(struct json_object *columns, enum summary_column column, size_t row)
{
	return json_object_get_string(entry(columns, column, row));
}

static int add_cell(struct table *table, const struct screen *screen, struct json_object *columns,
		    size_t row)
{
	const uint64_t bytes = json_object_get_uint64(entry(columns, SUMMARY_MEMORY, row));
	const uint64_t uptime_us = json_object_get_uint64(entry(columns, SUMMARY_UPTIME, row));
	const char *state = text(columns, SUMMARY_STATE, row);
	const char *health = text(columns, SUMMARY_HEALTH, row);
	const char *cpus = text(columns, SUMMARY_CPUS, row);
	char memory[QUANTITY_TEXT_MAX], uptime[QUANTITY_TEXT_MAX];
	const char *texts[] = {
		text(columns, SUMMARY_NAME, row),
		state,
		health,
		*cpus ? cpus : "-",
		bytes > 0 ? quantity_round_bytes(bytes, memory) : "-",
		/* It does not run, or nobody knows. */
		uptime_us > 0 ? quantity_format_time(uptime_us * 1000, uptime) : "-",
		text(columns, SUMMARY_NOTE, row),
	};
	const enum color colors[ARRAY_SIZE(texts)] = {
		[SUMMARY_STATE] = state_color(state),
		[SUMMARY_HEALTH] = health_color(health),
		[SUMMARY_NOTE] = COLOR_DIM,
	};

	return table_add(table, screen, texts, colors);
}

int cell_table_print(struct json_object *columns, const struct screen *screen)
{
	_cleanup_(table_free) struct table table = TABLE(titles);

	const size_t count = json_object_array_length(json_object_array_get_idx(columns, 0));

	for (size_t i = 0; i < count; i++) {
		if (add_cell(&table, screen, columns, i) < 0)
			return -ENOMEM;
	}
	return table_print(&table, screen,
			   "No cells. Each is described by a file, see cell-description(5).");
}
