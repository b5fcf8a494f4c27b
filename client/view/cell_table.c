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

static const char *format_uptime(char *buffer, const struct cell_info *cell)
{
	uint64_t age = cell_info_age(cell);

	return cell_info_runs(cell) && age ? quantity_format_time(age * 1000, buffer) : "-";
}

/*
 * What is most worth knowing beyond the state: an operation under way, else the last error, else
 * what of its description does not count yet.
 */
static char *format_note(const struct cell_info *cell)
{
	_cleanup_(freep) char *pending = format_words(cell->pending);
	const bool is_pending = json_object_array_length(cell->pending) > 0;
	char *note;

	if (*cell->operation == '\0' && (*cell->last_error || !is_pending))
		return strdup(cell->last_error);
	if (*cell->operation)
		return asprintf(&note, "(%s)", cell->operation) < 0 ? NULL : note;
	return pending && asprintf(&note, "pending: %s", pending) >= 0 ? note : NULL;
}

static int add_cell(struct table *table, const struct screen *screen, const struct cell_info *cell)
{
	_cleanup_(freep) char *cpus = format_cpus(cell->cpus);
	_cleanup_(freep) char *note = format_note(cell);
	char memory[QUANTITY_TEXT_MAX], uptime[QUANTITY_TEXT_MAX];
	const char *texts[] = {
		cell->name,
		cell->state,
		cell->health,
		cpus,
		cell->memory > 0 ? quantity_round_bytes(cell->memory, memory) : "-",
		format_uptime(uptime, cell),
		note,
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

	if (!cpus || !note)
		return -ENOMEM;
	return table_add(table, screen, texts, colors);
}

int cell_table_print(const struct cell_list *list, FILE *stream, const struct screen *screen,
		     bool legend)
{
	_cleanup_(table_free) struct table table = TABLE(columns);

	for (size_t i = 0; i < list->count; i++) {
		if (add_cell(&table, screen, &list->cells[i]) < 0)
			return -ENOMEM;
	}
	return table_print(&table, stream, screen, legend, "No cells.");
}
