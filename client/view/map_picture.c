// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/bus_words.h"
#include "common/cleanup.h"
#include "common/quantity.h"
#include "json.h"
#include "view/format.h"
#include "view/map_picture.h"
#include "view/table.h"

#define MAX_CPUS     4096
#define GROUP	     8 /* CPUs without a gap */
#define MAX_BAR	     64
#define BESIDE_BAR   30 /* columns: address and size */
#define BESIDE_CPUS  6
#define CELL_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const struct table_column columns[] = {
	{"", false, 0, false},	  {"OWNER", false, 0, false}, {"STATE", false, 0, true},
	{"CPUS", false, 6, true}, {"MEMORY", true, 0, true},  {"DEVICES", false, 12, true},
};

static const struct {
	char sign;
	const char *name;
} owners[OWNER_COUNT] = {
	[OWNER_LINUX] = {'=', "Linux"},
	[OWNER_HYPERVISOR] = {'#', "hypervisor"},
	[OWNER_CELL] = {'?', "cell"},
	[OWNER_LINK] = {'%', "shared memory"},
	[OWNER_KEPT] = {'+', "kept for the next cell"},
	[OWNER_LEFT_OUT] = {'x', "left out (nosmt)"},
	[OWNER_NONE] = {'.', "free"},
};

/* A CPU or a range of memory. */
struct item {
	uint64_t start; /* or number */
	uint64_t size;	/* 0: a CPU */
	enum owner owner;
	const char *name;
};

static struct item item_at(struct json_object *array, size_t index)
{
	struct json_object *entry = json_object_array_get_idx(array, index);
	size_t is_memory = json_object_array_length(entry) == 4;

	return (struct item){
		.start = json_object_get_uint64(json_object_array_get_idx(entry, 0)),
		.size = is_memory ? json_object_get_uint64(json_object_array_get_idx(entry, 1)) : 0,
		.owner = owner_from_word(
			json_object_get_string(json_object_array_get_idx(entry, 1 + is_memory))),
		.name = json_object_get_string(json_object_array_get_idx(entry, 2 + is_memory)),
	};
}

/* Cells that exist have letters, in the order of their names. */
static char letter_of(const struct map *map, const char *name)
{
	size_t letter = 0;

	for (size_t i = 0; i < map->cells->count && letter < strlen(CELL_LETTERS); i++) {
		if (strcmp(map->cells->cells[i].name, name) == 0)
			return CELL_LETTERS[letter];
		letter += map->cells->cells[i].id >= 0;
	}
	return owners[OWNER_CELL].sign;
}

static char sign_of(const struct map *map, const struct item *item)
{
	if (item->owner == OWNER_COUNT)
		return '?';
	if (item->owner == OWNER_NONE && item->size == 0)
		return '-'; /* a CPU that is offline is not to be had */
	return item->owner == OWNER_CELL ? letter_of(map, item->name) : owners[item->owner].sign;
}

static size_t cpus_per_line(const struct screen *screen)
{
	size_t count = MAX_BAR;

	while (screen->columns && count > GROUP &&
	       BESIDE_CPUS + count + count / GROUP > screen->columns)
		count /= 2;
	return count;
}

static void put_cpus(const struct map *map, const struct screen *screen)
{
	FILE *stream = screen->stream;
	const size_t per_line = cpus_per_line(screen);
	uint64_t next = 0; /* number of the next place */

	for (size_t i = 0; i < json_object_array_length(map->cpus); i++) {
		const struct item cpu = item_at(map->cpus, i);

		/* Places of CPUs that the machine has not are blank. */
		for (next = i == 0 ? cpu.start / per_line * per_line : next; next <= cpu.start;
		     next++) {
			if (next % per_line == 0)
				fprintf(stream, "%s%4" PRIu64 "  ", i == 0 ? "" : "\n", next);
			else if (next % GROUP == 0)
				fputc(' ', stream);
			fputc(next == cpu.start ? sign_of(map, &cpu) : ' ', stream);
		}
	}
	fputc('\n', stream);
}

/* One bar for memory without a gap: those from first up to end. */
static void put_bar(const struct map *map, size_t first, size_t end, const struct screen *screen)
{
	const struct item begin = item_at(map->memory, first), last = item_at(map->memory, end - 1);
	const double size = (double)(last.start + last.size - begin.start);
	char bar[MAX_BAR + 1] = "", text[QUANTITY_TEXT_MAX];
	int width = MAX_BAR;

	if (screen->columns && screen->columns < MAX_BAR + BESIDE_BAR)
		width = screen->columns > GROUP + BESIDE_BAR ? (int)screen->columns - BESIDE_BAR
							     : GROUP;
	memset(bar, owners[OWNER_NONE].sign, (size_t)width);
	for (size_t i = first; i < end; i++) {
		const struct item item = item_at(map->memory, i);
		int at = (int)((double)(item.start - begin.start) / size * width);
		int to = (int)((double)(item.start + item.size - begin.start) / size * width);

		/* However small, it is to be seen. */
		at = at < width ? at : width - 1;
		do
			bar[at] = item.owner == OWNER_NONE ? bar[at] : sign_of(map, &item);
		while (++at < to);
	}
	fprintf(screen->stream, "  0x%-12" PRIx64 " [%s] %s\n", begin.start, bar,
		quantity_round_bytes((uint64_t)size, text));
}

static void put_memory(const struct map *map, const struct screen *screen)
{
	const size_t count = json_object_array_length(map->memory);
	size_t first = 0;

	for (size_t i = 0; i < count; i++) {
		const struct item item = item_at(map->memory, i);

		if (i + 1 < count && item_at(map->memory, i + 1).start == item.start + item.size)
			continue;
		put_bar(map, first, i + 1, screen);
		first = i + 1;
	}
}

/* The numbers, from first on, of CPUs with these owners (bits). NULL when memory is short. */
static struct json_object *cpus_of(const struct map *map, unsigned int owned, uint64_t first)
{
	_cleanup_(json_putp) struct json_object *numbers = json_object_new_array();

	for (size_t i = 0; numbers && i < json_object_array_length(map->cpus); i++) {
		const struct item cpu = item_at(map->cpus, i);

		if (cpu.start >= first && owned & 1u << cpu.owner &&
		    !json_append(numbers, json_object_new_uint64(cpu.start)))
			return NULL;
	}
	return TAKE_POINTER(numbers);
}

static int add_row(struct table *table, const struct screen *screen, char sign, const char *name,
		   const char *state, struct json_object *numbers, uint64_t memory,
		   const char *devices)
{
	_cleanup_(freep) char *cpus = format_cpus(numbers);
	char bytes[QUANTITY_TEXT_MAX];
	const char *texts[] = {(const char[]){sign, '\0'},
			       name,
			       state,
			       cpus,
			       memory ? quantity_round_bytes(memory, bytes) : "-",
			       devices};
	const enum color colors[ARRAY_SIZE(texts)] = {[2] = state_color(state)};

	return cpus ? table_add(table, screen, texts, colors) : -ENOMEM;
}

static int add_cell_row(const struct map *map, struct table *table, const struct screen *screen,
			const struct cell_info *cell)
{
	_cleanup_(freep) char *devices = format_words(cell->devices, " ");

	return devices ? add_row(table, screen, letter_of(map, cell->name), cell->name, cell->state,
				 cell->cpus, cell->memory, devices)
		       : -ENOMEM;
}

static int add_owner_row(const struct map *map, struct table *table, const struct screen *screen,
			 enum owner owner)
{
	/* CPUs that are nobody's are offline, not free. */
	const unsigned int owned = owner == OWNER_NONE ? 0 : 1u << owner;
	_cleanup_(json_putp) struct json_object *cpus = cpus_of(map, owned, 0);
	uint64_t memory = 0;

	if (!cpus)
		return -ENOMEM;
	for (size_t i = 0; i < json_object_array_length(map->memory); i++) {
		const struct item item = item_at(map->memory, i);

		memory += item.owner == owner ? item.size : 0;
	}
	if (memory == 0 && json_object_array_length(cpus) == 0)
		return 0;
	return add_row(table, screen, owners[owner].sign, owners[owner].name, "", cpus, memory, "");
}

static int put_owners(const struct map *map, const struct screen *screen)
{
	_cleanup_(table_free) struct table table = TABLE(columns);
	int r = 0;

	for (enum owner owner = 0; r >= 0 && owner < OWNER_COUNT; owner++) {
		if (owner != OWNER_CELL)
			r = add_owner_row(map, &table, screen, owner);
		for (size_t i = 0; r >= 0 && owner == OWNER_CELL && i < map->cells->count; i++) {
			if (map->cells->cells[i].id >= 0)
				r = add_cell_row(map, &table, screen, &map->cells->cells[i]);
		}
	}
	return r < 0 ? r : table_print(&table, screen, NULL);
}

/* What one more cell could have; CPU 0 stays with Linux. */
static int put_room(const struct map *map, const struct screen *screen)
{
	_cleanup_(json_putp) struct json_object *numbers =
		cpus_of(map, 1u << OWNER_LINUX | 1u << OWNER_KEPT, 1);
	_cleanup_(freep) char *cpus = numbers ? format_cpus(numbers) : NULL, *text = NULL;
	char largest[QUANTITY_TEXT_MAX];
	uint64_t size = 0;

	if (!cpus)
		return -ENOMEM;
	for (size_t i = 0; i < json_object_array_length(map->memory); i++) {
		const struct item item = item_at(map->memory, i);

		if (item.owner == OWNER_NONE && item.size > size)
			size = item.size;
	}
	text = text_format("Room for one more cell: %s%s, %s%s",
			   json_object_array_length(numbers) ? "CPUs " : "no CPU ",
			   json_object_array_length(numbers) ? cpus : "but Linux' first",
			   size ? quantity_round_bytes(size, largest) : "no memory",
			   size ? " of memory in one piece" : " set aside");
	if (!text)
		return -ENOMEM;
	screen_put_wrapped(screen, COLOR_PLAIN, 0, 2, text);
	fputc('\n', screen->stream);
	return 0;
}

/* It may come from another machine: a picture takes it as it stands. */
static bool makes_sense(const struct map *map)
{
	uint64_t next = 0;

	for (size_t i = 0; i < json_object_array_length(map->cpus); i++) {
		const struct item cpu = item_at(map->cpus, i);

		if (cpu.start < next || cpu.start >= MAX_CPUS || !cpu.name)
			return false;
		next = cpu.start + 1;
	}
	next = 0;
	for (size_t i = 0; i < json_object_array_length(map->memory); i++) {
		const struct item item = item_at(map->memory, i);

		if (item.start < next || !item.size || item.start + item.size < item.start ||
		    !item.name)
			return false;
		next = item.start + item.size;
	}
	return true;
}

int map_picture_print(const struct map *map, const struct screen *screen)
{
	FILE *stream = screen->stream;
	int r;

	if (!makes_sense(map))
		return -EBADMSG;

	fputs("CPUs\n", stream);
	put_cpus(map, screen);
	if (json_object_array_length(map->memory) > 0) {
		fputs("\nMemory for cells\n", stream);
		put_memory(map, screen);
	}
	fputc('\n', stream);
	r = put_owners(map, screen);
	fputc('\n', stream);
	return r < 0 ? r : put_room(map, screen);
}
