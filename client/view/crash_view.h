/* SPDX-License-Identifier: GPL-2.0-only */
/* Crash records for people. */
#ifndef CLIENT_CRASH_VIEW_H
#define CLIENT_CRASH_VIEW_H

#include <json-c/json.h>

#include "view/screen.h"

/* Prints a record, an object, whatever it has. */
void crash_view_print(const struct screen *screen, struct json_object *record);

/* Prints a list of records, objects with record, cell, time and reason. Returns 0 or -ENOMEM. */
int crash_view_list(const struct screen *screen, struct json_object *list);

#endif /* CLIENT_CRASH_VIEW_H */
