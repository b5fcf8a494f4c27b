// SPDX-License-Identifier: GPL-2.0-only
/* Links against the descriptions of their peers: what does not fit is told at its place. */
#include "driver_abi.h"
#include "model/check.h"
#include "model_test.h"

#define CELL_HEAD "{\n  \"cpus\": 1,\n  \"memory\": \"1M\",\n  \"shared-memory\": [\n"
#define LINK(name, peers, rest) \
	"    {\"name\": \"" name "\", \"peers\": [" peers "],\n     " rest "}"
#define CELL(links) CELL_HEAD links "]\n}\n"
#define ALONE	    "{\"cpus\": 1, \"memory\": \"1M\"}"

#define SIZE "\"size\": \"8K\""

/* Cell a with others. Lines are counted from 1; the first link's name is in line 5. */
static const struct {
	const char *a, *b, *ab;
	const char *key; /* "" where nothing is wrong */
	unsigned int line, column;
	const char *text;
} cases[] = {
	{CELL(LINK("plant", "\"root\"", SIZE)), ALONE, ALONE, "", 0, 0, NULL},
	{CELL(LINK("pair", "\"b\"", SIZE)), CELL(LINK("pair", "\"a\"", SIZE)), ALONE, "", 0, 0,
	 NULL},
	{CELL(LINK("all", "\"ab\", \"root\", \"b\"", SIZE)),
	 CELL(LINK("all", "\"root\", \"a\", \"ab\"", SIZE)),
	 CELL(LINK("all", "\"b\", \"a\", \"root\"", SIZE)), "", 0, 0, NULL},
	{CELL(LINK("pair", "\"root\", \"c\"", SIZE)), ALONE, ALONE, "shared-memory[0].peers[1]", 5,
	 40, "no description of a cell c"},
	{CELL(LINK("pair", "\"b\"", SIZE)), ALONE, ALONE, "shared-memory[0].peers[0]", 5, 32,
	 "cell b has no link pair; its description needs one with this cell"},
	{CELL(LINK("pair", "\"b\"", SIZE)), CELL(LINK("other", "\"a\"", SIZE)), ALONE,
	 "shared-memory[0].peers[0]", 5, 32, "cell b has no link pair"},
	{CELL(LINK("pair", "\"b\"", SIZE)), CELL(LINK("pair", "\"root\", \"a\"", SIZE)), ALONE,
	 "shared-memory[0].peers[0]", 5, 32, "there it is between root a b, here between a b"},
	{CELL(LINK("pair", "\"b\"", SIZE)), CELL(LINK("pair", "\"a\"", "\"size\": \"64K\"")), ALONE,
	 "shared-memory[0].size", 6, 6, "is 8K here and 64K in cell b"},
	{CELL(LINK("pair", "\"b\"", SIZE ", \"common\": 0")), CELL(LINK("pair", "\"a\"", SIZE)),
	 ALONE, "shared-memory[0].common", 6, 20, "is 0 here and 8K in cell b"},
	/* What is not written has the place of what it is missing from. */
	{CELL(LINK("pair", "\"b\"", SIZE)),
	 CELL(LINK("pair", "\"a\"", SIZE ", \"common\": \"4K\"")), ALONE, "shared-memory[0].common",
	 5, 5, "is 8K here and 4K in cell b"},
	{CELL(LINK("pair", "\"b\"", SIZE ", \"vectors\": 2")), CELL(LINK("pair", "\"a\"", SIZE)),
	 ALONE, "shared-memory[0].vectors", 6, 20, "is 2 here and 1 in cell b"},
	/* Two names in Linux. */
	{CELL(LINK("b-x", "\"root\"", SIZE)), ALONE, CELL(LINK("x", "\"root\"", SIZE)), "", 0, 0,
	 NULL},
	{CELL(LINK("b-x", "\"root\", \"ab\"", SIZE)), ALONE,
	 CELL(LINK("b-x", "\"root\", \"a\"", SIZE)), "", 0, 0, NULL},
	{CELL(LINK("big", "\"root\"", "\"size\": \"20M\"")), ALONE, ALONE, "shared-memory", 4, 3,
	 "wants 61.1M together with the cell's memory, but the whole pool has 56M"},
};

static const struct problem *first_error(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		if (problems->items[i].severity == SEVERITY_ERROR)
			return &problems->items[i];
	}
	return NULL;
}

/* Whether the first error, and no other, is the one that is wanted; key "" for none. */
static void judge(struct tap *tap, const struct problems *problems, const char *key,
		  unsigned int line, unsigned int column, const char *text, const char *name)
{
	const struct problem *error = first_error(problems);
	bool good = !error && !*key;

	if (error && *key)
		good = problems->errors == 1 && strcmp(error->key, key) == 0 &&
		       error->line == line && error->column == column && strstr(error->text, text);
	if (!tap_ok(tap, good, "%s", name))
		note_problems(tap, problems);
}

static void test_cases(struct tap *tap, const struct check_input *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(description_freep) struct description *a = describe(tap, "a", cases[i].a);
		_cleanup_(description_freep) struct description *b = describe(tap, "b", cases[i].b);
		_cleanup_(description_freep) struct description *ab =
			describe(tap, "ab", cases[i].ab);
		const struct description *set[] = {b, ab, a};
		_cleanup_(problems_done) struct problems problems = {0};
		struct check_input input = *machine;
		char name[128];

		if (!tap_ok(tap, a && b && ab, "case %zu is described", i))
			continue;
		input.descriptions = set;
		input.num_descriptions = ARRAY_SIZE(set);
		check_cell(&input, a, &problems);
		snprintf(name, sizeof(name), "case %zu: %s", i,
			 cases[i].text ?: "nothing is wrong");
		judge(tap, &problems, cases[i].key, cases[i].line, cases[i].column, cases[i].text,
		      name);
		/* Other cells that want the same are one thing, peers another. */
		problems_done(&problems);
		input.ignore_rivals = true;
		check_cell(&input, a, &problems);
		judge(tap, &problems, cases[i].key, cases[i].line, cases[i].column, cases[i].text,
		      "also without rivals");
	}
}

/* Both sides are told, each in its own file. */
static void test_both(struct tap *tap, const struct check_input *machine)
{
	_cleanup_(description_freep) struct description *a =
		describe(tap, "a", CELL(LINK("pair", "\"b\"", SIZE)));
	_cleanup_(description_freep) struct description *b =
		describe(tap, "b", CELL(LINK("pair", "\"a\"", "\"size\": \"4K\"")));
	const struct description *set[] = {a, b};
	_cleanup_(problems_done) struct problems problems = {0};
	struct check_input input = *machine;

	if (!tap_ok(tap, a && b, "two cells that disagree are described"))
		return;
	input.descriptions = set;
	input.num_descriptions = 2;
	tap_ok(tap,
	       check_set(&input, &problems) == -EINVAL &&
		       has_problem(&problems, SEVERITY_ERROR, "shared-memory[0].size",
				   "is 8K here and 4K in cell b") &&
		       has_problem(&problems, SEVERITY_ERROR, "shared-memory[0].size",
				   "is 4K here and 8K in cell a"),
	       "both sides are told");
}

static void test_device_names(struct tap *tap, const struct check_input *machine)
{
	_cleanup_(description_freep) struct description *a =
		describe(tap, "a", CELL(LINK("b-x", "\"root\"", SIZE)));
	_cleanup_(description_freep) struct description *ab =
		describe(tap, "a-b", CELL(LINK("x", "\"root\"", SIZE)));
	_cleanup_(description_freep) struct description *both = describe(
		tap, "a-b",
		CELL(LINK("x", "\"root\"", SIZE) ",\n" LINK("b-x", "\"root\", \"a\"", SIZE)));
	_cleanup_(description_freep) struct description *a_both =
		describe(tap, "a", CELL(LINK("b-x", "\"root\", \"a-b\"", SIZE)));
	const struct description *set[] = {a, ab}, *set_both[] = {a_both, both};
	_cleanup_(problems_done) struct problems problems = {0}, own = {0};
	struct check_input input = *machine;

	if (!tap_ok(tap, a && ab && both && a_both, "links that Linux could not tell apart"))
		return;
	input.descriptions = set;
	input.num_descriptions = 2;
	check_cell(&input, a, &problems);
	judge(tap, &problems, "shared-memory[0].name", 5, 6,
	      "would be /dev/cellmgr/a-b-x in Linux, as link x of cell a-b is",
	      "two cells' links of one name in Linux");
	input.descriptions = set_both;
	check_cell(&input, both, &own);
	tap_ok(tap,
	       has_problem(&own, SEVERITY_ERROR, "shared-memory[0].name",
			   "as link b-x of cell a-b is") &&
		       has_problem(&own, SEVERITY_ERROR, "shared-memory[1].name",
				   "as link x of cell a-b is"),
	       "and of one cell");
}

static void test_driver(struct tap *tap, const struct check_input *machine)
{
	_cleanup_(description_freep) struct description *a = describe(
		tap, "a", CELL(LINK("plant", "\"root\"", SIZE) ",\n" LINK("pair", "\"b\"", SIZE)));
	_cleanup_(description_freep) struct description *b =
		describe(tap, "b", CELL(LINK("pair", "\"a\"", SIZE)));
	const struct description *set[] = {a, b};
	_cleanup_(problems_done) struct problems problems = {0};
	struct check_input input = *machine;

	if (!tap_ok(tap, a && b, "links with Linux and without it"))
		return;
	input.descriptions = set;
	input.num_descriptions = 2;
	input.missing_features = CELLVISOR_FEATURE_LINKS;
	check_cell(&input, a, &problems);
	judge(tap, &problems, "shared-memory[0].peers", 5, 23, "cannot give Linux an end",
	      "a driver without links is an error for those with Linux");
}

/* How a program finds its links is in its parameters: somebody has to have some. */
static void test_parameters(struct tap *tap, const struct check_input *machine)
{
#define TWO LINK("plant", "\"root\"", SIZE) ",\n" LINK("spare", "\"root\"", SIZE) "]"
	static const char *const texts[] = {
		CELL_HEAD TWO "}\n",
		CELL_HEAD TWO ", \"parameters\": \"\"}\n",
		CELL(LINK("plant", "\"root\"", SIZE)),
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(description_freep) struct description *a = describe(tap, "a", texts[i]);
		_cleanup_(problems_done) struct problems problems = {0};

		if (a)
			check_cell(machine, a, &problems);
		tap_ok(tap,
		       a && problems.errors == 0 &&
			       has_problem(&problems, SEVERITY_WARNING, "shared-memory",
					   "add that key") == (i == 0),
		       "links and parameters, %zu: %s", i, i ? "nothing is told" : "a warning");
		note_problems(tap, &problems);
	}
}

static void test_sums(struct tap *tap, const struct check_input *machine)
{
	_cleanup_(description_freep) struct description *a =
		describe(tap, "a", CELL(LINK("pair", "\"b\"", "\"size\": \"18M\", \"common\": 0")));
	_cleanup_(description_freep) struct description *b =
		describe(tap, "b", CELL(LINK("pair", "\"a\"", "\"size\": \"18M\", \"common\": 0")));
	const struct description *set[] = {a, b};
	_cleanup_(problems_done) struct problems problems = {0}, small = {0};
	struct check_input input = *machine;

	if (!tap_ok(tap, a && b, "two cells share 36M"))
		return;
	input.descriptions = set;
	input.num_descriptions = 2;
	check_set(&input, &small);
	tap_ok(tap, !has_problem(&small, SEVERITY_WARNING, "memory", "together"),
	       "a link's memory is counted once");
	input.pool_size = 38 << 20;
	check_set(&input, &problems);
	tap_ok(tap, has_problem(&problems, SEVERITY_WARNING, "memory", "all cells together want"),
	       "but counted");
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(machine_freep) struct machine *machine = read_q35(&tap);
	const struct check_input input = {
		.machine = machine,
		.pool_size = 56 << 20,
		.pool = pool_of(512 << 20, 64 << 20),
	};

	if (!tap_ok(&tap, machine != NULL, "there is a machine"))
		return tap_done(&tap);
	test_cases(&tap, &input);
	test_both(&tap, &input);
	test_device_names(&tap, &input);
	test_driver(&tap, &input);
	test_parameters(&tap, &input);
	test_sums(&tap, &input);
	return tap_done(&tap);
}
