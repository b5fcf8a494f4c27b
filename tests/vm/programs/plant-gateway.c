// SPDX-License-Identifier: GPL-2.0-only
/*
 * A gateway of the plant, over the bus as any other: puts the turbine's telemetry together from its
 * signals and holds it against the check value that the turbine calculated over it.
 *
 * usage: plant-gateway CELL watch SECONDS           reads 50 times a second
 *        plant-gateway CELL crowd READERS SUBSCRIBERS SECONDS  so many of each, of 50 Hz
 *        plant-gateway CELL step LOAD SECONDS       writes load-setpoint and reads on
 *        plant-gateway CELL set NAME VALUE
 *
 * watch, crowd: "reads=R changes=C wrong=W bad=B errors=E": blocks that were read or sent; those
 * that the check value is not of; of another quality than good; calls that failed.
 * step: "step at=CYCLE lowest=RPM highest=RPM out=MS reads=R wrong=W bad=B errors=E": out, how many
 * cycles after the load came into force the speed was away from 3000 rpm by more than 0.5 % last.
 * Status 0; 1: an error, told; 2: usage.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "inmates/turbine/turbine_link.h"

#define BUS_NAME   "org.cellmgr1"
#define CELL	   "org.cellmgr1.Cell"
#define RATE_HZ	   50
#define PERIOD_US  (1000000 / RATE_HZ)
#define RATED_RPM  3000.0
#define NEARLY_RPM (RATED_RPM * 0.005)
#define CROWD_MAX  64

#define PLACE(name, type, field)                                      \
	{                                                             \
		name, type, offsetof(struct turbine_telemetry, field) \
	}

/* All of the block: the check value is of all of it. */
static const struct place {
	const char *name;
	char type;
	size_t offset;
} places[] = {
	PLACE("shaft-speed", 'd', speed),
	PLACE("valve", 'd', valve),
	PLACE("power", 'd', power),
	PLACE("load", 'd', load),
	PLACE("speed-in-force", 'd', speed_setpoint),
	PLACE("load-in-force", 'd', load_setpoint),
	PLACE("cycle", 't', cycle),
	PLACE("skipped-cycles", 't', skipped),
	PLACE("doubled-cycles", 't', doubled),
	PLACE("commands-judged", 't', commands),
	PLACE("alarms", 'u', alarms),
	PLACE("alarms-seen", 'u', alarms_seen),
	PLACE("alarm-count", 'u', alarm_count),
	PLACE("trip-cause", 'u', trip),
	PLACE("check", 't', check),
};

#define PLACES (sizeof(places) / sizeof(places[0]))

struct tally {
	unsigned long reads, changes, wrong, bad, errors;
};

static char path[128];
static sd_bus *bus;
static struct tally tally;
static struct turbine_telemetry telemetry;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct place *find_place(const char *name)
{
	for (size_t n = 0; n < PLACES; n++) {
		if (strcmp(places[n].name, name) == 0)
			return &places[n];
	}
	return NULL;
}

/* (vts) in a variant. Positive: it is of good quality. */
static int take_reading(sd_bus_message *message, const struct place *place)
{
	const char type[] = {place->type, '\0'};
	uint64_t value = 0, age;
	const char *quality;
	int r;

	r = sd_bus_message_enter_container(message, 'v', "(vts)");
	if (r > 0)
		r = sd_bus_message_enter_container(message, 'r', "vts");
	if (r > 0)
		r = sd_bus_message_read(message, "v", type, &value);
	if (r > 0)
		r = sd_bus_message_read(message, "ts", &age, &quality);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	memcpy((uint8_t *)&telemetry + place->offset, &value, place->type == 'u' ? 4 : 8);
	r = sd_bus_message_exit_container(message);
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r < 0 ? r : strcmp(quality, "good") == 0;
}

/* What comes of one moment goes over what was there before. */
static int take_readings(sd_bus_message *message)
{
	const char *name;
	bool good = true;
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		const struct place *place;

		r = sd_bus_message_read(message, "s", &name);
		place = r > 0 ? find_place(name) : NULL;
		if (place)
			r = take_reading(message, place);
		else if (r > 0)
			r = -ENOMSG;
		if (r >= 0) {
			good &= r > 0;
			r = sd_bus_message_exit_container(message);
		}
	}
	if (r < 0)
		return r;
	tally.bad += !good;
	tally.wrong += good && telemetry.check != turbine_check(&telemetry);
	return 0;
}

static int append_names(sd_bus_message *message)
{
	int r = sd_bus_message_open_container(message, 'a', "s");

	for (size_t n = 0; n < PLACES && r >= 0; n++)
		r = sd_bus_message_append(message, "s", places[n].name);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int read_signals(void)
{
	sd_bus_message *call = NULL, *reply = NULL;
	int r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, CELL, "ReadSignals");

	if (r >= 0)
		r = append_names(call);
	if (r >= 0)
		r = sd_bus_call(bus, call, 0, NULL, &reply);
	if (r >= 0)
		r = take_readings(reply);
	sd_bus_message_unref(call);
	sd_bus_message_unref(reply);
	tally.reads += r >= 0;
	tally.errors += r < 0;
	return r;
}

static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	tally.changes++;
	tally.errors += take_readings(message) < 0;
	return 0;
}

static int subscribe(uint64_t period_us)
{
	sd_bus_message *call = NULL;
	int r = sd_bus_match_signal(bus, NULL, BUS_NAME, path, CELL, "SignalsChanged", on_change,
				    NULL);

	if (r >= 0)
		r = sd_bus_message_new_method_call(bus, &call, BUS_NAME, path, CELL,
						   "SubscribeSignals");
	if (r >= 0)
		r = append_names(call);
	if (r >= 0)
		r = sd_bus_message_append(call, "t", period_us);
	if (r >= 0)
		r = sd_bus_call(bus, call, 0, NULL, NULL);
	sd_bus_message_unref(call);
	return r;
}

static int write_signal(const char *name, double value)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, BUS_NAME, path, CELL, "WriteSignal", &error, NULL, "sv",
				   name, "d", value);

	if (r < 0)
		printf("%s: %s\n", name, error.message ? error.message : strerror(-r));
	sd_bus_error_free(&error);
	return r;
}

/* Until the next reading is due; one that is late is not made up for. */
static void pace(double start, unsigned long n)
{
	double wait = start + (double)n / RATE_HZ - seconds();

	if (wait > 0)
		usleep((useconds_t)(wait * 1e6));
}

static void read_for(double duration)
{
	double start = seconds(), passed;

	while ((passed = seconds() - start) < duration) {
		read_signals();
		pace(start, (unsigned long)(passed * RATE_HZ) + 1);
	}
}

static void listen_for(double duration)
{
	double end = seconds() + duration, left;

	if (subscribe(PERIOD_US) < 0) {
		tally.errors++;
		return;
	}
	while ((left = end - seconds()) > 0) {
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = sd_bus_wait(bus, (uint64_t)(left * 1e6) + 1);
		if (r < 0 && r != -EINTR) {
			tally.errors++;
			return;
		}
	}
}

static int open_bus(void)
{
	int r = sd_bus_open_system(&bus);

	if (r < 0)
		printf("the bus: %s\n", strerror(-r));
	return r;
}

static void tell(void)
{
	printf("reads=%lu changes=%lu wrong=%lu bad=%lu errors=%lu\n", tally.reads, tally.changes,
	       tally.wrong, tally.bad, tally.errors);
}

/* One of the crowd: a process and a connection of its own. */
static void take_part(bool reads, double duration, int to)
{
	if (open_bus() < 0)
		tally.errors++;
	else if (reads)
		read_for(duration);
	else
		listen_for(duration);
	if (write(to, &tally, sizeof(tally)) != sizeof(tally))
		_exit(1);
	_exit(0);
}

static int crowd(unsigned int readers, unsigned int subscribers, double duration)
{
	struct tally one;
	int ends[2];

	if (readers + subscribers > CROWD_MAX || pipe(ends) < 0)
		return 2;
	for (unsigned int n = 0; n < readers + subscribers; n++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child == 0)
			take_part(n < readers, duration, ends[1]);
	}
	close(ends[1]);
	for (unsigned int n = 0; n < readers + subscribers; n++) {
		if (read(ends[0], &one, sizeof(one)) != sizeof(one)) {
			tally.errors++;
			continue;
		}
		tally.reads += one.reads;
		tally.changes += one.changes;
		tally.wrong += one.wrong;
		tally.bad += one.bad;
		tally.errors += one.errors;
	}
	while (wait(NULL) > 0)
		;
	tell();
	return 0;
}

static int step(double load, double duration)
{
	double start = seconds(), lowest = RATED_RPM, highest = RATED_RPM, passed;
	uint64_t at = 0, last_out = 0;

	if (write_signal("load-setpoint", load) < 0)
		return 1;
	while ((passed = seconds() - start) < duration) {
		if (read_signals() >= 0 && telemetry.load_setpoint == load) {
			at = at ? at : telemetry.cycle;
			lowest = telemetry.speed < lowest ? telemetry.speed : lowest;
			highest = telemetry.speed > highest ? telemetry.speed : highest;
			if (fabs(telemetry.speed - RATED_RPM) > NEARLY_RPM)
				last_out = telemetry.cycle;
		}
		pace(start, (unsigned long)(passed * RATE_HZ) + 1);
	}
	printf("step at=%lu lowest=%.1f highest=%.1f out=%lu reads=%lu wrong=%lu bad=%lu "
	       "errors=%lu\n",
	       (unsigned long)at, lowest, highest, (unsigned long)(last_out ? last_out - at : 0),
	       tally.reads, tally.wrong, tally.bad, tally.errors);
	return !at;
}

static int carry_out(int count, char **words)
{
	const char *what = words[0];
	double first = count > 1 ? strtod(words[1], NULL) : 0;
	double second = count > 2 ? strtod(words[2], NULL) : 0;

	if (strcmp(what, "crowd") == 0 && count == 4)
		return crowd((unsigned int)first, (unsigned int)second, strtod(words[3], NULL));
	if (open_bus() < 0)
		return 1;
	if (strcmp(what, "watch") == 0 && count == 2) {
		read_for(first);
		tell();
		return 0;
	}
	if (strcmp(what, "step") == 0 && count == 3)
		return step(first, second);
	if (strcmp(what, "set") == 0 && count == 3)
		return write_signal(words[1], second) < 0;
	fprintf(stderr, "plant-gateway: %s: look into the source for how\n", what);
	return 2;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: plant-gateway CELL WHAT ...\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/org/cellmgr1/cell/%s", argv[1]);
	return carry_out(argc - 2, argv + 2);
}
