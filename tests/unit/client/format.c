// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "view/format.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"
#include "json.h"

static void test_times(struct tap *tap)
{
	char buffer[FORMAT_MAX];

	tap_is_str(tap, format_timestamp(buffer, UINT64_C(1700000000) * 1000000),
		   "Tue 2023-11-14 22:13:20 UTC", "a time is a date in the local zone");
	tap_ok(tap, strlen(format_timestamp(buffer, UINT64_MAX)) > 0,
	       "an absurd time is printed, too");
}

static void test_rates(struct tap *tap)
{
	static const struct {
		double rate;
		const char *wanted;
	} cases[] = {
		{0, "0"}, {-1, "0"}, {0.25, "0.25"}, {12.54, "12.5"}, {1000.4, "1000"},
	};
	char buffer[FORMAT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tap_is_str(tap, format_rate(buffer, cases[i].rate), cases[i].wanted, "a rate");
}

static void test_cpus(struct tap *tap)
{
	static const struct {
		uint32_t cpus[5];
		size_t count;
		const char *wanted, *name;
	} cases[] = {
		{{0}, 0, "-", "no CPUs"},
		{{3}, 1, "3", "one CPU"},
		{{1, 2}, 2, "1-2", "neighbours are a range"},
		{{7, 0, 2, 1}, 4, "0-2,7", "CPUs are sorted"},
		{{1, 3, 5}, 3, "1,3,5", "no ranges where there are none"},
		{{4, 4, 5}, 3, "4-5", "CPUs that come twice"},
		{{0xfffffffe, 0xffffffff, 0}, 3, "0,4294967294-4294967295", "the largest"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(json_putp) struct json_object *cpus = json_object_new_array();
		_cleanup_(freep) char *text = NULL;

		for (size_t j = 0; j < cases[i].count; j++)
			json_append(cpus, json_object_new_int64(cases[i].cpus[j]));
		text = format_cpus(cpus);
		tap_is_str(tap, text, cases[i].wanted, "%s", cases[i].name);
	}
}

static void test_intervals(struct tap *tap)
{
	static const struct {
		const char *text;
		int wanted;
		uint64_t usec;
	} cases[] = {
		{"500ms", 0, 500000},  {"2s", 0, 2000000},   {"1min", 0, 60000000},
		{"1", 0, 1000000},     {"1.5", 0, 1500000},  {"10ms", 0, 10000},
		{"1h", 0, 3600000000}, {"9ms", -ERANGE, 7},  {"0", -ERANGE, 7},
		{"2h", -ERANGE, 7},    {"", -EINVAL, 7},     {"s", -EINVAL, 7},
		{"-1s", -EINVAL, 7},   {"1 s", -EINVAL, 7},  {" 1s", -EINVAL, 7},
		{"1m", -EINVAL, 7},    {"0x10", -EINVAL, 7}, {"1e3", -EINVAL, 7},
		{"inf", -EINVAL, 7},   {"1..5", -EINVAL, 7}, {"1sx", -EINVAL, 7},
		{".", -EINVAL, 7},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t usec = 7;
		int r = parse_interval(cases[i].text, &usec);

		tap_ok(tap, r == cases[i].wanted && usec == cases[i].usec, "interval \"%s\"",
		       cases[i].text);
	}
}

int main(void)
{
	struct tap tap = {0};

	setenv("TZ", "UTC", 1);
	test_times(&tap);
	test_rates(&tap);
	test_cpus(&tap);
	test_intervals(&tap);
	return tap_done(&tap);
}
