// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's hwlat tracer has one CPU spin with its interrupts off and watch the clock: where
 * that jumps, nothing of Linux can have been at work. It runs in an instance of its own, which goes
 * again: what others trace stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/ending_signals.h"
#include "doctor/doctor.h"

#define TRACING	  "/sys/kernel/tracing"
#define INSTANCES TRACING "/instances"
#define INSTANCE  INSTANCES "/cellctl-doctor"
#define LONG_USEC 100 /* an interrupt of a cell's that comes so late is too late for many */

static int set(const struct facts *facts, const char *path, const char *text)
{
	_cleanup_(freep) char *full = facts_path(facts, "%s", path);
	_cleanup_(closep) int fd = full ? open(full, O_WRONLY | O_CLOEXEC) : -1;

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/*
 * Who interrupts, or stops, means the looking, not what is to be put back: a tracer that is left on
 * keeps interrupts off for ever.
 */
static sigset_t hold_signals(sigset_t *ret_before)
{
	sigset_t signals = ending_signals();

	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, ret_before);
	return signals;
}

static void wait_for(uint64_t microseconds, const sigset_t *signals)
{
	const struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};

	sigtimedwait(signals, NULL, &time);
}

/* One that was killed may have left its instance, with the tracer on. */
static int make_instance(const struct facts *facts, const char *instance)
{
	if (mkdir(instance, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	set(facts, INSTANCE "/current_tracer", "nop");
	return rmdir(instance) == 0 && mkdir(instance, 0700) == 0 ? 0 : -errno;
}

/* "... inner/outer(us): 12/10 ..." */
static unsigned long long longest_of(const char *trace)
{
	unsigned long long inner, outer, longest = 0;

	for (const char *at = trace; at && (at = strstr(at, "inner/outer(us):")); at++) {
		if (sscanf(at, "inner/outer(us): %llu/%llu", &inner, &outer) != 2)
			continue;
		longest = inner > longest ? inner : longest;
		longest = outer > longest ? outer : longest;
	}
	return longest;
}

/* What is shorter is not recorded: one for all tracing, which somebody may have set. */
static unsigned long long threshold_of(const struct facts *facts)
{
	_cleanup_(freep) char *text = facts_text(facts, TRACING "/tracing_thresh");

	return text ? strtoull(text, NULL, 10) : 0;
}

static void tell(struct facts *facts, const char *trace, unsigned long long threshold)
{
	const unsigned long long longest = longest_of(trace);

	if (!trace)
		doctor_say(facts, VERDICT_UNKNOWN, NULL,
			   "what the hwlat tracer saw cannot be read");
	else if (longest >= LONG_USEC)
		doctor_say(facts, VERDICT_WARN,
			   "look in the firmware setup for what it does behind Linux' back (USB "
			   "legacy support, power and fan management)",
			   "pauses of up to %llu us that Linux did not make", longest);
	else
		doctor_say(facts, VERDICT_OK, NULL,
			   "no pause of %llu us or more; the longest: %llu us",
			   threshold > LONG_USEC ? threshold : LONG_USEC, longest);
}

static void look(struct facts *facts, uint64_t microseconds, const sigset_t *signals)
{
	_cleanup_(freep) char *instance = facts_path(facts, INSTANCE), *trace = NULL;
	unsigned long long threshold = 0;
	int r = instance ? make_instance(facts, instance) : -ENOMEM;

	if (r < 0) {
		doctor_say(facts, VERDICT_UNKNOWN, "as root, with tracefs mounted",
			   INSTANCES " cannot be used: %s", strerror(-r));
		return;
	}
	r = set(facts, INSTANCE "/current_tracer", "hwlat");
	if (r == 0) {
		threshold = threshold_of(facts);
		wait_for(microseconds, signals);
		set(facts, INSTANCE "/tracing_on", "0");
		trace = facts_text(facts, INSTANCE "/trace");
		set(facts, INSTANCE "/current_tracer", "nop");
	}
	rmdir(instance);
	if (r == 0)
		tell(facts, trace, threshold);
	else
		doctor_say(facts, VERDICT_UNKNOWN,
			   "with a kernel that has CONFIG_HWLAT_TRACER, while nobody else uses it",
			   "the hwlat tracer cannot be used: %s", strerror(-r));
}

void doctor_look_for_smis(struct facts *facts, uint64_t microseconds)
{
	sigset_t signals, before;

	if (!microseconds) {
		doctor_say(facts, VERDICT_UNKNOWN,
			   "--smi=10s, while nothing runs that interrupts must not be late for",
			   "long ones are looked for when asked");
		return;
	}
	signals = hold_signals(&before);
	look(facts, microseconds, &signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
