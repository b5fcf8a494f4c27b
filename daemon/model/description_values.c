// SPDX-License-Identifier: GPL-2.0-only
/* Single values of a description: their types, units and limits. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/quantity.h"
#include "model/description_parser.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers begin with their lowest byte");

static void store(void *target, struct description_member to, uint64_t number)
{
	memcpy((char *)target + to.offset, &number, to.size);
}

void keep_value(const struct description_value *value, void *target, uint64_t number)
{
	uint64_t flags = 0;

	if (value->in_flags) {
		memcpy(&flags, (char *)target + value->to.offset, value->to.size);
		if (value->type == VALUE_BOOL && number)
			number = value->mask;
		number |= flags & ~value->mask;
	}
	store(target, value->to, number);
	store(target, value->has, true);
}

static bool wrong_type(const struct given *given, const char *wanted)
{
	refuse(given, "must be %s", wanted);
	return false;
}

static bool has_type(const struct given *given, json_type type, const char *wanted)
{
	return json_object_is_type(given->json, type) || wrong_type(given, wanted);
}

/* A JSON integer that is not negative. */
static bool whole_number(const struct given *given, const char *wanted, uint64_t *ret)
{
	if (!has_type(given, json_type_int, wanted))
		return false;
	if (json_object_get_int64(given->json) < 0) {
		refuse(given, "must not be negative");
		return false;
	}
	*ret = json_object_get_uint64(given->json);
	return true;
}

static bool read_bytes(const struct given *given, uint64_t *ret)
{
	const char *wanted = "a number of bytes, or a string like \"64K\", \"1M\" or \"0x1000\"";
	int r;

	if (!json_object_is_type(given->json, json_type_string))
		return whole_number(given, wanted, ret);
	r = quantity_parse_bytes(json_object_get_string(given->json),
				 json_object_get_string_len(given->json), ret);
	if (r == -ERANGE)
		refuse(given, "does not fit in 64 bits");
	else if (r < 0)
		wrong_type(given, wanted);
	return r == 0;
}

static bool value_bytes(const struct given *given, const struct description_value *value,
			uint64_t *ret)
{
	char limit[QUANTITY_TEXT_MAX];

	if (!read_bytes(given, ret))
		return false;
	if (*ret < value->min)
		refuse(given, "must be at least %s", quantity_format_bytes(value->min, limit));
	else if (*ret > value->max && value->max % (1u << 20) == 0)
		refuse(given, "must be at most %s", quantity_format_bytes(value->max, limit));
	else if (*ret > value->max)
		refuse(given, "must be at most 0x%" PRIx64, value->max);
	else if (*ret % value->alignment != 0)
		refuse(given, "must be a multiple of %s",
		       quantity_format_bytes(value->alignment, limit));
	else
		return true;
	return false;
}

static bool value_number(const struct given *given, const struct description_value *value,
			 uint64_t *ret)
{
	if (!whole_number(given, "a whole number", ret))
		return false;
	if (*ret >= value->min && *ret <= value->max)
		return true;
	refuse(given, "must be between %" PRIu64 " and %" PRIu64, value->min, value->max);
	return false;
}

static bool find_word(const struct description_word *words, const char *text, uint64_t *ret)
{
	for (; words && words->word; words++) {
		if (strcmp(words->word, text) == 0) {
			*ret = words->value;
			return true;
		}
	}
	return false;
}

static bool value_time(const struct given *given, const struct description_value *value,
		       uint64_t *ret)
{
	int r = -EINVAL;

	if (json_object_is_type(given->json, json_type_string)) {
		if (find_word(value->words, json_object_get_string(given->json), ret))
			return true;
		r = quantity_parse_time(json_object_get_string(given->json),
					json_object_get_string_len(given->json), ret);
	}
	if (r == -EINVAL)
		return wrong_type(given,
				  "a time with its unit, like \"500ms\", \"5s\" or \"1min\"");
	if (r == -ERANGE || *ret > value->max)
		refuse(given, "must be at most %" PRIu64 "s", value->max / 1000000000);
	else if (*ret < value->min && value->words)
		refuse(given, "must be longer than 0, or \"%s\"", value->words->word);
	else if (*ret < value->min)
		refuse(given, "must be at least %" PRIu64 "s", value->min / 1000000000);
	else
		return true;
	return false;
}

static bool value_bool(const struct given *given, const struct description_value *value,
		       uint64_t *ret)
{
	if (!has_type(given, json_type_boolean, "true or false (without quotes)"))
		return false;
	*ret = json_object_get_boolean(given->json);
	return true;
}

static bool value_real(const struct given *given, const struct description_value *value,
		       uint64_t *ret)
{
	double number;

	if (!json_object_is_type(given->json, json_type_int) &&
	    !has_type(given, json_type_double, "a number"))
		return false;
	number = json_object_get_double(given->json);
	if (!isfinite(number)) {
		refuse(given, "is too large for a number");
		return false;
	}
	memcpy(ret, &number, sizeof(*ret));
	return true;
}

/* `1, 2 or 4`; with quotes and "" for last: `"r", "rw"`. To be freed; NULL without memory. */
static char *list_words(const struct description_word *words, const char *quote, const char *last)
{
	char *list = NULL;
	size_t size;
	FILE *stream = open_memstream(&list, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; words[i].word; i++)
		fprintf(stream, "%s%s%s%s",
			i == 0		    ? ""
			: words[i + 1].word ? ", "
					    : last,
			quote, words[i].word, quote);
	return memstream_end(stream, &list);
}

static bool value_choice(const struct given *given, const struct description_value *value,
			 uint64_t *ret)
{
	_cleanup_(freep) char *list = NULL;
	uint64_t number;

	if (!whole_number(given, "a whole number", &number))
		return false;
	if (find_word(value->words, json_object_get_string(given->json), ret))
		return true;
	list = list_words(value->words, "", " or ");
	refuse(given, "must be %s", list ?: "another number");
	return false;
}

static bool value_word(const struct given *given, const struct description_value *value,
		       uint64_t *ret)
{
	_cleanup_(freep) char *list = NULL;

	if (!has_type(given, json_type_string, "a string"))
		return false;
	if (find_word(value->words, json_object_get_string(given->json), ret))
		return true;
	/* All of them and no guess: "protected" was not meant to be "unprotected". */
	list = list_words(value->words, "\"", ", ");
	refuse(given, "is not known; it can be %s", list ?: "another word");
	return false;
}

/* A description is data: it must not reach out of the directory that it seems to name. */
static bool leads_upwards(const char *path)
{
	size_t length = strlen(path);

	return strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 || strstr(path, "/../") ||
	       (length >= 3 && strcmp(path + length - 3, "/..") == 0);
}

static bool is_name(const struct given *given, const char *text)
{
	if (description_name_valid(text))
		return true;
	refuse(given, "is no name: 1 to %d of a-z, 0-9 and -, the first not -",
	       DESCRIPTION_MAX_NAME);
	return false;
}

static void parse_string(const struct given *given, const struct description_value *value,
			 void *target)
{
	const char *text;
	size_t length;
	char *copy;

	if (!has_type(given, json_type_string, "a string"))
		return;
	text = json_object_get_string(given->json);
	length = json_object_get_string_len(given->json);
	if (value->type == VALUE_NAME && !is_name(given, text))
		return;
	if (value->min == value->max && length != value->max)
		refuse(given, "must have %" PRIu64 " bytes, not %zu", value->max, length);
	else if (length < value->min || length > value->max)
		refuse(given, "must have %" PRIu64 " to %" PRIu64 " bytes, not %zu", value->min,
		       value->max, length);
	else if (value->type == VALUE_FILE && leads_upwards(text))
		refuse(given, "must not contain \"..\"; write the absolute path");
	else if (value->to.size > 0) {
		copy = strdup(text);
		if (!copy)
			given->parser->problems->out_of_memory = true;
		store(target, value->to, (uintptr_t)copy);
	}
}

static void parse_cpu(const struct given *given, const struct description_value *value,
		      void *target)
{
	struct cpu_mask *cpus = (struct cpu_mask *)((char *)target + value->to.offset);
	uint64_t cpu;

	if (!value_number(given, value, &cpu))
		return;
	if (cpu_mask_has(cpus, cpu))
		refuse(given, "is in the list twice; remove one");
	cpu_mask_add(cpus, cpu);
}

static void parse_list(const struct given *given, const struct description_value *value,
		       void *target)
{
	size_t length;

	if (!has_type(given, json_type_array, "a list: [ … ]"))
		return;
	length = json_object_array_length(given->json);
	if (length < value->min || length > value->max) {
		parser_error(given->parser, given->path, NULL,
			     "must have %" PRIu64 " to %" PRIu64 " entries, not %zu", value->min,
			     value->max, length);
		return;
	}
	for (size_t i = 0; i < length; i++) {
		const struct json_path step = {.parent = given->path, .index = i};
		const struct given item = {given->parser, &step,
					   json_object_array_get_idx(given->json, i)};

		parse_value(&item, value->item,
			    (char *)target + value->to.offset + i * value->to.size);
	}
	store(target, value->count, length);
}

/* One member; false where its name cannot be one. */
static bool parse_named(const struct given *given, const struct description_value *map,
			void *element)
{
	char *name;

	if (!is_name(given, given->path->key))
		return false;
	name = strdup(given->path->key);
	if (!name)
		given->parser->problems->out_of_memory = true;
	memcpy((char *)element + map->name.offset, &name, sizeof(name));
	parse_object(given, map->object, element);
	return true;
}

static void parse_map(const struct given *given, const struct description_value *map, void *target)
{
	size_t count = 0, length;
	char *elements;

	if (!has_type(given, json_type_object, "an object with a member for each: { … }"))
		return;
	length = json_object_object_length(given->json);
	if (length > map->max) {
		parser_error(given->parser, given->path, NULL,
			     "must have at most %" PRIu64 " members, not %zu", map->max, length);
		return;
	}
	elements = calloc(length + 1, map->name.size);
	if (!elements) {
		given->parser->problems->out_of_memory = true;
		return;
	}
	store(target, map->to, (uintptr_t)elements);
	json_object_object_foreach(given->json, name, member)
	{
		const struct json_path step = {.parent = given->path, .key = name};
		const struct given item = {given->parser, &step, member};

		if (strncmp(name, "x-", 2) != 0)
			count += parse_named(&item, map, elements + count * map->name.size);
	}
	store(target, map->count, count);
}

/* What is no string, list or object. */
static bool (*const readers[])(const struct given *given, const struct description_value *value,
			       uint64_t *ret) = {
	[VALUE_BYTES] = value_bytes, [VALUE_NUMBER] = value_number, [VALUE_CHOICE] = value_choice,
	[VALUE_TIME] = value_time,   [VALUE_BOOL] = value_bool,	    [VALUE_WORD] = value_word,
	[VALUE_REAL] = value_real,
};

void parse_value(const struct given *given, const struct description_value *value, void *target)
{
	uint64_t number;

	switch (value->type) {
	case VALUE_STRING:
	case VALUE_FILE:
	case VALUE_NAME:
		parse_string(given, value, target);
		break;
	case VALUE_CPU:
		parse_cpu(given, value, target);
		break;
	case VALUE_OBJECT:
		parse_object(given, value->object, (char *)target + value->to.offset);
		break;
	case VALUE_LIST:
		parse_list(given, value, target);
		break;
	case VALUE_MAP:
		parse_map(given, value, target);
		break;
	case VALUE_DEVICE:
		description_parse_device(given, value->object);
		break;
	default:
		if (readers[value->type](given, value, &number))
			keep_value(value, target, number);
	}
}
