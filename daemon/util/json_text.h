/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON files that people write: json-c's values, with what it does not tell: the place of a value
 * in the text, and that a key is there twice (json-c takes the last one without a word).
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <json-c/json.h>

#include "common/cleanup.h"
#include "util/problem.h"

/* A value's way from the top: the steps are linked upwards and usually live on the stack. */
struct json_path {
	const struct json_path *parent; /* NULL: a member of the top-level object */
	const char *key;		/* NULL: element index of an array */
	size_t index;
};

struct json_text {
	const char *text;
	size_t length;
	const char *file;
};

static inline void json_object_putp(struct json_object **object)
{
	json_object_put(*object);
}

/*
 * Parses text as one JSON object, strictly. What is wrong goes to problems: syntax with line and
 * column, keys that are there twice, zero characters in strings, more than max_depth levels.
 * Returns 0, -EINVAL with an error in problems, -ENOMEM.
 */
int json_text_parse(const struct json_text *text, unsigned int max_depth, struct problems *problems,
		    struct json_object **ret);

/* "memory[1].size"; to be freed by the caller, NULL without memory. */
char *json_path_format(const struct json_path *path);

/*
 * Adds a problem about the value at path (NULL: the whole file). value may be NULL (a key is
 * missing: then path names it and the place is its parent's).
 */
void json_text_problem(const struct json_text *text, struct problems *problems,
		       enum severity severity, const struct json_path *path,
		       struct json_object *value, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * Where the value at a path is, as json_path_format() writes it; or what is nearest on the way
 * there where it is not in the text, line 0 where nothing of it is. The path is the place's key.
 */
struct problem_place json_text_place(const struct json_text *text, const char *path);

#endif /* JSON_TEXT_H */
