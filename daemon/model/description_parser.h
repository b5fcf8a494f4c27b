/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of the description parser, shared by its files. */
#ifndef DESCRIPTION_PARSER_H
#define DESCRIPTION_PARSER_H

#include "model/description.h"
#include "model/description_keys.h"
#include "util/json_text.h"

struct parser {
	struct json_text text;
	struct problems *problems;
	struct description *description; /* being filled */
};

/* A value as the text gives it. */
struct given {
	struct parser *parser;
	const struct json_path *path;
	struct json_object *json;
};

/*
 * Parses an object of the given kind into the structure at target, which is zero but for what other
 * keys have put there: first the defaults, then every member by its key. Problems go to the parser.
 */
void parse_object(const struct given *given, const struct description_object *kind, void *target);

/*
 * Parses one value into its member of the structure at target. The member is not touched where an
 * error is reported.
 */
void parse_value(const struct given *given, const struct description_value *value, void *target);

/* Puts what stands for a value into its member of the structure at target. */
void keep_value(const struct description_value *value, void *target, uint64_t number);

/* Checks that need more than one key of an object, when all its members have been parsed. */
void description_check_object(const struct given *given, enum description_rule rule, void *target);

/* Parses an element of "devices" where that is a list; object is what it is when it is an object.
 */
void description_parse_device(const struct given *given, const struct description_object *object);

/* Finds out which function a PCI device of a description is. */
void description_check_pci(const struct given *given, struct description_pci *pci);

/* Checks that need more than one key, on a completely parsed description. */
void description_check_rules(struct parser *parser);

/* The same for signals, whose places are found out there. */
void description_check_signals(struct parser *parser);

#define parser_error(parser, path, value, ...)                                              \
	json_text_problem(&(parser)->text, (parser)->problems, SEVERITY_ERROR, path, value, \
			  __VA_ARGS__)

/* An error about what is given, with its value. */
#define refuse(given, ...) parser_error((given)->parser, (given)->path, (given)->json, __VA_ARGS__)

#endif /* DESCRIPTION_PARSER_H */
