// SPDX-License-Identifier: GPL-2.0-only
#include "map_parser.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/nearest.h"

#define OWN_KEYS "x-" /* keys that begin so are the author's */

/* ---- Kinds of values ------------------------------------------------------------------------ */

bool parse_whole(const struct given *given, int64_t min, int64_t max, int64_t *ret)
{
	int64_t number = 0;
	bool is_one = json_object_is_type(given->value, json_type_int);

	if (is_one) {
		errno = 0;
		number = json_object_get_int64(given->value);
	}
	if (!is_one || errno || number < min || number > max) {
		wrong(given, "must be a whole number, %" PRId64 " to %" PRId64, min, max);
		return false;
	}
	*ret = number;
	return true;
}

const char *parse_string(const struct given *given, const char *what)
{
	if (json_object_is_type(given->value, json_type_string))
		return json_object_get_string(given->value);
	wrong(given, "must be %s, in quotes", what);
	return NULL;
}

bool parse_truth(const struct given *given, bool *ret)
{
	if (!json_object_is_type(given->value, json_type_boolean)) {
		wrong(given, "must be true or false");
		return false;
	}
	*ret = json_object_get_boolean(given->value);
	return true;
}

static bool is_name(const char *text)
{
	const size_t length = strlen(text);

	return length > 0 && length <= MAP_NAME_MAX && text[0] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

void parse_name(const struct given *given, const char *whose, char *ret)
{
	const char *text = parse_string(given, "a name");

	if (!text)
		return;
	if (!is_name(text))
		wrong(given, "is no name of a %s: 1 to %u of a-z, 0-9 and -, the first not -",
		      whose, MAP_NAME_MAX);
	else
		strcpy(ret, text);
}

/* Index of the word in the list; count, and a problem, where it is not there. */
unsigned int parse_word(const struct given *given, const char *(*name_of)(unsigned int),
			unsigned int count)
{
	const char *text = parse_string(given, "one of the words that cellmgr-modbus(8) lists");
	char words[128] = "";
	unsigned int i = 0;

	if (!text)
		return count;
	while (i < count && strcmp(name_of(i), text) != 0)
		i++;
	for (unsigned int j = 0; i == count && j < count; j++) {
		const size_t used = strlen(words);

		snprintf(words + used, sizeof(words) - used, "%s%s", j ? ", " : "", name_of(j));
	}
	if (i == count)
		wrong(given, "must be one of %s", words);
	return i;
}

static const char *order_word(unsigned int order)
{
	static const char *const words[] = {"high-first", "low-first"};

	return words[order];
}

bool parse_low_first(const struct given *given)
{
	return parse_word(given, order_word, 2) == 1;
}

/* ---- Objects -------------------------------------------------------------------------------- */

static const char *next_key(const void *words, size_t index)
{
	return ((const struct key *)words)[index].name;
}

static void refuse_key(const struct given *given, const struct key *keys)
{
	const char *meant = nearest_word(given->path->key, next_key, keys);

	if (meant)
		wrong(given, "there is no such key; did you mean \"%s\"?", meant);
	else
		wrong(given, "there is no such key; remove it, or begin its name with " OWN_KEYS);
}

/* Members are handled in the order of the table. */
void parse_object(const struct given *given, const struct key *keys, void *object)
{
	struct json_object *value;

	json_object_object_foreach(given->value, member, unused)
	{
		const struct json_path path = {.parent = given->path, .key = member};
		const struct key *key = keys;

		while (key->name && strcmp(key->name, member) != 0)
			key++;
		if (!key->name && strncmp(member, OWN_KEYS, strlen(OWN_KEYS)) != 0)
			refuse_key(&(struct given){given->parser, &path, unused}, keys);
	}
	for (const struct key *key = keys; key->name; key++) {
		const struct json_path path = {.parent = given->path, .key = key->name};
		const struct given member = {given->parser, &path, NULL};

		if (json_object_object_get_ex(given->value, key->name, &value))
			key->parse(&(struct given){given->parser, &path, value}, object);
		else if (key->required)
			wrong(&member, "is missing; add it");
	}
}
