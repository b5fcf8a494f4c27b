// SPDX-License-Identifier: GPL-2.0-only
#include "map.h"

#include <stdlib.h>

#define TABLE_ENTRY(table, word, bits, writable) [table] = {word, bits, writable},

static const struct {
	const char *name;
	bool has_bits, is_writable;
} tables[] = {MAP_TABLES(TABLE_ENTRY)};

const char *map_table_name(enum map_table table)
{
	return table < TABLE_COUNT ? tables[table].name : NULL;
}

bool map_table_has_bits(enum map_table table)
{
	return tables[table].has_bits;
}

bool map_table_is_writable(enum map_table table)
{
	return tables[table].is_writable;
}

struct map *map_ref(struct map *map)
{
	map->references++;
	return map;
}

void map_unref(struct map *map)
{
	if (!map || --map->references > 0)
		return;
	free(map->entries);
	free(map);
}

unsigned int map_entry_size(const struct map_entry *entry)
{
	return tables[entry->table].has_bits ? 1 : encoding_registers(entry->encoding.type);
}

/* The first entry that is not before this place. */
static size_t lower_bound(const struct map *map, enum map_table table, uint16_t address)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct map_entry *entry = &map->entries[middle];

		if (entry->table < table || (entry->table == table && entry->address < address))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct map_entry *map_find(const struct map *map, enum map_table table, uint16_t address,
			   unsigned int count, size_t *ret_number)
{
	const size_t first = lower_bound(map, table, address);
	const unsigned int end = address + count;
	unsigned int next = address;
	size_t i = first;

	for (; next < end; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (i == map->count || entry->table != table || entry->address != next)
			return NULL;
		next += map_entry_size(entry);
	}
	if (next != end || i == first)
		return NULL;
	*ret_number = i - first;
	return &map->entries[first];
}
