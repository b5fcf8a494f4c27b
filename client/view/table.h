/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of text that fit a terminal. */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include "view/screen.h"

struct table;

struct table_column {
	const char *title;
	bool right;	   /* numbers are read from the right */
	size_t min_width;  /* narrowest width on a narrow terminal; 0: never truncated */
	unsigned int rank; /* columns of the highest rank are left out first; 0: never left out */
};

/* The columns are copied, their titles are not. Returns NULL when memory is short. */
struct table *table_new(const struct table_column *columns, size_t count);

/* Takes NULL. */
void table_free(struct table *table);

static inline void table_freep(struct table **table)
{
	table_free(*table);
}

/*
 * Adds a row. texts has one entry for each column (NULL: empty), which is made safe for the screen
 * and copied; colors has as many, or is NULL. Returns 0 or -ENOMEM.
 */
int table_add(struct table *table, const struct screen *screen, const char *const *texts,
	      const enum color *colors);

/* Prints the table within screen->columns; with legend, the titles first. */
void table_print(const struct table *table, FILE *stream, const struct screen *screen, bool legend);

#endif /* CLIENT_TABLE_H */
