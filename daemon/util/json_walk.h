/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks over JSON text that json-c has accepted, for what json-c's values do not tell. Stays inside
 * the text whatever is in it.
 */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include "util/json_text.h"

/*
 * Offset of the value at path (NULL: the top-level object); for a member that of its key.
 * 0, -ENOENT where there is none, -EINVAL where the text is no JSON, -ENOMEM.
 */
int json_walk_find(const struct json_text *text, const struct json_path *path, size_t *ret_offset);

/* Line and column, from 1, of a byte; of the end for offsets beyond it. */
void json_walk_position(const struct json_text *text, size_t offset, unsigned int *ret_line,
			unsigned int *ret_column);

/*
 * Reports keys that an object has twice and strings that hold a zero character.
 * 0, -EINVAL with an error in problems, -ENOMEM.
 */
int json_walk_check(const struct json_text *text, struct problems *problems);

#endif /* JSON_WALK_H */
