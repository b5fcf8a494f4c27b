// SPDX-License-Identifier: GPL-2.0-only
/* Host test of the turbine's model, of its governor and of the check of its cycles. TAP on stdout.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "inmates/turbine/cycle_clock.h"
#include "tests/lib/tap.h"
#include "inmates/turbine/turbine_model.h"

#define DT 0.001

struct run {
	double lowest, highest; /* speed */
	double last_outside;	/* s: last time that the speed was off by more than 0.1 % … */
	double last_far;	/* … and by more than 0.5 % */
	double valve_min, valve_max;
	struct plant plant;
};

/* Runs seconds long, with the load changing at 1 s. */
static struct run run_step(double before, double after, double seconds)
{
	struct run run = {.lowest = 9.0, .valve_min = 9.0, .valve_max = -9.0};
	struct governor governor;

	turbine_init(&run.plant, &governor, 1.0, before);
	for (long n = 0; n < lround(seconds / DT); n++) {
		double command = governor_step(&governor, run.plant.speed, DT);

		plant_step(&run.plant, command, n * DT < 1.0 ? before : after, DT);
		run.lowest = fmin(run.lowest, run.plant.speed);
		run.highest = fmax(run.highest, run.plant.speed);
		run.valve_min = fmin(run.valve_min, run.plant.valve);
		run.valve_max = fmax(run.valve_max, run.plant.valve);
		if (fabs(run.plant.speed - 1.0) > 0.001)
			run.last_outside = n * DT;
		if (fabs(run.plant.speed - 1.0) > 0.005)
			run.last_far = n * DT;
	}
	return run;
}

static void test_steady(struct tap *tap)
{
	struct run run = run_step(0.4, 0.4, 5.0);

	tap_ok(tap, fabs(run.highest - 1.0) < 1e-9 && fabs(run.lowest - 1.0) < 1e-9,
	       "at rest it stays at the set point");
}

static void test_load_steps(struct tap *tap)
{
	static const struct {
		double before, after;
		double dip; /* largest allowed deviation of the speed, down and up */
		double surge;
		double settled; /* s after the step */
	} cases[] = {
		{0.4, 0.6, 0.011, 0.001, 4.0},
		{0.6, 0.3, 0.001, 0.014, 5.0},
		{0.2, 0.9, 0.09, 0.001, 11.0},
		{1.0, 0.5, 0.001, 0.03, 5.0},
	};

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct run run = run_step(cases[n].before, cases[n].after, 40.0);

		printf("# load %.0f%% -> %.0f%%: speed %.4f ... %.4f, within 0.1%% after %.2f s, "
		       "valve %.3f ... %.3f\n",
		       cases[n].before * 100, cases[n].after * 100, run.lowest, run.highest,
		       run.last_outside - 1.0, run.valve_min, run.valve_max);
		tap_ok(tap, run.last_outside < 1.0 + cases[n].settled,
		       "back at the set point within %.0f s after load %.0f%% -> %.0f%%",
		       cases[n].settled, cases[n].before * 100, cases[n].after * 100);
		tap_ok(tap, run.lowest > 1.0 - cases[n].dip && run.highest < 1.0 + cases[n].surge,
		       "speed bounded during load %.0f%% -> %.0f%%", cases[n].before * 100,
		       cases[n].after * 100);
		tap_ok(tap, run.valve_min >= 0.0 && run.valve_max <= 1.0,
		       "valve within its ends, load %.0f%% -> %.0f%%", cases[n].before * 100,
		       cases[n].after * 100);
		tap_ok(tap, fabs(run.plant.valve - cases[n].after) < 0.005,
		       "valve ends where the load %.0f%% wants it", cases[n].after * 100);
	}
}

/* Of all loads that leave the plant power to come back with. */
static void test_steps_of_30_percent(struct tap *tap)
{
	double longest = 0.0;

	for (int percent = 10; percent <= 60; percent += 5) {
		struct run up = run_step(percent / 100.0, percent / 100.0 + 0.3, 15.0);
		struct run down = run_step(percent / 100.0 + 0.3, percent / 100.0, 15.0);

		longest = fmax(longest, fmax(up.last_far, down.last_far) - 1.0);
	}
	tap_ok(tap, longest < 3.0 - 0.2,
	       "within 0.5%% of the set point 3 s after 30%% of load, with 0.2 s to spare (%.3f s)",
	       longest);
}

/* The protection is for when the governor fails, not for when a line does. */
static void test_load_rejection(struct tap *tap)
{
	struct run run = run_step(1.0, 0.0, 20.0);

	tap_ok(tap, run.highest > 1.05 && run.highest < TURBINE_TRIP_SPEED - 0.005,
	       "the governor masters the loss of the whole load (%.4f)", run.highest);
}

/* Each step finds the plant as the last one has left it. */
static void test_two_minutes(struct tap *tap)
{
	struct governor governor;
	struct plant plant;
	unsigned int outside = 0;

	turbine_init(&plant, &governor, 1.0, 0.4);
	for (int n = 0; n < 120000; n++) {
		plant_step(&plant, governor_step(&governor, plant.speed, DT),
			   n / 6000 % 2 ? 0.7 : 0.4, DT);
		outside += n % 6000 >= 3000 && fabs(plant.speed - 1.0) > 0.005;
	}
	tap_is_u64(
		tap, outside, 0,
		"two minutes of steps of 30%%, one in 6 s: no millisecond outside later than 3 s "
		"after one");
}

static void test_set_points(struct tap *tap)
{
	static const double targets[] = {1.0 + 1.0 / 30, 0.95, 1.0, 1.05, 0.9, 1.0};
	struct governor governor;
	struct plant plant;
	double highest = 0.0;

	turbine_init(&plant, &governor, 1.0, 0.5);
	for (unsigned int n = 0; n < sizeof(targets) / sizeof(targets[0]); n++) {
		governor.set_point = targets[n];
		for (int cycle = 0; cycle < 8000; cycle++) {
			plant_step(&plant, governor_step(&governor, plant.speed, DT), 0.5, DT);
			highest = fmax(highest, plant.speed);
		}
		tap_ok(tap, fabs(plant.speed - targets[n]) < 0.001,
		       "a new set point, %.0f rpm, is reached", targets[n] * TURBINE_RATED_RPM);
	}
	tap_ok(tap, highest < 1.06, "and not run over by 1%% (%.4f)", highest);
}

static void test_valve_rate(struct tap *tap)
{
	struct governor governor;
	struct plant plant;
	double before, largest_opening = 0.0, largest_closing = 0.0;

	turbine_init(&plant, &governor, 1.0, 0.0);
	for (int n = 0; n < 4000; n++) {
		before = plant.valve;
		plant_step(&plant, n < 2500 ? 1.0 : 0.0, 0.5, DT);
		largest_opening = fmax(largest_opening, (plant.valve - before) / DT);
		largest_closing = fmax(largest_closing, (before - plant.valve) / DT);
	}
	tap_ok(tap, largest_opening > 0.49 && largest_opening < 0.5 + 1e-9,
	       "the valve opens at its rate, not faster");
	tap_ok(tap, largest_closing > 0.99 && largest_closing < 1.0 + 1e-9,
	       "the valve closes at its rate, not faster");
}

static void test_closing(struct tap *tap)
{
	struct governor governor;
	struct plant plant;
	int n;

	turbine_init(&plant, &governor, 1.0, 0.8);
	governor.closing = true;
	for (n = 0; n < 3000 && plant.valve > 0.0; n++)
		plant_step(&plant, governor_step(&governor, plant.speed, DT), 0.0, DT);
	tap_ok(tap, plant.valve == 0.0, "closing ends with the valve on its seat");
	tap_ok(tap, n < 2500 && plant.speed < TURBINE_TRIP_SPEED,
	       "closing takes less than 2.5 s (%d ms) and does not overspeed", n);
}

static void test_trip(struct tap *tap)
{
	struct governor governor;
	struct plant plant;
	double before;
	int n;

	turbine_init(&plant, &governor, 1.0, 1.0);
	plant.tripped = true;
	for (n = 0; n < 1000 && plant.valve > 0.0; n++)
		plant_step(&plant, 1.0, 0.0, DT);
	tap_ok(tap, n >= 249 && n <= 251,
	       "a trip closes the valve in a quarter of a second whatever the command (%d ms)", n);
	tap_ok(tap, plant.speed < 1.06, "by then the speed has risen little (%.3f)", plant.speed);
	for (n = 0; n < 20000; n++)
		plant_step(&plant, 1.0, 0.0, DT);
	before = plant.speed;
	for (n = 0; n < 20000; n++)
		plant_step(&plant, 1.0, 0.0, DT);
	tap_ok(tap, plant.valve == 0.0 && before < 1.02 && plant.speed < before - 0.03,
	       "the tripped machine coasts down (%.3f, %.3f)", before, plant.speed);
	governor_rest(&governor, plant.speed);
	tap_ok(tap, governor.integral == 0.0, "and the governor begins anew from closed");
}

static void test_anti_windup(struct tap *tap)
{
	struct governor governor = {.set_point = 1.0, .integral = 0.5, .followed = 0.8};
	int n;

	/* A minute of a speed that no valve can correct. */
	for (n = 0; n < 60000; n++)
		governor_step(&governor, 0.8, DT);
	for (n = 0; n < 2000; n++) {
		if (governor_step(&governor, 1.02, DT) < 1.0)
			break;
	}
	tap_ok(tap, n < 100,
	       "the governor lets go at once after a long time at the end stop (%d ms)", n);
}

static void test_deterministic(struct tap *tap)
{
	struct run first = run_step(0.3, 0.8, 20.0), second = run_step(0.3, 0.8, 20.0);

	tap_ok(tap, memcmp(&first.plant, &second.plant, sizeof(first.plant)) == 0,
	       "two runs end in the same bits");
}

static void test_phase(struct tap *tap)
{
	struct governor governor;
	struct plant plant;
	double highest = 0.0, previous, now;
	int crossings = 0;

	turbine_init(&plant, &governor, 1.0, 0.5);
	previous = plant_phase_voltage(&plant);
	for (int n = 0; n < 1000; n++) {
		plant_step(&plant, governor_step(&governor, plant.speed, DT), 0.5, DT);
		now = plant_phase_voltage(&plant);
		crossings += previous < -1.0 && now >= -1.0;
		highest = fmax(highest, fabs(now));
		previous = now;
	}
	tap_ok(tap, crossings == 50, "at rated speed the voltage has 50 periods a second (%d)",
	       crossings);
	tap_ok(tap, highest > 8400.0 && highest < TURBINE_PHASE_VOLTAGE * 1.4143,
	       "the voltage peaks at its amplitude (%.0f V)", highest);
}

static void test_profile(struct tap *tap)
{
	struct load_profile profile = {.period = 10.0};
	struct load_profile before;
	static const char *const bad[] = {"",
					  ":",
					  "1",
					  "1:",
					  "a:5",
					  "0:101",
					  "0:5,",
					  "0:5;",
					  "5:1,5:2",
					  "5:1,4:2",
					  "99999999:5",
					  "1:1,2:1,3:1,4:1,5:1,6:1,7:1,8:1,9:1,10:1,11:1,12:1,13:1,"
					  "14:1,15:1,16:1,17:1"};

	tap_ok(tap,
	       load_profile_parse("0:40,2:60,5:30", &profile) == 0 && profile.count == 3 &&
		       profile.period == 10.0,
	       "a load profile is read");
	tap_ok(tap,
	       load_profile_at(&profile, 0.0) == 0.4 && load_profile_at(&profile, 1.999) == 0.4 &&
		       load_profile_at(&profile, 2.0) == 0.6 &&
		       load_profile_at(&profile, 9.0) == 0.3,
	       "each step holds from its time on");
	tap_ok(tap,
	       load_profile_at(&profile, 10.5) == 0.4 && load_profile_at(&profile, 12.5) == 0.6,
	       "the profile begins again after its period");
	before = profile;
	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++)
		tap_ok(tap,
		       load_profile_parse(bad[n], &profile) == -EINVAL &&
			       memcmp(&before, &profile, sizeof(profile)) == 0,
		       "refused: \"%.20s\"", bad[n]);
}

static void test_cycle_clock(struct tap *tap)
{
	struct cycle_clock clock;
	uint64_t now = 1000000;

	cycle_clock_init(&clock, 1000000);
	for (uint64_t n = 0; n < 5000; n++)
		cycle_clock_tick(&clock, now += 1000000 + (n % 7) * 1000 - 3000);
	tap_ok(tap, clock.cycles == 5000 && clock.skipped == 0 && clock.doubled == 0,
	       "jitter of a few microseconds is no lost cycle");
	cycle_clock_tick(&clock, now += 3000000);
	tap_ok(tap, clock.skipped == 2 && clock.doubled == 0, "two lost cycles are counted");
	cycle_clock_tick(&clock, now += 1000);
	tap_ok(tap, clock.skipped == 2 && clock.doubled == 1, "a cycle too many is counted");
	tap_ok(tap, clock.latest < 1000000, "latest is within the slot");

	cycle_clock_init(&clock, 1000000);
	for (uint64_t n = 0; n < 100000; n++)
		cycle_clock_tick(&clock, now += 1000200);
	tap_ok(tap, clock.skipped == 0 && clock.doubled == 0, "clocks 200 ppm apart lose no cycle");
	tap_ok(tap, cycle_clock_drift_ppm(&clock) == 200, "and tell that they are (%lld ppm)",
	       (long long)cycle_clock_drift_ppm(&clock));

	cycle_clock_init(&clock, 1000000);
	for (uint64_t n = 0; n < 1000; n++)
		cycle_clock_tick(&clock, now += 1010000);
	tap_ok(tap, clock.skipped >= 5 && clock.skipped <= 10,
	       "a timer that is 1%% slow loses cycles (%llu)", (unsigned long long)clock.skipped);
}

int main(void)
{
	struct tap tap = {0};

	test_steady(&tap);
	test_load_steps(&tap);
	test_steps_of_30_percent(&tap);
	test_load_rejection(&tap);
	test_two_minutes(&tap);
	test_set_points(&tap);
	test_valve_rate(&tap);
	test_closing(&tap);
	test_trip(&tap);
	test_anti_windup(&tap);
	test_deterministic(&tap);
	test_phase(&tap);
	test_profile(&tap);
	test_cycle_clock(&tap);
	return tap_done(&tap);
}
