// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as a map of the Modbus bridge: what is taken has every value where it can be found. */
#include <stdlib.h>

#include "common/cleanup.h"
#include "map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct map_entry *entry = &map->entries[i];
		const unsigned int entry_size = map_entry_size(entry);
		size_t number = 0;

		if (entry->table >= TABLE_COUNT || !entry->cell[0] || !entry->signal[0] ||
		    entry->address + entry_size > MAP_ADDRESSES)
			abort();
		if (map_find(map, entry->table, entry->address, entry_size, &number) != entry ||
		    number != 1)
			abort();
		if (entry_size > 1 &&
		    map_find(map, entry->table, entry->address, entry_size - 1, &number))
			abort();
	}
	if (!map->port || !map->max_clients || map->max_clients > MAP_MAX_CLIENTS || !map->idle_us)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct map *map = NULL;
	int r = map_parse((const char *)data, size, "fuzz.json", &problems, &map);

	if ((r == 0) != (map != NULL) || (r == 0) != (problems.errors == 0))
		abort();
	for (size_t i = 0; i < problems.count; i++)
		free(problem_format(&problems.items[i]));
	if (map)
		check(map);
	map_unref(map);
	problems_done(&problems);
	return 0;
}
