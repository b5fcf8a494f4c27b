// SPDX-License-Identifier: GPL-2.0-only
#include "model/description_diff.h"

#include <string.h>

#include "util/json_text.h"

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_images(const struct description *a, const struct description *b)
{
	if (a->num_images != b->num_images)
		return false;
	for (size_t i = 0; i < a->num_images; i++) {
		if (a->images[i].address != b->images[i].address ||
		    strcmp(a->images[i].file, b->images[i].file) != 0 ||
		    !same_text(a->images[i].sha256, b->images[i].sha256))
			return false;
	}
	return true;
}

static bool same_memory(const struct description *a, const struct description *b)
{
	return a->num_memory == b->num_memory &&
	       memcmp(a->memory, b->memory, sizeof(a->memory)) == 0;
}

/* In other words: "1M" and "1024K", a file alone and a list of it. */
static bool says_the_same(const char *key, const struct description *a, const struct description *b)
{
	return (strcmp(key, "image") == 0 && same_images(a, b)) ||
	       (strcmp(key, "memory") == 0 && same_memory(a, b));
}

static bool same_value(struct json_object *a, struct json_object *b, const char *key)
{
	struct json_object *left = NULL, *right = NULL;

	json_object_object_get_ex(a, key, &left);
	json_object_object_get_ex(b, key, &right);
	return left == right || json_object_equal(left, right);
}

uint32_t description_differences(const struct description *a, const struct description *b)
{
	_cleanup_(json_object_putp) struct json_object *left = json_tokener_parse(a->text);
	_cleanup_(json_object_putp) struct json_object *right = json_tokener_parse(b->text);
	const struct description_key *keys = description_top.keys;
	uint32_t differences = 0;

	for (size_t i = 0; keys[i].name; i++) {
		if (says_the_same(keys[i].name, a, b))
			continue;
		if (!left || !right || !same_value(left, right, keys[i].name))
			differences |= 1u << i;
	}
	return differences;
}

uint32_t description_keys_used(enum description_use use)
{
	const struct description_key *keys = description_top.keys;
	uint32_t used = 0;

	for (size_t i = 0; keys[i].name; i++)
		used |= keys[i].use == use ? 1u << i : 0;
	return used;
}

uint32_t description_key_bit(const char *name)
{
	const struct description_key *keys = description_top.keys;
	uint32_t bit = 1;

	for (; keys->name && strcmp(keys->name, name) != 0; keys++)
		bit <<= 1;
	return bit;
}

char *description_keys_format(uint32_t keys)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; keys >> i; i++) {
		if (keys & 1u << i)
			fprintf(stream, "%s%s", ftell(stream) ? ", " : "",
				description_top.keys[i].name);
	}
	return memstream_end(stream, &text);
}
