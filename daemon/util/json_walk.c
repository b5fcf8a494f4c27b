// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/json_walk.h"

/*
 * The text has been through json-c, which limits its depth, so recursion is bounded; WALK_DEPTH
 * keeps it so for text that has not.
 */
#define WALK_DEPTH 64

/* Found what is looked for: the walk ends. */
#define FOUND 1

struct walk {
	const struct json_text *text;
	size_t at;
	unsigned int depth;
	struct problems *problems;	/* NULL: nothing is reported */
	const struct json_path *wanted; /* NULL: nothing is looked for */
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

/* Steps over one byte if it comes next. */
static bool skip(struct walk *walk, int c)
{
	return expect(walk, c) == 0;
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
	const char *raw;
	size_t length;
	int r;

	skip_blanks(walk);
	raw = walk->text->text + walk->at;
	*ret_offset = walk->at;
	r = skip_string(walk);
	if (r < 0)
		return r;
	length = walk->at - *ret_offset;
	if (!memchr(raw, '\\', length)) {
		*ret = json_object_new_string_len(raw + 1, length - 2);
		return *ret ? 0 : -ENOMEM;
	}
	tokener = json_tokener_new();
	if (!tokener)
		return -ENOMEM;
	*ret = json_tokener_parse_ex(tokener, raw, length);
	json_tokener_free(tokener);
	return *ret ? 0 : -EINVAL;
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
	int r;

	if (!walk->problems)
		return skip_string(walk);
	r = read_string(walk, &offset, &string);
	if (r == 0 && holds_zero(string))
		report(walk, offset, path, "holds a zero character (\\u0000); remove it");
	return r;
}

static bool same_path(const struct json_path *a, const struct json_path *b)
{
	for (; a && b; a = a->parent, b = b->parent) {
		if (!a->key != !b->key || a->index != b->index ||
		    (a->key && strcmp(a->key, b->key) != 0))
			return false;
	}
	return a == b;
}

/* Whether the container at path holds what is looked for. */
static bool leads_to(const struct json_path *path, const struct json_path *wanted)
{
	while (wanted && !same_path(path, wanted->parent))
		wanted = wanted->parent;
	return wanted;
}

/* Reports a key (the last step of path) that seen already has, and adds it there. */
static int check_key(struct walk *walk, size_t offset, struct json_object *key,
		     const struct json_path *path, struct json_object *seen)
{
	if (!walk->problems)
		return 0;
	if (holds_zero(key))
		report(walk, offset, path, "the key holds a zero character (\\u0000); remove it");
	else if (json_object_object_get_ex(seen, path->key, NULL))
		report(walk, offset, path, "is there twice in the same object; remove one of them");
	return json_object_object_add(seen, path->key, NULL) < 0 ? -ENOMEM : 0;
}

static int check_value(struct walk *walk, const struct json_path *path);

/*
 * Behind the opening bracket. To find a place keys are decoded on the way there only: a text full
 * of escapes, gone through for each of its problems, would keep the daemon busy for seconds.
 */
static int check_object(struct walk *walk, const struct json_path *path)
{
	_cleanup_(json_object_putp) struct json_object *seen =
		walk->problems ? json_object_new_object() : NULL;
	const bool decode = walk->problems || leads_to(path, walk->wanted);
	struct json_path step = {.parent = path};
	int r;

	if (walk->problems && !seen)
		return -ENOMEM;
	if (skip(walk, '}'))
		return 0;
	do {
		_cleanup_(json_object_putp) struct json_object *key = NULL;
		size_t offset;

		r = decode ? read_string(walk, &offset, &key) : skip_string(walk);
		if (r < 0)
			return r;
		step.key = decode ? json_object_get_string(key) : "";
		if (walk->wanted && same_path(&step, walk->wanted)) {
			walk->at = offset;
			return FOUND;
		}
		r = check_key(walk, offset, key, &step, seen);
		if (r == 0)
			r = expect(walk, ':');
		if (r == 0)
			r = check_value(walk, &step);
		if (r != 0)
			return r;
	} while (skip(walk, ','));
	return expect(walk, '}');
}

static int check_array(struct walk *walk, const struct json_path *path)
{
	struct json_path step = {.parent = path};
	int r;

	if (skip(walk, ']'))
		return 0;
	do {
		skip_blanks(walk);
		if (walk->wanted && same_path(&step, walk->wanted))
			return FOUND;
		r = check_value(walk, &step);
		if (r != 0)
			return r;
		step.index++;
	} while (skip(walk, ','));
	return expect(walk, ']');
}

/* A whole number that json-c has made another one of, the last that 64 bits hold. */
static bool is_too_large(const char *word, size_t length)
{
	char number[24] = "";

	for (size_t i = 0; i < length; i++) {
		if (!strchr("-0123456789", word[i]))
			return false;
	}
	if (length >= sizeof(number))
		return true;
	memcpy(number, word, length);
	errno = 0;
	if (number[0] == '-')
		strtoll(number, NULL, 10);
	else
		strtoull(number, NULL, 10);
	return errno == ERANGE;
}

/* What json-c has taken: true, false, null, a number, and two words that JSON has not. */
static void check_word(struct walk *walk, size_t start, const struct json_path *path)
{
	const char *word = walk->text->text + start;
	const size_t length = walk->at - start;

	if (memchr(word, 'N', length) || memchr(word, 'I', length))
		report(walk, start, path, "NaN and Infinity are no numbers in JSON");
	else if (is_too_large(word, length))
		report(walk, start, path,
		       "does not fit in 64 bits; where any number may be, write it like 1e20");
}

static int skip_word(struct walk *walk, const struct json_path *path)
{
	size_t start = walk->at;
	int c;

	while ((c = peek(walk)) >= 0 && !strchr(" \t\r\n,:[]{}\"", c))
		walk->at++;
	if (walk->problems)
		check_word(walk, start, path);
	return walk->at > start ? 0 : -EINVAL;
}

static int check_value(struct walk *walk, const struct json_path *path)
{
	int r;

	if (walk->depth >= WALK_DEPTH)
		return -EINVAL;
	walk->depth++;
	skip_blanks(walk);
	if (skip(walk, '{'))
		r = check_object(walk, path);
	else if (skip(walk, '['))
		r = check_array(walk, path);
	else if (peek(walk) == '"')
		r = check_string(walk, path);
	else
		r = skip_word(walk, path);
	walk->depth--;
	return r;
}

int json_walk_check(const struct json_text *text, struct problems *problems)
{
	struct problems found = {0};
	struct walk walk = {.text = text, .problems = &found};
	int r = check_value(&walk, NULL);

	if (r == -EINVAL)
		report(&walk, walk.at, NULL,
		       "is not JSON as its standard has it; strings take double quotes");
	else if (r == 0)
		r = problems_result(&found);
	problems_append(problems, &found);
	problems_done(&found);
	return r;
}

int json_walk_find(const struct json_text *text, const struct json_path *path, size_t *ret_offset)
{
	struct walk walk = {.text = text, .wanted = path};
	int r = FOUND;

	if (path)
		r = check_value(&walk, NULL);
	else
		skip_blanks(&walk);
	if (r == FOUND)
		*ret_offset = walk.at;
	return r == FOUND ? 0 : r < 0 ? r : -ENOENT;
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
