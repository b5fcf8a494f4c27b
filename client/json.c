// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <string.h>

#include "common/cleanup.h"
#include "json.h"

bool json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (!value)
		return false;
	if (json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		return false;
	}
	return true;
}

bool json_append(struct json_object *array, struct json_object *value)
{
	if (!value)
		return false;
	if (json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return false;
	}
	return true;
}

bool json_add_string(struct json_object *object, const char *key, const char *text)
{
	return json_add(object, key, json_object_new_string(text));
}

bool json_add_uint64(struct json_object *object, const char *key, uint64_t number)
{
	return json_add(object, key, json_object_new_uint64(number));
}

const char *json_text_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key)) ?: "";
}

struct json_object *json_named(struct json_object *rows, const char *const *keys, size_t count)
{
	_cleanup_(json_putp) struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *object = json_object_new_object();

		if (!json_append(array, object))
			return NULL;
		for (size_t j = 0; j < count && j < json_object_array_length(row); j++) {
			if (!json_add(object, keys[j],
				      json_object_get(json_object_array_get_idx(row, j))))
				return NULL;
		}
	}
	return TAKE_POINTER(array);
}

char *json_key(const char *property)
{
	char *key = malloc(2 * strlen(property) + 1), *end = key;

	if (!key)
		return NULL;
	for (const char *c = property; *c; c++) {
		if (isupper((unsigned char)*c) && c != property)
			*end++ = '-';
		*end++ = (char)tolower((unsigned char)*c);
	}
	*end = '\0';
	return key;
}

void json_print(FILE *stream, struct json_object *value, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (pretty)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	fputs(json_object_to_json_string_ext(value, flags), stream);
	fputc('\n', stream);
}
