// SPDX-License-Identifier: GPL-2.0-only
/* That the turbine's description says of its signals what its program does. */
#include <fcntl.h>
#include <unistd.h>

#include "inmates/turbine/turbine_link.h"
#include "model/signal.h"
#include "model_test.h"

#define MEMBER_OF(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define TOLD(member)		false, MEMBER_OF(turbine_telemetry, member)
#define ORDERED(member)		true, MEMBER_OF(turbine_commands, member)

static const struct {
	const char *name;
	bool command;
	uint64_t offset;
	unsigned int size;
	double most; /* of a command that is no switch */
} expected[] = {
	{"shaft-speed", TOLD(speed), 0},
	{"valve", TOLD(valve), 0},
	{"power", TOLD(power), 0},
	{"load", TOLD(load), 0},
	{"speed-in-force", TOLD(speed_setpoint), 0},
	{"load-in-force", TOLD(load_setpoint), 0},
	{"cycle", TOLD(cycle), 0},
	{"skipped-cycles", TOLD(skipped), 0},
	{"doubled-cycles", TOLD(doubled), 0},
	{"commands-judged", TOLD(commands), 0},
	{"alarms", TOLD(alarms), 0},
	{"alarms-seen", TOLD(alarms_seen), 0},
	{"alarm-count", TOLD(alarm_count), 0},
	{"trip-cause", TOLD(trip), 0},
	{"check", TOLD(check), 0},
	{"speed-setpoint", ORDERED(speed), TURBINE_MAX_SPEED_RPM},
	{"load-setpoint", ORDERED(load), TURBINE_MAX_LOAD_PERCENT},
	{"trip", ORDERED(trip), 0},
	{"trip-reset", ORDERED(reset), 0},
};

static const struct description_signal *find(const struct description *d, const char *name)
{
	for (size_t n = 0; n < d->num_signals; n++) {
		if (strcmp(d->signals[n].name, name) == 0)
			return &d->signals[n];
	}
	return NULL;
}

static void test_signal(struct tap *tap, const struct description *d, size_t n)
{
	const struct description_signal *signal = find(d, expected[n].name);
	const bool is_switch = expected[n].size == 1;

	if (!tap_ok(tap, signal, "%s is described", expected[n].name))
		return;
	tap_ok(tap,
	       signal->in_common == expected[n].command && signal->write == expected[n].command &&
		       signal->offset == expected[n].offset &&
		       signal_types[signal->type].size == expected[n].size,
	       "%s is where the program has it", signal->name);
	/* Numbers of eight bytes are doubles but for counters; nothing here has a sign of its own.
	 */
	tap_ok(tap,
	       signal->type == (is_switch		? SIGNAL_BOOL
				: expected[n].size == 4 ? SIGNAL_U32
				: signal->unit		? SIGNAL_F64
							: SIGNAL_U64),
	       "%s has the program's type", signal->name);
	if (expected[n].command)
		tap_ok(tap,
		       is_switch || (signal->has_min && signal->min == 0 && signal->has_max &&
				     signal->max == expected[n].most),
		       "%s may be what the program takes", signal->name);
	else
		tap_ok(tap, signal->stale_after_ns >= 10 * 1000000000ull / TURBINE_TELEMETRY_HZ,
		       "%s is stale when it has been missed more than once", signal->name);
}

/* Where the daemon's block of them ends: at a multiple of 8. */
static uint64_t commands_end(const struct description *d)
{
	uint64_t end = 0;

	for (size_t n = 0; d && n < d->num_signals; n++) {
		const struct description_signal *signal = &d->signals[n];

		if (signal->in_common && range_end(signal_range(signal)) > end)
			end = range_end(signal_range(signal));
	}
	return (end + 7) / 8 * 8;
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(description_freep) struct description *d = NULL;
	int fd = open(TURBINE, O_RDONLY | O_CLOEXEC);
	int r = description_read(fd, TURBINE, "turbine", &problems, &d);

	tap_is_u64(&tap, r, 0, "the example is read");
	tap_is_u64(&tap, problems.count, 0, "without a complaint");
	tap_is_u64(&tap, d ? d->num_signals : 0, ARRAY_SIZE(expected),
		   "and has these signals only");
	for (size_t n = 0; d && n < ARRAY_SIZE(expected); n++)
		test_signal(&tap, d, n);
	tap_is_u64(&tap, commands_end(d), sizeof(struct turbine_commands),
		   "a block with all commands is as long as the program reads");
	tap_ok(&tap,
	       d && d->num_links == 1 && strcmp(d->links[0].name, TURBINE_LINK) == 0 &&
		       d->links[0].vectors > TURBINE_ALARM_VECTOR,
	       "its link has the name and the vectors that the program wants");
	if (fd >= 0)
		close(fd);
	return tap_done(&tap);
}
