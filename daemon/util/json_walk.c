// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "util/json_walk.h"

/*
 * The text has been through json-c, which limits its depth, so recursion is bounded; WALK_DEPTH
 * keeps it so for text that has not.
 */
#define WALK_DEPTH 64

struct walk {
	const struct json_text *text;
	size_t at;
	unsigned int depth;
	struct problems *problems; /* NULL: nothing is reported */
};

static int peek(const struct walk *walk)
{
	return walk->at < walk->text->length ? (unsigned char)walk->text->text[walk->at] : -1;
}

static void skip_blanks(struct walk *walk)
{
	int c;

	while ((c = peek(walk)) == ' ' || c == '\t' || c == '\r' || c == '\n')
		walk->at++;
}

static int expect(struct walk *walk, int c)
{
	skip_blanks(walk);
	if (peek(walk) != c)
		return -EINVAL;
	walk->at++;
	return 0;
}

/* Steps over a comma (1) or the closing bracket (0). */
static int next_item(struct walk *walk, int close)
{
	skip_blanks(walk);
	if (peek(walk) == ',') {
		walk->at++;
		return 1;
	}
	return expect(walk, close);
}

/* Whether the container just entered is empty; then it is left. */
static bool is_empty(struct walk *walk, int close)
{
	skip_blanks(walk);
	if (peek(walk) != close)
		return false;
	walk->at++;
	return true;
}

static int skip_string(struct walk *walk)
{
	int r = expect(walk, '"');
	int c;

	if (r < 0)
		return r;
	while ((c = peek(walk)) != '"') {
		if (c < 0)
			return -EINVAL;
		walk->at += c == '\\' ? 2 : 1;
	}
	walk->at++;
	return 0;
}

/* Reads a string and decodes it; its offset goes to ret_offset. */
static int read_string(struct walk *walk, size_t *ret_offset, struct json_object **ret)
{
	struct json_tokener *tokener;
	size_t start;
	int r;

	skip_blanks(walk);
	start = walk->at;
	r = skip_string(walk);
	if (r < 0)
		return r;
	tokener = json_tokener_new();
	if (!tokener)
		return -ENOMEM;
	*ret = json_tokener_parse_ex(tokener, walk->text->text + start, walk->at - start);
	json_tokener_free(tokener);
	if (!*ret)
		return -EINVAL;
	*ret_offset = start;
	return 0;
}

static void report(struct walk *walk, size_t offset, const struct json_path *path, const char *text)
{
	_cleanup_(freep) char *key = path ? json_path_format(path) : NULL;
	struct problem_place place = {.file = walk->text->file, .key = key};

	json_walk_position(walk->text, offset, &place.line, &place.column);
	problems_add(walk->problems, SEVERITY_ERROR, &place, "%s", text);
}

static bool holds_zero(struct json_object *string)
{
	const char *text = json_object_get_string(string);

	return strlen(text) != (size_t)json_object_get_string_len(string);
}

static int check_string(struct walk *walk, const struct json_path *path)
{
	_cleanup_(json_object_putp) struct json_object *string = NULL;
	size_t offset;
	int r = read_string(walk, &offset, &string);

	if (r < 0)
		return r;
	if (walk->problems && holds_zero(string))
		report(walk, offset, path, "holds a zero character (\\u0000); remove it");
	return 0;
}

/* Reports a key (the last step of path) that seen already has, and adds it there. */
static int check_key(struct walk *walk, size_t offset, struct json_object *key,
		     const struct json_path *path, struct json_object *seen)
{
	if (holds_zero(key))
		report(walk, offset, path, "the key holds a zero character (\\u0000); remove it");
	else if (json_object_object_get_ex(seen, path->key, NULL))
		report(walk, offset, path, "is there twice in the same object; remove one of them");
	return json_object_object_add(seen, path->key, NULL) < 0 ? -ENOMEM : 0;
}

static int check_value(struct walk *walk, const struct json_path *path);

static int check_object(struct walk *walk, const struct json_path *path)
{
	_cleanup_(json_object_putp) struct json_object *seen = json_object_new_object();
	struct json_path step = {.parent = path};
	int r;

	if (!seen)
		return -ENOMEM;
	walk->at++;
	if (is_empty(walk, '}'))
		return 0;
	do {
		_cleanup_(json_object_putp) struct json_object *key = NULL;
		size_t offset;

		r = read_string(walk, &offset, &key);
		if (r < 0)
			return r;
		step.key = json_object_get_string(key);
		r = check_key(walk, offset, key, &step, seen);
		if (r == 0)
			r = expect(walk, ':');
		if (r == 0)
			r = check_value(walk, &step);
		if (r < 0)
			return r;
		r = next_item(walk, '}');
	} while (r > 0);
	return r;
}

static int check_array(struct walk *walk, const struct json_path *path)
{
	struct json_path step = {.parent = path};
	int r;

	walk->at++;
	if (is_empty(walk, ']'))
		return 0;
	do {
		r = check_value(walk, &step);
		if (r < 0)
			return r;
		step.index++;
		r = next_item(walk, ']');
	} while (r > 0);
	return r;
}

static int skip_word(struct walk *walk)
{
	size_t start = walk->at;
	int c;

	while ((c = peek(walk)) >= 0 && !strchr(" \t\r\n,:[]{}\"", c))
		walk->at++;
	return walk->at > start ? 0 : -EINVAL;
}

static int check_value(struct walk *walk, const struct json_path *path)
{
	int r;

	if (walk->depth >= WALK_DEPTH)
		return -EINVAL;
	walk->depth++;
	skip_blanks(walk);
	switch (peek(walk)) {
	case '{':
		r = check_object(walk, path);
		break;
	case '[':
		r = check_array(walk, path);
		break;
	case '"':
		r = check_string(walk, path);
		break;
	default:
		r = skip_word(walk);
	}
	walk->depth--;
	return r;
}

int json_walk_check(const struct json_text *text, struct problems *problems)
{
	struct problems found = {0};
	struct walk walk = {.text = text, .problems = &found};
	int r = check_value(&walk, NULL);

	if (r == -EINVAL)
		report(&walk, walk.at, NULL, "is not JSON as its standard has it");
	else if (r == 0)
		r = problems_result(&found);
	problems_append(problems, &found);
	problems_done(&found);
	return r;
}

/* Steps over a value without looking into it: brackets are counted, strings skipped. */
static int skip_value(struct walk *walk)
{
	size_t depth = 0;
	int r;

	do {
		skip_blanks(walk);
		switch (peek(walk)) {
		case '{':
		case '[':
			depth++;
			walk->at++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return -EINVAL;
			depth--;
			walk->at++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return -EINVAL;
			walk->at++;
			break;
		case '"':
			r = skip_string(walk);
			if (r < 0)
				return r;
			break;
		default:
			r = skip_word(walk);
			if (r < 0)
				return r;
		}
	} while (depth > 0);
	return 0;
}

/* Steps over a key and tells whether it is name; only escaped ones are worth decoding. */
static int match_key(struct walk *walk, const char *name, bool *ret_same, size_t *ret_offset)
{
	_cleanup_(json_object_putp) struct json_object *key = NULL;
	const char *raw;
	size_t length;
	int r;

	skip_blanks(walk);
	*ret_offset = walk->at;
	r = skip_string(walk);
	if (r < 0)
		return r;
	raw = walk->text->text + *ret_offset + 1;
	length = walk->at - *ret_offset - 2;
	if (!memchr(raw, '\\', length)) {
		*ret_same = strlen(name) == length && memcmp(name, raw, length) == 0;
		return 0;
	}
	walk->at = *ret_offset;
	r = read_string(walk, ret_offset, &key);
	if (r < 0)
		return r;
	*ret_same = strcmp(json_object_get_string(key), name) == 0;
	return 0;
}

static int enter_member(struct walk *walk, const char *name, size_t *ret_offset)
{
	int r = expect(walk, '{');

	if (r < 0)
		return r;
	if (is_empty(walk, '}'))
		return -ENOENT;
	do {
		bool same;

		r = match_key(walk, name, &same, ret_offset);
		if (r == 0)
			r = expect(walk, ':');
		if (r < 0)
			return r;
		if (same)
			return 0;
		r = skip_value(walk);
		if (r < 0)
			return r;
		r = next_item(walk, '}');
	} while (r > 0);
	return r < 0 ? r : -ENOENT;
}

static int enter_element(struct walk *walk, size_t index, size_t *ret_offset)
{
	int r = expect(walk, '[');

	if (r < 0)
		return r;
	if (is_empty(walk, ']'))
		return -ENOENT;
	for (;;) {
		skip_blanks(walk);
		*ret_offset = walk->at;
		if (index-- == 0)
			return 0;
		r = skip_value(walk);
		if (r < 0)
			return r;
		r = next_item(walk, ']');
		if (r <= 0)
			return r < 0 ? r : -ENOENT;
	}
}

/* Moves to the value at path, its parents first. */
static int enter(struct walk *walk, const struct json_path *path, size_t *ret_offset)
{
	int r;

	if (!path) {
		skip_blanks(walk);
		*ret_offset = walk->at;
		return 0;
	}
	r = enter(walk, path->parent, ret_offset);
	if (r < 0)
		return r;
	return path->key ? enter_member(walk, path->key, ret_offset)
			 : enter_element(walk, path->index, ret_offset);
}

int json_walk_find(const struct json_text *text, const struct json_path *path, size_t *ret_offset)
{
	struct walk walk = {.text = text};
	size_t offset = 0;
	int r = enter(&walk, path, &offset);

	if (r < 0)
		return r;
	*ret_offset = offset;
	return 0;
}

void json_walk_position(const struct json_text *text, size_t offset, unsigned int *ret_line,
			unsigned int *ret_column)
{
	unsigned int line = 1;
	size_t line_start = 0;

	if (offset > text->length)
		offset = text->length;
	for (size_t i = 0; i < offset; i++) {
		if (text->text[i] == '\n') {
			line++;
			line_start = i + 1;
		}
	}
	*ret_line = line;
	*ret_column = offset - line_start + 1;
}
