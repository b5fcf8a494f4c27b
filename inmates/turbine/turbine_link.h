/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the turbine and its operators tell each other by the link "plant", for both sides: C and
 * C++, with a block in the common section for commands and one in the cell's output section for
 * telemetry (cellmgr_link.h). All numbers are little-endian.
 *
 * The controller believes nothing of a command. It takes a whole block or nothing, and of a block
 * each value that it may have; for the others there is an alarm.
 */
#ifndef TURBINE_LINK_H
#define TURBINE_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "static_assert.h"

#define TURBINE_LINK	     "plant"
/* Linux is the first peer where it is one (guide-links.md). */
#define TURBINE_PEER_LINUX   0u
/* Of Linux: a trip or another alarm has come. Where the link has one vector only, that one. */
#define TURBINE_ALARM_VECTOR 1u
#define TURBINE_TELEMETRY_HZ 1000

/* Up to 120 % so that operators can test the protection, which acts at 110 %. */
#define TURBINE_MAX_SPEED_RPM	 3600.0
#define TURBINE_MAX_LOAD_PERCENT 100.0

/*
 * Who writes one of these may leave the others as they are: speed and load are commanded by a value
 * that differs from the one before, of which all are 0 at the controller's start. So a block of
 * zeros commands nothing, and one that was there before the controller is in force when it starts.
 * Until a speed or a load is commanded, the cell's parameters say it. What was written is known to
 * have been judged when the telemetry's commands is the block's sequence; before that it may be
 * overwritten unseen.
 */
struct turbine_commands {
	double speed; /* rpm to hold, 0 … TURBINE_MAX_SPEED_RPM */
	double load;  /* % of the rated power, 0 … TURBINE_MAX_LOAD_PERCENT */
	uint8_t trip; /* 1: trips, and keeps it from being reset */
	/* From 0 to 1: ends a trip whose cause is gone; a 1 that stands does nothing. */
	uint8_t reset;
	uint8_t reserved[6];
};

_Static_assert(offsetof(struct turbine_commands, speed) == 0, "place of a signal");
_Static_assert(offsetof(struct turbine_commands, load) == 8, "place of a signal");
_Static_assert(offsetof(struct turbine_commands, trip) == 16, "place of a signal");
_Static_assert(offsetof(struct turbine_commands, reset) == 17, "place of a signal");
_Static_assert(sizeof(struct turbine_commands) == 24, "block of commands");

enum turbine_trip {
	TURBINE_RUNS = 0,
	TURBINE_TRIP_OVERSPEED = 1,
	TURBINE_TRIP_COMMAND = 2,
};

/* Each is there as long as its cause. */
enum turbine_alarm {
	TURBINE_ALARM_TRIPPED = 1 << 0,
	TURBINE_ALARM_SPEED_REFUSED = 1 << 1,  /* a speed that is out of range, or no number */
	TURBINE_ALARM_LOAD_REFUSED = 1 << 2,   /* the same of a load */
	TURBINE_ALARM_SWITCH_REFUSED = 1 << 3, /* trip or reset is neither 0 nor 1 */
	TURBINE_ALARM_RESET_REFUSED = 1 << 4,  /* trip is 1, or the speed is still too high */
	/* No block came through for TURBINE_COMMAND_PATIENCE cycles, or it is too small. */
	TURBINE_ALARM_NO_COMMANDS = 1 << 5,
};

/* Cycles. An update takes its writer less, unless Linux took the CPU from it. */
#define TURBINE_COMMAND_PATIENCE 100

struct turbine_telemetry {
	double speed;	       /* rpm */
	double valve;	       /* % open */
	double power;	       /* MW, mechanical */
	double load;	       /* % of the rated power, electrical */
	double speed_setpoint; /* rpm, in force */
	double load_setpoint;  /* %, in force */
	uint64_t cycle;	       /* from 1, one each millisecond */
	uint64_t skipped;      /* milliseconds that had none … */
	uint64_t doubled;      /* … and cycles in one that had one already */
	uint64_t commands;     /* sequence of the block of commands that was judged last */
	uint32_t alarms;       /* enum turbine_alarm, now … */
	uint32_t alarms_seen;  /* … and since the start or the last reset */
	uint32_t alarm_count;  /* how many have come since the start */
	uint32_t trip;	       /* enum turbine_trip: what has tripped it, until the reset */
	uint64_t check;	       /* turbine_check() of the others */
};

_Static_assert(offsetof(struct turbine_telemetry, speed) == 0, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, valve) == 8, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, power) == 16, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, load) == 24, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, speed_setpoint) == 32, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, load_setpoint) == 40, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, cycle) == 48, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, skipped) == 56, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, doubled) == 64, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, commands) == 72, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, alarms) == 80, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, alarms_seen) == 84, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, alarm_count) == 88, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, trip) == 92, "place of a signal");
_Static_assert(offsetof(struct turbine_telemetry, check) == 96, "place of a signal");
_Static_assert(sizeof(struct turbine_telemetry) == 104, "block of telemetry");

/*
 * Of the twelve words of 64 bits before the check, one after the other; each step can be undone, so
 * blocks that differ in one word never have the same.
 */
static inline uint64_t turbine_check(const struct turbine_telemetry *telemetry)
{
	uint64_t sum = 0, word;

	for (size_t n = 0; n < offsetof(struct turbine_telemetry, check); n += sizeof(word)) {
		__builtin_memcpy(&word, (const uint8_t *)telemetry + n, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 32;
	}
	return sum;
}

#endif /* TURBINE_LINK_H */
