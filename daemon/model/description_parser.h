/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of the description parser, shared by its files and its tests. */
#ifndef DESCRIPTION_PARSER_H
#define DESCRIPTION_PARSER_H

#include "model/description.h"
#include "util/json_text.h"

struct parser {
	struct json_text text;
	struct problems *problems;
	struct description *description; /* being filled */
};

/*
 * Takes the value of one key into target (what it points to depends on the kind of object).
 * Problems go to the parser.
 */
typedef void (*key_parse)(struct parser *parser, const struct json_path *path,
			  struct json_object *value, void *target);

struct description_key {
	const char *name;
	bool required;
	key_parse parse;
};

/* A kind of JSON object in a description, with all its keys. */
struct description_object {
	const char *name; /* of its definition in the schema; "" is the top level */
	const struct description_key *keys; /* ended by a NULL name */
};

/* All kinds, NULL-terminated: what the schema must agree with. */
extern const struct description_object *const description_objects[];
extern const struct description_object description_top;

/* Parses value, an object of the given kind: every member by its key's function. */
void parse_object(struct parser *parser, const struct json_path *path, struct json_object *value,
		  const struct description_object *kind, void *target);

/* Checks that need more than one key, on a completely parsed description. */
void description_check_rules(struct parser *parser);

#define parser_error(parser, path, value, ...)                                              \
	json_text_problem(&(parser)->text, (parser)->problems, SEVERITY_ERROR, path, value, \
			  __VA_ARGS__)

/*
 * Typed values. They return true with the value set, else false with an error reported and nothing
 * set. Limits are inclusive.
 */
bool value_bytes(struct parser *parser, const struct json_path *path, struct json_object *value,
		 uint64_t *ret);
bool value_bytes_limited(struct parser *parser, const struct json_path *path,
			 struct json_object *value, uint64_t alignment, uint64_t min, uint64_t max,
			 uint64_t *ret);
bool value_time(struct parser *parser, const struct json_path *path, struct json_object *value,
		uint64_t max_ns, uint64_t *ret_ns);
bool value_number(struct parser *parser, const struct json_path *path, struct json_object *value,
		  uint64_t min, uint64_t max, uint64_t *ret);
bool value_bool(struct parser *parser, const struct json_path *path, struct json_object *value,
		bool *ret);

/* A non-empty string of at most max bytes; borrowed from value. */
bool value_string(struct parser *parser, const struct json_path *path, struct json_object *value,
		  size_t max, const char **ret);

/* One of the words, NULL-terminated; its index. */
bool value_word(struct parser *parser, const struct json_path *path, struct json_object *value,
		const char *const *words, unsigned int *ret_index);

/* Whether value is an array of at least min and at most max elements. */
bool value_array(struct parser *parser, const struct json_path *path, struct json_object *value,
		 size_t min, size_t max, size_t *ret_length);

#endif /* DESCRIPTION_PARSER_H */
