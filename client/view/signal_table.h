/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of a cell's signals. */
#ifndef CLIENT_SIGNAL_TABLE_H
#define CLIENT_SIGNAL_TABLE_H

#include <json-c/json.h>

#include "view/screen.h"
#include "view/sparkline.h"

/* Adds the values of signals, as fetch_signals() has them, to a line for each of the first count.
 */
void signal_table_follow(struct json_object *signals, struct sparkline *lines, size_t count);

/*
 * Prints the signals; with the lines of the first count, where lines is not NULL. Returns 0 or
 * -ENOMEM.
 */
int signal_table_print(struct json_object *signals, const struct sparkline *lines, size_t count,
		       const struct screen *screen);

#endif /* CLIENT_SIGNAL_TABLE_H */
