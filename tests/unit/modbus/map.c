// SPDX-License-Identifier: GPL-2.0-only
/* Maps: what they say, and that every mistake is named with its place and what to do. */
#include "map.h"

#include "common/cleanup.h"
#include "tests/lib/tap.h"

#define SPEED "\"cell\": \"turbine\", \"signal\": \"speed\""
#define POWER "\"cell\": \"turbine\", \"signal\": \"power\""

/* "{ "registers": [ENTRIES] }" */
#define MAP(entries) "{ \"registers\": [\n" entries "\n] }"

static const struct {
	const char *text;
	const char *said;
} mistakes[] = {
	{"[]", "m.json:1:1: must be one JSON object: { … }"},
	{"{", "m.json:1:2: the text ends before its JSON does; is a bracket or a quote missing?"},
	{"{}", "m.json:1:1: registers: is missing; add it"},
	{"{ \"registers\": [] }",
	 "m.json:1:3: registers: \"[]\": must be a list of 1 to 4096 objects: [ { … } ]"},
	{"{ \"registers\": 7 }",
	 "m.json:1:3: registers: \"7\": must be a list of 1 to 4096 objects: [ { … } ]"},
	{MAP("7"), "m.json:2:1: registers[0]: \"7\": must be an object with the keys \"cell\", "
		   "\"signal\", \"table\" and \"address\""},
	{MAP("{ \"table\": \"coil\", \"address\": 1, \"signal\": \"a\" }"),
	 "m.json:2:1: registers[0].cell: is missing; add it"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, \"cell\": \"a\" }"),
	 "m.json:2:1: registers[0].signal: is missing; add it"},
	{MAP("{ \"table\": \"coil\", " SPEED " }"),
	 "m.json:2:1: registers[0].address: is missing; add it"},
	{MAP("{ \"address\": 1, " SPEED " }"),
	 "m.json:2:1: registers[0].table: is missing; add it"},
	{MAP("{ \"table\": \"coils\", \"address\": 1, " SPEED " }"),
	 "m.json:2:3: registers[0].table: \"coils\": must be one of coil, discrete-input, input, "
	 "holding"},
	{MAP("{ \"table\": \"coil\", \"address\": 65536, " SPEED " }"),
	 "m.json:2:20: registers[0].address: \"65536\": must be a whole number, 0 to 65535"},
	{MAP("{ \"table\": \"coil\", \"address\": -1, " SPEED " }"),
	 "m.json:2:20: registers[0].address: \"-1\": must be a whole number, 0 to 65535"},
	{MAP("{ \"table\": \"coil\", \"address\": \"1\", " SPEED " }"),
	 "m.json:2:20: registers[0].address: \"1\": must be a whole number, 0 to 65535"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, \"cell\": \"Turbine\", \"signal\": \"a\" }"),
	 "m.json:2:34: registers[0].cell: \"Turbine\": is no name of a cell: 1 to 31 of a-z, 0-9 "
	 "and "
	 "-, the first not -"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, \"cell\": \"a\", \"signal\": "
	     "\"a2345678901234567890123456789012\" }"),
	 "m.json:2:47: registers[0].signal: \"a2345678901234567890123456789012\": is no name of a "
	 "signal: 1 to 31 of a-z, 0-9 and -, the first not -"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, \"cell\": 1, \"signal\": \"a\" }"),
	 "m.json:2:34: registers[0].cell: \"1\": must be a name, in quotes"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED " }"),
	 "m.json:2:1: registers[0].encoding: is missing: table \"input\" needs to know what its "
	 "registers hold"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED ", \"encoding\": \"f16\" }"),
	 "m.json:2:73: registers[0].encoding: \"f16\": must be one of bool, u16, i16, u32, i32, "
	 "u64, "
	 "i64, f32, f64"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, " SPEED ", \"encoding\": \"u16\" }"),
	 "m.json:2:72: registers[0].encoding: \"u16\": table \"coil\" has bits: remove the key, or "
	 "choose table \"input\" or \"holding\""},
	{MAP("{ \"table\": \"input\", \"address\": 65533, " SPEED ", \"encoding\": \"f64\" }"),
	 "m.json:2:21: registers[0].address: \"65533\": \"f64\" takes 4 registers, and the last "
	 "one "
	 "is 65535"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED
	     ", \"encoding\": \"u16\", \"scale\": 0 }"),
	 "m.json:2:92: registers[0].scale: \"0\": must be a number other than 0: the value is the "
	 "number in the register times this"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED
	     ", \"encoding\": \"u16\", \"scale\": 1e300 }"),
	 "m.json:2:92: registers[0].scale: \"1e300\": must be a number other than 0: the value is "
	 "the "
	 "number in the register times this"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED
	     ", \"encoding\": \"u32\", \"scale\": 18446744073709551616 }"),
	 "m.json:2:101: registers[0].scale: does not fit in 64 bits; where any number may be, "
	 "write it like 1e20"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED ", \"scale\": 2 }"),
	 "m.json:2:1: registers[0].encoding: is missing: table \"input\" needs to know what its "
	 "registers hold"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, " SPEED ", \"scale\": 2 }"),
	 "m.json:2:72: registers[0].scale: \"2\": true and false have no scale; remove the key"},
	{MAP("{ \"table\": \"input\", \"address\": 1, " SPEED
	     ", \"encoding\": \"u16\", \"write\": true }"),
	 "m.json:2:92: registers[0].write: \"true\": nobody writes to table \"input\" in this "
	 "protocol; choose \"holding\", or remove the key"},
	{MAP("{ \"table\": \"discrete-input\", \"address\": 1, " SPEED ", \"write\": true }"),
	 "m.json:2:82: registers[0].write: \"true\": nobody writes to table \"discrete-input\" in "
	 "this "
	 "protocol; choose \"coil\", or remove the key"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, " SPEED ", \"write\": 1 }"),
	 "m.json:2:72: registers[0].write: \"1\": must be true or false"},
	{MAP("{ \"table\": \"coil\", \"address\": 1, " SPEED ", \"word-order\": \"big\" }"),
	 "m.json:2:72: registers[0].word-order: \"big\": must be one of high-first, low-first"},
	{MAP("{ \"table\": \"coil\", \"adress\": 1, \"address\": 1, " SPEED " }"),
	 "m.json:2:20: registers[0].adress: \"1\": there is no such key; did you mean "
	 "\"address\"?"},
	{MAP("{ \"table\": \"coil\", \"colour\": 1, \"address\": 1, " SPEED " }"),
	 "m.json:2:20: registers[0].colour: \"1\": there is no such key; remove it, or begin its "
	 "name "
	 "with x-"},
	{MAP("{ \"table\": \"input\", \"address\": 4, " SPEED ", \"encoding\": \"f32\" },\n"
	     "{ \"table\": \"holding\", \"address\": 5, " SPEED ", \"encoding\": \"f32\" },\n"
	     "{ \"table\": \"input\", \"address\": 1, " POWER ", \"encoding\": \"f64\" }"),
	 "m.json:4:21: registers[2].address: \"1\": signal power of cell turbine would be where "
	 "signal "
	 "speed of cell turbine is, at 4 in table \"input\"; choose another address"},
	{MAP("{ \"table\": \"coil\", \"address\": 4, " SPEED " },\n"
	     "{ \"table\": \"coil\", \"address\": 4, " POWER " }"),
	 "m.json:3:20: registers[1].address: \"4\": signal power of cell turbine would be where "
	 "signal "
	 "speed of cell turbine is, at 4 in table \"coil\"; choose another address"},
	{"{ \"listen\": \"localhost\", \"registers\": 1 }",
	 "m.json:1:3: listen: \"localhost\": is no IP address; \"127.0.0.1\" is for programs of "
	 "this "
	 "machine, \"0.0.0.0\" for all networks"},
	{"{ \"port\": 0, \"registers\": 1 }",
	 "m.json:1:3: port: \"0\": must be a whole number, 1 to 65535"},
	{"{ \"port\": 5020.5, \"registers\": 1 }",
	 "m.json:1:3: port: \"5020.5\": must be a whole number, 1 to 65535"},
	{"{ \"max-clients\": 65, \"registers\": 1 }",
	 "m.json:1:3: max-clients: \"65\": must be a whole number, 1 to 64"},
	{"{ \"idle-timeout\": 60, \"registers\": 1 }",
	 "m.json:1:3: idle-timeout: \"60\": must be a time, in quotes"},
	{"{ \"idle-timeout\": \"999ms\", \"registers\": 1 }",
	 "m.json:1:3: idle-timeout: \"999ms\": must be a time of 1s to 60min, like \"60s\""},
	{"{ \"port\": 1, \"port\": 2, \"registers\": 1 }",
	 "m.json:1:14: port: is here twice; json"},
};

/* The last one ends in what it begins with: what json_text.c says of it is tested there. */
static bool begins_with(const char *text, const char *start)
{
	return text && strncmp(text, start, strlen("m.json:1:14: port")) == 0;
}

static void test_mistakes(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct problems problems = {0};
		struct map *map = NULL;
		int r = map_parse(mistakes[i].text, strlen(mistakes[i].text), "m.json", &problems,
				  &map);
		_cleanup_(freep) char *said = problems_format_first(&problems);

		if (i + 1 == ARRAY_SIZE(mistakes))
			tap_ok(tap, r < 0 && begins_with(said, mistakes[i].said), "a key twice");
		else
			tap_is_str(tap, said, mistakes[i].said, "mistake %zu is named", i);
		tap_ok(tap, r < 0 && !map, "mistake %zu makes no map", i);
		map_unref(map);
		problems_done(&problems);
	}
}

static struct map *parse(struct tap *tap, const char *text)
{
	struct problems problems = {0};
	struct map *map = NULL;
	_cleanup_(freep) char *said = NULL;

	map_parse(text, strlen(text), "m.json", &problems, &map);
	said = problems_format_first(&problems);
	tap_is_str(tap, said, NULL, "nothing is wrong with the map");
	problems_done(&problems);
	return map;
}

static void test_defaults(struct tap *tap)
{
	_cleanup_(map_unrefp) struct map *map =
		parse(tap, MAP("{ \"table\": \"coil\", \"address\": 3, " SPEED " }"));

	if (!map)
		return;
	tap_is_str(tap, map->listen, "127.0.0.1", "it listens for this machine alone");
	tap_is_u64(tap, map->port, 502, "at the protocol's port");
	tap_is_u64(tap, map->max_clients, 8, "for eight clients");
	tap_is_u64(tap, map->idle_us, 60000000, "that say something once a minute");
	tap_is_u64(tap, map->count, 1, "there is one entry");
	tap_is_str(tap, map->entries[0].cell, "turbine", "its cell");
	tap_is_str(tap, map->entries[0].signal, "speed", "its signal");
	tap_is_u64(tap, map->entries[0].table, TABLE_COIL, "its table");
	tap_is_u64(tap, map->entries[0].address, 3, "its address");
	tap_is_u64(tap, map->entries[0].encoding.type, ENCODING_BOOL, "bits are bools");
	tap_ok(tap, !map->entries[0].write, "clients may not write unless the map says so");
	tap_ok(tap, map->entries[0].encoding.scale == 0, "there is no scale");
}

static const char all[] =
	"{ \"x-note\": [1], \"listen\": \"::1\", \"port\": 1502, \"max-clients\": 64,\n"
	"\"idle-timeout\": \"5min\", \"registers\": [\n"
	"{ \"table\": \"holding\", \"address\": 65534, " SPEED ", \"encoding\": \"f32\",\n"
	"  \"word-order\": \"high-first\", \"write\": true, \"scale\": -0.5, \"x-y\": 1 },\n"
	"{ \"table\": \"input\", \"address\": 4, " SPEED ", \"encoding\": \"f64\" },\n"
	"{ \"table\": \"input\", \"address\": 0, " POWER ", \"encoding\": \"u64\" },\n"
	"{ \"table\": \"input\", \"address\": 9, " POWER ", \"encoding\": \"bool\" },\n"
	"{ \"table\": \"coil\", \"address\": 65535, " POWER ", \"encoding\": \"bool\" }\n"
	"], \"word-order\": \"low-first\" }";

static const struct {
	const char *name;
	enum map_table table;
	uint16_t address;
	unsigned int count;
	size_t number; /* 0: not to be had */
	uint16_t first;
} looks[] = {
	{"one value", TABLE_INPUT, 0, 4, 1, 0},
	{"two beside each other", TABLE_INPUT, 0, 8, 2, 0},
	{"the second", TABLE_INPUT, 4, 4, 1, 4},
	{"the end of one", TABLE_INPUT, 1, 3, 0, 0},
	{"the beginning of one", TABLE_INPUT, 0, 3, 0, 0},
	{"one and the beginning of another", TABLE_INPUT, 0, 5, 0, 0},
	{"a gap behind two", TABLE_INPUT, 0, 9, 0, 0},
	{"a gap in between", TABLE_INPUT, 4, 6, 0, 0},
	{"behind a gap", TABLE_INPUT, 9, 1, 1, 9},
	{"behind all of its table", TABLE_INPUT, 10, 1, 0, 0},
	{"nothing in the table", TABLE_DISCRETE, 0, 1, 0, 0},
	{"the last registers", TABLE_HOLDING, 65534, 2, 1, 65534},
	{"the last bit", TABLE_COIL, 65535, 1, 1, 65535},
	{"before the last bit", TABLE_COIL, 65534, 2, 0, 0},
};

static void test_all_keys(struct tap *tap)
{
	_cleanup_(map_unrefp) struct map *map = parse(tap, all);
	const struct map_entry *last;
	size_t number;

	if (!map)
		return;
	tap_is_str(tap, map->listen, "::1", "listen");
	tap_is_u64(tap, map->port, 1502, "port");
	tap_is_u64(tap, map->max_clients, 64, "max-clients");
	tap_is_u64(tap, map->idle_us, 300000000, "idle-timeout");
	tap_is_u64(tap, map->count, 5, "registers");
	last = &map->entries[4];
	tap_is_u64(tap, last->address, 65534, "entries are sorted");
	tap_ok(tap, last->write && last->encoding.scale == -0.5, "write and scale");
	tap_ok(tap, !last->encoding.low_first, "an entry's own order of words");
	tap_ok(tap, map->entries[1].encoding.low_first, "the map's order of words, behind them");
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		const struct map_entry *entry =
			map_find(map, looks[i].table, looks[i].address, looks[i].count, &number);

		if (looks[i].number)
			tap_ok(tap,
			       entry && number == looks[i].number &&
				       entry->table == looks[i].table &&
				       entry->address == looks[i].first,
			       "found: %s", looks[i].name);
		else
			tap_ok(tap, !entry, "not found: %s", looks[i].name);
	}
}

/* Tables count from 0 each: what is in another one is not beside it. */
static void test_neighbours(struct tap *tap)
{
	static const char one[] = "{ \"registers\": [ { \"table\": \"input\", \"address\": 0, "
				  "\"encoding\": \"u16\", \"cell\": \"a\", \"signal\": \"s\" }, "
				  "{ \"table\": \"holding\", \"address\": 1, "
				  "\"encoding\": \"u16\", \"cell\": \"a\", \"signal\": \"s\" } ] }";
	static const char other[] =
		"{ \"registers\": [ { \"table\": \"input\", \"address\": 1, "
		"\"encoding\": \"u16\", \"cell\": \"a\", \"signal\": \"s\" }, "
		"{ \"table\": \"holding\", \"address\": 0, "
		"\"encoding\": \"u16\", \"cell\": \"a\", \"signal\": \"s\" } ] }";
	_cleanup_(map_unrefp) struct map *first = parse(tap, one), *second = parse(tap, other);
	size_t number;

	tap_ok(tap,
	       first && second && !map_find(first, TABLE_INPUT, 0, 2, &number) &&
		       !map_find(second, TABLE_HOLDING, 0, 2, &number),
	       "not found: beside it in another table");
}

static void test_files(struct tap *tap)
{
	struct problems problems = {0};
	struct map *map = NULL;

	tap_is_u64(tap, (uint64_t)map_read("/nowhere/m.json", &problems, &map), (uint64_t)-2,
		   "a file that is not there is an error");
	tap_ok(tap, map_read("/dev/zero", &problems, &map) == -22 && problems.errors == 1,
	       "a file without an end is read no further than it may be long");
	problems_done(&problems);
	if (tap_ok(tap, map_read(EXAMPLE, &problems, &map) == 0, "the example is a map"))
		tap_is_u64(tap, map->count, 8, "with its signals");
	map_unref(map);
	problems_done(&problems);
}

int main(void)
{
	struct tap tap = {0};

	test_mistakes(&tap);
	test_defaults(&tap);
	test_all_keys(&tap);
	test_neighbours(&tap);
	test_files(&tap);
	return tap_done(&tap);
}
