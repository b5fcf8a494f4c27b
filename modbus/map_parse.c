// SPDX-License-Identifier: GPL-2.0-only
#include "map_parser.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/quantity.h"
#include "util/read_text.h"

#define MAX_DEPTH    8
#define NS_PER_US    1000u
#define DEFAULT_IDLE (60 * UINT64_C(1000000000))
#define MIN_IDLE     (1 * UINT64_C(1000000000))
#define MAX_IDLE     (3600 * UINT64_C(1000000000))
#define MAX_PORT     65535

/* An entry and where it is in the file, for what is found when all are sorted. */
struct numbered {
	struct map_entry entry;
	size_t index;
};

/* ---- All entries ---------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
	const struct map_entry *a = &((const struct numbered *)left)->entry;
	const struct map_entry *b = &((const struct numbered *)right)->entry;

	if (a->table != b->table)
		return a->table < b->table ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

static void check_overlap(const struct given *given, const struct numbered *before,
			  const struct numbered *behind)
{
	/* The one that is later in the file is said to be wrong. */
	const struct numbered *late = before->index > behind->index ? before : behind;
	const struct numbered *early = late == before ? behind : before;
	const struct json_path element = {.parent = given->path, .index = late->index};
	const struct json_path path = {.parent = &element, .key = "address"};
	struct json_object *object = json_object_array_get_idx(given->value, late->index);

	if (before->entry.table != behind->entry.table ||
	    before->entry.address + map_entry_size(&before->entry) <= behind->entry.address)
		return;
	wrong((&(struct given){given->parser, &path, json_object_object_get(object, "address")}),
	      "signal %s of cell %s would be where signal %s of cell %s is, at %u in table \"%s\"; "
	      "choose another address",
	      late->entry.signal, late->entry.cell, early->entry.signal, early->entry.cell,
	      early->entry.address, map_table_name(early->entry.table));
}

static int take_entries(const struct given *given, struct numbered *entries, size_t count)
{
	struct map *map = given->parser->map;

	qsort(entries, count, sizeof(*entries), compare);
	for (size_t i = 1; i < count; i++)
		check_overlap(given, &entries[i - 1], &entries[i]);
	map->entries = calloc(count, sizeof(*map->entries));
	if (!map->entries)
		return -ENOMEM;
	for (; map->count < count; map->count++)
		map->entries[map->count] = entries[map->count].entry;
	return 0;
}

static void parse_registers(const struct given *given, void *object)
{
	struct problems *problems = given->parser->problems;
	const size_t count = json_object_is_type(given->value, json_type_array)
				     ? json_object_array_length(given->value)
				     : 0;
	_cleanup_(freep) struct numbered *entries = NULL;

	if (count == 0 || count > MAP_MAX_ENTRIES) {
		wrong(given, "must be a list of 1 to %u objects: [ { … } ]", MAP_MAX_ENTRIES);
		return;
	}
	entries = calloc(count, sizeof(*entries));
	for (size_t i = 0; entries && i < count; i++) {
		const struct json_path path = {.parent = given->path, .index = i};
		struct json_object *value = json_object_array_get_idx(given->value, i);

		parse_entry(&(struct given){given->parser, &path, value}, &entries[i].entry);
		entries[i].index = i;
	}
	/* Of what is wrong itself nobody asks whether it fits with others. */
	if (!entries || (!problems->errors && take_entries(given, entries, count) < 0))
		problems->out_of_memory = true;
}

/* ---- The map -------------------------------------------------------------------------------- */

static void parse_listen(const struct given *given, void *object)
{
	const char *text = parse_string(given, "an address");
	struct map *map = object;
	struct in6_addr address;

	if (!text)
		return;
	if (inet_pton(AF_INET, text, &address) != 1 && inet_pton(AF_INET6, text, &address) != 1)
		wrong(given, "is no IP address; \"127.0.0.1\" is for programs of this machine, "
			     "\"0.0.0.0\" for all networks");
	else
		strcpy(map->listen, text);
}

static void parse_port(const struct given *given, void *object)
{
	int64_t port;

	if (parse_whole(given, 1, MAX_PORT, &port))
		((struct map *)object)->port = (uint16_t)port;
}

static void parse_clients(const struct given *given, void *object)
{
	int64_t clients;

	if (parse_whole(given, 1, MAP_MAX_CLIENTS, &clients))
		((struct map *)object)->max_clients = (unsigned int)clients;
}

static void parse_idle(const struct given *given, void *object)
{
	const char *text = parse_string(given, "a time");
	uint64_t ns = 0;

	if (!text)
		return;
	if (quantity_parse_time(text, strlen(text), &ns) < 0 || ns < MIN_IDLE || ns > MAX_IDLE)
		wrong(given, "must be a time of 1s to 60min, like \"60s\"");
	else
		((struct map *)object)->idle_us = ns / NS_PER_US;
}

static void parse_default_order(const struct given *given, void *object)
{
	given->parser->low_first = parse_low_first(given);
}

/* The order of words before the registers that it is for. */
static const struct key map_keys[] = {
	{"listen", parse_listen, false},
	{"port", parse_port, false},
	{"max-clients", parse_clients, false},
	{"idle-timeout", parse_idle, false},
	{"word-order", parse_default_order, false},
	{"registers", parse_registers, true},
	{0},
};

static struct map *map_new(void)
{
	struct map *map = calloc(1, sizeof(*map));

	if (map)
		*map = (struct map){
			.references = 1,
			.listen = "127.0.0.1",
			.port = MAP_DEFAULT_PORT,
			.max_clients = MAP_DEFAULT_CLIENTS,
			.idle_us = DEFAULT_IDLE / NS_PER_US,
		};
	return map;
}

int map_parse(const char *text, size_t length, const char *file, struct problems *problems,
	      struct map **ret_map)
{
	_cleanup_(json_object_putp) struct json_object *object = NULL;
	_cleanup_(map_unrefp) struct map *map = map_new();
	struct parser parser = {
		.text = {.text = text, .length = length, .file = file},
		.problems = problems,
		.map = map,
	};
	int r;

	if (!map)
		return -ENOMEM;
	r = json_text_parse(&parser.text, MAX_DEPTH, problems, &object);
	if (r < 0)
		return r;
	parse_object(&(struct given){&parser, NULL, object}, map_keys, map);
	r = problems_result(problems);
	if (r < 0)
		return r;
	*ret_map = TAKE_POINTER(map);
	return 0;
}

int map_read(const char *file, struct problems *problems, struct map **ret_map)
{
	_cleanup_(freep) char *text = NULL;
	_cleanup_(closep) int fd = -1;
	size_t length;
	int r;

	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = read_text(fd, MAP_MAX_FILE + 1, &text, &length);
	if (r < 0)
		return r;
	if (length > MAP_MAX_FILE)
		return problems_add(problems, SEVERITY_ERROR, PROBLEM_AT(.file = file),
				    "larger than %u bytes", MAP_MAX_FILE);
	return map_parse(text, length, file, problems, ret_map);
}
