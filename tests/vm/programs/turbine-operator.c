// SPDX-License-Identifier: GPL-2.0-only
/*
 * An operator of the turbine, by libcellmgr-link; inmates/turbine/turbine_link.h is all that it
 * knows of the turbine.
 *
 * usage: turbine-operator LINK tell
 *        turbine-operator LINK watch SECONDS
 *        turbine-operator LINK set speed|load|trip|reset VALUE
 *        turbine-operator LINK ring speed|load|trip|reset VALUE
 *
 * tell: speed, valve, load, set points, alarms and trip, in words that a shell reads.
 * watch: reads all the time, and tells how many blocks were whole, torn or going back, how far the
 * cell's milliseconds got, and how many there were by its clock and by Linux'.
 * set: that command, the others as they are. ring: the same, and waits for the alarm; then as tell.
 * Status 0; 1: that did not go; 2: usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "inmates/turbine/turbine_link.h"
#include "lib/link/linux_link.h"

#define TURBINE	    1u /* its number: Linux is 0 */
#define PATIENCE_MS 60000
#define TRIES	    100
#define PAUSE_US    200

static int fail(const char *what, int err)
{
	fprintf(stderr, "turbine-operator: %s: %s\n", what, strerror(-err));
	return 1;
}

static enum link_result read_block(struct cellmgr_link *link, struct turbine_telemetry *ret,
				   struct link_stamp *stamp)
{
	enum link_result result = LINK_BUSY;

	/* Linux may take the CPU from the cell's update, under emulation. */
	for (unsigned int n = 0; n < TRIES && (result == LINK_BUSY || result == LINK_UNFINISHED);
	     n++) {
		if (n)
			usleep(PAUSE_US);
		result = cellmgr_link_read(link, TURBINE, 0, ret, sizeof(*ret), stamp);
	}
	return result;
}

static int tell(struct cellmgr_link *link)
{
	struct turbine_telemetry now;
	struct link_stamp stamp;
	enum link_result result = read_block(link, &now, &stamp);

	if (result != LINK_OK || now.check != turbine_check(&now)) {
		fprintf(stderr, "turbine-operator: no telemetry, %d\n", result);
		return 1;
	}
	printf("speed=%.0f valve=%.0f load=%.0f speed-in-force=%.0f load-in-force=%.0f alarms=%u "
	       "seen=%u trip=%u age-us=%lu\n",
	       now.speed, now.valve, now.load, now.speed_setpoint, now.load_setpoint, now.alarms,
	       now.alarms_seen, now.trip, (unsigned long)cellmgr_link_age(&stamp) / 1000);
	return 0;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t milliseconds_of(const struct turbine_telemetry *block)
{
	return block->cycle + block->skipped - block->doubled;
}

static int watch(struct cellmgr_link *link, double duration)
{
	struct turbine_telemetry first, last, now;
	struct link_stamp from, to, stamp;
	unsigned long whole = 1, torn = 0, back = 0;
	double start = seconds();

	if (read_block(link, &first, &from) != LINK_OK || !from.counter_khz)
		return fail("no telemetry", 0);
	last = first;
	to = from;
	while (seconds() - start < duration) {
		usleep(PAUSE_US);
		if (read_block(link, &now, &stamp) != LINK_OK || now.check != turbine_check(&now)) {
			torn++;
			continue;
		}
		whole += now.cycle != last.cycle;
		back += now.cycle < last.cycle;
		last = now;
		to = stamp;
	}
	printf("whole=%lu torn=%lu back=%lu milliseconds=%lu cell-ms=%lu linux-ms=%.0f "
	       "skipped=%lu\n",
	       whole, torn, back, milliseconds_of(&last) - milliseconds_of(&first),
	       (to.updated - from.updated) / from.counter_khz, (seconds() - start) * 1000,
	       last.skipped - first.skipped);
	return 0;
}

static bool fill(struct turbine_commands *block, const char *name, const char *value,
		 uint32_t *ret_offset, uint32_t *ret_size)
{
	const double number = strtod(value, NULL);

	*ret_size = sizeof(double);
	if (strcmp(name, "speed") == 0) {
		block->speed = number;
		*ret_offset = offsetof(struct turbine_commands, speed);
		return true;
	}
	if (strcmp(name, "load") == 0) {
		block->load = number;
		*ret_offset = offsetof(struct turbine_commands, load);
		return true;
	}
	*ret_size = 1;
	block->trip = block->reset = (uint8_t)number;
	*ret_offset = strcmp(name, "trip") == 0 ? offsetof(struct turbine_commands, trip)
						: offsetof(struct turbine_commands, reset);
	return strcmp(name, "trip") == 0 || strcmp(name, "reset") == 0;
}

/* Returns when the turbine has judged it. */
static int set(struct cellmgr_link *link, const char *name, const char *value)
{
	struct turbine_commands block = {0};
	struct turbine_telemetry now;
	struct link_stamp stamp;
	struct link_writer writer;
	uint32_t offset, size;
	size_t bytes;
	void *section = cellmgr_link_writable(link, CELLMGR_LINK_COMMON, &bytes);

	if (!fill(&block, name, value, &offset, &size))
		return 2;
	if (!section || link_writer_resume(&writer, section, bytes, sizeof(block),
					   cellmgr_link_khz(link)) != LINK_OK)
		return fail("no room for commands", 0);
	link_write(&writer, offset, (uint8_t *)&block + offset, size, cellmgr_link_now());
	for (unsigned int n = 0; n < PATIENCE_MS; n++) {
		if (read_block(link, &now, &stamp) == LINK_OK && now.commands == writer.sequence)
			return 0;
		usleep(1000);
	}
	return fail("the turbine does not look at its commands", 0);
}

static int ring(struct cellmgr_link *link, const char *name, const char *value)
{
	int err;

	cellmgr_link_set_state(link, LINK_STATE_READY);
	err = set(link, name, value);
	if (err)
		return err;
	err = cellmgr_link_wait(link, TURBINE_ALARM_VECTOR, PATIENCE_MS);
	return err ? fail("no alarm", err) : tell(link);
}

int main(int argc, char **argv)
{
	struct cellmgr_link *link;
	int result;

	if (argc < 3)
		return 2;
	result = cellmgr_link_open(argv[1], &link);
	if (result)
		return fail(argv[1], result);
	if (argc == 3 && strcmp(argv[2], "tell") == 0)
		result = tell(link);
	else if (argc == 4 && strcmp(argv[2], "watch") == 0)
		result = watch(link, strtod(argv[3], NULL));
	else if (argc == 5 && strcmp(argv[2], "set") == 0)
		result = set(link, argv[3], argv[4]);
	else if (argc == 5 && strcmp(argv[2], "ring") == 0)
		result = ring(link, argv[3], argv[4]);
	else
		result = 2;
	cellmgr_link_close(link);
	return result;
}
