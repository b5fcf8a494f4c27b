// SPDX-License-Identifier: GPL-2.0-only
/* How often a cell that fails is started again, and how long after. */
#include "manager/restart.h"
#include "tests/lib/tap.h"

#define SECOND_NS 1000000000ull
#define SECOND_US 1000000ull

static const struct description_restart rules = {
	.delay_ns = SECOND_NS,
	.max_delay_ns = 5 * SECOND_NS,
	.within_ns = 60 * SECOND_NS,
	.limit = 4,
};

static void test_back_off(struct tap *tap)
{
	static const uint64_t delays[] = {1, 2, 4, 5};
	struct restart_record record = {0};
	uint64_t now = 100 * SECOND_US;

	for (int i = 0; i < 4; i++, now += 10 * SECOND_US) {
		tap_ok(tap, restart_plan(&record, &rules, now), "start %d is planned", i + 1);
		tap_is_u64(tap, record.due - now, delays[i] * SECOND_US, "after so long");
	}
	tap_is_u64(tap, record.count, 4, "they are counted");
	tap_ok(tap, !restart_plan(&record, &rules, now), "one more is too many");
	tap_is_u64(tap, record.due, 0, "and is not planned");
	tap_ok(tap, !restart_plan(&record, &rules, 160 * SECOND_US - 1), "all of the time long");
	tap_ok(tap, restart_plan(&record, &rules, 160 * SECOND_US), "when it is over it is new");
	tap_is_u64(tap, record.due, 161 * SECOND_US, "and so is the delay");
	tap_is_u64(tap, record.since, 160 * SECOND_US, "and the time");
}

static void test_extremes(struct tap *tap)
{
	struct description_restart extreme = {0, 0, UINT64_MAX, 1000};
	struct restart_record record = {.count = 3, .since = 500 * SECOND_US};

	tap_ok(tap, restart_plan(&record, &rules, 10 * SECOND_US) && record.count == 1,
	       "what was before the boot does not count");
	tap_ok(tap, restart_plan(&record, &extreme, 11 * SECOND_US), "no delay is one");
	tap_is_u64(tap, record.due, 11 * SECOND_US, "at once");
	extreme.delay_ns = UINT64_MAX / 2 + 1;
	extreme.max_delay_ns = UINT64_MAX;
	record.count = 999;
	record.since = 11 * SECOND_US;
	tap_ok(tap, restart_plan(&record, &extreme, 12 * SECOND_US), "a delay of ages is one");
	tap_ok(tap, record.due > 12 * SECOND_US, "and does not wrap around");
	record.count = UINT64_MAX;
	tap_ok(tap, !restart_plan(&record, &extreme, 12 * SECOND_US), "any count is bounded");
}

int main(void)
{
	struct tap tap = {0};

	test_back_off(&tap);
	test_extremes(&tap);
	return tap_done(&tap);
}
