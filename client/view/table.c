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

/* How a column comes out on one screen. */
struct place {
	size_t width;
	bool shown;
};

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->num_rows * table->num_columns; i++)
		free(table->cells[i].text);
	free(table->cells);
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

static size_t total_width(const struct table *table, const struct place *places)
{
	size_t total = 0;

	for (size_t i = 0; i < table->num_columns; i++) {
		if (places[i].shown)
			total += places[i].width + (total > 0 ? TABLE_GAP : 0);
	}
	return total;
}

/* Narrows the widest columns that may be truncated until the table fits or nothing gives way. */
static void truncate_columns(const struct table *table, struct place *places, size_t room)
{
	while (total_width(table, places) > room) {
		struct place *widest = NULL;

		for (size_t i = 0; i < table->num_columns; i++) {
			size_t min = table->columns[i].min_width;

			if (places[i].shown && min > 0 && places[i].width > min &&
			    (!widest || places[i].width > widest->width))
				widest = &places[i];
		}
		if (!widest)
			return;
		widest->width--;
	}
}

static struct place *least_wanted(const struct table *table, struct place *places)
{
	struct place *found = NULL;
	unsigned int rank = 0;

	for (size_t i = 0; i < table->num_columns; i++) {
		if (places[i].shown && table->columns[i].rank > rank) {
			rank = table->columns[i].rank;
			found = &places[i];
		}
	}
	return found;
}

static void fit(const struct table *table, struct place *places, size_t room, bool legend)
{
	for (;;) {
		struct place *victim;

		for (size_t i = 0; i < table->num_columns; i++)
			places[i].width = natural_width(table, i, legend);
		truncate_columns(table, places, room);
		if (total_width(table, places) <= room)
			return;
		victim = least_wanted(table, places);
		if (!victim)
			return;
		victim->shown = false;
	}
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
	fprintf(stream, "%*s%s", (int)(*blanks + (right ? padding : 0)), "",
		screen_color(screen, color));
	*blanks = right ? 0 : padding;
	text_put_fitting(stream, text, width, screen->unicode);
	fputs(screen_plain(screen, color), stream);
}

/* row: NULL prints the titles. */
static void put_row(const struct table *table, const struct place *places, FILE *stream,
		    const struct screen *screen, const struct table_cell *row)
{
	size_t blanks = 0;
	bool first = true;

	for (size_t i = 0; i < table->num_columns; i++) {
		if (!places[i].shown)
			continue;
		if (!first)
			blanks += TABLE_GAP;
		first = false;
		put_cell(stream, screen, row ? row[i].text : table->columns[i].title,
			 places[i].width, table->columns[i].right, row ? row[i].color : COLOR_BOLD,
			 &blanks);
	}
	fputc('\n', stream);
}

void table_print(const struct table *table, FILE *stream, const struct screen *screen, bool legend,
		 const char *empty)
{
	_cleanup_(freep) struct place *places = calloc(table->num_columns, sizeof(*places));

	if (!places)
		return;
	if (legend && table->num_rows == 0 && empty) {
		fprintf(stream, "%s\n", empty);
		return;
	}
	for (size_t i = 0; i < table->num_columns; i++)
		places[i].shown = true;
	fit(table, places, screen->columns ? screen->columns : SIZE_MAX, legend);

	if (legend)
		put_row(table, places, stream, screen, NULL);
	for (size_t row = 0; row < table->num_rows; row++)
		put_row(table, places, stream, screen, &table->cells[row * table->num_columns]);
}
