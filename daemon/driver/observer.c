// SPDX-License-Identifier: GPL-2.0-only
#include "driver/observer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/log.h"
#include "util/worker.h"

#define START_PERIOD_US	     1000000u
#define STATISTICS_PERIOD_US 1000000u

struct observer {
	sd_event *event;
	sd_event_source *timer;
	sd_event_source *device; /* on a duplicate of the thread's descriptor */
	struct worker *worker;
	struct observer_callbacks callbacks;
	void *userdata;
	uint64_t period_us;
	uint64_t epoch;
	uint64_t statistics_at; /* monotonic µs of the next look with statistics */
	bool again;		/* asked for while one was in progress */
	bool probed;		/* the features are known although the hypervisor is off */

	/* The thread's while it looks, ours otherwise. */
	struct driver *driver; /* open only while the hypervisor is on: an open device would keep
				* the module from being unloaded */
	char release[32];
	uint64_t features;
	bool with_statistics;
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

/* One look, in the thread. */
static void observe(void *argument)
{
	struct observer *observer = argument;
	struct observation *observation = &observer->observation;
	uint64_t events;

	follow_device(observer);
	/* First: what happens from now on raises a new event. */
	if (observer->driver)
		(void)driver_events(observer->driver, &events);
	observation->snapshot = NULL;
	observation->error =
		snapshot_read(observer->driver, observer->with_statistics, &observation->snapshot);
	if (observation->snapshot) {
		memcpy(observation->snapshot->release, observer->release,
		       sizeof(observer->release));
		observation->snapshot->features = observer->features;
	}
	serve_consoles(observer);
}

static int on_device(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct observer *observer = userdata;

	/* It is a one-shot source: the look reads the counter, then it is watched again. A device
	 * that hangs up is left to the timer. */
	if (!(events & EPOLLHUP))
		observer_look(observer);
	return 0;
}

/* Watches the device for events, or stops that, as the thread has opened or closed it. */
static void watch_device(struct observer *observer)
{
	struct driver *driver = observer->driver;
	int fd, r;

	if (!driver || !driver_has(driver, CELLVISOR_FEATURE_EVENTS)) {
		observer->device = sd_event_source_disable_unref(observer->device);
		return;
	}
	if (observer->device) {
		sd_event_source_set_enabled(observer->device, SD_EVENT_ONESHOT);
		return;
	}
	fd = fcntl(driver->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return;
	r = sd_event_add_io(observer->event, &observer->device, fd, EPOLLPRI, on_device, observer);
	if (r < 0) {
		close(fd);
		log_warning("Cannot watch %s for events: %s", JAILHOUSE_DEVICE, strerror(-r));
		return;
	}
	sd_event_source_set_io_fd_own(observer->device, true);
	sd_event_source_set_enabled(observer->device, SD_EVENT_ONESHOT);
}

static void on_observed(void *argument)
{
	struct observer *observer = argument;
	struct observation *observation = &observer->observation;

	watch_device(observer);
	observer->callbacks.observed(observation, observer->userdata);
	snapshot_free(observation->snapshot);
	observation->snapshot = NULL;
	if (observer->again) {
		observer->again = false;
		observer_look(observer);
	}
}

static uint64_t now_us(struct observer *observer)
{
	uint64_t now = 0;

	sd_event_now(observer->event, CLOCK_MONOTONIC, &now);
	return now;
}

static void arm(struct observer *observer)
{
	sd_event_source_set_time(observer->timer, now_us(observer) + observer->period_us);
	sd_event_source_set_enabled(observer->timer, SD_EVENT_ONESHOT);
}

void observer_look(struct observer *observer)
{
	struct observation *observation = &observer->observation;
	uint64_t now = now_us(observer);

	if (worker_busy(observer->worker)) {
		observer->again = true;
		return;
	}
	observation->epoch = observer->epoch;
	observation->num_consoles =
		observer->callbacks.consoles(observation->consoles, observer->userdata);
	observer->with_statistics = now >= observer->statistics_at;
	if (observer->with_statistics)
		observer->statistics_at = now + STATISTICS_PERIOD_US;
	worker_submit(observer->worker, observe, on_observed, observer);
	arm(observer);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct observer *observer = userdata;

	/* One that does not come back is not asked again. */
	if (!worker_busy(observer->worker))
		observer_look(observer);
	arm(observer);
	return 0;
}

void observer_set_period(struct observer *observer, uint64_t period_us)
{
	if (observer->period_us == period_us)
		return;
	observer->period_us = period_us;
	arm(observer);
}

uint64_t observer_period(const struct observer *observer)
{
	return observer->period_us;
}

void observer_restart(struct observer *observer)
{
	observer->epoch++;
	observer_look(observer);
}

uint64_t observer_epoch(const struct observer *observer)
{
	return observer->epoch;
}

int observer_new(sd_event *event, const struct observer_callbacks *callbacks, void *userdata,
		 struct observer **ret)
{
	_cleanup_(observer_freep) struct observer *observer = calloc(1, sizeof(*observer));
	int r;

	if (!observer)
		return -ENOMEM;
	observer->event = sd_event_ref(event);
	observer->callbacks = *callbacks;
	observer->userdata = userdata;
	observer->period_us = START_PERIOD_US;
	observer->observation.consoles =
		calloc(OBSERVER_MAX_CONSOLES, sizeof(*observer->observation.consoles));
	if (!observer->observation.consoles)
		return -ENOMEM;
	r = worker_new(event, "observer", &observer->worker);
	if (r < 0)
		return r;
	r = sd_event_add_time(event, &observer->timer, CLOCK_MONOTONIC,
			      now_us(observer) + observer->period_us, 0, on_timer, observer);
	if (r < 0)
		return r;
	*ret = TAKE_POINTER(observer);
	return 0;
}

void observer_free(struct observer *observer)
{
	if (!observer)
		return;
	worker_free(observer->worker);
	sd_event_source_disable_unref(observer->timer);
	sd_event_source_disable_unref(observer->device);
	sd_event_unref(observer->event);
	driver_close(observer->driver);
	snapshot_free(observer->observation.snapshot);
	free(observer->observation.consoles);
	free(observer);
}
