// SPDX-License-Identifier: GPL-2.0-only
#include "common/nearest.h"
#include "model_test.h"

static void test_distance(struct tap *tap)
{
	static const struct {
		const char *a, *b;
		unsigned int wanted;
	} cases[] = {
		{"start", "start", 0},	  {"start", "strat", 1},
		{"stat", "start", 1},	  {"sttart", "start", 1},
		{"", "abc", 3},		  {"abc", "", 3},
		{"kitten", "sitting", 3}, {"turbine", "urbniet", 3},
		{"CPUs", "cpus", 0},	  {"ONFAILURE", "on-failure", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tap_is_u64(tap, nearest_distance(cases[i].a, cases[i].b), cases[i].wanted,
			   "distance of '%s' and '%s'", cases[i].a, cases[i].b);
}

static const char *const names[] = {"turbine", "turbine-2", "pump", "valve", "turbina", NULL};

static const char *next_string(const void *words, size_t index)
{
	return ((const char *const *)words)[index];
}

static size_t near_names(const char *word, const char **ret_near, size_t max)
{
	return nearest_words(word, next_string, names, ret_near, max);
}

static void test_near(struct tap *tap)
{
	const char *near[3];

	tap_ok(tap,
	       near_names("turbin", near, 3) == 3 && strcmp(near[0], "turbine") == 0 &&
		       strcmp(near[1], "turbine-2") == 0 && strcmp(near[2], "turbina") == 0,
	       "near names come nearest first, and first those that are begun");
	tap_ok(tap, near_names("turbin", near, 1) == 1 && strcmp(near[0], "turbine") == 0,
	       "of many the nearest is kept");
	tap_ok(tap, near_names("vavle", near, 3) == 1 && strcmp(near[0], "valve") == 0,
	       "swapped letters are recognized");
	tap_ok(tap, near_names("PUM", near, 3) == 1 && strcmp(near[0], "pump") == 0,
	       "capitals are no other letters");
	tap_ok(tap, near_names("generator", near, 3) == 0,
	       "what has nothing in common is not offered");
	tap_ok(tap, near_names("x", near, 3) == 0, "one letter is no hint");
}

static void test_one(struct tap *tap)
{
	tap_is_str(tap, nearest_word("turbnie", next_string, names), "turbine",
		   "the nearest of all");
	tap_ok(tap, !nearest_word("generator", next_string, names), "or none");
}

static void test_length(struct tap *tap)
{
	char longest[NEAREST_MAX + 1], too_long[NEAREST_MAX + 2];
	const char *const words[] = {too_long, longest, NULL};
	const char *near[2];

	memset(longest, 'a', NEAREST_MAX);
	longest[NEAREST_MAX] = '\0';
	memset(too_long, 'a', NEAREST_MAX + 1);
	too_long[NEAREST_MAX + 1] = '\0';
	tap_ok(tap, nearest_words(longest, next_string, words, near, 2) == 1 && near[0] == longest,
	       "the longest words are compared, longer ones are near to none");
	tap_ok(tap, nearest_words(too_long, next_string, words, near, 2) == 0,
	       "and none is near to them");
}

int main(void)
{
	struct tap tap = {0};

	test_distance(&tap);
	test_near(&tap);
	test_one(&tap);
	test_length(&tap);
	return tap_done(&tap);
}
