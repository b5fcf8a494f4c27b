// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/table.h"
#include "view/text.h"
#include "common/cleanup.h"

#define GAP	 "  "
#define NO_LIMIT 100000 /* columns of a screen without an end */

static void scols_free_iterp(struct libscols_iter **iterator)
{
	scols_free_iter(*iterator);
}

void table_free(struct table *table)
{
	scols_unref_table(table->lines);
}

static struct libscols_column *column_at(const struct table *table, size_t i)
{
	return scols_table_get_column(table->lines, i);
}

/* Colours that are off are none. */
static const char *color_of(const struct screen *screen, enum color color)
{
	return screen->colors && color != COLOR_PLAIN ? screen_color(screen, color) : NULL;
}

static int begin(struct table *table, const struct screen *screen)
{
	if (table->lines)
		return 0;
	table->lines = scols_new_table();
	if (!table->lines || scols_table_set_column_separator(table->lines, GAP) < 0)
		return -ENOMEM;
	scols_table_enable_colors(table->lines, screen->colors);
	/* Texts are clean. */
	scols_table_enable_noencoding(table->lines, true);
	scols_table_set_termforce(table->lines, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table->lines, screen->columns ?: NO_LIMIT);
	for (size_t i = 0; i < table->num_columns; i++) {
		const struct table_column *column = &table->columns[i];
		struct libscols_column *made =
			scols_table_new_column(table->lines, column->title, 0,
					       (column->right ? SCOLS_FL_RIGHT : 0) |
						       (column->min_width ? SCOLS_FL_TRUNC : 0));

		if (!made || scols_cell_set_color(scols_column_get_header(made),
						  color_of(screen, COLOR_BOLD)) < 0)
			return -ENOMEM;
	}
	return 0;
}

int table_add(struct table *table, const struct screen *screen, const char *const *texts,
	      const enum color *colors)
{
	struct libscols_line *line;
	size_t width;

	if (begin(table, screen) < 0)
		return -ENOMEM;
	line = scols_table_new_line(table->lines, NULL);
	for (size_t i = 0; line && i < table->num_columns; i++) {
		char *text;

		if (!texts[i] || *texts[i] == '\0')
			continue;
		text = text_clean(texts[i], screen->unicode);
		width = text ? text_width(text) : 0;
		if (width > table->longest[i])
			table->longest[i] = width;
		/* The line takes the text over. */
		if (!text || scols_line_refer_data(line, i, text) < 0)
			return -ENOMEM;
		if (colors && screen->colors &&
		    scols_cell_set_color(scols_line_get_cell(line, i),
					 color_of(screen, colors[i])) < 0)
			return -ENOMEM;
	}
	return line ? 0 : -ENOMEM;
}

/*
 * libsmartcols cuts texts without a sign that they go on: gives those that were cut one. Returns
 * how many there were.
 */
static int mark_cuts(struct table *table, size_t i, const struct screen *screen)
{
	const size_t width = scols_column_get_width(column_at(table, i));
	_cleanup_(scols_free_iterp) struct libscols_iter *at = scols_new_iter(SCOLS_ITER_FORWARD);
	struct libscols_line *line;
	int cuts = 0;

	if (!at)
		return -ENOMEM;
	while (table->longest[i] > width && scols_table_next_line(table->lines, at, &line) == 0) {
		struct libscols_cell *cell = scols_line_get_cell(line, i);
		char *text;

		if (text_width(scols_cell_get_data(cell) ?: "") <= width)
			continue;
		text = text_shorten(scols_cell_get_data(cell), width, screen->unicode);
		if (!text || scols_cell_refer_data(cell, text) < 0)
			return -ENOMEM;
		cuts++;
	}
	return cuts;
}

/* Whether the table, as it was printed last, is as it should be on the screen. */
static bool fits(const struct table *table, const struct screen *screen)
{
	size_t total = 0;

	for (size_t i = 0; i < table->num_columns; i++) {
		struct libscols_column *column = column_at(table, i);
		size_t width = scols_column_get_width(column);

		if (scols_column_is_hidden(column))
			continue;
		if (width < table->columns[i].min_width && table->longest[i] > width)
			return false;
		total += width + (total > 0 ? strlen(GAP) : 0);
	}
	return screen->columns == 0 || total <= screen->columns;
}

/* false: there is none left. */
static bool leave_one_out(const struct table *table)
{
	for (size_t i = table->num_columns; i-- > 0;) {
		struct libscols_column *column = column_at(table, i);

		if (!table->columns[i].optional || scols_column_is_hidden(column))
			continue;
		scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
		return true;
	}
	return false;
}

/* Without the blanks that lines end in. */
static void put_lines(FILE *stream, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n"), shown = length;

		while (shown > 0 && text[shown - 1] == ' ')
			shown--;
		fwrite(text, 1, shown, stream);
		fputc('\n', stream);
		text += length + (text[length] == '\n');
	}
}

int table_print(struct table *table, const struct screen *screen, const char *empty)
{
	_cleanup_(freep) char *text = NULL;
	int r = begin(table, screen), cuts = 0;

	if (r < 0)
		return r;
	if (scols_table_is_empty(table->lines)) {
		if (screen->legend && empty)
			fprintf(screen->stream, "%s\n", empty);
		for (size_t i = 0; screen->legend && !empty && i < table->num_columns; i++)
			fprintf(screen->stream, "%s%s", table->columns[i].title,
				i + 1 < table->num_columns ? GAP : "\n");
		return 0;
	}
	scols_table_enable_noheadings(table->lines, !screen->legend);
	do {
		free(text);
		text = NULL;
		r = scols_print_table_to_string(table->lines, &text);
	} while (r == 0 && !fits(table, screen) && leave_one_out(table));
	for (size_t i = 0; r == 0 && i < table->num_columns; i++) {
		r = scols_column_is_hidden(column_at(table, i)) ? 0 : mark_cuts(table, i, screen);
		cuts += r;
		r = r < 0 ? r : 0;
	}
	if (r == 0 && cuts > 0) {
		free(text);
		text = NULL;
		r = scols_print_table_to_string(table->lines, &text);
	}
	if (r == 0)
		put_lines(screen->stream, text);
	return r;
}
