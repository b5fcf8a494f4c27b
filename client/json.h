/* SPDX-License-Identifier: GPL-2.0-only */
/* Values in JSON, in which the client keeps what the daemon publishes and prints it for programs.
 */
#ifndef CLIENT_JSON_H
#define CLIENT_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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

/* The text of a member; "" where there is none. */
const char *json_text_of(struct json_object *object, const char *key);

/* Rows (arrays) as objects with these keys, in a new array; NULL when memory is short. */
struct json_object *json_named(struct json_object *rows, const char *const *keys, size_t count);

/*
 * The name of a D-Bus property as a key: in lower case with dashes (StartedAt: "started-at"). Keys
 * do not change between versions. To be freed by the caller; NULL when memory is short.
 */
char *json_key(const char *property);

/* Prints the value and a line break. pretty: on several lines. */
void json_print(FILE *stream, struct json_object *value, bool pretty);

#endif /* CLIENT_JSON_H */
