// SPDX-License-Identifier: GPL-2.0-only
#include "bus/unit.h"

#include <errno.h>
#include <string.h>

#include "bus/unit_record.h"
#include "manager/manager.h"
#include "util/log.h"

/* A unit that is being stopped when its cell is started: soon it is not any more. */
#define AGAIN_US  500000u
/* Longer than a unit needs to find out that its cell runs. */
#define FOLLOW_US 60000000u

/* Who is answered when the service manager has it. */
struct unit_waiter {
	struct unit_waiter *next;
	void (*done)(void *userdata);
	void *userdata;
};

/* One at most of a cell for each direction: however often it is asked for, it is one job. */
struct unit_order {
	struct service *service;
	struct unit_order *next;
	char unit[UNIT_NAME_MAX];
	char *cell;
	bool up;
	bool again;	/* asked for once more, behind the opposite */
	bool late;	/* it takes longer than anybody waits */
	bool drags;	/* with it the service manager starts cells that have ended meanwhile */
	char *job;	/* of the service manager; NULL: not known yet */
	uint64_t until; /* when to try no more */
	sd_bus_slot *call;
	sd_event_source *timer;
	struct unit_waiter *waiters;
};

void unit_format(char name[UNIT_NAME_MAX], const char *cell)
{
	snprintf(name, UNIT_NAME_MAX, "cell@%s.service", cell);
}

void unit_tell(const struct service *service, const char *method, const char *cell)
{
	char unit[UNIT_NAME_MAX];

	unit_format(unit, cell);
	sd_bus_call_method_async(service->bus, NULL, SYSTEMD, SYSTEMD_PATH, SYSTEMD_INTERFACE,
				 method, NULL, NULL, "s", unit);
}

static void tell_done(struct unit_order *order)
{
	struct unit_waiter *waiter;

	while ((waiter = order->waiters)) {
		order->waiters = waiter->next;
		waiter->done(waiter->userdata);
		free(waiter);
	}
}

static int add_waiter(struct unit_order *order, void (*done)(void *userdata), void *userdata)
{
	struct unit_waiter *waiter = done ? malloc(sizeof(*waiter)) : NULL;

	if (!waiter)
		return done ? -ENOMEM : 0;
	*waiter = (struct unit_waiter){order->waiters, done, userdata};
	order->waiters = waiter;
	return 0;
}

static void order_free(struct unit_order *order)
{
	struct unit_order **link = &order->service->orders;

	while (*link && *link != order)
		link = &(*link)->next;
	if (*link)
		*link = order->next;
	/* What becomes of all units of the machine is no business of ours. */
	if (!order->service->orders)
		order->service->removals = sd_bus_slot_unref(order->service->removals);
	while (order->waiters) {
		struct unit_waiter *waiter = order->waiters;

		order->waiters = waiter->next;
		free(waiter);
	}
	sd_bus_slot_unref(order->call);
	sd_event_source_disable_unref(order->timer);
	free(order->cell);
	free(order->job);
	free(order);
}

static void finish(struct unit_order *order)
{
	unit_record_drop(order->cell, order->up);
	tell_done(order);
	order_free(order);
}

static bool still_runs(const struct unit_order *order)
{
	const struct cell *cell = manager_find_cell(order->service->manager, order->cell);

	return cell && cell_running(cell);
}

/*
 * A stop is; a start only of what runs. The service manager would start what the cell requires as
 * well, as root: whoever could have this one started has not been asked about those.
 */
static bool is_wanted(const struct unit_order *order)
{
	_cleanup_(error_done) struct error error = {0};
	const struct manager *manager = order->service->manager;

	if (!order->up)
		return true;
	if (!still_runs(order))
		return false;
	if (manager_check_required(manager, manager_find_cell(manager, order->cell), NULL,
				   &error) >= 0)
		return true;
	log_event(LOG_NOTICE, NULL, order->cell, NULL, 0,
		  "Cell %s runs, but its unit was not started: %s", order->cell,
		  error_text(&error));
	return false;
}

/* Machines without it have cells, too; a stop finds no unit where there was none. */
static void tell_failure(const struct unit_order *order, const sd_bus_error *error)
{
	if (order->up)
		log_event(LOG_NOTICE, NULL, order->cell, NULL, 0,
			  "Cell %s runs, but its unit was not started: %s", order->cell,
			  error->message ? error->message : error->name);
	else
		log_debug("%s was not stopped: %s", order->unit, error->message);
}

/*
 * Nobody waits any longer; but what the unit asks for until it is up, or down, is still for that
 * run.
 */
static bool go_on_late(struct unit_order *order)
{
	order->late = true;
	tell_done(order);
	return sd_event_source_set_time_relative(order->timer, FOLLOW_US) >= 0 &&
	       sd_event_source_get_time(order->timer, &order->until) >= 0 &&
	       sd_event_source_set_enabled(order->timer, SD_EVENT_ONESHOT) >= 0;
}

/* Returns false where it is not done with that. */
static bool take_job(struct unit_order *order, sd_bus_message *reply)
{
	const char *job;

	if (sd_bus_message_read(reply, "o", &job) < 0 || !(order->job = strdup(job)))
		return false;
	order->drags = !is_wanted(order);
	/* Of one that does, the next daemon has to find that out again. */
	unit_record(order->cell, order->up, order->drags ? "" : job);
	return !order->up || go_on_late(order);
}

static int begin(struct unit_order *order);

/*
 * What is not done may be soon: the service manager has begun itself anew over it, or the unit is
 * being stopped, which is not undone. Returns whether it is tried again.
 */
static bool try_again(struct unit_order *order, const sd_bus_error *error)
{
	return error &&
	       (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
		(order->up && sd_bus_error_has_name(error, SYSTEMD ".TransactionIsDestructive"))) &&
	       sd_event_source_set_time_relative(order->timer, AGAIN_US) >= 0;
}

static int on_told(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct unit_order *order = userdata;

	order->call = sd_bus_slot_unref(order->call);
	if (order->again && is_wanted(order) && begin(order) > 0)
		return 0;
	if ((!error && take_job(order, reply)) || try_again(order, error))
		return 0;
	if (error)
		tell_failure(order, error);
	finish(order);
	return 0;
}

static int call_systemd(struct unit_order *order)
{
	return sd_bus_call_method_async(
		order->service->bus, &order->call, SYSTEMD, SYSTEMD_PATH, SYSTEMD_INTERFACE,
		order->up ? "StartUnit" : "StopUnit", on_told, order, "ss", order->unit,
		/*
		 * A stop of the unit that is under way, a shutdown's above all, is not undone by a
		 * start. A stop is of this cell alone, not of units that need it.
		 */
		order->up ? "fail" : "ignore-requirements");
}

static int on_asked(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct unit_order *order = userdata;

	order->call = sd_bus_slot_unref(order->call);
	if (order->again && is_wanted(order) && begin(order) > 0)
		return 0;
	/* It is there yet, or else nobody knows. */
	if (error && !try_again(order, error))
		finish(order);
	return 0;
}

static int ask_for_job(struct unit_order *order)
{
	return sd_bus_call_method_async(order->service->bus, &order->call, SYSTEMD, order->job,
					"org.freedesktop.DBus.Properties", "Get", on_asked, order,
					"ss", SYSTEMD ".Job", "State");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct unit_order *order = userdata;

	if (!order->call && usec < order->until && (order->job || is_wanted(order)) &&
	    sd_event_source_set_time(source, order->until) >= 0 &&
	    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0 &&
	    (order->job ? ask_for_job(order) : call_systemd(order)) >= 0)
		return 0;
	if (order->waiters && (!order->up || still_runs(order)))
		log_event(LOG_NOTICE, NULL, order->cell, NULL, 0,
			  "The service manager has not %s %s in time",
			  order->up ? "started" : "stopped", order->unit);
	/* What is to be said once more is said yet, too. */
	if (order->late || !(order->call || order->job) || !go_on_late(order))
		finish(order);
	return 0;
}

static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct service *service = userdata;
	struct unit_order *order = service->orders;
	const char *job;

	if (sd_bus_message_read(message, "uo", NULL, &job) < 0)
		return 0;
	while (order && !(order->job && strcmp(order->job, job) == 0))
		order = order->next;
	/* Anybody can send what looks like it, and the service manager may be another process now.
	 */
	if (order && !order->call)
		ask_for_job(order);
	return 0;
}

static struct unit_order *find_order(const struct service *service, const char *cell, bool up)
{
	struct unit_order *order = service->orders;

	while (order && !(order->up == up && strcmp(order->cell, cell) == 0))
		order = order->next;
	return order;
}

/* The service manager tells whoever has given it a job of its end; no Subscribe is needed. */
static int watch_jobs(struct service *service)
{
	if (service->removals)
		return 0;
	return sd_bus_match_signal_async(service->bus, &service->removals, SYSTEMD, SYSTEMD_PATH,
					 SYSTEMD_INTERFACE, "JobRemoved", on_removed, NULL,
					 service);
}

/* Who waits already does so no longer for those that come later. */
static int set_patience(struct unit_order *order)
{
	int r;

	if (order->waiters) {
		r = sd_event_source_set_time(order->timer, order->until);
		return r < 0 ? r : sd_event_source_set_enabled(order->timer, SD_EVENT_ONESHOT);
	}
	order->timer = sd_event_source_disable_unref(order->timer);
	r = sd_event_add_time_relative(sd_bus_get_event(order->service->bus), &order->timer,
				       CLOCK_MONOTONIC, UNIT_PATIENCE_US, 0, on_timer, order);
	return r < 0 ? r : sd_event_source_get_time(order->timer, &order->until);
}

/* Or once more: what has been asked for may have come to its end in between. */
static int begin(struct unit_order *order)
{
	int r;

	order->again = order->late = order->drags = false;
	free(order->job);
	order->job = NULL;
	unit_record(order->cell, order->up, "");
	if (order->up)
		unit_reset_once(order->service, order->cell);
	r = watch_jobs(order->service);
	if (r >= 0)
		r = set_patience(order);
	return r < 0 ? r : call_systemd(order);
}

static struct unit_order *order_new(struct service *service, const char *cell, bool up)
{
	struct unit_order *order = calloc(1, sizeof(*order));

	if (!order)
		return NULL;
	*order = (struct unit_order){
		.service = service, .next = service->orders, .up = up, .cell = strdup(cell)};
	service->orders = order;
	unit_format(order->unit, cell);
	if (order->cell)
		return order;
	order_free(order);
	return NULL;
}

int unit_follow(struct service *service, enum bus_verb verb, const char *cell,
		void (*done)(void *userdata), void *userdata)
{
	const bool up = verb == VERB_START || verb == VERB_RESTART || verb == VERB_ADOPT;
	struct unit_order *order;
	int r;

	if (!up && verb != VERB_STOP)
		return 0;
	order = find_order(service, cell, up) ?: order_new(service, cell, up);
	if (!order)
		return -ENOMEM;
	if (!is_wanted(order)) {
		r = 0;
	} else if (order->call) {
		/* What it says may be for before the opposite was asked for. */
		order->again = find_order(service, cell, !up);
		order->late = false;
		r = set_patience(order) < 0 ? -ENOMEM : 1;
	} else {
		r = begin(order);
	}
	if (r > 0)
		r = add_waiter(order, done, userdata) < 0 ? -ENOMEM : 1;
	/* What others wait for goes on. */
	if (r <= 0 && !order->waiters && !order->job && !order->call)
		finish(order);
	return r;
}

void unit_take_over(struct service *service, bool up, const char *cell, const char *job, bool known)
{
	struct unit_order *order = order_new(service, cell, up);

	if (!order)
		return;
	order->drags = !known && !is_wanted(order);
	unit_record(cell, up, order->drags ? "" : job);
	/* It tells of the end of what others have given it only who wants to hear of all. */
	sd_bus_call_method_async(service->bus, NULL, SYSTEMD, SYSTEMD_PATH, SYSTEMD_INTERFACE,
				 "Subscribe", NULL, NULL, NULL);
	order->job = strdup(job);
	if (!order->job || watch_jobs(service) < 0 || set_patience(order) < 0 ||
	    ask_for_job(order) < 0)
		finish(order);
}

bool unit_follows(const struct service *service, enum bus_verb verb, const char *cell)
{
	const struct unit_order *up = verb == VERB_STOP ? NULL : find_order(service, cell, true);

	/* One that is yet to be tried again has not brought the process that asks. */
	return (up && (up->call || up->job)) || find_order(service, cell, false);
}

int unit_check_dragged(const struct service *service, const char *cell, struct error *error)
{
	const struct manager *manager = service->manager;

	for (const struct unit_order *order = service->orders; order; order = order->next) {
		const struct cell *by = manager_find_cell(manager, order->cell);
		_cleanup_(error_done) struct error ignored = {0};

		if (order->up && by && (order->job ? order->drags : order->call != NULL) &&
		    manager_check_required(manager, by, cell, &ignored) < 0)
			return error_set(error, ERROR_WRONG_STATE,
					 "cell %s ended while cell %s, which requires it, was "
					 "started: nobody has asked for another start of it; start "
					 "it, then cell@%s.service",
					 cell, by->name, by->name);
	}
	return 0;
}

void unit_ends(struct service *service, const char *cell)
{
	struct unit_order *order;

	while ((order = find_order(service, cell, true)))
		finish(order);
}

void units_free(struct service *service)
{
	while (service->orders)
		order_free(service->orders);
}

unsigned int units_stop_all(struct service *service, void (*done)(void *userdata), void *userdata)
{
	unsigned int count = 0;

	for (const struct cell *cell = service->manager->cells; cell; cell = cell->next) {
		if (cell->description)
			count += unit_follow(service, VERB_STOP, cell->name, done, userdata) > 0;
	}
	return count;
}
