/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON for programs. Keys are the names of the D-Bus properties, in lower case with dashes
 * (StartedAt: "started-at"); they do not change between versions.
 */
#ifndef CLIENT_JSON_H
#define CLIENT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "bus/info.h"

static inline void json_putp(struct json_object **object)
{
	json_object_put(*object);
}

/*
 * Adds a value under key. They take over value, also on failure, and return false when memory is
 * short (value NULL counts as that).
 */
bool json_add(struct json_object *object, const char *key, struct json_object *value);
bool json_append(struct json_object *array, struct json_object *value);

bool json_add_string(struct json_object *object, const char *key, const char *text);
bool json_add_uint64(struct json_object *object, const char *key, uint64_t number);

/* The name of a D-Bus property as a key. To be freed by the caller; NULL when memory is short. */
char *json_key(const char *property);

/* Objects for what the daemon publishes. NULL when memory is short. */
struct json_object *json_from_cell(const struct cell_info *cell);
struct json_object *json_from_cells(const struct cell_list *list);
struct json_object *json_from_manager(const struct manager_info *manager);

/* Any D-Bus value (the one at the message's read pointer, which moves on). Returns a negative errno
 * for what has no JSON form (descriptors) or is nested too deeply. */
int json_from_message(sd_bus_message *message, struct json_object **ret_value);

/* Prints the value and a line break. pretty: on several lines. */
void json_print(FILE *stream, struct json_object *value, bool pretty);

#endif /* CLIENT_JSON_H */
