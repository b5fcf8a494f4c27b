// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <time.h>

#include "view/cell_table.h"
#include "view/format.h"
#include "view/table.h"
#include "util.h"

/* On a narrow terminal what went wrong is cut first, then columns go, from the right. */
static const struct table_column columns[] = {
	{"CELL", false, 8, 0},	{"STATE", false, 0, 0}, {"HEALTH", false, 0, 2},
	{"CPUS", false, 6, 4},	{"MEMORY", true, 0, 3}, {"UPTIME", true, 0, 5},
	{"NOTE", false, 12, 6},
};

static const char *format_uptime(char buffer[FORMAT_MAX], const struct cell_info *cell)
{
	struct timespec now;
	uint64_t now_usec;

	if (!state_is_running(cell->state) || cell->started_at == 0)
		return "-";
	clock_gettime(CLOCK_REALTIME, &now);
	now_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (now_usec < cell->started_at)
		return "-";
	return format_duration(buffer, now_usec - cell->started_at);
}

/* What is most worth knowing beyond the state: an operation under way, else the last error. */
static char *format_note(const struct cell_info *cell)
{
	char *note;

	if (*cell->operation == '\0')
		return strdup(cell->last_error);
	return asprintf(&note, "(%s)", cell->operation) < 0 ? NULL : note;
}

static int add_cell(struct table *table, const struct screen *screen, const struct cell_info *cell)
{
	_cleanup_(freep) char *cpus = format_cpus(cell->cpus, cell->num_cpus);
	_cleanup_(freep) char *note = format_note(cell);
	char memory[FORMAT_MAX], uptime[FORMAT_MAX];
	const char *texts[] = {
		cell->name,
		cell->state,
		cell->health,
		cpus,
		cell->memory > 0 ? format_size(memory, cell->memory) : "-",
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
	_cleanup_(table_freep) struct table *table = table_new(columns, ARRAY_SIZE(columns));
	int r;

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		r = add_cell(table, screen, &list->cells[i]);
		if (r < 0)
			return r;
	}
	if (list->count > 0)
		table_print(table, stream, screen, legend);
	else if (legend)
		fputs("No cells.\n", stream);
	return 0;
}
