// SPDX-License-Identifier: GPL-2.0-only
#include "nearest.h"
#include "tests/lib/tap.h"
#include "util.h"

static struct tap tap;

static void test_distance(void)
{
	static const struct {
		const char *a, *b;
		size_t wanted;
	} cases[] = {
		{"start", "start", 0},	  {"start", "strat", 1},
		{"stat", "start", 1},	  {"sttart", "start", 1},
		{"", "abc", 3},		  {"abc", "", 3},
		{"kitten", "sitting", 3}, {"turbine", "urbniet", 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tap_ok(&tap, name_distance(cases[i].a, cases[i].b) == cases[i].wanted,
		       "distance of '%s' and '%s'", cases[i].a, cases[i].b);
}

static void test_near(void)
{
	static const char *const names[] = {"turbine", "turbine-2", "pump", "valve", "turbina"};
	const char *near[3];
	char long_name[200];

	tap_ok(&tap,
	       names_near("turbin", names, ARRAY_SIZE(names), near, 3) == 3 &&
		       strcmp(near[0], "turbine") == 0 && strcmp(near[1], "turbina") == 0 &&
		       strcmp(near[2], "turbine-2") == 0,
	       "near names come nearest first");
	tap_ok(&tap,
	       names_near("turbin", names, ARRAY_SIZE(names), near, 1) == 1 &&
		       strcmp(near[0], "turbine") == 0,
	       "of many the nearest is kept");
	tap_ok(&tap,
	       names_near("vavle", names, ARRAY_SIZE(names), near, 3) == 1 &&
		       strcmp(near[0], "valve") == 0,
	       "swapped letters are recognized");
	tap_ok(&tap, names_near("generator", names, ARRAY_SIZE(names), near, 3) == 0,
	       "what has nothing in common is not offered");
	tap_ok(&tap, names_near("x", names, ARRAY_SIZE(names), near, 3) == 0,
	       "one letter is no hint");
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	tap_ok(&tap, names_near(long_name, names, ARRAY_SIZE(names), near, 3) == 0,
	       "an overlong name is near to none");
}

int main(void)
{
	test_distance();
	test_near();
	return tap_done(&tap);
}
