// SPDX-License-Identifier: GPL-2.0-only
#include "driver/observer.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "common/clock.h"
#include "util/log.h"
#include "util/worker.h"

#define START_PERIOD_US	     1000000u
#define STATISTICS_PERIOD_US 1000000u
/* How long they are read on after somebody has asked for them. */
#define STATISTICS_FOR_US    4000000u
/* More than is left to be done for who waits for the step that a look comes after. */
#define AFTER_STEP_US	     50000u
#define ACCURACY_US	     10000u
/* A driver with events is looked at all the same, for what may have none. */
#define FULL_PERIOD_US	     5000000u

/* A heartbeat as the thread has seen it. */
struct beat {
	int32_t id;
	bool valid;
	uint64_t count;
	uint64_t moved_ns;
};

struct observer {
	sd_event *event;
	struct worker *worker;
	struct observer_callbacks callbacks;
	void *userdata;
	uint64_t statistics_until; /* monotonic µs: somebody has asked for them */
	uint64_t statistics_at;	   /* of the next look with statistics */
	bool probed;		   /* the features are known although the hypervisor is off */
	bool at_once;		   /* the next look is not waited for */
	bool telling;		   /* of a look: the next one follows */
	sd_event_source *after;	   /* the next look is to come then */
	int kick;		   /* an eventfd that ends the thread's wait */

	/* Of both. */
	_Atomic uint64_t period_us;
	_Atomic uint64_t epoch;
	atomic_bool with_statistics;
	_Atomic uint64_t alive_us; /* when the thread was last through with the driver */

	/* The thread's while it looks, ours otherwise. */
	struct driver *driver; /* open only while the hypervisor is on: an open device would keep
				* the module from being unloaded */
	char release[32];
	uint64_t features;
	bool wait;  /* before the look */
	bool quiet; /* nothing is wanted but news */
	bool stood; /* a heart did not move: that it does again is news */
	int32_t watched[OBSERVER_MAX_WATCHED];
	size_t num_watched;
	struct beat beats[OBSERVER_MAX_WATCHED]; /* of these */
	struct observation observation;
};

/* Opens or closes the device as the hypervisor's state has it. In the thread. */
static void follow_device(struct observer *observer)
{
	enum hypervisor_state state = snapshot_hypervisor_state();
	int r = 0;

	if (state == HYPERVISOR_UNAVAILABLE)
		observer->probed = false;
	if (!observer->driver &&
	    (state == HYPERVISOR_ENABLED || (state == HYPERVISOR_OFF && !observer->probed)))
		r = driver_open(&observer->driver);
	if (r < 0) {
		log_debug("Cannot open %s: %s", JAILHOUSE_DEVICE, strerror(-r));
		return;
	}
	if (observer->driver) {
		memcpy(observer->release, observer->driver->release, sizeof(observer->release));
		observer->features = observer->driver->features;
		observer->probed = true;
	}
	if (state != HYPERVISOR_ENABLED) {
		driver_close(observer->driver);
		observer->driver = NULL;
	}
}

static int read_console(struct driver *driver, struct observer_console *console)
{
	console->length = 0;
	console->lost = 0;
	return driver_cell_console(driver, console->id, &console->offset, console->buffer,
				   sizeof(console->buffer), &console->length, &console->lost);
}

static int write_console(struct driver *driver, struct observer_console *console)
{
	uint32_t length = console->length;

	console->length = 0;
	return driver_cell_input(driver, console->id, console->buffer, length, &console->length);
}

static void serve_consoles(struct observer *observer)
{
	struct observation *observation = &observer->observation;

	for (size_t i = 0; i < observation->num_consoles; i++) {
		struct observer_console *console = &observation->consoles[i];

		if (!observer->driver)
			console->result = -ENODEV;
		else if (console->is_input)
			console->result = write_console(observer->driver, console);
		else
			console->result = read_console(observer->driver, console);
	}
}

/* Whether the heart of a watched cell has moved since; a new one has. */
static bool take_beat(struct beat *beat, int32_t id, const struct cellvisor_cell_status *status,
		      uint64_t now_ns)
{
	const bool valid = status->heartbeat_valid;

	if (beat->id == id && beat->valid == valid && beat->count == status->heartbeat)
		return false;
	*beat = (struct beat){id, valid, status->heartbeat, now_ns};
	return valid;
}

/* Between looks: whether there is nothing that the loop has to see. */
static bool beats_move(struct observer *observer)
{
	struct cellvisor_cell_status status;
	uint64_t events;
	bool move = true;

	/* A driver that hangs is noticed by that. */
	if (!observer->num_watched)
		return driver_events(observer->driver, &events) == 0;
	for (size_t i = 0; i < observer->num_watched; i++)
		move &= driver_cell_status(observer->driver, observer->watched[i], &status) == 0 &&
			take_beat(&observer->beats[i], observer->watched[i], &status,
				  monotonic_us() * 1000);
	return move;
}

/* Until a period is over, or something has happened. */
static bool wait_period(struct observer *observer)
{
	const bool has_events =
		observer->driver && driver_has(observer->driver, CELLVISOR_FEATURE_EVENTS);
	struct pollfd fds[] = {
		{.fd = observer->kick, .events = POLLIN},
		{.fd = has_events ? observer->driver->fd : -1, .events = POLLPRI},
	};
	const uint64_t end = monotonic_us() + atomic_load(&observer->period_us);
	uint64_t now, count;

	while ((now = monotonic_us()) < end) {
		int r = poll(fds, ARRAY_SIZE(fds), (int)((end - now + 999) / 1000));

		if (r == 0)
			break;
		if (r < 0 || !(fds[1].revents & (POLLHUP | POLLERR | POLLNVAL))) {
			(void)!read(observer->kick, &count, sizeof(count));
			return true;
		}
		/* A device that hangs up is left to the period. */
		fds[1].fd = -1;
	}
	return false;
}

/* The loop sleeps as long as all that has to move does, and the driver does not hang. */
static void wait_for_news(struct observer *observer)
{
	const uint64_t begin = monotonic_us();
	uint64_t now;

	while (!wait_period(observer) && observer->quiet && !observer->stood && observer->driver &&
	       driver_has(observer->driver, CELLVISOR_FEATURE_EVENTS) &&
	       (now = monotonic_us()) - begin < FULL_PERIOD_US) {
		if (!beats_move(observer) ||
		    monotonic_us() - now > atomic_load(&observer->period_us))
			break;
		atomic_store(&observer->alive_us, monotonic_us());
	}
}

/* When the hearts of the watched cells moved, which may have been before this look. */
static void tell_beats(struct observer *observer, struct snapshot *snapshot)
{
	observer->stood = false;
	for (size_t i = 0; i < observer->num_watched; i++) {
		struct beat *beat = &observer->beats[i];

		for (size_t j = 0; j < snapshot->num_cells; j++) {
			struct snapshot_cell *cell = &snapshot->cells[j];

			if (cell->id != observer->watched[i] || !cell->has_status)
				continue;
			observer->stood |=
				!take_beat(beat, cell->id, &cell->status, monotonic_us() * 1000);
			cell->beat_moved_ns = beat->valid ? beat->moved_ns : 0;
		}
	}
}

/* One look, in the thread. */
static void observe(void *argument)
{
	struct observer *observer = argument;
	struct observation *observation = &observer->observation;
	uint64_t events;

	if (observer->wait)
		wait_for_news(observer);
	observation->epoch = atomic_load(&observer->epoch);
	follow_device(observer);
	/* First: what happens from now on raises a new event. */
	if (observer->driver)
		(void)driver_events(observer->driver, &events);
	observation->snapshot = NULL;
	observation->error = snapshot_read(
		observer->driver, atomic_load(&observer->with_statistics), &observation->snapshot);
	if (observation->snapshot) {
		memcpy(observation->snapshot->release, observer->release,
		       sizeof(observer->release));
		observation->snapshot->features = observer->features;
		observation->snapshot->features_known = observer->probed;
		tell_beats(observer, observation->snapshot);
	}
	serve_consoles(observer);
	atomic_store(&observer->alive_us, monotonic_us());
}

static void on_observed(void *argument);

/* Has the thread look, at once or when there is a reason. */
static void look_next(struct observer *observer)
{
	struct observation *observation = &observer->observation;
	const uint64_t now = monotonic_us();
	const bool wanted = now < observer->statistics_until;

	observation->num_consoles =
		observer->callbacks.consoles(observation->consoles, observer->userdata);
	observer->num_watched = observer->callbacks.watched(observer->watched, observer->userdata);
	observer->wait = !observer->at_once;
	observer->at_once = false;
	observer->quiet = !observation->num_consoles && !wanted;
	atomic_store(&observer->with_statistics, now >= observer->statistics_at);
	if (now >= observer->statistics_at)
		observer->statistics_at = now + STATISTICS_PERIOD_US;
	worker_submit(observer->worker, observe, on_observed, observer);
}

static void on_observed(void *argument)
{
	struct observer *observer = argument;
	struct observation *observation = &observer->observation;

	observer->telling = true;
	/* Of one that tells nothing of what is so now. */
	observer->at_once = observation->epoch != atomic_load(&observer->epoch);
	observer->callbacks.observed(observation, observer->userdata);
	observer->telling = false;
	snapshot_free(observation->snapshot);
	observation->snapshot = NULL;
	look_next(observer);
}

void observer_look(struct observer *observer)
{
	const uint64_t one = 1;

	observer->at_once = observer->telling || !worker_busy(observer->worker);
	if (observer->telling)
		return;
	if (observer->at_once)
		look_next(observer);
	else
		(void)!write(observer->kick, &one, sizeof(one));
}

bool observer_wants_statistics(const struct observer *observer)
{
	return monotonic_us() < observer->statistics_until;
}

void observer_want_statistics(struct observer *observer)
{
	const uint64_t now = monotonic_us();
	const bool wanted = observer_wants_statistics(observer);

	observer->statistics_until = now + STATISTICS_FOR_US;
	if (wanted)
		return;
	/* Also the one that is begun already. */
	atomic_store(&observer->with_statistics, true);
	observer_look(observer);
}

void observer_set_period(struct observer *observer, uint64_t period_us)
{
	const uint64_t old = atomic_exchange(&observer->period_us, period_us);

	if (period_us < old && !observer->telling)
		observer_look(observer);
}

uint64_t observer_alive_us(const struct observer *observer)
{
	return atomic_load(&observer->alive_us);
}

static int on_after(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;

	observer->after = sd_event_source_disable_unref(observer->after);
	observer_look(observer);
	return 0;
}

void observer_restart(struct observer *observer, bool at_once)
{
	atomic_fetch_add(&observer->epoch, 1);
	if (!at_once && !observer->after)
		at_once = sd_event_add_time_relative(observer->event, &observer->after,
						     CLOCK_MONOTONIC, AFTER_STEP_US, ACCURACY_US,
						     on_after, observer) < 0;
	if (at_once)
		observer_look(observer);
}

uint64_t observer_epoch(const struct observer *observer)
{
	return atomic_load(&observer->epoch);
}

int observer_new(sd_event *event, const struct observer_callbacks *callbacks, void *userdata,
		 struct observer **ret)
{
	struct observer *observer = calloc(1, sizeof(*observer));
	int r = -ENOMEM;

	if (!observer)
		return -ENOMEM;
	observer->event = event;
	observer->callbacks = *callbacks;
	observer->userdata = userdata;
	observer->period_us = START_PERIOD_US;
	observer->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (observer->kick < 0) {
		r = -errno;
		free(observer);
		return r;
	}
	observer->observation.consoles =
		calloc(OBSERVER_MAX_CONSOLES, sizeof(*observer->observation.consoles));
	if (observer->observation.consoles)
		r = worker_new(event, "observer", &observer->worker);
	if (r < 0) {
		observer_free(observer);
		return r;
	}
	*ret = observer;
	return 0;
}

void observer_free(struct observer *observer)
{
	if (!observer)
		return;
	sd_event_source_disable_unref(observer->after);
	worker_free(observer->worker);
	close(observer->kick);
	driver_close(observer->driver);
	snapshot_free(observer->observation.snapshot);
	free(observer->observation.consoles);
	free(observer);
}
