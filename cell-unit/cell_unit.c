// SPDX-License-Identifier: GPL-2.0-only
/*
 * cell-unit NAME: the cell as a unit, run by cell@NAME.service. Starts the cell, tells the service
 * manager when it runs, stays as long as it does, and ends as it ends: with 0 when it was shut
 * down, with 1 when it failed. SIGTERM shuts the cell down; where the cell does not want to, it is
 * asked again until the service manager loses its patience.
 *
 * The cell needs neither cellmgrd nor the bus to run, so neither does this: while one of them is
 * away it waits, and looks at the cell again when it is back.
 *
 * cell-unit --after NAME: what comes after that process has ended (end_cell.c).
 *
 * --extend-after=SECONDS is for tests.
 */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon.h"
#include "leftover.h"
#include "unit.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define LOCAL_INTERFACE	     "org.freedesktop.DBus.Local"

#define SECOND_US 1000000ull

/*
 * How long the daemon asks the cell is the description's choice, and may be longer than the default
 * of TimeoutStopSec=. What somebody has set to a minute or less holds.
 */
#define EXTEND_AFTER_US (60 * SECOND_US)
#define EXTEND_EVERY_US (30 * SECOND_US)
#define EXTEND_BY	"EXTEND_TIMEOUT_USEC=60000000"
/* A daemon that dies over it each time would do so for ever. */
#define EXTEND_CALLS	3

static void go_on(struct unit *unit);

static void set_text(char **text, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	free(*text);
	*text = copy;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	go_on(userdata);
	return 0;
}

/* Goes on in so long; the earliest counts. */
void unit_wake_after(struct unit *unit, uint64_t usec)
{
	uint64_t at = monotonic_us() + usec, armed = UINT64_MAX;
	int enabled = SD_EVENT_OFF;

	if (unit->timer && sd_event_source_get_enabled(unit->timer, &enabled) > 0)
		sd_event_source_get_time(unit->timer, &armed);
	if (enabled != SD_EVENT_OFF && armed <= at)
		return;
	if (!unit->timer) {
		sd_event_add_time(unit->event, &unit->timer, CLOCK_MONOTONIC, at, 0, on_timer,
				  unit);
		return;
	}
	sd_event_source_set_time(unit->timer, at);
	sd_event_source_set_enabled(unit->timer, SD_EVENT_ONESHOT);
}

static void note_present(struct unit *unit)
{
	unit->present = true;
	unit->away_from = 0;
}

static void note_away(struct unit *unit, const char *because)
{
	unit->present = false;
	if (!unit->away_from)
		unit->away_from = monotonic_us();
	set_text(&unit->away_because, because);
	if (unit->started && !unit->stopping)
		unit_set_status(unit->bus ? "The cell runs, cellmgrd is away"
					  : "The cell runs, the system bus is away");
	unit_wake_after(unit, DAEMON_RETRY_US);
}

static bool is_from(sd_bus_message *message, const char *sender)
{
	const char *name = sd_bus_message_get_sender(message);

	return name && sender && strcmp(name, sender) == 0;
}

/* An answer: whether it is one for want of a daemon. The call is made again then. */
static bool was_away(struct unit *unit, sd_bus_message *reply)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	if (!error || !daemon_is_away(error)) {
		note_present(unit);
		set_text(&unit->daemon, sd_bus_message_get_sender(reply));
		return false;
	}
	note_away(unit, error->message);
	return true;
}

static int on_view(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct unit *unit = userdata;

	unit->question = sd_bus_slot_unref(unit->question);
	unit->ask = false;
	if (was_away(unit, reply)) {
		/* Where nothing is to be done, it is looked at when the daemon is there again. */
		unit->ask = unit->stopping || !unit->started;
		return 0;
	}
	if (error && unit->method && !unit->stopping) {
		unit->leftover = 0; /* what is wrong the start will say */
	} else if (error) {
		unit_finish(unit, EXIT_FAILURE, error->message ? error->message : error->name);
	} else if (view_read(&unit->view, reply) != view_size()) {
		unit_finish(unit, EXIT_FAILURE, "The cell's properties make no sense");
	} else if (unit->leftover) {
		unit_judge_leftover(unit);
	} else if (unit->extending) {
		unit->extending = false;
		if (unit->call)
			sd_notify(false, EXTEND_BY); /* it is alive, and at work */
	} else {
		unit_judge(unit);
	}
	go_on(unit);
	return 0;
}

static int on_called(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct unit *unit = userdata;

	unit->call = sd_bus_slot_unref(unit->call);
	unit->extend_at = 0;
	if (was_away(unit, reply)) {
		unit->extend -= unit->extend > 0;
		return 0;
	}
	unit->method = NULL;
	if (error && !unit->stopping) {
		unit_finish(unit, EXIT_FAILURE, error->message ? error->message : error->name);
		return 0;
	}
	/* The same is not said again and again. */
	unit->refusal_said = error && unit->refusal && error->message &&
			     strcmp(unit->refusal, error->message) == 0;
	set_text(&unit->refusal, error ? error->message : NULL);
	unit->stopped = unit->stopping && !error;
	unit->ask = true;
	go_on(unit);
	return 0;
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct unit *unit = userdata;
	const char *interface;
	int r;

	r = sd_bus_message_read(message, "s", &interface);
	if (r < 0 || strcmp(interface, BUS_CELL_INTERFACE) != 0)
		return 0;
	/* Anybody on the bus can send us what looks like it. */
	if (!is_from(message, unit->daemon)) {
		unit->ask = unit->ask || !unit->method;
		go_on(unit);
		return 0;
	}
	note_present(unit);
	r = view_read(&unit->view, message);
	/* What of it is asked for or awaited, is judged then. */
	if (r > 0 && !unit->ask)
		unit_judge(unit);
	else if (r < 0)
		unit->ask = true;
	go_on(unit);
	return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	const char *name, *old_owner, *new_owner;
	struct unit *unit = userdata;

	if (!is_from(message, "org.freedesktop.DBus") ||
	    sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
		return 0;
	if (!new_owner[0]) {
		note_away(unit, "it has ended");
		return 0;
	}
	note_present(unit);
	/* It may have missed what happened meanwhile; so have we. */
	unit->ask = unit->ask || !unit->method;
	go_on(unit);
	return 0;
}

static int on_lost(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct unit *unit = userdata;

	/* Not from here: it is at work. */
	unit->bus_lost = true;
	unit_wake_after(unit, 0);
	return 0;
}

static void leave_bus(struct unit *unit)
{
	unit->call = sd_bus_slot_unref(unit->call);
	unit->question = sd_bus_slot_unref(unit->question);
	unit->bus = sd_bus_close_unref(unit->bus);
	unit->bus_lost = false;
	unit->ask = unit->ask || !unit->method;
	note_away(unit, "the system bus is away");
	if (unit->started && !unit->stopping)
		unit_say(4, "The cell runs, the system bus is away");
}

/* Nothing waits for the bus. */
static int open_bus(struct unit *unit)
{
	_cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
	int r = sd_bus_open_system(&bus);

	/* The daemon gives every operation its deadline; a second one here would only be wrong. */
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, UINT64_MAX);
	if (r >= 0)
		r = sd_bus_attach_event(bus, unit->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus, NULL, BUS_NAME, unit->path, PROPERTIES_INTERFACE,
					      "PropertiesChanged", on_changed, NULL, unit);
	if (r >= 0)
		r = sd_bus_add_match_async(bus, NULL,
					   "type='signal',sender='org.freedesktop.DBus',"
					   "interface='org.freedesktop.DBus',"
					   "member='NameOwnerChanged',arg0='" BUS_NAME "'",
					   on_owner, NULL, unit);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus, NULL, LOCAL_INTERFACE,
					      "/org/freedesktop/DBus/Local", LOCAL_INTERFACE,
					      "Disconnected", on_lost, NULL, unit);
	if (r >= 0)
		unit->bus = TAKE_POINTER(bus);
	return r;
}

/* Whether there is a bus to talk to. */
static bool has_bus(struct unit *unit)
{
	int r = 0;

	if (unit->bus_lost)
		leave_bus(unit);
	if (!unit->bus)
		r = open_bus(unit);
	if (r < 0)
		note_away(unit, strerror(-r));
	return r >= 0;
}

static void call_manager(struct unit *unit)
{
	uint64_t now = monotonic_us();
	int r;

	if (unit->call_at > now) {
		unit_wake_after(unit, unit->call_at - now);
		return;
	}
	unit->extend_at = unit->stopping && unit->extend ? now + unit->extend_after : 0;
	if (unit->extend_at)
		unit_wake_after(unit, unit->extend_after);
	r = sd_bus_call_method_async(unit->bus, &unit->call, BUS_NAME, BUS_MANAGER_PATH,
				     BUS_MANAGER_INTERFACE, unit->method, on_called, unit, "s",
				     unit->name);
	/* Between the end of the bus and the news of it. */
	if (r < 0)
		note_away(unit, strerror(-r));
}

static void ask_for_view(struct unit *unit)
{
	int r = sd_bus_call_method_async(unit->bus, &unit->question, BUS_NAME, unit->path,
					 PROPERTIES_INTERFACE, "GetAll", on_view, unit, "s",
					 BUS_CELL_INTERFACE);

	if (r < 0)
		note_away(unit, strerror(-r));
}

static void ask_for_time(struct unit *unit, uint64_t now)
{
	if (!unit->extend_at || !unit->call)
		return;
	if (now >= unit->extend_at) {
		unit->ask = unit->extending = true;
		unit->extend_at = now + EXTEND_EVERY_US;
	}
	unit_wake_after(unit, unit->extend_at - now);
}

/* Does what there is to do now; called whenever that may have changed. */
static void go_on(struct unit *unit)
{
	uint64_t now = monotonic_us();
	bool busy = unit->method || unit->ask;

	if (busy && !unit->present && !unit->away_from)
		unit->away_from = now; /* until it answers */
	if (busy && unit->away_from && (unit->stopping || !unit->started)) {
		if (now - unit->away_from >= DAEMON_PATIENCE_US) {
			unit_give_up(unit);
			return;
		}
		unit_wake_after(unit, DAEMON_RETRY_US);
	}
	if ((!busy && !unit->bus_lost) || !has_bus(unit))
		return;
	ask_for_time(unit, now);
	/* It answers in the order of the questions. */
	if (unit->ask && !unit->question)
		ask_for_view(unit);
	if (unit->method && !unit->call && !unit->leftover)
		call_manager(unit);
}

static void stop(struct unit *unit)
{
	if (unit->stopping)
		return;
	unit->stopping = true;
	unit->extend = EXTEND_CALLS;
	unit->leftover = 0;
	sd_notify(false, "STOPPING=1\nSTATUS=Shutting the cell down");
	unit->meant = unit->method ? 0 : unit->view.started_at;
	if (unit->meant)
		leftover_write(unit->name, unit->meant);
	/* It may come while the cell is being started: then nobody waits for that any more. */
	unit->call = sd_bus_slot_unref(unit->call);
	unit->method = "StopCell";
	go_on(unit);
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *info,
			void *userdata)
{
	stop(userdata);
	return 0;
}

/*
 * What people send to daemons by habit, or by mistake, does not part the unit from its cell. Faults
 * do, and what nobody can keep away.
 */
static void keep_signals_away(void)
{
	static const int signals[] = {SIGHUP,  SIGQUIT,	  SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM,
				      SIGTTIN, SIGTTOU,	  SIGTSTP, SIGPROF, SIGIO,   SIGPWR,
				      SIGURG,  SIGVTALRM, SIGXCPU, SIGXFSZ, SIGWINCH};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
	for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
		signal(i, SIG_IGN);
}

static int set_up(struct unit *unit)
{
	sigset_t signals;
	int r;

	keep_signals_away();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_bus_path_encode(BUS_CELL_PATH, unit->name, &unit->path);
	if (r >= 0)
		r = sd_event_default(&unit->event);
	if (r >= 0)
		r = sd_event_add_signal(unit->event, NULL, SIGTERM, on_terminate, unit);
	if (r >= 0)
		r = sd_event_add_signal(unit->event, NULL, SIGINT, on_terminate, unit);
	return r;
}

static void begin(struct unit *unit, bool to_stop)
{
	if (to_stop) {
		stop(unit);
		return;
	}
	unit_set_status("Starting the cell");
	unit->leftover = leftover_read(unit->name);
	/* A start may take long; whether there is a daemon at all is known at once by this. */
	unit->ask = true;
	go_on(unit);
}

static void tear_down(struct unit *unit)
{
	sd_bus_slot_unref(unit->call);
	sd_bus_slot_unref(unit->question);
	sd_bus_flush_close_unref(unit->bus);
	sd_event_source_unref(unit->timer);
	sd_event_unref(unit->event);
	view_done(&unit->view);
	free(unit->daemon);
	free(unit->away_because);
	free(unit->refusal);
	free(unit->path);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{"after", no_argument, NULL, 'a'},
		{"extend-after", required_argument, NULL, 'e'},
		{0},
	};
	struct unit unit = {.method = "StartCell", .extend_after = EXTEND_AFTER_US};
	bool after = false;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'e')
			unit.extend_after = strtoul(optarg, NULL, 10) * SECOND_US;
		else if (c == 'a')
			after = true;
		else
			return 2;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: cell-unit [--after] [--extend-after=SECONDS] NAME\n");
		return 2;
	}
	unit.name = argv[optind];
	if (after && (r = end_cell(unit.name)) != END_CELL_STOP)
		return r;
	r = set_up(&unit);
	if (r >= 0) {
		begin(&unit, after);
		r = sd_event_loop(unit.event);
	} else {
		fprintf(stderr, "<3>Cannot start: %s\n", strerror(-r));
	}
	tear_down(&unit);
	return r < 0 ? EXIT_FAILURE : r;
}
