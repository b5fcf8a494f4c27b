// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/table.h"
#include "view/text.h"
#include "common/cleanup.h"

#define TABLE_GAP 2

struct table_cell {
	char *text;
	enum color color;
};

struct table {
	size_t num_columns;
	size_t num_rows;
	struct table_column *columns;
	struct table_cell *cells; /* row by row */
};

/* How the columns come out on one screen. */
struct layout {
	size_t *widths;
	bool *shown;
};

struct table *table_new(const struct table_column *columns, size_t count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = malloc(count * sizeof(*columns));
	if (!table->columns) {
		free(table);
		return NULL;
	}
	memcpy(table->columns, columns, count * sizeof(*columns));
	table->num_columns = count;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->num_rows * table->num_columns; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table->columns);
	free(table);
}

int table_add(struct table *table, const struct screen *screen, const char *const *texts,
	      const enum color *colors)
{
	struct table_cell *cells, *row;

	cells = reallocarray(table->cells, (table->num_rows + 1) * table->num_columns,
			     sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	row = &cells[table->num_rows * table->num_columns];
	for (size_t i = 0; i < table->num_columns; i++) {
		row[i].color = colors ? colors[i] : COLOR_PLAIN;
		row[i].text = text_clean(texts[i] ? texts[i] : "", screen->unicode);
		if (!row[i].text) {
			while (i-- > 0)
				free(row[i].text);
			return -ENOMEM;
		}
	}
	table->num_rows++;
	return 0;
}

static size_t natural_width(const struct table *table, size_t column, bool legend)
{
	size_t width = legend ? text_width(table->columns[column].title) : 0;

	for (size_t row = 0; row < table->num_rows; row++) {
		size_t w = text_width(table->cells[row * table->num_columns + column].text);

		width = w > width ? w : width;
	}
	return width;
}

static size_t total_width(const struct table *table, const struct layout *layout)
{
	size_t total = 0;

	for (size_t i = 0; i < table->num_columns; i++)
		if (layout->shown[i])
			total += layout->widths[i] + (total > 0 ? TABLE_GAP : 0);
	return total;
}

/* Narrows the widest columns that may be truncated until the table fits or nothing gives way. */
static void truncate_columns(const struct table *table, struct layout *layout, size_t room)
{
	while (total_width(table, layout) > room) {
		size_t widest = table->num_columns;

		for (size_t i = 0; i < table->num_columns; i++) {
			size_t min = table->columns[i].min_width;

			if (!layout->shown[i] || min == 0 || layout->widths[i] <= min)
				continue;
			if (widest == table->num_columns ||
			    layout->widths[i] > layout->widths[widest])
				widest = i;
		}
		if (widest == table->num_columns)
			return;
		layout->widths[widest]--;
	}
}

static size_t least_wanted(const struct table *table, const struct layout *layout)
{
	size_t found = table->num_columns;
	unsigned int rank = 0;

	for (size_t i = 0; i < table->num_columns; i++)
		if (layout->shown[i] && table->columns[i].rank > rank) {
			rank = table->columns[i].rank;
			found = i;
		}
	return found;
}

static void fit(const struct table *table, struct layout *layout, size_t room, bool legend)
{
	for (;;) {
		size_t victim;

		for (size_t i = 0; i < table->num_columns; i++)
			layout->widths[i] = natural_width(table, i, legend);
		truncate_columns(table, layout, room);
		if (total_width(table, layout) <= room)
			return;
		victim = least_wanted(table, layout);
		if (victim == table->num_columns)
			return;
		layout->shown[victim] = false;
	}
}

static void put_blanks(FILE *stream, size_t count)
{
	while (count-- > 0)
		fputc(' ', stream);
}

/* *blanks are still to be written before the text, so that no line ends in blanks. */
static void put_cell(FILE *stream, const struct screen *screen, const char *text, size_t width,
		     bool right, enum color color, size_t *blanks)
{
	size_t columns = text_width(text);
	size_t padding = columns < width ? width - columns : 0;

	if (*text == '\0') {
		*blanks += width;
		return;
	}
	put_blanks(stream, *blanks + (right ? padding : 0));
	*blanks = right ? 0 : padding;
	fputs(screen_color(screen, color), stream);
	text_put_fitting(stream, text, width, screen->unicode);
	fputs(screen_plain(screen, color), stream);
}

/* row: NULL prints the titles. */
static void put_row(const struct table *table, const struct layout *layout, FILE *stream,
		    const struct screen *screen, const struct table_cell *row)
{
	size_t blanks = 0;
	bool first = true;

	for (size_t i = 0; i < table->num_columns; i++) {
		if (!layout->shown[i])
			continue;
		if (!first)
			blanks += TABLE_GAP;
		first = false;
		put_cell(stream, screen, row ? row[i].text : table->columns[i].title,
			 layout->widths[i], table->columns[i].right,
			 row ? row[i].color : COLOR_BOLD, &blanks);
	}
	fputc('\n', stream);
}

void table_print(const struct table *table, FILE *stream, const struct screen *screen, bool legend)
{
	_cleanup_(freep) size_t *widths = calloc(table->num_columns, sizeof(*widths));
	_cleanup_(freep) bool *shown = calloc(table->num_columns, sizeof(*shown));
	struct layout layout = {.widths = widths, .shown = shown};

	if (!widths || !shown)
		return;
	for (size_t i = 0; i < table->num_columns; i++)
		shown[i] = true;
	fit(table, &layout, screen->columns ? screen->columns : SIZE_MAX, legend);

	if (legend)
		put_row(table, &layout, stream, screen, NULL);
	for (size_t row = 0; row < table->num_rows; row++)
		put_row(table, &layout, stream, screen, &table->cells[row * table->num_columns]);
}
