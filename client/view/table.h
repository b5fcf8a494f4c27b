/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of text that fit a terminal, over libsmartcols. */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <libsmartcols/libsmartcols.h>

#include "common/cleanup.h"
#include "view/screen.h"

struct table_column {
	const char *title;
	bool right;	  /* numbers are read from the right */
	size_t min_width; /* narrowest on a narrow terminal; 0: never truncated */
	bool optional;	  /* left out where there is no room for it; the last one goes first */
};

#define TABLE_MAX_COLUMNS 16

/* Begins as TABLE(columns), of an array that has to last as long as the table; rows are added. */
struct table {
	const struct table_column *columns;
	size_t num_columns;
	struct libscols_table *lines;	   /* NULL: none yet */
	size_t longest[TABLE_MAX_COLUMNS]; /* width of the longest text in each column */
};

/* Of an array of more than TABLE_MAX_COLUMNS it does not compile. */
#define TABLE(columns)                                                                      \
	{                                                                                   \
		(columns), ARRAY_SIZE(columns), NULL,                                       \
		{                                                                           \
			0 * sizeof(char[ARRAY_SIZE(columns) <= TABLE_MAX_COLUMNS ? 1 : -1]) \
		}                                                                           \
	}

void table_free(struct table *table);

/*
 * Adds a row. texts has one entry for each column (NULL: empty), which is made safe for the screen
 * and copied; colors has as many, or is NULL. Returns 0 or -ENOMEM.
 */
int table_add(struct table *table, const struct screen *screen, const char *const *texts,
	      const enum color *colors);

/*
 * Prints the table within screen->columns; with screen->legend, the titles first, or, where there
 * are no rows, only the sentence empty (NULL: the titles all the same). Returns 0 or -ENOMEM.
 */
int table_print(struct table *table, const struct screen *screen, const char *empty);

#endif /* CLIENT_TABLE_H */
