/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the map's parser share: values with their places, and tables of keys. */
#ifndef MAP_PARSER_H
#define MAP_PARSER_H

#include "map.h"
#include "util/json_text.h"

struct parser {
	struct json_text text;
	struct problems *problems;
	struct map *map;
	bool low_first; /* where an entry says nothing */
};

/* A value and where it is. */
struct given {
	struct parser *parser;
	const struct json_path *path;
	struct json_object *value; /* NULL: it is not there */
};

struct key {
	const char *name;
	void (*parse)(const struct given *given, void *object);
	bool required;
};

/* Adds a problem about the value, with a printf text. */
#define wrong(given, ...)                                                                    \
	json_text_problem(&(given)->parser->text, (given)->parser->problems, SEVERITY_ERROR, \
			  (given)->path, (given)->value, __VA_ARGS__)

/*
 * Calls parse for the keys that are there, in the order of the table, which ends with a zeroed row;
 * what is there and not in the table is a problem, and what is required and not there.
 */
void parse_object(const struct given *given, const struct key *keys, void *object);

/* These add a problem where the value is of another kind or out of range, and leave *ret as it is.
 */
bool parse_whole(const struct given *given, int64_t min, int64_t max, int64_t *ret);
bool parse_truth(const struct given *given, bool *ret);

/* The string, as long as the value; NULL with a problem that says that it must be what. */
const char *parse_string(const struct given *given, const char *what);

/* A name of a cell or signal, into MAP_NAME_MAX + 1 bytes. */
void parse_name(const struct given *given, const char *whose, char *ret);

/* Index of a word among those of name_of(0 … count - 1); count with a problem where it is none. */
unsigned int parse_word(const struct given *given, const char *(*name_of)(unsigned int),
			unsigned int count);

/* Which register has the highest bits, as "word-order" says it. */
bool parse_low_first(const struct given *given);

/* One element of "registers"; what is not there has its default. */
void parse_entry(const struct given *given, struct map_entry *entry);

#endif /* MAP_PARSER_H */
