// SPDX-License-Identifier: GPL-2.0-only
/* What follows from a link's keys: peers and their numbers, names, sizes, guest addresses. */
#include "model/link.h"
#include "model_test.h"

#define LINKS(memory, links) "{\"cpus\": 1, \"memory\": " memory ", \"shared-memory\": [" links "]}"
#define LINK(name, peers) \
	"{\"name\": \"" name "\", \"peers\": [" peers "], \"size\": \"8K\", \"common\": \"4K\"}"

#define FIFTY "01234567890123456789012345678901234567890123456789"

#define MEMORY "\"cpus\": [3], \"memory\": \"1M\""

/* One mistake each. */
static const struct {
	const char *json;
	const char *key;
	const char *text; /* part of the message */
} bad[] = {
	{"{" MEMORY ", \"parameters\": \"" FIFTY FIFTY FIFTY FIFTY "01234567890123456789\", "
	 "\"shared-memory\": [{\"name\": \"plant-of-this\", \"peers\": [\"root\"], \"size\": "
	 "\"64K\"}, "
	 "{\"name\": \"bus\", \"peers\": [\"root\"], \"size\": \"64K\"}]}",
	 "parameters", "for each of 2 links it is longer than 255 bytes"},
	{"{" MEMORY
	 ", \"shared-memory\": [{\"name\": \"Plant\", \"peers\": [\"root\"], \"size\": \"64K\"}]}",
	 "shared-memory[0].name", "a-z"},
	{"{" MEMORY
	 ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [], \"size\": \"64K\"}]}",
	 "shared-memory[0].peers", "1 to 7"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"b\", \"c\", \"d\", "
	 "\"e\", \"f\", \"g\", \"h\", \"i\"], \"size\": \"64K\"}]}",
	 "shared-memory[0].peers", "1 to 7"},
	{"{" MEMORY
	 ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": \"root\", \"size\": \"64K\"}]}",
	 "shared-memory[0].peers", "a list"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"b\", \"/\"], "
	 "\"size\": \"64K\"}]}",
	 "shared-memory[0].peers[1]", "a-z"},
	{"{" MEMORY
	 ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"b\", 3], \"size\": \"64K\"}]}",
	 "shared-memory[0].peers[1]", "a string"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\", \"a\"], "
	 "\"size\": \"64K\"}]}",
	 "shared-memory[0].peers[1]", "this cell itself"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\", \"b\", "
	 "\"root\"], \"size\": \"64K\"}]}",
	 "shared-memory[0].peers[2]", "twice"},
	{"{" MEMORY
	 ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": 6000}]}",
	 "shared-memory[0].size", "multiple of 4K"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": "
	 "\"64K\", \"common\": 100}]}",
	 "shared-memory[0].common", "multiple of 4K"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": "
	 "\"64K\", \"vectors\": 17}]}",
	 "shared-memory[0].vectors", "between 1 and 16"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": "
	 "\"64K\", \"vector\": 1}]}",
	 "shared-memory[0].vector", "did you mean"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"size\": \"64K\"}]}",
	 "shared-memory[0].peers", "is missing"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"]}]}",
	 "shared-memory[0].size", "is missing"},
	{"{" MEMORY ", \"shared-memory\": [{\"peers\": [\"root\"], \"size\": \"64K\"}]}",
	 "shared-memory[0].name", "is missing"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": "
	 "\"64K\"}, {\"name\": \"plant\", \"peers\": [\"b\"], \"size\": \"4K\"}]}",
	 "shared-memory[1].name", "name of shared-memory[0] as well"},
	/* Where links are is taken, up to the end. */
	{"{\"cpus\": [3], \"memory\": [{\"size\": \"1M\"}, {\"size\": \"0xfffdfff00000\", "
	 "\"address\": \"0x200000000\"}], \"shared-memory\": [{\"name\": \"plant\", \"peers\": "
	 "[\"root\"], \"size\": \"64K\"}, {\"name\": \"all\", \"peers\": [\"b\"], \"size\": "
	 "\"1M\"}]}",
	 "shared-memory[1]", "no room in the cell"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": "
	 "\"32M\"}]}",
	 "shared-memory[0].size", "0x1fff000"},
	{"{" MEMORY ", \"shared-memory\": [{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": "
	 "\"10M\"}, {\"name\": \"all\", \"peers\": [\"b\", \"c\"], \"size\": \"8M\"}, {\"name\": "
	 "\"more\", \"peers\": [\"b\"], \"size\": \"1M\"}]}",
	 "shared-memory[2]", "to 65.1M together; make them smaller: 64M"},
};

static void test_bad(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *description = NULL;
		int r = description_parse(bad[i].json, strlen(bad[i].json), "a.json", "a",
					  &problems, &description);

		if (!tap_ok(tap,
			    r == -EINVAL && !description &&
				    has_problem(&problems, SEVERITY_ERROR, bad[i].key,
						bad[i].text) &&
				    problems.items[0].line == 1 && problems.items[0].column > 1,
			    "\"%s\" is refused: %s", bad[i].key, bad[i].text))
			note_problems(tap, &problems);
	}
}

static void test_taken(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d =
		describe(tap, "b",
			 "{" MEMORY ", \"shared-memory\": ["
			 "{\"name\": \"plant\", \"peers\": [\"root\"], \"size\": \"64K\"}, "
			 "{\"name\": \"pair\", \"peers\": [\"c\", \"a\"], \"size\": \"8K\", "
			 "\"common\": 0, \"vectors\": 16}]}");

	if (!tap_ok(tap, d && d->num_links == 2, "two links are taken"))
		return;
	tap_is_str(tap, d->links[0].name, "plant", "with their names");
	tap_ok(tap, d->links[0].output == 65536 && d->links[0].common == 65536,
	       "the common section is as large as the others where nothing is said");
	tap_is_u64(tap, d->links[0].vectors, 1, "and there is one vector");
	tap_ok(tap, d->links[1].num_peers == 2 && strcmp(d->links[1].peers[1], "a") == 0,
	       "with their peers");
	tap_ok(tap, d->links[1].common == 0 && d->links[1].vectors == 16,
	       "there may be no common section, and many vectors");
}

static void test_peers(struct tap *tap)
{
	_cleanup_(description_freep) struct description *b =
		describe(tap, "b", LINKS("\"1M\"", LINK("plant", "\"c\", \"root\", \"a\"")));
	_cleanup_(description_freep) struct description *c =
		describe(tap, "c", LINKS("\"1M\"", LINK("plant", "\"b\", \"a\", \"root\"")));
	_cleanup_(description_freep) struct description *other =
		describe(tap, "c", LINKS("\"1M\"", LINK("plant", "\"b\", \"a\"")));
	char at_b[LINK_ID_MAX], at_c[LINK_ID_MAX];
	struct link_peers peers;

	if (!tap_ok(tap, b && c && other, "three cells are described"))
		return;
	peers = link_peers(b, &b->links[0]);
	if (!tap_is_u64(tap, peers.count, 4, "the cell itself is a peer"))
		return;
	tap_ok(tap,
	       strcmp(peers.names[0], "root") == 0 && strcmp(peers.names[1], "a") == 0 &&
		       strcmp(peers.names[2], "b") == 0 && strcmp(peers.names[3], "c") == 0,
	       "root is the first, then cells by their names");
	tap_is_u64(tap, link_peer_number(&peers, "b"), 2,
		   "a peer's number is its place in the order");
	tap_is_u64(tap, link_peer_number(&peers, "x"), 4, "and others have none");
	tap_ok(tap, link_has_root(&peers), "Linux takes part");
	link_id(b, &b->links[0], at_b);
	link_id(c, &c->links[0], at_c);
	tap_is_str(tap, at_b, "plant root a b c", "a link's id has its name and its peers");
	tap_is_str(tap, at_c, at_b, "seen from every peer");
	link_id(other, &other->links[0], at_c);
	tap_is_str(tap, at_c, "plant a b c", "and is another with other peers");
	peers = link_peers(other, &other->links[0]);
	tap_ok(tap, !link_has_root(&peers), "where Linux takes no part");
}

static void test_parameters(struct tap *tap)
{
	static const struct link_place places[] = {{.bdf = 0xf0}, {.bdf = 0x08}};
	_cleanup_(description_freep) struct description *one = describe(
		tap, "a", LINKS("\"1M\", \"parameters\": \"speed=1\"", LINK("plant", "\"root\"")));
	_cleanup_(description_freep) struct description *two =
		describe(tap, "a",
			 LINKS("\"1M\", \"parameters\": \"speed=1\"",
			       LINK("plant", "\"root\"") ", " LINK("bus", "\"b\"")));
	char text[CELL_PARAMETERS_SIZE], *full;

	if (!tap_ok(tap, one && two, "cells with parameters are described"))
		return;
	tap_ok(tap, links_parameters(one, places, text), "a link beside parameters");
	tap_is_str(tap, text, "speed=1", "the only one needs no word");
	tap_ok(tap, links_parameters(two, places, text), "two of them");
	tap_is_str(tap, text, "speed=1 link.plant=0xf0 link.bus=0x08", "say where they are");
	full = malloc(CELL_PARAMETERS_SIZE);
	memset(full, 'x', CELL_PARAMETERS_SIZE);
	full[CELL_PARAMETERS_MAX_LENGTH - strlen(text) + strlen("speed=1")] = 0;
	free(two->parameters);
	two->parameters = full;
	tap_ok(tap,
	       links_parameters(two, places, text) && strlen(text) == CELL_PARAMETERS_MAX_LENGTH,
	       "up to the last byte");
	strcat(full, "x");
	tap_ok(tap, !links_parameters(two, places, text), "and no further");
}

static void test_device_names(struct tap *tap)
{
	static const struct {
		const char *id, *name;
	} names[] = {
		{"plant root b", "b-plant"},
		{"pair a b", "a-pair"},
		{"root root rooted", "rooted-root"},
		{"x rooted y", "rooted-x"},
		{"abcdefghijklmnopqrstuvwxyz01234 root 0123456789012345678901234567890",
		 "0123456789012345678901234567890-abcdefghijklmnopqrstuvwxyz01234"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char name[LINK_DEVICE_NAME_MAX];

		link_device_name(names[i].id, name);
		tap_is_str(tap, name, names[i].name,
			   "Linux calls a link by its first cell and its name");
	}
}

static void test_sizes(struct tap *tap)
{
	const struct link_shape shape = {.common = 4096, .output = 8192, .vectors = 2};
	struct link_shape other = shape;

	tap_is_u64(tap, link_size(&shape, 3), 4096 + 4096 + 3 * 8192,
		   "state table, common section, a section for each peer");
	tap_ok(tap, link_shapes_equal(&shape, &other), "equal shapes are equal");
	other.vectors = 3;
	tap_ok(tap, !link_shapes_equal(&shape, &other), "but not with other vectors");
	other = shape;
	other.common = 0;
	tap_ok(tap, !link_shapes_equal(&shape, &other), "other common sections");
	other = shape;
	other.output = 4096;
	tap_ok(tap, !link_shapes_equal(&shape, &other), "or other output sections");
}

static void test_guest_addresses(struct tap *tap)
{
	static const struct {
		const char *json;
		uint64_t first, second;
		const char *what;
	} cases[] = {
		{LINKS("\"1M\"", LINK("x", "\"b\"") ", " LINK("y", "\"b\"")), 0x200000000,
		 0x200006000, "links are one behind the other"},
		{LINKS("[{\"size\": \"8G\", \"address\": \"8G\"}, {\"size\": \"1M\", \"address\": "
		       "0}]",
		       LINK("x", "\"b\"") ", " LINK("y", "\"b\"")),
		 0x400000000, 0x400006000, "behind memory that reaches there"},
		{LINKS("[{\"size\": \"1M\"}, {\"size\": \"4K\", \"address\": \"0x200009000\"}, "
		       "{\"size\": \"4K\", \"address\": \"0x200005000\"}]",
		       LINK("x", "\"b\"") ", " LINK("y", "\"b\"")),
		 0x20000a000, 0x200010000, "not between regions where they do not fit"},
		{LINKS("[{\"size\": \"1M\"}, {\"size\": \"4K\", \"address\": \"0x200006000\"}]",
		       LINK("x", "\"b\"") ", " LINK("y", "\"b\"")),
		 0x200000000, 0x200007000, "but there where they do"},
		{"{\"cpus\": 1, \"memory\": \"1M\", \"devices\": {\"mmio\": [{\"phys\": "
		 "\"0xfed00010\", \"size\": 4, \"address\": \"0x200000010\"}]}, \"shared-memory\": "
		 "[" LINK("x", "\"b\"") ", " LINK("y", "\"b\"") "]}",
		 0x200001000, 0x200007000, "not in a page that has registers in it"},
		{"{\"cpus\": 1, \"memory\": \"1M\", \"console\": {\"mmio\": \"0x200000000\"}, "
		 "\"shared-memory\": [" LINK("x", "\"b\"") ", " LINK("y", "\"b\"") "]}",
		 0x200001000, 0x200007000, "nor a UART"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(description_freep) struct description *d =
			describe(tap, "a", cases[i].json);

		if (!tap_ok(tap, d != NULL, "guest addresses, case %zu", i))
			continue;
		tap_is_u64(tap, link_guest_address(d, 0), cases[i].first, cases[i].what);
		tap_is_u64(tap, link_guest_address(d, 1), cases[i].second, cases[i].what);
	}
}

/* Each link is counted once, by the first of its cells. */
static void test_leaders(struct tap *tap)
{
	_cleanup_(description_freep) struct description *b = describe(
		tap, "b",
		LINKS("\"1M\"", LINK("x", "\"root\"") ", " LINK("y", "\"a\", \"c\"") ", " LINK(
					"z", "\"c\", \"root\"")));

	if (!tap_ok(tap, b && b->num_links == 3, "three links are described"))
		return;
	tap_is_u64(tap, links_total(b), 0x6000 + 0x8000 + 0x8000, "memory of all of them");
	tap_is_u64(tap, links_led(b), 0x6000 + 0x8000, "and of those that no cell is before in");
}

int main(void)
{
	struct tap tap = {0};

	test_bad(&tap);
	test_taken(&tap);
	test_peers(&tap);
	test_parameters(&tap);
	test_device_names(&tap);
	test_sizes(&tap);
	test_guest_addresses(&tap);
	test_leaders(&tap);
	return tap_done(&tap);
}
