// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <string.h>

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
