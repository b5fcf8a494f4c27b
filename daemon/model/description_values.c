// SPDX-License-Identifier: GPL-2.0-only
/* Single values of a description: their types, units and limits. */
#include <inttypes.h>
#include <errno.h>
#include <string.h>

#include "model/description_parser.h"
#include "common/nearest.h"
#include "common/quantity.h"

static bool wrong_type(struct parser *parser, const struct json_path *path,
		       struct json_object *value, const char *wanted)
{
	parser_error(parser, path, value, "must be %s", wanted);
	return false;
}

/* A JSON integer that is not negative. */
static bool whole_number(struct parser *parser, const struct json_path *path,
			 struct json_object *value, const char *wanted, uint64_t *ret)
{
	if (!json_object_is_type(value, json_type_int))
		return wrong_type(parser, path, value, wanted);
	if (json_object_get_int64(value) < 0) {
		parser_error(parser, path, value, "must not be negative");
		return false;
	}
	*ret = json_object_get_uint64(value);
	return true;
}

bool value_bytes(struct parser *parser, const struct json_path *path, struct json_object *value,
		 uint64_t *ret)
{
	const char *wanted = "a number of bytes, or a string like \"64K\", \"1M\" or \"0x1000\"";
	int r;

	if (!json_object_is_type(value, json_type_string))
		return whole_number(parser, path, value, wanted, ret);
	r = quantity_parse_bytes(json_object_get_string(value), json_object_get_string_len(value),
				 ret);
	if (r == -ERANGE)
		parser_error(parser, path, value, "does not fit in 64 bits");
	else if (r < 0)
		wrong_type(parser, path, value, wanted);
	return r == 0;
}

bool value_bytes_limited(struct parser *parser, const struct json_path *path,
			 struct json_object *value, uint64_t alignment, uint64_t min, uint64_t max,
			 uint64_t *ret)
{
	char limit[QUANTITY_TEXT_MAX];
	uint64_t bytes;

	if (!value_bytes(parser, path, value, &bytes))
		return false;
	if (bytes < min) {
		parser_error(parser, path, value, "must be at least %s",
			     quantity_format_bytes(min, limit));
		return false;
	}
	if (bytes > max) {
		parser_error(parser, path, value, "must be at most 0x%" PRIx64, max);
		return false;
	}
	if (bytes % alignment != 0) {
		parser_error(parser, path, value, "must be a multiple of %s",
			     quantity_format_bytes(alignment, limit));
		return false;
	}
	*ret = bytes;
	return true;
}

bool value_time(struct parser *parser, const struct json_path *path, struct json_object *value,
		uint64_t max_ns, uint64_t *ret_ns)
{
	uint64_t ns;
	int r = -EINVAL;

	if (json_object_is_type(value, json_type_string))
		r = quantity_parse_time(json_object_get_string(value),
					json_object_get_string_len(value), &ns);
	if (r == -EINVAL)
		return wrong_type(parser, path, value,
				  "a time with its unit, like \"500ms\", \"5s\" or \"1min\"");
	if (r == -ERANGE || ns > max_ns) {
		parser_error(parser, path, value, "must be at most %" PRIu64 "s",
			     max_ns / 1000000000);
		return false;
	}
	*ret_ns = ns;
	return true;
}

bool value_number(struct parser *parser, const struct json_path *path, struct json_object *value,
		  uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t number;

	if (!whole_number(parser, path, value, "a whole number", &number))
		return false;
	if (number < min || number > max) {
		parser_error(parser, path, value, "must be between %" PRIu64 " and %" PRIu64, min,
			     max);
		return false;
	}
	*ret = number;
	return true;
}

bool value_bool(struct parser *parser, const struct json_path *path, struct json_object *value,
		bool *ret)
{
	if (!json_object_is_type(value, json_type_boolean))
		return wrong_type(parser, path, value, "true or false (without quotes)");
	*ret = json_object_get_boolean(value);
	return true;
}

bool value_string(struct parser *parser, const struct json_path *path, struct json_object *value,
		  size_t max, const char **ret)
{
	size_t length;

	if (!json_object_is_type(value, json_type_string))
		return wrong_type(parser, path, value, "a string");
	length = json_object_get_string_len(value);
	if (length == 0 || length > max) {
		parser_error(parser, path, value, "must have 1 to %zu bytes, not %zu", max, length);
		return false;
	}
	*ret = json_object_get_string(value);
	return true;
}

static void unknown_word(struct parser *parser, const struct json_path *path,
			 struct json_object *value, const char *const *words)
{
	const char *near = nearest_word(json_object_get_string(value), nearest_next_string, words);
	_cleanup_(freep) char *list = NULL;
	size_t size;
	FILE *stream;

	if (near) {
		parser_error(parser, path, value, "is not known; did you mean \"%s\"?", near);
		return;
	}
	stream = open_memstream(&list, &size);
	if (!stream) {
		parser->problems->out_of_memory = true;
		return;
	}
	for (size_t i = 0; words[i]; i++)
		fprintf(stream, "%s\"%s\"", i ? ", " : "", words[i]);
	if (fclose(stream) == 0)
		parser_error(parser, path, value, "is not known; it can be %s", list);
	else
		parser->problems->out_of_memory = true;
}

bool value_word(struct parser *parser, const struct json_path *path, struct json_object *value,
		const char *const *words, unsigned int *ret_index)
{
	if (!json_object_is_type(value, json_type_string))
		return wrong_type(parser, path, value, "a string");
	for (unsigned int i = 0; words[i]; i++) {
		if (strcmp(words[i], json_object_get_string(value)) == 0) {
			*ret_index = i;
			return true;
		}
	}
	unknown_word(parser, path, value, words);
	return false;
}

bool value_array(struct parser *parser, const struct json_path *path, struct json_object *value,
		 size_t min, size_t max, size_t *ret_length)
{
	size_t length;

	if (!json_object_is_type(value, json_type_array))
		return wrong_type(parser, path, value, "a list: [ … ]");
	length = json_object_array_length(value);
	if (length < min || length > max) {
		parser_error(parser, path, NULL, "must have %zu to %zu entries, not %zu", min, max,
			     length);
		return false;
	}
	*ret_length = length;
	return true;
}
