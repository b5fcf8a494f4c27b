// SPDX-License-Identifier: GPL-2.0-only
/* The published schema and the parser must know the same keys. */
#include <json-c/json.h>

#include "model/description_parser.h"
#include "model_test.h"

static struct json_object *get(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

static bool in_list(struct json_object *list, const char *text)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text) == 0)
			return true;
	}
	return false;
}

static const struct description_key *find_key(const struct description_object *kind,
					      const char *name)
{
	for (const struct description_key *key = kind->keys; key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

static void test_kind(struct tap *tap, struct json_object *schema,
		      const struct description_object *kind)
{
	const char *name = kind->name[0] ? kind->name : "top level";
	struct json_object *definition =
		kind->name[0] ? get(get(schema, "$defs"), kind->name) : schema;
	struct json_object *properties = get(definition, "properties");
	struct json_object *additional = get(definition, "additionalProperties");

	if (!tap_ok(tap, properties != NULL, "schema has %s", name))
		return;
	for (const struct description_key *key = kind->keys; key->name; key++) {
		tap_ok(tap, json_object_object_get_ex(properties, key->name, NULL),
		       "%s: schema has the parser's key \"%s\"", name, key->name);
		tap_ok(tap, in_list(get(definition, "required"), key->name) == key->required,
		       "%s: \"%s\" is needed by both or by none", name, key->name);
	}
	json_object_object_foreach(properties, property, value)
	{
		if (strcmp(property, "$schema") != 0)
			tap_ok(tap, find_key(kind, property),
			       "%s: parser has the schema's key \"%s\"", name, property);
	}
	tap_ok(tap,
	       json_object_is_type(additional, json_type_boolean) &&
		       !json_object_get_boolean(additional),
	       "%s: schema refuses unknown keys", name);
	tap_ok(tap, get(get(definition, "patternProperties"), "^x-"),
	       "%s: schema ignores keys starting with x-", name);
}

/* Objects of the schema that the parser does not have. */
static void test_definitions(struct tap *tap, struct json_object *schema)
{
	json_object_object_foreach(get(schema, "$defs"), name, definition)
	{
		bool found = false;

		if (!get(definition, "properties"))
			continue;
		for (size_t i = 0; description_objects[i]; i++)
			found |= strcmp(description_objects[i]->name, name) == 0;
		tap_ok(tap, found, "parser has the schema's object \"%s\"", name);
	}
}

/* All definitions that some $ref names, wherever it is. */
static void test_references(struct tap *tap, struct json_object *schema, struct json_object *node)
{
	if (json_object_is_type(node, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(node); i++)
			test_references(tap, schema, json_object_array_get_idx(node, i));
	} else if (json_object_is_type(node, json_type_object)) {
		json_object_object_foreach(node, key, value)
		{
			const char *target = json_object_get_string(value);

			if (strcmp(key, "$ref") != 0)
				test_references(tap, schema, value);
			else
				tap_ok(tap,
				       strncmp(target, "#/$defs/", 8) == 0 &&
					       get(get(schema, "$defs"), target + 8),
				       "reference to %s leads somewhere", target);
		}
	}
}

static void test_limit(struct tap *tap, struct json_object *value, const char *keyword,
		       uint64_t expected, const char *what)
{
	tap_is_u64(tap, json_object_get_uint64(get(value, keyword)), expected,
		   "schema and parser have the same limit of %s", what);
}

static void test_limits(struct tap *tap, struct json_object *schema)
{
	struct json_object *top = get(schema, "properties");
	struct json_object *devices = get(get(get(schema, "$defs"), "devices"), "properties");
	struct json_object *regions =
		json_object_array_get_idx(get(get(top, "memory"), "anyOf"), 1);
	struct json_object *images = json_object_array_get_idx(get(get(top, "image"), "anyOf"), 1);

	test_limit(tap, regions, "maxItems", DESCRIPTION_MAX_MEMORY, "memory regions");
	test_limit(tap, images, "maxItems", DESCRIPTION_MAX_IMAGES, "images");
	test_limit(tap, get(devices, "ports"), "maxItems", DESCRIPTION_MAX_PORTS, "port ranges");
	test_limit(tap, get(devices, "mmio"), "maxItems", DESCRIPTION_MAX_MMIO, "MMIO regions");
	test_limit(tap, get(top, "parameters"), "maxLength", CELL_PARAMETERS_MAX_LENGTH,
		   "parameters");
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(json_object_putp) struct json_object *schema = json_object_from_file(SCHEMA);

	if (!tap_ok(&tap, schema != NULL, "schema is JSON"))
		return tap_done(&tap);
	for (size_t i = 0; description_objects[i]; i++)
		test_kind(&tap, schema, description_objects[i]);
	test_definitions(&tap, schema);
	test_references(&tap, schema, schema);
	test_limits(&tap, schema);
	return tap_done(&tap);
}
