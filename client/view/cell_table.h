/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of all cells, as list and status print it. */
#ifndef CLIENT_CELL_TABLE_H
#define CLIENT_CELL_TABLE_H

#include <json-c/json.h>

#include "view/screen.h"

/* The columns are those of fetch_summary(). Returns 0 or -ENOMEM. */
int cell_table_print(struct json_object *columns, const struct screen *screen);

#endif /* CLIENT_CELL_TABLE_H */
