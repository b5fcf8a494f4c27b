// SPDX-License-Identifier: GPL-2.0-only
/* Signals of a description: where they may be, what they may be, and who may write them. */
#include "model/check.h"
#include "model/signal.h"
#include "model_test.h"

#define HEAD                                                                                     \
	"{\n  \"cpus\": [3], \"memory\": \"1M\",\n  \"shared-memory\": [\n"                      \
	"    {\"name\": \"plant\", \"peers\": [\"root\", \"b\"], \"size\": \"8K\", \"common\": " \
	"\"4K\"},\n"                                                                             \
	"    {\"name\": \"pair\", \"peers\": [\"b\"], \"size\": \"4K\"},\n"                      \
	"    {\"name\": \"bare\", \"peers\": [\"root\"], \"size\": \"4M\", \"common\": 0}],\n"   \
	"  \"signals\": {\n"
#define SIGNALS(list)	   HEAD list "\n  }\n}\n"
#define SIGNAL(name, rest) "    \"" name "\": {" rest "}"
#define ONE(rest)	   SIGNALS(SIGNAL("s", rest))
#define AT(place, type)	   "\"at\": \"" place "\", \"type\": \"" type "\""

/* One mistake each; line 8 is the first signal's. column 0: not looked at. */
static const struct {
	const char *json, *key;
	unsigned int line, column;
	const char *text;
} bad[] = {
	{ONE("\"type\": \"u8\""), "signals.s.at", 8, 5, "is missing"},
	{ONE("\"at\": \"plant:output/0\""), "signals.s.type", 8, 5, "is missing"},
	{ONE(AT("plant:output/0", "f46")), "signals.s.type", 8, 35,
	 "is not known; it can be \"bool\", \"u8\", "},
	{ONE(AT("plant:output/0", "string")), "signals.s.type", 8, 35,
	 "is not known; it can be \"bool\", \"u8\""},
	{ONE(AT("plant:output/0", "u8") ", \"writ\": true"), "signals.s.writ", 8, 49,
	 "did you mean \"write\""},
	{SIGNALS(SIGNAL("Speed", AT("plant:output/0", "u8"))), "signals.Speed", 8, 5, "is no name"},
	{SIGNALS(SIGNAL("-", AT("plant:output/0", "u8"))), "signals.-", 8, 5, "is no name"},
	{SIGNALS("    \"s\": []"), "signals.s", 8, 5, "must be an object"},
	{"{\"cpus\": [3], \"memory\": \"1M\", \"signals\": []}", "signals", 1, 0,
	 "must be an object with a member for each"},
	/* places */
	{ONE(AT("", "u8")), "signals.s.at", 8, 11, "must have 1 to"},
	{ONE(AT("plant:output/0", "u8") ", \"unit\": \"r\\u001bpm\""), "signals.s.unit", 8, 0,
	 "must be printable"},
	{ONE(AT("plant:output/0", "u8") ", \"unit\": \"r\\u009bpm\""), "signals.s.unit", 8, 0,
	 "must be printable"},
	{ONE(AT("plant", "u8")), "signals.s.at", 8, 11, "is no place; write LINK:common/OFFSET"},
	{ONE(AT("plant:output", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plant/8", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plant:output/", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plant:output/x", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plant:output/-8", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plant:output/8 ", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plant:output/99999999999999999999", "u8")), "signals.s.at", 8, 11, "is no place"},
	{ONE(AT("plan:output/0", "u8")), "signals.s.at", 8, 11,
	 "names no link of \"shared-memory\""},
	{ONE(AT("plantation:output/0", "u8")), "signals.s.at", 8, 11, "names no link"},
	{ONE(AT(":output/0", "u8")), "signals.s.at", 8, 11, "names no link"},
	{"{\"cpus\": [3], \"memory\": \"1M\", \"signals\": {\"s\": {" AT("plant:output/0",
									 "u8") "}}}",
	 "signals.s.at", 1, 0, "names no link"},
	{ONE(AT("plant:input/0", "u8")), "signals.s.at", 8, 11, "names no section"},
	{ONE(AT("plant:outputs/0", "u8")), "signals.s.at", 8, 11, "names no section"},
	{ONE(AT("plant:output@c/0", "u8")), "signals.s.at", 8, 11, "no peer of link plant"},
	{ONE(AT("plant:output@/0", "u8")), "signals.s.at", 8, 11, "no peer of link plant"},
	{ONE(AT("pair:output/0", "u8")), "signals.s.at", 8, 11,
	 "Linux cannot see link pair; add root to its peers"},
	{ONE(AT("plant:output/4", "f64")), "signals.s.at", 8, 11,
	 "offset 4 must be a multiple of 8 for type f64"},
	{ONE(AT("plant:output/1", "u16")), "signals.s.at", 8, 11, "a multiple of 2 for type u16"},
	{ONE(AT("plant:common/4032", "u8")), "signals.s.at", 8, 11,
	 "offset 4032 is outside the section: behind its header of 64 bytes there is room for "
	 "4032"},
	{ONE(AT("plant:output/8128", "f64")), "signals.s.at", 8, 11, "there is room for 8128"},
	{ONE(AT("plant:output/18446744073709551608", "f64")), "signals.s.at", 8, 11,
	 "is outside the section"},
	{ONE(AT("bare:common/0", "u8")), "signals.s.at", 8, 11, "there is room for 0"},
	{ONE(AT("bare:output/1048576", "u8")), "signals.s.at", 8, 11, "there is room for 1048576"},
	/* who writes */
	{ONE(AT("plant:output/0", "u8") ", \"write\": true"), "signals.s.write", 8, 49,
	 "only a may write its output section"},
	{ONE(AT("plant:output@b/0", "u8") ", \"write\": true"), "signals.s.write", 8, 51,
	 "only b may write its output section"},
	{SIGNALS(SIGNAL("s", AT("plant:common/0", "u32") ", \"write\": true") ",\n" SIGNAL(
		 "t", AT("plant:common/3", "u8") ", \"write\": true")),
	 "signals.t.at", 9, 11, "is where signal s is written as well (plant:common/0)"},
	{SIGNALS(SIGNAL("s", AT("plant:output@root/8", "f64") ", \"write\": true") ",\n" SIGNAL(
		 "t", AT("plant:output@root/8", "f64") ", \"write\": true")),
	 "signals.t.at", 9, 11, "is where signal s is written as well"},
	/* numbers */
	{ONE(AT("plant:common/0", "u8") ", \"write\": true, \"min\": \"0\""), "signals.s.min", 8,
	 64, "must be a number"},
	{ONE(AT("plant:common/0", "f64") ", \"write\": true, \"max\": 1e999"), "signals.s.max", 8,
	 65, "too large"},
	{ONE(AT("plant:common/0", "f64") ", \"scale\": 18446744073709551616"), "signals.s.scale", 8,
	 59, "does not fit in 64 bits; where any number may be, write it like 1e20"},
	{ONE(AT("plant:common/0", "f64") ", \"scale\": NaN"), "signals.s.scale", 8, 59,
	 "no numbers in JSON"},
	{ONE(AT("plant:common/0", "f64") ", \"write\": true, \"min\": 3, \"max\": 2.5"),
	 "signals.s.min", 8, 65, "is 3, more than max, 2.5"},
	{ONE(AT("plant:common/0", "f64") ", \"min\": 3"), "signals.s.min", 8, 50,
	 "is for what is written"},
	{ONE(AT("plant:common/0", "u8") ", \"write\": true, \"max\": 256"), "signals.s.max", 8, 64,
	 "is 256, but type u8 holds 0 to 255"},
	{ONE(AT("plant:common/0", "u8") ", \"write\": true, \"min\": -1"), "signals.s.min", 8, 64,
	 "type u8 holds 0 to 255"},
	{ONE(AT("plant:common/0", "i16") ", \"write\": true, \"scale\": 0.1, \"max\": 3276.8"),
	 "signals.s.max", 8, 79, "holds -3276.8 to 3276.7 with this scale"},
	{ONE(AT("plant:common/0", "f32") ", \"write\": true, \"max\": 1e39"), "signals.s.max", 8,
	 65, "type f32 holds"},
	{ONE(AT("plant:common/0", "bool") ", \"write\": true, \"max\": 1"), "signals.s.max", 8, 66,
	 "makes no sense for a bool"},
	{ONE(AT("plant:common/0", "bool") ", \"scale\": 2"), "signals.s.scale", 8, 51,
	 "makes no sense for a bool"},
	{ONE(AT("plant:common/0", "u8") ", \"scale\": 0"), "signals.s.scale", 8, 49,
	 "greater than 0"},
	{ONE(AT("plant:common/0", "u8") ", \"scale\": -2"), "signals.s.scale", 8, 49,
	 "greater than 0"},
	{ONE(AT("plant:common/0", "u8") ", \"unit\": \"\""), "signals.s.unit", 8, 49, "1 to 31"},
	{ONE(AT("plant:common/0", "u8") ", \"stale-after\": \"0s\""), "signals.s.stale-after", 8,
	 49, "must be longer than 0, or \"never\""},
	{ONE(AT("plant:common/0", "u8") ", \"stale-after\": 3"), "signals.s.stale-after", 8, 49,
	 "a time with its unit"},
};

static void test_bad(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *description = NULL;
		int r = description_parse(bad[i].json, strlen(bad[i].json), "a.json", "a",
					  &problems, &description);
		const struct problem *first = problems.count ? &problems.items[0] : NULL;

		if (!tap_ok(tap,
			    r == -EINVAL && !description && problems.count == 1 &&
				    strcmp(first->key, bad[i].key) == 0 &&
				    strstr(first->text, bad[i].text) &&
				    first->line == bad[i].line &&
				    (!bad[i].column || first->column == bad[i].column),
			    "\"%s\" is refused: %s", bad[i].key, bad[i].text)) {
			tap_note(tap, "  returned %d", r);
			note_problems(tap, &problems);
		}
	}
}

/* All keys, all sections. */
static const char all[] = SIGNALS(SIGNAL(
	"shaft-speed",
	AT("plant:output/8",
	   "f64") ", "
		  "\"unit\": "
		  "\"rpm\"") ",\n" SIGNAL("setpoint", AT("plant:common/4024",
							 "f64") ", \"write\": true, "
								"\"min\": 0, "
								"\"max\": 3600, "
								"\"unit\": \"rpm\", "
								"\"stale-after\": "
								"\"2s\"") ",\n"
									  "    "
									  "\"x-note\": "
									  "\"none\","
									  "\n" SIGNAL("theirs", AT("plant:output@b/8120", "u64")) ",\n" SIGNAL(
										  "valve",
										  AT("plant:output@"
										     "root/0",
										     "i16") ", "
											    "\"writ"
											    "e\": "
											    "true, "
											    "\"scal"
											    "e\": "
											    "0.5, "
											    "\"min"
											    "\": "
											    "-16384"
											    ", "
											    "\"max"
											    "\": "
											    "16383."
											    "5") ","
												 "\n" SIGNAL(
													 "las"
													 "t",
													 AT("b"
													    "a"
													    "r"
													    "e"
													    ":"
													    "o"
													    "u"
													    "t"
													    "p"
													    "u"
													    "t"
													    "/"
													    "1"
													    "0"
													    "4"
													    "8"
													    "5"
													    "7"
													    "5",
													    "b"
													    "o"
													    "o"
													    "l") ", \"x-why\": 1"));

static void test_taken(struct tap *tap)
{
	_cleanup_(description_freep) struct description *d = describe(tap, "a", all);

	if (!tap_ok(tap, d && d->num_signals == 5, "all signals are taken, and no note"))
		return;
	tap_is_str(tap, d->signals[0].name, "shaft-speed", "with their names");
	tap_ok(tap,
	       d->signals[0].link == 0 && !d->signals[0].in_common &&
		       strcmp(d->signals[0].peer, "a") == 0 && d->signals[0].offset == 8 &&
		       d->signals[0].type == SIGNAL_F64 && strcmp(d->signals[0].unit, "rpm") == 0,
	       "output is the cell's own");
	tap_ok(tap,
	       !d->signals[0].write && d->signals[0].scale == 1 &&
		       d->signals[0].stale_after_ns == 0 && !d->signals[0].has_min,
	       "what is not said is read only, as it is, and never stale");
	tap_ok(tap,
	       d->signals[1].in_common && d->signals[1].write && d->signals[1].has_min &&
		       d->signals[1].min == 0 && d->signals[1].max == 3600 &&
		       d->signals[1].stale_after_ns == 2000000000,
	       "one that may be written, within limits, up to the end of its section");
	tap_ok(tap, strcmp(d->signals[2].peer, "b") == 0 && d->signals[2].offset == 8120,
	       "one of another peer");
	tap_ok(tap,
	       strcmp(d->signals[3].peer, "root") == 0 && d->signals[3].scale == 0.5 &&
		       d->signals[3].min == -16384 && d->signals[3].max == 16383.5,
	       "one in root's section, scaled, with the limits of its type");
	tap_ok(tap, d->signals[4].link == 2 && d->signals[4].type == SIGNAL_BOOL,
	       "one at the end of the largest block");
}

/* Both ends of a range that is shared, and what only looks like it. */
static void test_overlap(struct tap *tap)
{
	static const char *const good[] = {
		SIGNALS(SIGNAL("s", AT("plant:common/0", "u32") ", \"write\": true") ",\n" SIGNAL(
			"t", AT("plant:common/4", "u8") ", \"write\": true")),
		SIGNALS(SIGNAL("s", AT("plant:common/0", "u32") ", \"write\": true") ",\n" SIGNAL(
			"t", AT("plant:output@root/0", "u32") ", \"write\": true")),
		SIGNALS(SIGNAL(
			"s",
			AT("plant:output@root/0",
			   "u32") ", \"write\": true") ",\n" SIGNAL("t",
								    AT("bare:output@root/0",
								       "u32") ", \"write\": true")),
		SIGNALS(SIGNAL("s", AT("plant:common/0", "u32") ", \"write\": true") ",\n" SIGNAL(
			"t", AT("plant:common/0", "f32"))),
		SIGNALS(SIGNAL("s", AT("plant:output/0", "u32")) ",\n" SIGNAL(
			"t", AT("plant:output/0", "f32"))),
		SIGNALS(SIGNAL("s", AT("plant:common/0", "u32")) ",\n" SIGNAL(
			"t", AT("plant:common/0", "f32") ", \"write\": true")),
		SIGNALS(SIGNAL(
			"s",
			AT("plant:output@root/0",
			   "u32") ", \"write\": true") ",\n" SIGNAL("t",
								    AT("plant:common/0",
								       "u32") ", \"write\": true")),
		/* And one that can be written one value only. */
		ONE(AT("plant:common/0", "f64") ", \"write\": true, \"min\": 5, \"max\": 5"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_(description_freep) struct description *d = describe(tap, "a", good[i]);

		tap_ok(tap, d != NULL, "signals that do not write over each other (%zu)", i);
	}
}

static void test_hostile(struct tap *tap)
{
	static const char json[] = ONE(AT("\\u001b[31m\\nx", "u8"));
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;

	description_parse(json, sizeof(json) - 1, "a", "a", &problems, &d);
	tap_ok(tap, problems.count == 1 && !strpbrk(problems.items[0].text, "\033\n"),
	       "a place writes nothing into the message");
	tap_is_str(tap, problems.count ? problems.items[0].value : "", "\\x1b[31m\\x0ax",
		   "but is shown in a way that does no harm");
}

static void test_many(struct tap *tap)
{
	for (unsigned int count = DESCRIPTION_MAX_SIGNALS; count <= DESCRIPTION_MAX_SIGNALS + 1;
	     count++) {
		_cleanup_(problems_done) struct problems problems = {0};
		_cleanup_(description_freep) struct description *d = NULL;
		_cleanup_(freep) char *json = NULL;
		size_t size;
		FILE *stream = open_memstream(&json, &size);
		const bool fits = count == DESCRIPTION_MAX_SIGNALS;
		int r;

		fputs(HEAD, stream);
		for (unsigned int i = 0; i < count; i++)
			fprintf(stream, "%s\"s%u\": {" AT("plant:output/%u", "u8") "}",
				i ? ",\n" : "", i, i);
		fputs("}}", stream);
		fclose(stream);
		r = description_parse(json, size, "a.json", "a", &problems, &d);
		tap_ok(tap,
		       fits ? r == 0 && d->num_signals == count
			    : r == -EINVAL && has_problem(&problems, SEVERITY_ERROR, "signals",
							  "at most 512 members, not 513"),
		       "%u signals are %s", count, fits ? "taken" : "refused");
	}
}

static const char peer[] =
	"{\"cpus\": [2], \"memory\": \"1M\", \"shared-memory\": ["
	"{\"name\": \"pair\", \"peers\": [\"a\"], \"size\": \"4K\"}, "
	"{\"name\": \"plant\", \"peers\": [\"a\", \"root\"], \"size\": \"8K\", \"common\": "
	"\"4K\"}],\n"
	"\"signals\": {\"mine\": {" AT("plant:common/8", "f64") ", \"write\": true}}}";

/* What two cells would have Linux write into the same place. */
static void test_peers(struct tap *tap)
{
	static const struct {
		const char *json;
		bool good;
	} cases[] = {
		{SIGNALS(SIGNAL("s", AT("plant:common/8", "u32")) ",\n" SIGNAL(
			 "t", AT("plant:common/15", "u8") ", \"write\": true")),
		 false},
		{SIGNALS(SIGNAL("t", AT("plant:common/16", "u8") ", \"write\": true")), true},
		{SIGNALS(SIGNAL("t", AT("plant:output@root/8", "u8") ", \"write\": true")), true},
		{SIGNALS(SIGNAL("t", AT("plant:common/8", "f64"))), true},
	};
	_cleanup_(description_freep) struct description *b = describe(tap, "b", peer);
	_cleanup_(machine_freep) struct machine *machine = read_q35(tap);

	for (size_t i = 0; b && machine && i < ARRAY_SIZE(cases); i++) {
		_cleanup_(description_freep) struct description *a =
			describe(tap, "a", cases[i].json);
		const struct description *set[] = {a, b};
		const struct check_input input = {
			.machine = machine, .descriptions = set, .num_descriptions = 2};
		_cleanup_(problems_done) struct problems problems = {0};
		int r = a ? check_cell(&input, a, &problems) : -ENOENT;

		if (!tap_ok(tap,
			    cases[i].good
				    ? r == 0
				    : r == -EINVAL && problems.errors == 1 &&
					      has_problem(&problems, SEVERITY_ERROR, "signals.t.at",
							  "is where signal mine of cell b is "
							  "written as well"),
			    "signals of two cells (%zu) are %s", i,
			    cases[i].good ? "apart" : "refused"))
			note_problems(tap, &problems);
	}
}

#define TWO_LINKS(cpu, first, second, peer, list)                                             \
	"{\"cpus\": [" cpu "], \"memory\": \"1M\", \"shared-memory\": ["                      \
	"{\"name\": \"" first "\", \"peers\": [\"root\", \"" peer "\"], \"size\": \"4K\"}, "  \
	"{\"name\": \"" second "\", \"peers\": [\"root\", \"" peer "\"], \"size\": \"4K\"}]," \
	"\n\"signals\": {" list "}}"

/* The same place of another link, or one that the other cell only reads, is nobody's harm. */
static void test_apart(struct tap *tap)
{
	_cleanup_(description_freep) struct description *a = describe(
		tap, "a",
		TWO_LINKS("3", "one", "two", "b",
			  SIGNAL("s", AT("one:common/8", "f64") ", \"write\": true") ", " SIGNAL(
				  "t", AT("two:common/24", "f64") ", \"write\": true")));
	_cleanup_(description_freep) struct description *b = describe(
		tap, "b",
		TWO_LINKS("2", "two", "one", "a",
			  SIGNAL("s", AT("two:common/8", "f64") ", \"write\": true") ", " SIGNAL(
				  "t", AT("two:common/24", "f64"))));
	_cleanup_(machine_freep) struct machine *machine = read_q35(tap);
	const struct description *set[] = {a, b};
	const struct check_input input = {
		.machine = machine, .descriptions = set, .num_descriptions = 2};
	_cleanup_(problems_done) struct problems problems = {0};

	if (!tap_ok(tap, a && b && machine && check_cell(&input, a, &problems) == 0,
		    "signals of two cells in two links are apart"))
		note_problems(tap, &problems);
}

int main(void)
{
	struct tap tap = {0};

	test_bad(&tap);
	test_taken(&tap);
	test_overlap(&tap);
	test_hostile(&tap);
	test_many(&tap);
	test_peers(&tap);
	test_apart(&tap);
	return tap_done(&tap);
}
