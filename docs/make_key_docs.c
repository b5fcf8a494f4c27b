// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the schema of cell descriptions and the manual page's list of their keys from the table
 * that the parser reads them by. Runs at build time: "schema", or "man" with the page that has a
 * line
 * @KEYS@ where the list goes. Writes to standard output.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "model/description_keys.h"

#define NAME_PATTERN  "^[a-z0-9][a-z0-9-]{0,30}$"
#define BYTES_PATTERN "^([0-9]+[KMG]?|0x[0-9a-fA-F]+)$"
#define TIME_PATTERN  "^[0-9]+(ms|s|min)$"

/* What is known of a key and not in its line, as sentences. */

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

/* JSON, indented. */

struct writer {
	unsigned int depth;
	bool first; /* in what was opened last */
};

static void put_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

/* What goes before a value; key NULL: an element of a list. */
static void put_key(struct writer *writer, const char *key)
{
	printf("%s\n%*s", writer->first ? "" : ",", 4 * writer->depth, "");
	writer->first = false;
	if (key) {
		put_string(key);
		fputs(": ", stdout);
	}
}

static void open_json(struct writer *writer, const char *key, char bracket)
{
	if (writer->depth > 0)
		put_key(writer, key);
	putchar(bracket);
	writer->depth++;
	writer->first = true;
}

static void close_json(struct writer *writer, char bracket)
{
	writer->depth--;
	printf("\n%*s%c", 4 * writer->depth, "", bracket);
	writer->first = false;
}

static void add_string(struct writer *writer, const char *key, const char *text)
{
	put_key(writer, key);
	put_string(text);
}

static void add_number(struct writer *writer, const char *key, uint64_t number)
{
	put_key(writer, key);
	printf("%" PRIu64, number);
}

static void add_false(struct writer *writer, const char *key)
{
	put_key(writer, key);
	fputs("false", stdout);
}

/* The schema. */

static void add_value(struct writer *writer, const struct description_value *value);

static void add_reference(struct writer *writer, const char *name)
{
	char target[64];

	snprintf(target, sizeof(target), "#/$defs/%s", name);
	add_string(writer, "$ref", target);
}

static void add_words(struct writer *writer, const struct description_value *value)
{
	open_json(writer, "enum", '[');
	for (const struct description_word *word = value->words; word->word; word++) {
		put_key(writer, NULL);
		if (value->type == VALUE_WORD)
			put_string(word->word);
		else
			fputs(word->word, stdout);
	}
	close_json(writer, ']');
}

static void add_limits(struct writer *writer, const struct description_value *value,
		       const char *type, const char *min, const char *max)
{
	add_string(writer, "type", type);
	add_number(writer, min, value->min);
	add_number(writer, max, value->max);
}

static void add_list(struct writer *writer, const struct description_value *value)
{
	add_limits(writer, value, "array", "minItems", "maxItems");
	if (value->unique) {
		put_key(writer, "uniqueItems");
		fputs("true", stdout);
	}
	open_json(writer, "items", '{');
	add_value(writer, value->item);
	close_json(writer, '}');
}

/* The members of an object that says what a value may be. */
static void add_single(struct writer *writer, const struct description_value *value)
{
	switch (value->type) {
	case VALUE_ANY:
		break;
	case VALUE_BYTES:
		add_reference(writer, "bytes");
		break;
	case VALUE_NUMBER:
	case VALUE_CPU:
		add_limits(writer, value, "integer", "minimum", "maximum");
		break;
	case VALUE_CHOICE:
	case VALUE_WORD:
		add_words(writer, value);
		break;
	case VALUE_TIME:
		add_reference(writer, "time");
		break;
	case VALUE_BOOL:
		add_string(writer, "type", "boolean");
		break;
	case VALUE_STRING:
	case VALUE_FILE:
		add_limits(writer, value, "string", "minLength", "maxLength");
		break;
	case VALUE_NAME:
		add_reference(writer, "name");
		break;
	case VALUE_OBJECT:
		add_reference(writer, value->object->name);
		break;
	case VALUE_LIST:
		add_list(writer, value);
		break;
	}
}

static void add_form(struct writer *writer, const struct description_value *value)
{
	open_json(writer, NULL, '{');
	add_single(writer, value);
	close_json(writer, '}');
}

static void add_value(struct writer *writer, const struct description_value *value)
{
	if (value->type != VALUE_TIME || !value->words) {
		add_single(writer, value);
		return;
	}
	open_json(writer, "anyOf", '[');
	open_json(writer, NULL, '{');
	add_words(writer, &(struct description_value){VALUE_WORD, .words = value->words});
	close_json(writer, '}');
	add_form(writer, value);
	close_json(writer, ']');
}

static void add_key(struct writer *writer, const struct description_key *key)
{
	const struct description_value *short_form = description_short_form(key);
	_cleanup_(freep) char *text = describe(key);

	open_json(writer, key->name, '{');
	if (text[0])
		add_string(writer, "description", text);
	if (!short_form) {
		add_value(writer, &key->value);
	} else {
		open_json(writer, "anyOf", '[');
		add_form(writer, short_form);
		add_form(writer, &key->value);
		close_json(writer, ']');
	}
	close_json(writer, '}');
}

static void add_required(struct writer *writer, const struct description_object *kind)
{
	bool opened = false;

	for (const struct description_key *key = kind->keys; key->name; key++) {
		if (!key->required)
			continue;
		if (!opened)
			open_json(writer, "required", '[');
		opened = true;
		add_string(writer, NULL, key->name);
	}
	if (opened)
		close_json(writer, ']');
}

static void add_either(struct writer *writer, const struct description_object *kind)
{
	if (!kind->either[0])
		return;
	open_json(writer, "oneOf", '[');
	for (size_t i = 0; i < ARRAY_SIZE(kind->either); i++) {
		open_json(writer, NULL, '{');
		open_json(writer, "required", '[');
		add_string(writer, NULL, kind->either[i]);
		close_json(writer, ']');
		close_json(writer, '}');
	}
	close_json(writer, ']');
}

static void add_ignored(struct writer *writer, const char *key, const char *text)
{
	open_json(writer, key, '{');
	add_string(writer, "description", text);
	close_json(writer, '}');
}

static void add_object(struct writer *writer, const struct description_object *kind)
{
	add_string(writer, "description", kind->doc);
	add_string(writer, "type", "object");
	open_json(writer, "properties", '{');
	if (kind == &description_top)
		add_ignored(writer, "$schema", "Ignored; for editors.");
	for (const struct description_key *key = kind->keys; key->name; key++)
		add_key(writer, key);
	close_json(writer, '}');
	open_json(writer, "patternProperties", '{');
	add_ignored(writer, "^x-", "Ignored; for notes and for other programs.");
	close_json(writer, '}');
	add_false(writer, "additionalProperties");
	add_required(writer, kind);
	add_either(writer, kind);
}

static void add_pattern(struct writer *writer, const char *pattern)
{
	add_string(writer, "type", "string");
	add_string(writer, "pattern", pattern);
}

static void add_definitions(struct writer *writer)
{
	open_json(writer, "bytes", '{');
	add_string(writer, "description",
		   "Bytes: a number, or a string with decimal digits and K, M or G behind them, or "
		   "with 0x and hexadecimal digits.");
	open_json(writer, "anyOf", '[');
	open_json(writer, NULL, '{');
	add_string(writer, "type", "integer");
	add_number(writer, "minimum", 0);
	close_json(writer, '}');
	open_json(writer, NULL, '{');
	add_pattern(writer, BYTES_PATTERN);
	close_json(writer, '}');
	close_json(writer, ']');
	close_json(writer, '}');
	open_json(writer, "time", '{');
	add_string(writer, "description", "A time with its unit.");
	add_pattern(writer, TIME_PATTERN);
	close_json(writer, '}');
	open_json(writer, "name", '{');
	add_string(writer, "description", "A cell's name.");
	add_pattern(writer, NAME_PATTERN);
	close_json(writer, '}');
}

static void put_schema(void)
{
	struct writer writer = {0};

	open_json(&writer, NULL, '{');
	add_string(&writer, "$comment", "SPDX-License-Identifier: GPL-2.0-only");
	add_string(&writer, "title", "cellmgr cell description");
	add_object(&writer, &description_top);
	open_json(&writer, "$defs", '{');
	add_definitions(&writer);
	for (size_t i = 0; description_objects[i]; i++) {
		if (description_objects[i] == &description_top)
			continue;
		open_json(&writer, description_objects[i]->name, '{');
		add_object(&writer, description_objects[i]);
		close_json(&writer, '}');
	}
	close_json(&writer, '}');
	close_json(&writer, '}');
	putchar('\n');
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
	switch (value->type) {
	case VALUE_BYTES:
		fputs("a size", stream);
		break;
	case VALUE_NUMBER:
	case VALUE_CPU:
		fprintf(stream, "%s from %" PRIu64 " to %" PRIu64, many ? "numbers" : "a number",
			value->min, value->max);
		break;
	case VALUE_CHOICE:
		fputs(many ? "numbers that are each " : "", stream);
		/* fallthrough */
	case VALUE_WORD:
		put_words(stream, value);
		break;
	case VALUE_FILE:
		fputs("a file name", stream);
		break;
	case VALUE_OBJECT:
		fputs(many ? "objects" : "an object", stream);
		break;
	case VALUE_LIST:
		fputs("a list of ", stream);
		if (value->min > 0)
			fprintf(stream, "%" PRIu64 " to %" PRIu64 " ", value->min, value->max);
		else
			fprintf(stream, "up to %" PRIu64 " ", value->max);
		put_form(stream, value->item, true);
		break;
	default:
		fputs(many ? "names" : "", stream);
	}
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
		puts(value->type == VALUE_LIST ? "Each object has" : "The object has");
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
