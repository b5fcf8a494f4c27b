// SPDX-License-Identifier: GPL-2.0-only
#include "manager/health.h"
#include "tests/lib/tap.h"

#define MS	 1000000ull
#define DEADLINE (500 * MS)

static struct health_input running(uint64_t now_ms, uint64_t beat)
{
	return (struct health_input){
		.running = true,
		.can_watch = true,
		.heartbeat_valid = beat != 0,
		.heartbeat = beat,
		.deadline_ns = DEADLINE,
		.now_ns = now_ms * MS,
	};
}

static enum health look(struct health_watch *watch, uint64_t now_ms, uint64_t beat)
{
	const struct health_input input = running(now_ms, beat);

	return health_update(watch, &input);
}

static void test_beating(struct tap *tap)
{
	struct health_watch watch = {0};
	bool ok = true;

	for (uint64_t i = 1; i <= 100; i++)
		ok = ok && look(&watch, 1000 + i * 200, i) == HEALTH_OK;
	tap_ok(tap, ok, "a heart that beats is ok");
}

static void test_silence(struct tap *tap)
{
	struct health_watch watch = {0};

	look(&watch, 1000, 7);
	tap_ok(tap, look(&watch, 1500, 7) == HEALTH_OK, "at the deadline it is still ok");
	tap_ok(tap, look(&watch, 1501, 7) == HEALTH_LATE, "after the deadline it is late");
	tap_ok(tap, look(&watch, 2499, 7) == HEALTH_LATE, "late until three times the deadline");
	tap_ok(tap, look(&watch, 2500, 7) == HEALTH_FAILED, "lost after three times the deadline");
	tap_is_u64(tap, health_silence(&watch, 2500 * MS), 1500 * MS, "how long it was silent");
	tap_ok(tap, look(&watch, 2600, 8) == HEALTH_OK, "one beat and it is ok again");
	tap_ok(tap, look(&watch, 2700, 3) == HEALTH_OK, "any movement of the counter is a beat");
}

static void test_never_began(struct tap *tap)
{
	struct health_watch watch = {0};

	tap_ok(tap, look(&watch, 1000, 0) == HEALTH_OK, "a start is granted the deadline");
	tap_ok(tap, look(&watch, 1600, 0) == HEALTH_LATE, "a heart that never began is late");
	tap_ok(tap, look(&watch, 2500, 0) == HEALTH_FAILED, "and lost");
}

static void test_long_pause_of_looks(struct tap *tap)
{
	struct health_watch watch = {0};

	look(&watch, 1000, 7);
	tap_ok(tap, look(&watch, 60000, 8) == HEALTH_OK,
	       "that nobody looked for a minute is not the cell's fault");
}

static void test_restart(struct tap *tap)
{
	struct health_watch watch = {0};
	struct health_input stopped = running(1700, 7);

	look(&watch, 1000, 7);
	stopped.running = false;
	tap_ok(tap, health_update(&watch, &stopped) == HEALTH_UNKNOWN, "stopped: nothing to know");
	tap_ok(tap, look(&watch, 9000, 0) == HEALTH_OK, "a new start begins with a new deadline");
}

static void test_what_is_not_watched(struct tap *tap)
{
	struct health_watch watch = {0};
	struct health_input input = running(1000, 0);

	input.deadline_ns = 0;
	health_update(&watch, &input);
	input.now_ns = 1000000 * MS;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_OK, "no heartbeat wanted, none missed");
	input.deadline_ns = DEADLINE;
	input.can_watch = false;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_UNKNOWN,
	       "a driver that tells of no heartbeat: unknown");
	input.cpus_failed = true;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_FAILED, "a failed CPU is a failure");
	input = running(1000, 5);
	input.failed = true;
	input.running = false;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_FAILED, "a failed cell is not well");
}

static void test_extremes(struct tap *tap)
{
	struct health_watch watch = {0};
	struct health_input input = running(0, 1);

	input.deadline_ns = UINT64_MAX / 2;
	health_update(&watch, &input);
	input.now_ns = UINT64_MAX / 4;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_OK,
	       "a deadline of centuries does not wrap around");
	input.now_ns = 0;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_OK,
	       "a clock that stands still is no silence");
}

/* Who looks seldom is told when it moved last. */
static void test_moved_before(struct tap *tap)
{
	struct health_watch watch = {0};
	struct health_input input = running(5000, 2);

	look(&watch, 1000, 1);
	input.moved_ns = 4600 * MS;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_OK, "it has moved a moment ago");
	input.now_ns = 5200 * MS;
	tap_ok(tap, health_update(&watch, &input) == HEALTH_LATE,
	       "it is late by when it moved, not by when that was seen");
}

int main(void)
{
	struct tap tap = {0};

	test_beating(&tap);
	test_moved_before(&tap);
	test_silence(&tap);
	test_never_began(&tap);
	test_long_pause_of_looks(&tap);
	test_restart(&tap);
	test_what_is_not_watched(&tap);
	test_extremes(&tap);
	return tap_done(&tap);
}
