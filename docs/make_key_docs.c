// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the schema of cell descriptions and the manual page's list of their keys from the table
 * that the parser reads them by. Runs at build time: "schema", or "man" with the page that has a
 * line @KEYS@ where the list goes. Writes to standard output.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "model/description_keys.h"

#define NAME_PATTERN	 "^[a-z0-9][a-z0-9-]{0,30}$"
/* The same for members that are not ignored. */
#define MAP_NAME_PATTERN "^(?!x-)[a-z0-9][a-z0-9-]{0,30}$"
#define BYTES_PATTERN	 "^([0-9]+[KMG]?|0x[0-9a-fA-F]+)$"
#define TIME_PATTERN	 "^[0-9]+(ms|s|min)$"
#define DEVICE_PATTERN                                                                \
	"^(pci:([0-9a-fA-F]{4}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]|[0-9a-fA-F]{4}:" \
	"[0-9a-fA-F]{4})|(port|mmio):[0-9a-zA-Z]+(-[0-9a-zA-Z]+)?)$"

static const char *word_of(const struct description_word *words, uint64_t value)
{
	for (; words && words->word; words++) {
		if (words->value == value)
			return words->word;
	}
	return NULL;
}

static const char *standard_text(const struct description_key *key, char *buffer)
{
	const struct description_value *value = key->short_form ?: &key->value;
	const char *word = word_of(value->words, key->standard);

	if (word)
		return word;
	if (value->type == VALUE_BOOL)
		return key->standard ? "true" : "false";
	if (value->type == VALUE_TIME)
		return quantity_format_time(key->standard, buffer);
	return quantity_format_bytes(key->standard, buffer);
}

/* doc and what follows from the table; "" where there is neither. To be freed. */
static char *describe(const struct description_key *key)
{
	const struct description_value *value = description_short_form(key) ?: &key->value;
	char buffer[QUANTITY_TEXT_MAX];
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fputs(key->doc ?: "", stream);
	if (value->alignment > 1)
		fprintf(stream, " Multiples of %s only.",
			quantity_format_bytes(value->alignment, buffer));
	if (value->type == VALUE_STRING)
		fprintf(stream, " At most %" PRIu64 " bytes.", value->max);
	if (key->has_standard)
		fprintf(stream, " Default: %s.", standard_text(key, buffer));
	fclose(stream);
	return text;
}

/* The schema. Without memory json-c's functions fail one after the other, and so does the build. */

typedef struct json_object json;

static json *text_of(const char *text)
{
	return json_object_new_string(text);
}

static json *number_of(uint64_t number)
{
	return json_object_new_uint64(number);
}

/* Adds a member and returns the object. */
static json *with(json *object, const char *key, json *value)
{
	json_object_object_add(object, key, value);
	return object;
}

static json *object_with(const char *key, json *value)
{
	return with(json_object_new_object(), key, value);
}

/* Adds an element and returns the list, which is made for the first one. */
static json *list_with(json *list, json *value)
{
	list = list ?: json_object_new_array();
	json_object_array_add(list, value);
	return list;
}

static json *reference(const char *name)
{
	char target[64];

	snprintf(target, sizeof(target), "#/$defs/%s", name);
	return object_with("$ref", text_of(target));
}

static json *words_of(const struct description_value *value)
{
	json *words = NULL;

	for (const struct description_word *word = value->words; word->word; word++)
		words = list_with(words, value->type == VALUE_CHOICE
						 ? number_of(strtoull(word->word, NULL, 10))
						 : text_of(word->word));
	return object_with("enum", words);
}

static json *limits(const struct description_value *value, const char *type, const char *min,
		    const char *max)
{
	json *schema = object_with("type", text_of(type));

	return with(with(schema, min, number_of(value->min)), max, number_of(value->max));
}

static json *either(json *one, json *other)
{
	return object_with("anyOf", list_with(list_with(NULL, one), other));
}

static json *pattern(const char *text)
{
	return with(object_with("type", text_of("string")), "pattern", text_of(text));
}

/* Members with names of a person's choice; those that are ignored are of no kind. */
static json *schema_of_map(const struct description_value *value)
{
	json *schema = object_with("type", text_of("object"));

	with(schema, "maxProperties", number_of(value->max));
	with(schema, "patternProperties",
	     with(object_with("^x-", json_object_new_object()), MAP_NAME_PATTERN,
		  reference(value->object->name)));
	return with(schema, "additionalProperties", json_object_new_boolean(false));
}

static json *schema_of_value(const struct description_value *value)
{
	json *schema;

	switch (value->type) {
	case VALUE_BYTES:
		return reference("bytes");
	case VALUE_NUMBER:
	case VALUE_CPU:
		return limits(value, "integer", "minimum", "maximum");
	case VALUE_CHOICE:
	case VALUE_WORD:
		return words_of(value);
	case VALUE_TIME:
		return value->words ? either(words_of(value), reference("time"))
				    : reference("time");
	case VALUE_BOOL:
		return object_with("type", text_of("boolean"));
	case VALUE_STRING:
	case VALUE_FILE:
		return limits(value, "string", "minLength", "maxLength");
	case VALUE_NAME:
		return reference("name");
	case VALUE_REAL:
		return object_with("type", text_of("number"));
	case VALUE_OBJECT:
		return reference(value->object->name);
	case VALUE_DEVICE:
		return either(pattern(DEVICE_PATTERN), reference(value->object->name));
	case VALUE_MAP:
		return schema_of_map(value);
	case VALUE_LIST:
		schema = limits(value, "array", "minItems", "maxItems");
		if (value->unique)
			with(schema, "uniqueItems", json_object_new_boolean(true));
		return with(schema, "items", schema_of_value(value->item));
	}
	return NULL;
}

static json *schema_of_key(const struct description_key *key)
{
	const struct description_value *short_form = description_short_form(key);
	_cleanup_(freep) char *text = describe(key);
	json *schema = schema_of_value(&key->value);

	if (short_form)
		schema = either(schema_of_value(short_form), schema);
	return text[0] ? with(schema, "description", text_of(text)) : schema;
}

static json *ignored(const char *text)
{
	return object_with("description", text_of(text));
}

static json *schema_of_object(const struct description_object *kind)
{
	json *schema = object_with("description", text_of(kind->doc));
	json *properties = json_object_new_object(), *required = NULL, *one_of = NULL;

	if (kind == &description_top)
		with(properties, "$schema", ignored("Ignored; for editors."));
	for (const struct description_key *key = kind->keys; key->name; key++) {
		with(properties, key->name, schema_of_key(key));
		if (key->required)
			required = list_with(required, text_of(key->name));
	}
	with(with(schema, "type", text_of("object")), "properties", properties);
	with(schema, "patternProperties",
	     object_with("^x-", ignored("Ignored; for notes and for other programs.")));
	with(schema, "additionalProperties", json_object_new_boolean(false));
	if (required)
		with(schema, "required", required);
	for (size_t i = 0; i < ARRAY_SIZE(kind->either) && kind->either[i]; i++)
		one_of = list_with(
			one_of, object_with("required", list_with(NULL, text_of(kind->either[i]))));
	return one_of ? with(schema, "oneOf", one_of) : schema;
}

static json *definitions(void)
{
	json *number = with(object_with("type", text_of("integer")), "minimum", number_of(0));
	json *bytes = with(either(number, pattern(BYTES_PATTERN)), "description",
			   text_of("Bytes: a number, or a string with decimal digits and K, M or G "
				   "behind them, or with 0x and hexadecimal digits."));
	json *all =
		with(object_with("bytes", bytes), "time",
		     with(pattern(TIME_PATTERN), "description", text_of("A time with its unit.")));

	with(all, "name", with(pattern(NAME_PATTERN), "description", text_of("A cell's name.")));
	for (size_t i = 0; description_objects[i]; i++) {
		if (description_objects[i] != &description_top)
			with(all, description_objects[i]->name,
			     schema_of_object(description_objects[i]));
	}
	return all;
}

static void put_schema(void)
{
	json *schema = object_with("$comment", text_of("SPDX-License-Identifier: GPL-2.0-only"));
	json *top = schema_of_object(&description_top);

	with(schema, "title", text_of("cellmgr cell description"));
	json_object_object_foreach(top, key, value) with(schema, key, json_object_get(value));
	with(schema, "$defs", definitions());
	puts(json_object_to_json_string_ext(schema, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
	json_object_put(schema);
}

/* The manual page. */

static void put_keys(const struct description_object *kind);

static void put_words(FILE *stream, const struct description_value *value)
{
	const char *quote = value->type == VALUE_WORD ? "\"" : "";

	for (const struct description_word *word = value->words; word->word; word++)
		fprintf(stream, "%s%s%s%s", quote, word->word, quote,
			!word[1].word	? ""
			: !word[2].word ? " or "
					: ", ");
}

/* "a number from 1 to 255"; of many: "numbers from 1 to 255". */
static void put_form(FILE *stream, const struct description_value *value, bool many)
{
	static const char *const forms[][2] = {
		[VALUE_BYTES] = {"a size", "sizes"},
		[VALUE_NUMBER] = {"a number from", "numbers from"},
		[VALUE_CPU] = {"a number from", "numbers from"},
		[VALUE_CHOICE] = {"", "numbers that are each "},
		[VALUE_FILE] = {"a file name", "file names"},
		[VALUE_NAME] = {"", "names"},
		[VALUE_OBJECT] = {"an object", "objects"},
		[VALUE_DEVICE] = {"a device", "devices"},
		[VALUE_REAL] = {"a number", "numbers"},
		[VALUE_MAP] = {"an object", "objects"},
		[VALUE_LIST] = {"a list of ", "lists of "},
	};

	fputs(forms[value->type][many] ?: "", stream);
	if (value->type == VALUE_NUMBER || value->type == VALUE_CPU)
		fprintf(stream, " %" PRIu64 " to %" PRIu64, value->min, value->max);
	if (value->type == VALUE_CHOICE || value->type == VALUE_WORD)
		put_words(stream, value);
	if (value->type == VALUE_MAP)
		fprintf(stream, " with up to %" PRIu64 " names", value->max);
	if (value->type != VALUE_LIST)
		return;
	if (value->min > 0)
		fprintf(stream, "%" PRIu64 " to %" PRIu64 " ", value->min, value->max);
	else
		fprintf(stream, "up to %" PRIu64 " ", value->max);
	put_form(stream, value->item, true);
}

/* Text with each sentence in a line of its own and a capital at its beginning. */
static void put_sentences(const char *text)
{
	bool begins = true;

	for (; *text; text++) {
		if (begins && *text == ' ')
			continue;
		putchar(begins ? toupper(*text) : *text);
		begins = text[0] == '.' && (text[1] == ' ' || text[1] == '\0');
		if (begins)
			putchar('\n');
	}
}

/* What the value looks like, where its line does not say it. */
static void put_forms(const struct description_key *key)
{
	const struct description_value *short_form = description_short_form(key);
	_cleanup_(freep) char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (short_form) {
		put_form(stream, short_form, false);
		fputs(", or ", stream);
	}
	if (short_form || (key->value.type != VALUE_BYTES && key->value.type != VALUE_FILE &&
			   key->value.type != VALUE_OBJECT))
		put_form(stream, &key->value, false);
	fputs(ftell(stream) > 0 ? "." : "", stream);
	fclose(stream);
	put_sentences(text);
}

static void put_man_key(const struct description_key *key)
{
	const struct description_value *value = &key->value;
	const struct description_object *object =
		value->type == VALUE_LIST ? value->item->object : value->object;
	_cleanup_(freep) char *text = describe(key);

	printf(".It Cm %s\n%s", key->name, key->required ? "Required.\n" : "");
	put_forms(key);
	put_sentences(text);
	if (!key->doc && object)
		put_sentences(object->doc);
	fputs(key->more ?: "", stdout);
	if (key->doc && value->type == VALUE_OBJECT)
		put_sentences(object->doc);
	if (object) {
		puts(value->type == VALUE_LIST	? "Each object has"
		     : value->type == VALUE_MAP ? "Under each name is an object, which has"
						: "The object has");
		put_keys(object);
	}
}

static void put_keys(const struct description_object *kind)
{
	puts(".Bl -tag -width Ds");
	for (const struct description_key *key = kind->keys; key->name; key++)
		put_man_key(key);
	puts(".El");
}

static int put_page(const char *template)
{
	_cleanup_(fclosep) FILE *page = fopen(template, "re");
	char line[512];

	if (!page)
		return -1;
	while (fgets(line, sizeof(line), page)) {
		if (strcmp(line, "@KEYS@\n") == 0)
			put_keys(&description_top);
		else
			fputs(line, stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "schema") == 0)
		put_schema();
	else if (argc != 3 || strcmp(argv[1], "man") != 0 || put_page(argv[2]) < 0)
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}
