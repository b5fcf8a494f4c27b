// SPDX-License-Identifier: GPL-2.0-only
/* The order of cells: a way back is found, the shortest one; and what a reload writes can be
 * written. */
#include "model/check.h"
#include "model/order.h"
#include "model_test.h"

#define CELL(keys) "{\n  \"cpus\": 1, \"memory\": \"1M\",\n  " keys "\n}\n"
#define NOTHING	   CELL("\"after\": [], \"requires\": []")

/* Cells a, b, c, and what is found at a. Lines are counted from 1. */
static const struct {
	const char *a, *b, *c;
	const char *way; /* NULL: none back */
	const char *key; /* of the problem; NULL: there is none */
	unsigned int column;
	enum severity severity;
	const char *text;
} cases[] = {
	{NOTHING, NOTHING, NOTHING, NULL, NULL, 0, SEVERITY_ERROR, NULL},
	{CELL("\"after\": [\"b\", \"c\"]"), CELL("\"requires\": [\"c\"]"), NOTHING, NULL, NULL, 0,
	 SEVERITY_ERROR, NULL},
	{CELL("\"after\": [\"a\"]"), NOTHING, NOTHING, "a, a", "after[0]", 13, SEVERITY_ERROR,
	 "come after itself (a, a)"},
	{CELL("\"requires\": [\"c\", \"b\"]"), CELL("\"after\": [\"a\"]"), NOTHING, "a, b, a",
	 "requires[1]", 21, SEVERITY_ERROR, "come after itself (a, b, a)"},
	{CELL("\"after\": [\"b\"]"), CELL("\"requires\": [\"c\"]"), CELL("\"after\": [\"a\"]"),
	 "a, b, c, a", "after[0]", 13, SEVERITY_ERROR, "come after itself (a, b, c, a)"},
	/* The shortest of two. */
	{CELL("\"after\": [\"b\", \"c\"]"), CELL("\"after\": [\"c\"]"), CELL("\"after\": [\"a\"]"),
	 "a, c, a", "after[1]", 18, SEVERITY_ERROR, "(a, c, a)"},
	/* A circle of others, to which it only leads: not its own. */
	{CELL("\"after\": [\"b\"]"), CELL("\"after\": [\"c\"]"), CELL("\"after\": [\"b\"]"), NULL,
	 NULL, 0, SEVERITY_ERROR, NULL},
	{CELL("\"after\": [\"x\"]"), NOTHING, NOTHING, NULL, "after[0]", 13, SEVERITY_WARNING,
	 "no description of a cell x"},
	{CELL("\"after\": [\"b\"], \"requires\": [\"b\", \"x\"]"), NOTHING, NOTHING, NULL,
	 "requires[1]", 37, SEVERITY_ERROR, "no description of a cell x"},
};

static void judge(struct tap *tap, size_t i, const struct problems *problems)
{
	size_t found = 0;
	bool good = true;

	for (size_t n = 0; n < problems->count; n++) {
		/* That it has none is no concern here. */
		if (strcmp(problems->items[n].key, "image") == 0)
			continue;
		found++;
		good = cases[i].key && problems->items[n].severity == cases[i].severity &&
		       strcmp(problems->items[n].key, cases[i].key) == 0 &&
		       problems->items[n].line == 3 &&
		       problems->items[n].column == cases[i].column &&
		       strstr(problems->items[n].text, cases[i].text);
	}
	good = good && found == (cases[i].key != NULL);
	if (!tap_ok(tap, good, "case %zu: %s", i, cases[i].text ?: "nothing is wrong"))
		note_problems(tap, problems);
}

static void test_cases(struct tap *tap, const struct machine *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(description_freep) struct description *a = describe(tap, "a", cases[i].a);
		_cleanup_(description_freep) struct description *b = describe(tap, "b", cases[i].b);
		_cleanup_(description_freep) struct description *c = describe(tap, "c", cases[i].c);
		const struct description *set[] = {c, a, b};
		_cleanup_(problems_done) struct problems problems = {0};
		const struct check_input input = {
			.machine = machine,
			.descriptions = set,
			.num_descriptions = ARRAY_SIZE(set),
			.memory_node = -1,
			.ignore_rivals = true,
		};
		_cleanup_(freep) char *way = NULL;
		size_t first = 0;

		if (!tap_ok(tap, a && b && c, "case %zu is described", i))
			continue;
		way = order_find_cycle(set, ARRAY_SIZE(set), a, &first);
		tap_ok(tap, cases[i].way ? way && strcmp(way, cases[i].way) == 0 : way == NULL,
		       "case %zu: the way is %s", i, way ?: "none");
		check_cell(&input, a, &problems);
		judge(tap, i, &problems);
	}
}

#define LINKED(signals, value)                                                         \
	"{\"cpus\": 1, \"memory\": \"1M\", \"shared-memory\": [{\"name\": \"plant\", " \
	"\"peers\": [\"root\"], \"size\": \"4K\"}], \"signals\": {" signals            \
	"}, \"reload\": {\"signal\": \"mode\", \"value\": " value "}}"
#define SIGNAL(type, more) "\"mode\": {\"at\": \"plant:common/0\", \"type\": \"" type "\"" more "}"

static const struct {
	const char *text;
	const char *key; /* of the error; NULL: none */
	const char *error;
} reloads[] = {
	{LINKED(SIGNAL("u32", ", \"write\": true"), "3"), NULL, NULL},
	{LINKED(SIGNAL("bool", ", \"write\": true"), "1"), NULL, NULL},
	{LINKED(SIGNAL("i16", ", \"write\": true"), "-3"), NULL, NULL},
	{LINKED(SIGNAL("f64", ", \"write\": true"), "0.25"), NULL, NULL},
	{LINKED(SIGNAL("bool", ", \"write\": true"), "2"), "reload.value", "true or false"},
	{LINKED(SIGNAL("u8", ", \"write\": true"), "256"), "reload.value", "more than its type"},
	{LINKED(SIGNAL("u8", ", \"write\": true"), "1.5"), "reload.value", "whole numbers"},
	{LINKED(SIGNAL("u8", ", \"write\": true, \"max\": 2"), "3"), "reload.value", "max"},
	{LINKED(SIGNAL("u8", ""), "1"), "reload.signal", "can be written"},
	{LINKED("", "1"), "reload.signal", "mode is no signal of this description"},
};

static void test_reloads(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(reloads); i++) {
		_cleanup_(description_freep) struct description *description = NULL;
		_cleanup_(problems_done) struct problems problems = {0};
		const char *text = reloads[i].text;
		int r = description_parse(text, strlen(text), "a.json", "a", &problems,
					  &description);
		bool good = reloads[i].key ? r < 0 && problems.count == 1 &&
						     has_problem(&problems, SEVERITY_ERROR,
								 reloads[i].key, reloads[i].error)
					   : r == 0 && problems.count == 0;

		if (!tap_ok(tap, good, "reload %zu: %s", i, reloads[i].error ?: "is good"))
			note_problems(tap, &problems);
	}
}

int main(void)
{
	struct tap tap = {0};
	struct machine *machine = read_q35(&tap);

	if (tap_ok(&tap, machine, "the machine is read"))
		test_cases(&tap, machine);
	machine_free(machine);
	test_reloads(&tap);
	return tap_done(&tap);
}
