// SPDX-License-Identifier: GPL-2.0-only
#include "map_parser.h"

#include <math.h>

#define MAX_SCALE 1e100
#define MIN_SCALE 1e-100

/* ---- Keys of an entry ----------------------------------------------------------------------- */

static void parse_cell(const struct given *given, void *object)
{
	parse_name(given, "cell", ((struct map_entry *)object)->cell);
}

static void parse_signal(const struct given *given, void *object)
{
	parse_name(given, "signal", ((struct map_entry *)object)->signal);
}

static const char *table_word(unsigned int table)
{
	return map_table_name((enum map_table)table);
}

static void parse_table(const struct given *given, void *object)
{
	struct map_entry *entry = object;

	entry->table = (enum map_table)parse_word(given, table_word, TABLE_COUNT);
	/* What registers hold has to be said. */
	if (entry->table != TABLE_COUNT && !map_table_has_bits(entry->table))
		entry->encoding.type = ENCODING_COUNT;
}

static void parse_address(const struct given *given, void *object)
{
	int64_t address;

	if (parse_whole(given, 0, MAP_ADDRESSES - 1, &address))
		((struct map_entry *)object)->address = (uint16_t)address;
}

static const char *encoding_word(unsigned int type)
{
	return encoding_name((enum encoding_type)type);
}

static void parse_encoding(const struct given *given, void *object)
{
	struct map_entry *entry = object;

	entry->encoding.type = (enum encoding_type)parse_word(given, encoding_word, ENCODING_COUNT);
	if (entry->table != TABLE_COUNT && map_table_has_bits(entry->table) &&
	    entry->encoding.type != ENCODING_BOOL && entry->encoding.type != ENCODING_COUNT)
		wrong(given,
		      "table \"%s\" has bits: remove the key, or choose table \"input\" or "
		      "\"holding\"",
		      map_table_name(entry->table));
}

static void parse_order(const struct given *given, void *object)
{
	((struct map_entry *)object)->encoding.low_first = parse_low_first(given);
}

static void parse_scale(const struct given *given, void *object)
{
	struct map_entry *entry = object;
	const bool number = json_object_is_type(given->value, json_type_int) ||
			    json_object_is_type(given->value, json_type_double);
	const double scale = number ? json_object_get_double(given->value) : 0;

	if (!(fabs(scale) >= MIN_SCALE && fabs(scale) <= MAX_SCALE))
		wrong(given, "must be a number other than 0: the value is the number in the "
			     "register times this");
	else if (entry->encoding.type == ENCODING_BOOL)
		wrong(given, "true and false have no scale; remove the key");
	else
		entry->encoding.scale = scale;
}

static void parse_write(const struct given *given, void *object)
{
	struct map_entry *entry = object;

	if (!parse_truth(given, &entry->write) || !entry->write || entry->table == TABLE_COUNT)
		return;
	if (!map_table_is_writable(entry->table))
		wrong(given,
		      "nobody writes to table \"%s\" in this protocol; choose \"%s\", or "
		      "remove the key",
		      map_table_name(entry->table),
		      map_table_name(map_table_has_bits(entry->table) ? TABLE_COIL
								      : TABLE_HOLDING));
}

/* The table first, then the encoding: others depend on it. */
static const struct key entry_keys[] = {
	{"table", parse_table, true},
	{"cell", parse_cell, true},
	{"signal", parse_signal, true},
	{"address", parse_address, true},
	{"encoding", parse_encoding, false},
	{"word-order", parse_order, false},
	{"scale", parse_scale, false},
	{"write", parse_write, false},
	{0},
};

/* What two keys say together. */
static void check_entry(const struct given *given, const struct map_entry *entry)
{
	const struct json_path path = {.parent = given->path, .key = "address"};
	const struct json_path encoding = {.parent = given->path, .key = "encoding"};
	unsigned int size;

	if (entry->table == TABLE_COUNT)
		return;
	if (!map_table_has_bits(entry->table) &&
	    !json_object_object_get_ex(given->value, "encoding", NULL)) {
		wrong((&(struct given){given->parser, &encoding, NULL}),
		      "is missing: table \"%s\" needs to know what its registers hold",
		      map_table_name(entry->table));
		return;
	}
	if (entry->encoding.type == ENCODING_COUNT)
		return;
	size = map_entry_size(entry);
	if (entry->address + size > MAP_ADDRESSES)
		wrong((&(struct given){given->parser, &path,
				       json_object_object_get(given->value, "address")}),
		      "\"%s\" takes %u registers, and the last one is %u",
		      encoding_name(entry->encoding.type), size, MAP_ADDRESSES - 1);
}

void parse_entry(const struct given *given, struct map_entry *entry)
{
	*entry = (struct map_entry){
		.table = TABLE_COUNT,
		.encoding = {.type = ENCODING_BOOL, .low_first = given->parser->low_first},
	};
	if (!json_object_is_type(given->value, json_type_object)) {
		wrong(given, "must be an object with the keys \"cell\", \"signal\", \"table\" and "
			     "\"address\"");
		return;
	}
	parse_object(given, entry_keys, entry);
	check_entry(given, entry);
}
