// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/utf8.h"
#include "util/json_text.h"
#include "util/json_walk.h"

#define VALUE_MAX    64 /* bytes of a value that are shown */
#define STEPS_MAX    16 /* of a path in words */
#define STEP_KEY_MAX 64

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* in UTF-8, as some editors put it there */

/* Writes a string so that it can do no harm on a terminal or in a log. */
static void write_escaped(FILE *stream, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = text[i];
		unsigned char next = i + 1 < length ? text[i + 1] : 0;

		if (c < 0x20 || c == 0x7f) {
			fprintf(stream, "\\x%02x", c);
		} else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
			/* U+0080 to U+009f: control characters too, one of them begins an escape
			 * sequence. */
			fprintf(stream, "\\x%02x", next);
			i++;
		} else {
			fputc(c, stream);
		}
	}
}

/* The length of text, cut to VALUE_MAX bytes and not in the middle of a UTF-8 sequence. */
static size_t shortened(const char *text, size_t length)
{
	if (length <= VALUE_MAX)
		return length;
	length = VALUE_MAX;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static void write_shortened(FILE *stream, const char *text, size_t length)
{
	size_t shown = shortened(text, length);

	write_escaped(stream, text, shown);
	if (shown < length)
		fputs("…", stream);
}

static void write_path(FILE *stream, const struct json_path *path)
{
	if (path->parent)
		write_path(stream, path->parent);
	if (!path->key) {
		fprintf(stream, "[%zu]", path->index);
		return;
	}
	if (path->parent)
		fputc('.', stream);
	write_shortened(stream, path->key, strlen(path->key));
}

char *json_path_format(const struct json_path *path)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	write_path(stream, path);
	return memstream_end(stream, &text);
}

/*
 * A value as it may be shown in a message: strings without their quotes, control characters
 * escaped, shortened where it is long. To be freed by the caller, NULL without memory.
 */
static char *format_value(struct json_object *value)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const bool is_string = json_object_is_type(value, json_type_string);
	const char *plain = is_string ? json_object_get_string(value)
				      : json_object_to_json_string_ext(value, flags);
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	if (plain)
		write_shortened(stream, plain,
				is_string ? (size_t)json_object_get_string_len(value)
					  : strlen(plain));
	return memstream_end(stream, &text);
}

void json_text_problem(const struct json_text *text, struct problems *problems,
		       enum severity severity, const struct json_path *path,
		       struct json_object *value, const char *format, ...)
{
	/* Locating is linear in the text: nothing is located that nobody will read. */
	const bool full = problems_full(problems);
	_cleanup_(freep) char *key = path && !full ? json_path_format(path) : NULL;
	_cleanup_(freep) char *shown = value && !full ? format_value(value) : NULL;
	struct problem_place place = {.file = text->file, .key = key, .value = shown};
	va_list arguments;
	size_t offset;

	if (!full && ((path && !key) || (value && !shown))) {
		problems->out_of_memory = true;
		return;
	}
	if (!full && (json_walk_find(text, path, &offset) == 0 ||
		      (path && json_walk_find(text, path->parent, &offset) == 0)))
		json_walk_position(text, offset, &place.line, &place.column);
	va_start(arguments, format);
	problems_vadd(problems, severity, &place, format, arguments);
	va_end(arguments);
}

struct step {
	struct json_path path;
	char key[STEP_KEY_MAX];
};

/* Reads a step of a path in words. Returns what follows it, NULL for what is none. */
static const char *read_step(const char *words, struct step *ret)
{
	size_t length;
	char *end;

	if (*words == '[') {
		ret->path.index = strtoul(words + 1, &end, 10);
		return *end == ']' ? end + 1 : NULL;
	}
	words += *words == '.';
	length = strcspn(words, ".[");
	if (length == 0 || length >= sizeof(ret->key))
		return NULL;
	memcpy(ret->key, words, length);
	ret->path.key = ret->key;
	return words + length;
}

struct problem_place json_text_place(const struct json_text *text, const char *path)
{
	struct problem_place place = {.file = text->file, .key = path};
	struct step steps[STEPS_MAX] = {0};
	const struct json_path *nearest;
	size_t count = 0, offset;

	while (path && *path && count < STEPS_MAX) {
		struct step *step = &steps[count];

		path = read_step(path, step);
		if (path && count++ > 0)
			step->path.parent = &step[-1].path;
	}
	nearest = count > 0 ? &steps[count - 1].path : NULL;
	while (nearest && json_walk_find(text, nearest, &offset) < 0)
		nearest = nearest->parent;
	if (nearest)
		json_walk_position(text, offset, &place.line, &place.column);
	return place;
}

/* Returns -EINVAL. */
static int syntax_problem(const struct json_text *text, size_t offset, const char *what,
			  struct problems *problems)
{
	struct problem_place place = {.file = text->file};

	json_walk_position(text, offset, &place.line, &place.column);
	return problems_add(problems, SEVERITY_ERROR, &place, "%s", what);
}

/* next: where it happened, -1 at the end of the text. */
static const char *error_text(enum json_tokener_error error, int next)
{
	switch (error) {
	case json_tokener_continue:
	case json_tokener_error_parse_eof:
		return "the text ends before its JSON does; is a bracket or a quote missing?";
	case json_tokener_error_depth:
		return "arrays and objects are nested too deeply";
	default:
		if (next == '/' || next == '#')
			return "JSON has no comments; use a key that starts with x-";
		return "is not JSON from here on; look for a missing or extra comma, quote or "
		       "bracket";
	}
}

/*
 * json-c looks at the form of sequences only. D-Bus takes none but valid ones, and parts of the
 * text go there in messages.
 */
static int check_encoding(const struct json_text *text, struct problems *problems)
{
	uint32_t code;
	size_t size;

	for (size_t at = 0; at < text->length; at += size) {
		size = utf8_decode(text->text + at, text->length - at, &code);
		if (size == 0)
			return syntax_problem(
				text, at, "is not UTF-8; save the file in that encoding", problems);
	}
	return 0;
}

static int tokenize(const struct json_text *text, unsigned int max_depth, struct problems *problems,
		    struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new_ex(max_depth);
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	enum json_tokener_error error;
	size_t end;

	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	object = json_tokener_parse_ex(tokener, text->text, text->length);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);

	if (error != json_tokener_success)
		return syntax_problem(text, end,
				      error_text(error, end < text->length ? text->text[end] : -1),
				      problems);
	if (!json_object_is_type(object, json_type_object))
		return syntax_problem(text, 0, "must be one JSON object: { … }", problems);
	for (; end < text->length; end++) {
		if (!memchr(" \t\r\n", text->text[end], 4))
			return syntax_problem(text, end,
					      "there is more behind the JSON object; remove it",
					      problems);
	}
	*ret = TAKE_POINTER(object);
	return 0;
}

int json_text_parse(const struct json_text *text, unsigned int max_depth, struct problems *problems,
		    struct json_object **ret)
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	const char *zero = memchr(text->text, '\0', text->length);
	int r;

	if (zero)
		return syntax_problem(text, zero - text->text,
				      "holds a zero byte; is this a text file?", problems);
	if (text->length >= strlen(BYTE_ORDER_MARK) &&
	    memcmp(text->text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		return syntax_problem(text, 0,
				      "begins with a byte order mark; save the file without one",
				      problems);
	r = check_encoding(text, problems);
	if (r == 0)
		r = tokenize(text, max_depth, problems, &object);
	if (r == 0)
		r = json_walk_check(text, problems);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(object);
	return 0;
}
