// SPDX-License-Identifier: GPL-2.0-only
#include "util/cpu_mask.h"
#include "model_test.h"

static const struct {
	const char *text;
	int result;
	const char *formatted;
} cases[] = {
	{"", 0, ""},
	{"\n", 0, ""},
	{"0", 0, "0"},
	{"0-3\n", 0, "0-3"},
	{"0,2-3,5", 0, "0,2-3,5"},
	{"3,2,1", 0, "1-3"},
	{"255", 0, "255"},
	{"62-66", 0, "62-66"},
	{"256", -ERANGE, NULL},
	{"0-300", -ERANGE, NULL},
	{"99999999999999999999", -ERANGE, NULL},
	{"3-1", -EINVAL, NULL},
	{"1,", -EINVAL, NULL},
	{",1", -EINVAL, NULL},
	{"1-", -EINVAL, NULL},
	{"a", -EINVAL, NULL},
	{"1 2", -EINVAL, NULL},
	{"1\n2", -EINVAL, NULL},
};

static void test_lists(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_mask mask = {0};
		int r = cpu_mask_parse(cases[i].text, &mask);
		_cleanup_(freep) char *formatted = r == 0 ? cpu_mask_format(&mask) : NULL;

		tap_ok(tap, r == cases[i].result, "list %zu gives %d", i, cases[i].result);
		tap_is_str(tap, formatted, cases[i].formatted, "list %zu is written back", i);
	}
}

static void test_sets(struct tap *tap)
{
	struct cpu_mask a = {0}, b = {0}, both;

	tap_ok(tap, cpu_mask_last(&a) == -1 && cpu_mask_next(&a, 0) == -1, "empty set has no CPU");
	tap_ok(tap, !cpu_mask_add(&a, CPU_MASK_MAX) && cpu_mask_count(&a) == 0,
	       "a CPU beyond the last is not taken for another");
	tap_ok(tap, !cpu_mask_has(&a, CPU_MASK_MAX + 64), "nor found");
	cpu_mask_add(&a, 63);
	cpu_mask_add(&b, 64);
	tap_ok(tap, !cpu_mask_has(&a, 64) && !cpu_mask_has(&b, 63),
	       "neighbours in different words are different");
	both = cpu_mask_union(&a, &b);
	tap_is_u64(tap, cpu_mask_count(&both), 2, "a union has the CPUs of both");
	tap_ok(tap, cpu_mask_has(&both, 63) && cpu_mask_has(&both, 64), "and each is found");
	tap_ok(tap,
	       cpu_mask_last(&both) == 64 && cpu_mask_next(&both, 64) == 64 &&
		       cpu_mask_next(&both, 65) == -1,
	       "first and last CPU are found across words");
}

int main(void)
{
	struct tap tap = {0};

	test_lists(&tap);
	test_sets(&tap);
	return tap_done(&tap);
}
