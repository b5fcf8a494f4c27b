// SPDX-License-Identifier: GPL-2.0-only
/* When a cell needs the hypervisor far more often than it did. */
#include "manager/exit_rate.h"
#include "tests/lib/tap.h"

#define SECOND_NS 1000000000ull

static struct exit_rate rate;
static uint64_t total, now;

/* So many seconds at so many exits in each; whether it is outside at their end. */
static bool run(unsigned int seconds, uint64_t per_second)
{
	bool outside = false;

	for (unsigned int i = 0; i < seconds; i++) {
		total += per_second;
		now += SECOND_NS;
		outside = exit_rate_update(&rate, total, now);
	}
	return outside;
}

static void begin(void)
{
	rate = (struct exit_rate){0};
	total = 0;
	now = SECOND_NS;
	exit_rate_update(&rate, total, now);
}

static void test_band(struct tap *tap)
{
	begin();
	tap_ok(tap, !run(5, 1000000) && !run(100, 2000), "whatever it begins with is its way");
	begin();
	run(EXIT_RATE_LEARN, 2000);
	tap_ok(tap, !run(100, 8900), "four times as much is within");
	begin();
	run(EXIT_RATE_LEARN, 2000);
	tap_ok(tap, !run(EXIT_RATE_NOTICE - 1, 50000), "a short while is none");
	tap_ok(tap, run(1, 50000), "a longer one is noticed");
	tap_ok(tap, exit_rate_update(&rate, total, now - 2 * SECOND_NS),
	       "what was read before that tells no end of it");
	tap_ok(tap, run(100, 50000), "for as long as it lasts");
	tap_ok(tap, !run(1, 2000), "and it is over when it is over");
	tap_ok(tap, !run(1, 50000) && run(EXIT_RATE_NOTICE, 50000), "it can come again");
	tap_ok(tap, !run(EXIT_RATE_ACCEPT, 50000), "after long enough that is its way now");
	tap_ok(tap, !run(100, 150000), "and its band goes from there");
}

static void test_quiet_cell(struct tap *tap)
{
	begin();
	run(100, 0);
	tap_ok(tap, !run(100, 1000), "a cell without exits may have some");
	begin();
	run(100, 0);
	tap_ok(tap, run(EXIT_RATE_NOTICE, 1100), "but not many");
}

/* As they come while nobody asks. */
static void test_rare_readings(struct tap *tap)
{
	begin();
	for (unsigned int i = 0; i < 2; i++) {
		now += 5 * SECOND_NS;
		exit_rate_update(&rate, total += 10000, now);
	}
	now += 5 * SECOND_NS;
	tap_ok(tap, exit_rate_update(&rate, total += 250000, now),
	       "of five seconds a reading says as much as five of one");
	tap_ok(tap, exit_rate_update(&rate, total, now), "the same one again tells nothing");
	now += 5 * SECOND_NS;
	tap_ok(tap, !exit_rate_update(&rate, total += 10000, now), "and one tells the end of it");
}

static void test_old_peak_is_forgotten(struct tap *tap)
{
	begin();
	run(1, 1000000);
	run(2000, 100);
	tap_ok(tap, run(EXIT_RATE_NOTICE, 20000), "what was high long ago is forgotten");
	begin();
	run(EXIT_RATE_LEARN, 10000);
	run(60, 100);
	tap_ok(tap, !run(EXIT_RATE_NOTICE, 20000), "what was high a minute ago is not");
}

static void test_clock_and_counter(struct tap *tap)
{
	bool outside = false;

	begin();
	run(EXIT_RATE_LEARN, 2000);
	for (int i = 0; i < 100; i++)
		outside |= exit_rate_update(&rate, total += 1000000, now);
	tap_ok(tap, !outside, "a clock that stands still is no rate");
	begin();
	run(EXIT_RATE_LEARN, 2000);
	now += 60 * SECOND_NS;
	tap_ok(tap, !run(EXIT_RATE_NOTICE, 2000), "nor is a minute without a look");
	total = 0;
	tap_ok(tap, !run(EXIT_RATE_NOTICE, 2000), "nor a counter that begins anew");
	now += 60 * SECOND_NS;
	tap_ok(tap, !exit_rate_update(&rate, total = 5, now),
	       "nor one that was not looked at since");
	for (int i = 0; i < 100; i++)
		outside |= exit_rate_update(&rate, total += 2000, now += SECOND_NS / 100);
	tap_ok(tap, !outside, "nor what comes within moments");
	now += SECOND_NS;
	exit_rate_update(&rate, total += 2000, now);
	tap_ok(tap, !exit_rate_update(&rate, total + 1000000, now - 2 * SECOND_NS),
	       "nor what was read before");
	run(1, 2000);
	total = UINT64_MAX - 1000000;
	tap_ok(tap, !run(1, 0) && !run(1, 1000000), "the largest counter is one");
}

int main(void)
{
	struct tap tap = {0};

	test_band(&tap);
	test_quiet_cell(&tap);
	test_rare_readings(&tap);
	test_old_peak_is_forgotten(&tap);
	test_clock_and_counter(&tap);
	return tap_done(&tap);
}
