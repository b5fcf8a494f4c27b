// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "view/cell_table.h"
#include "view/format.h"
#include "view/table.h"

/* On a narrow terminal what went wrong is cut first, then columns go, from the right. */
static const struct table_column columns[] = {
	{"CELL", false, 0, false}, {"STATE", false, 0, false}, {"HEALTH", false, 0, true},
	{"CPUS", false, 6, true},  {"MEMORY", true, 0, true},  {"UPTIME", true, 0, true},
	{"NOTE", false, 12, true},
};

static int add_cell(struct table *table, const struct screen *screen, const struct cell_row *cell)
{
	char memory[QUANTITY_TEXT_MAX], uptime[QUANTITY_TEXT_MAX];
	const char *texts[] = {
		cell->name,
		cell->state,
		cell->health,
		*cell->cpus ? cell->cpus : "-",
		cell->memory > 0 ? quantity_round_bytes(cell->memory, memory) : "-",
		cell->uptime_us > 0 ? quantity_format_time(cell->uptime_us * 1000, uptime) : "-",
		cell->note,
	};
	const enum color colors[] = {
		COLOR_PLAIN,
		state_color(cell->state),
		health_color(cell->health),
		COLOR_PLAIN,
		COLOR_PLAIN,
		COLOR_PLAIN,
		COLOR_DIM,
	};

	return table_add(table, screen, texts, colors);
}

int cell_table_print(const struct cell_rows *rows, FILE *stream, const struct screen *screen,
		     bool legend)
{
	_cleanup_(table_free) struct table table = TABLE(columns);

	for (size_t i = 0; i < rows->count; i++) {
		if (add_cell(&table, screen, &rows->rows[i]) < 0)
			return -ENOMEM;
	}
	return table_print(&table, stream, screen, legend, "No cells.");
}
