// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host test of the turbine's cycles with a link, in memory of the test's: commands and their
 * refusal, trips, alarms, telemetry. TAP on stdout.
 */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "inmates/turbine/turbine_cycle.h"
#include "tests/lib/tap.h"

#define SECTION	    4096
#define PERIOD	    1000000
#define KHZ	    1000000
#define RATED	    TURBINE_RATED_RPM
#define ENOUGH	    500 /* blocks seen while they are written */
#define MOST_CYCLES 20000000ul

struct rig {
	uint8_t common[SECTION] __attribute__((aligned(64)));
	uint8_t output[SECTION] __attribute__((aligned(64)));
	struct load_profile profile;
	struct turbine_exchange exchange;
	struct turbine turbine;
	struct link_writer operator;
	uint64_t now;
	unsigned int rings;
};

static void rig_restart(struct rig *rig)
{
	rig->profile = (struct load_profile){.count = 1, .steps = {{0.0, 0.4}}};
	turbine_start(&rig->turbine, 1.0, &rig->profile, PERIOD);
	rig->exchange.common = rig->common;
	rig->exchange.common_bytes = SECTION;
	link_writer_init(&rig->exchange.telemetry, rig->output, SECTION,
			 sizeof(struct turbine_telemetry), KHZ);
	rig->turbine.exchange = &rig->exchange;
	rig->rings = 0;
}

static void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig_restart(rig);
	link_writer_init(&rig->operator, rig->common, SECTION, sizeof(struct turbine_commands),
			 KHZ);
}

static void run(struct rig *rig, unsigned int cycles)
{
	for (unsigned int n = 0; n < cycles; n++)
		rig->rings += turbine_cycle(&rig->turbine, rig->now += PERIOD);
}

/* One signal, as the daemon writes it. */
#define command(rig, field, value)                                                     \
	do {                                                                           \
		struct turbine_commands block_ = {.field = (value)};                   \
                                                                                       \
		link_write(&(rig)->operator, offsetof(struct turbine_commands, field), \
			   &block_.field, sizeof(block_.field), 1);                    \
	} while (0)

static struct turbine_telemetry telemetry(const struct rig *rig)
{
	struct turbine_telemetry block = {0};
	struct link_stamp stamp;

	if (link_read(rig->output, SECTION, 0, &block, sizeof(block), &stamp) != LINK_OK ||
	    block.check != turbine_check(&block))
		memset(&block, 0, sizeof(block));
	return block;
}

static bool has_alarm(const struct rig *rig, uint32_t alarm)
{
	return telemetry(rig).alarms & alarm;
}

static void test_telemetry(struct tap *tap)
{
	static struct rig rig;
	struct turbine_telemetry got, changed;
	bool each = true, seen = true;

	rig_init(&rig);
	for (uint64_t n = 1; n <= 1000; n++) {
		run(&rig, 1);
		got = telemetry(&rig);
		each &= got.cycle == n && got.speed == rig.turbine.plant.speed * RATED &&
			got.valve == rig.turbine.plant.valve * 100;
	}
	tap_ok(tap, each, "each cycle tells what it has calculated");
	tap_ok(tap,
	       fabs(got.speed - 3000) < 1 && fabs(got.power - 20) < 0.1 &&
		       fabs(got.load - 40) < 1e-9 && got.speed_setpoint == 3000 &&
		       fabs(got.load_setpoint - 40) < 1e-9,
	       "in rpm, MW and percent");
	tap_ok(tap,
	       got.alarms == 0 && got.alarms_seen == 0 && got.trip == TURBINE_RUNS &&
		       rig.rings == 0,
	       "without a command there is no alarm");
	for (unsigned int bit = 0; bit < 8 * offsetof(struct turbine_telemetry, check); bit++) {
		changed = got;
		((uint8_t *)&changed)[bit / 8] ^= 1u << bit % 8;
		seen &= turbine_check(&changed) != got.check;
	}
	tap_ok(tap, seen, "the check value sees each bit that changes");
	rig.now += 2 * PERIOD;
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).skipped, 2, "milliseconds without a cycle are told");
	turbine_cycle(&rig.turbine, rig.now);
	tap_is_u64(tap, telemetry(&rig).doubled, 1, "and those with two");
}

static void test_commands(struct tap *tap)
{
	static struct rig rig;
	struct turbine_telemetry got;

	rig_init(&rig);
	run(&rig, 100);
	command(&rig, load, 55);
	run(&rig, 1);
	got = telemetry(&rig);
	tap_ok(tap, fabs(got.load - 55) < 1e-9 && got.speed_setpoint == 3000,
	       "a load is commanded, and not the speed that was left as it is");
	tap_is_u64(tap, got.commands, rig.operator.sequence, "and known to have been read");
	command(&rig, speed, 3090);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).speed_setpoint == 3090,
	       "a speed is in force in the next cycle");
	run(&rig, 6000);
	tap_ok(tap, fabs(telemetry(&rig).speed - 3090) < 3, "the turbine follows (%.1f rpm)",
	       telemetry(&rig).speed);
	command(&rig, load, 0);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).load == 0, "0 after another value is a command");
	rig_restart(&rig);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).speed_setpoint == 3090,
	       "what was commanded before a restart of the cell is in force after it");
	tap_ok(tap, telemetry(&rig).load_setpoint == 40, "what was not, is as its parameters say");
	tap_is_u64(tap, rig.rings, 0, "and none of it is an alarm");
}

static void test_refused(struct tap *tap)
{
	static const double bad[] = {-0.001, 3600.001, 1e300, -INFINITY, INFINITY, NAN};
	static struct rig rig;

	rig_init(&rig);
	run(&rig, 1);
	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		command(&rig, speed, bad[n]);
		command(&rig, load, bad[n]);
		run(&rig, 10);
		tap_ok(tap,
		       telemetry(&rig).speed_setpoint == 3000 &&
			       fabs(telemetry(&rig).load_setpoint - 40) < 1e-9,
		       "a speed and a load of %.10g are not taken", bad[n]);
		tap_is_u64(tap, telemetry(&rig).alarms,
			   TURBINE_ALARM_SPEED_REFUSED | TURBINE_ALARM_LOAD_REFUSED,
			   "but told, each by its alarm");
		tap_is_u64(tap, rig.rings, n + 1, "and rung once");
		command(&rig, speed, 3000);
		command(&rig, load, 40);
		run(&rig, 1);
		tap_is_u64(tap, telemetry(&rig).alarms, 0, "the alarms go with their cause");
	}
	tap_is_u64(tap, telemetry(&rig).alarms_seen,
		   TURBINE_ALARM_SPEED_REFUSED | TURBINE_ALARM_LOAD_REFUSED, "but stay known");
	command(&rig, load, 100.001);
	command(&rig, trip, 2);
	command(&rig, reset, 255);
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).alarms,
		   TURBINE_ALARM_SWITCH_REFUSED | TURBINE_ALARM_LOAD_REFUSED,
		   "switches that are neither 0 nor 1 are told");
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_RUNS, "and do nothing");
	command(&rig, trip, 1);
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_TRIP_COMMAND,
		   "a trip counts whatever the rest of the block says");
}

static void test_torn(struct tap *tap)
{
	static struct rig rig;

	rig_init(&rig);
	command(&rig, speed, 3000);
	run(&rig, 1);
	link_write_begin(&rig.operator);
	link_write_part(&rig.operator, 0, &(double){3200}, sizeof(double));
	run(&rig, TURBINE_COMMAND_PATIENCE - 1);
	tap_ok(tap, telemetry(&rig).speed_setpoint == 3000 && telemetry(&rig).alarms == 0,
	       "of an update that is under way nothing is taken");
	run(&rig, 1);
	tap_ok(tap, has_alarm(&rig, TURBINE_ALARM_NO_COMMANDS) && rig.rings == 1,
	       "where it does not end, there is an alarm");
	tap_ok(tap, telemetry(&rig).speed_setpoint == 3000, "and still nothing of it taken");
	link_write_end(&rig.operator, 1);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).speed_setpoint == 3200 && telemetry(&rig).alarms == 0,
	       "when it has ended, it counts");
	link_writer_init(&rig.operator, rig.common, SECTION, 8, KHZ);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).alarms == 0 && telemetry(&rig).speed_setpoint == 3200,
	       "an operator that begins anew commands nothing by that");
	command(&rig, speed, 3100);
	run(&rig, 1);
	tap_ok(tap,
	       has_alarm(&rig, TURBINE_ALARM_NO_COMMANDS) && telemetry(&rig).speed_setpoint == 3200,
	       "a block that is too small is told and not taken");
}

static void test_overspeed(struct tap *tap)
{
	static struct rig rig;
	struct turbine_telemetry before = {0}, got;
	double highest = 0;

	rig_init(&rig);
	command(&rig, load, 10);
	command(&rig, speed, 3600);
	for (unsigned int n = 0; n < 20000 && rig.turbine.plant.speed <= TURBINE_TRIP_SPEED; n++)
		run(&rig, 1);
	before = telemetry(&rig);
	tap_ok(tap, before.trip == TURBINE_RUNS && before.valve > 90 && rig.rings == 0,
	       "up to the limit it runs, the valve open (%.2f rpm, %.1f%%)", before.speed,
	       before.valve);
	run(&rig, 1);
	got = telemetry(&rig);
	tap_ok(tap, got.trip == TURBINE_TRIP_OVERSPEED && got.load == 0,
	       "the cycle that sees more trips");
	tap_ok(tap, fabs(before.valve - got.valve - 0.4) < 1e-9,
	       "and in it the valve closes, at 400%%/s");
	tap_ok(tap, rig.rings == 1 && has_alarm(&rig, TURBINE_ALARM_TRIPPED),
	       "and the alarm rings");
	for (unsigned int n = 0; n < 5000; n++) {
		run(&rig, 1);
		highest = fmax(highest, telemetry(&rig).speed);
	}
	tap_ok(tap, highest < 1.16 * RATED,
	       "the speed stays below what the rotor stands (%.1f rpm)", highest);
	command(&rig, speed, 3000);
	run(&rig, 60000);
	got = telemetry(&rig);
	tap_ok(tap, got.trip == TURBINE_TRIP_OVERSPEED && got.valve == 0 && got.speed < 3200,
	       "a minute later the speed is low again (%.1f rpm), and it is still tripped",
	       got.speed);
	command(&rig, reset, 1);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).trip == TURBINE_RUNS && telemetry(&rig).alarms_seen == 0,
	       "a reset ends it");
	run(&rig, 60000);
	got = telemetry(&rig);
	tap_ok(tap, fabs(got.speed - 3000) < 3 && got.load == 10,
	       "and it is back at its speed, under load (%.1f rpm, %.1f%%)", got.speed, got.load);
	tap_is_u64(tap, rig.rings, 1, "with no other alarm");
	rig.turbine.plant.speed = NAN;
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_TRIP_OVERSPEED,
		   "a speed that is no number trips as well");
}

static void test_reset(struct tap *tap)
{
	static struct rig rig;

	rig_init(&rig);
	command(&rig, reset, 1);
	command(&rig, trip, 1);
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_TRIP_COMMAND, "a trip is commanded");
	command(&rig, trip, 0);
	run(&rig, 1000);
	tap_ok(tap, telemetry(&rig).trip == TURBINE_TRIP_COMMAND && telemetry(&rig).valve == 0,
	       "and stays without its command, also where a reset stands");
	command(&rig, reset, 0);
	command(&rig, trip, 1);
	run(&rig, 1);
	command(&rig, reset, 1);
	run(&rig, 1);
	tap_ok(tap,
	       telemetry(&rig).trip == TURBINE_TRIP_COMMAND &&
		       has_alarm(&rig, TURBINE_ALARM_RESET_REFUSED),
	       "it is not reset while it is commanded");
	command(&rig, trip, 0);
	run(&rig, 10);
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_TRIP_COMMAND,
		   "a reset that was refused does not wait for its time");
	command(&rig, reset, 0);
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).alarms, TURBINE_ALARM_TRIPPED, "nor does its alarm");
	rig.turbine.plant.speed = TURBINE_TRIP_SPEED + 0.001;
	command(&rig, reset, 1);
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).trip && has_alarm(&rig, TURBINE_ALARM_RESET_REFUSED),
	       "it is not reset at a speed that trips");
	rig.turbine.plant.speed = 1.0;
	command(&rig, reset, 0);
	run(&rig, 1);
	command(&rig, reset, 1);
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_RUNS, "at last it is");
	command(&rig, trip, 1);
	run(&rig, 1);
	rig_restart(&rig);
	run(&rig, 1);
	tap_is_u64(tap, telemetry(&rig).trip, TURBINE_TRIP_COMMAND,
		   "a cell that starts where a trip is commanded trips");
}

/* Both sides at once: nobody sees parts of two blocks. */
struct side {
	struct rig *rig;
	unsigned long good, torn, backwards;
	bool stop;
};

static void *watch(void *argument)
{
	struct side *side = argument;
	struct turbine_telemetry block;
	struct link_stamp stamp;
	uint64_t last = 0;

	while (!__atomic_load_n(&side->stop, __ATOMIC_ACQUIRE)) {
		if (link_read(side->rig->output, SECTION, 0, &block, sizeof(block), &stamp))
			continue;
		if (block.check != turbine_check(&block))
			side->torn++;
		if (block.cycle < last)
			side->backwards++;
		last = block.cycle;
		__atomic_fetch_add(&side->good, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *operate(void *argument)
{
	struct side *side = argument;
	struct turbine_commands block = {0};

	/* A block whose speed and load do not belong together would be a torn one. */
	for (unsigned int n = 0; !__atomic_load_n(&side->stop, __ATOMIC_ACQUIRE); n++) {
		block.load = 40 + n % 20;
		block.speed = 2940 + 3 * (n % 20);
		link_write(&side->rig->operator, 0, &block, sizeof(block), 1);
		sched_yield();
		for (unsigned int pause = 0; pause < 2000; pause++)
			__asm__ volatile("" : : : "memory");
	}
	return NULL;
}

static void test_together(struct tap *tap)
{
	static struct rig rig;
	struct side watcher = {.rig = &rig}, operator= {.rig = &rig};
	unsigned long mixed = 0, taken = 0;
	uint64_t last = 0;
	pthread_t threads[2];

	rig_init(&rig);
	pthread_create(&threads[0], NULL, watch, &watcher);
	pthread_create(&threads[1], NULL, operate, &operator);
	for (unsigned long n = 0;
	     n < MOST_CYCLES && (n < 100000 || taken < ENOUGH ||
				 __atomic_load_n(&watcher.good, __ATOMIC_RELAXED) < ENOUGH);
	     n++) {
		run(&rig, 1);
		if (rig.turbine.control.sequence == last)
			continue;
		last = rig.turbine.control.sequence;
		taken++;
		mixed += rig.turbine.control.last.speed != 2820 + 3 * rig.turbine.control.last.load;
	}
	__atomic_store_n(&watcher.stop, true, __ATOMIC_RELEASE);
	__atomic_store_n(&operator.stop, true, __ATOMIC_RELEASE);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	tap_ok(tap, watcher.good >= ENOUGH && watcher.torn == 0 && watcher.backwards == 0,
	       "%lu blocks read while they were written, none torn, none going back", watcher.good);
	tap_ok(tap, taken >= ENOUGH && mixed == 0, "%lu blocks of commands taken, none torn",
	       taken);
	/* Cycles take no millisecond here: what is never long there may be many of them. */
	tap_is_u64(tap, rig.turbine.control.alarms_seen & ~(uint32_t)TURBINE_ALARM_NO_COMMANDS, 0,
		   "and nothing refused");
}

static void test_alone(struct tap *tap)
{
	static struct rig rig;

	rig_init(&rig);
	rig.turbine.exchange = NULL;
	command(&rig, trip, 1);
	run(&rig, 1000);
	tap_ok(tap, !rig.turbine.plant.tripped && fabs(rig.turbine.plant.speed - 1) < 1e-6,
	       "without a link it runs on its own");
	rig.exchange.common = NULL;
	rig.turbine.exchange = &rig.exchange;
	run(&rig, 1);
	tap_ok(tap, telemetry(&rig).trip == TURBINE_RUNS && telemetry(&rig).alarms == 0,
	       "with a link that has no common section it only tells");
}

int main(void)
{
	struct tap tap = {0};

	test_telemetry(&tap);
	test_commands(&tap);
	test_refused(&tap);
	test_torn(&tap);
	test_overspeed(&tap);
	test_reset(&tap);
	test_together(&tap);
	test_alone(&tap);
	return tap_done(&tap);
}
