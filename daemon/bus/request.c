// SPDX-License-Identifier: GPL-2.0-only
#include "bus/request.h"

#include <errno.h>
#include <string.h>

#include "bus/caller.h"
#include "bus/check_call.h"
#include "bus/consent.h"
#include "bus/crash_bus.h"
#include "bus/plan_bus.h"
#include "bus/request_parts.h"
#include "bus/subscription.h"
#include "bus/unit.h"
#include "manager/adopt.h"
#include "manager/apply.h"
#include "manager/console.h"
#include "manager/core.h"
#include "manager/crash.h"
#include "manager/digest.h"
#include "manager/forecast.h"
#include "manager/job_run.h"
#include "manager/signals.h"
#include "util/log.h"

static void request_free(struct request *request)
{
	struct request **link = &request->service->requests;

	while (*link && *link != request)
		link = &(*link)->next;
	if (*link)
		*link = request->next;
	if (!request->service->requests)
		request->service->vanished = sd_bus_slot_unref(request->service->vanished);
	if (!request->submitted)
		job_free(request->job);
	polkit_check_free(request->check);
	sd_bus_slot_unref(request->identity);
	sd_bus_message_unref(request->call);
	free(request);
}

static void reply(struct request *request, const struct error *error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	int r;

	if (error_is_set(error)) {
		service_reply_error(&bus_error, error);
		r = sd_bus_reply_method_error(request->call, &bus_error);
	} else {
		r = sd_bus_reply_method_return(request->call, NULL);
	}
	if (r < 0)
		log_debug("Cannot answer a call: %s", strerror(-r));
	request_free(request);
}

static void on_unit_told(void *userdata)
{
	const struct error none = {0};
	struct request *request = userdata;

	if (--request->units == 0)
		reply(request, &none);
}

/*
 * Not one that has not managed to stop its cell, and is killed for it any time now, nor one whose
 * cell was killed over it: it fails, which systemd is not to forget.
 */
static void forgive(const struct request *request, const struct job *job)
{
	const struct cell *cell = job_cell(job);

	if (request->is_unit && job->verb == VERB_STOP &&
	    !(cell && (cell_running(cell) || cell->state == LIFECYCLE_FAILED)))
		unit_forgive(request->service, job->cell);
}

/* The unit knows what it has asked for; what others have, it is told before they are answered. */
static void finish(struct request *request, const struct job *job, const struct error *error)
{
	struct service *service = request->service;

	forgive(request, job);
	if (!error_is_set(error) && job->verb == VERB_DISABLE)
		request->units = units_stop_all(service, on_unit_told, request);
	else if (!error_is_set(error) && job->cell && !request->is_unit)
		request->units =
			unit_follow(service, job->verb, job->cell, on_unit_told, request) > 0;
	if (!request->units)
		reply(request, error);
}

/* What came of a job that was submitted, which goes with this; or of a wish, whose job is gone. */
static void answer(const struct error *error, void *userdata)
{
	struct request *request = userdata;
	const struct job *job = request->job;

	request->job = NULL;
	job ? finish(request, job, error) : reply(request, error);
}

static void answer_with_console(int fd, void *userdata)
{
	_cleanup_(error_done) struct error error = {0};
	struct request *request = userdata;

	if (fd >= 0) {
		sd_bus_reply_method_return(request->call, "h", fd);
		request_free(request);
		return;
	}
	error_set(&error, ERROR_WRONG_STATE,
		  fd == -EOPNOTSUPP ? "the cell does not run, or its program takes no input"
				    : "the cell is no more");
	reply(request, &error);
}

static void answer_with_crashes(const struct crash_answer *found, const struct error *error,
				void *userdata)
{
	struct request *request = userdata;

	if (error_is_set(error)) {
		answer(error, userdata);
		return;
	}
	crash_bus_reply(request->call, found);
	request_free(request);
}

/* What answers itself. */
static void serve(struct request *request, const struct job *job)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = job->verb == VERB_CHECK
			? check_call(request->service, request->call, request->uid, &error)
			: subscription_change(request->service, job->cell, request->call,
					      request->uid, &error);

	if (r < 0)
		sd_bus_reply_method_errno(request->call, r, &error);
	request_free(request);
}

/* What is done at once, without a step: its answer is the request's. */
static void carry_out_at_once(struct request *request, const struct job *job)
{
	_cleanup_(error_done) struct error error = {0};
	struct manager *manager = request->service->manager;
	const struct signal_author author = {sd_bus_message_get_sender(request->call),
					     request->uid};
	const struct cell *cell;

	switch (job->verb) {
	case VERB_OPEN_CONSOLE:
	case VERB_OPEN_INPUT:
		if (console_open(manager, job->cell, request->uid, job->verb == VERB_OPEN_INPUT,
				 answer_with_console, request, &error) == 0)
			return;
		break;
	case VERB_WRITE_SIGNAL:
		cell = manager_look_up(manager, job->cell, &error);
		if (cell)
			signals_write(cell, job->signal, &job->value, &author, &error);
		break;
	case VERB_LIST_CRASHES:
		if (crash_list(manager, job->cell ? job->cell : "", answer_with_crashes, request,
			       &error) == 0)
			return;
		break;
	case VERB_READ_CRASH:
		if (crash_show(manager, &job->crash, answer_with_crashes, request, &error) == 0)
			return;
		break;
	case VERB_ADOPT:
		adopt(manager, job->cell, &error);
		break;
	case VERB_PLAN:
		if (plan_bus_reply(manager, request->call, &error) >= 0) {
			request_free(request);
			return;
		}
		break;
	case VERB_CHECK:
	case VERB_SUBSCRIBE:
		serve(request, job);
		return;
	case VERB_CANCEL:
		jobs_cancel(manager, job->cell, &error);
		break;
	case VERB_APPLY:
		if (job_check_ended(job, &error) >= 0 &&
		    apply_begin(manager, job->plan_id, request->uid ? request->steps : UINT32_MAX,
				answer, request, &error) == 0)
			return;
		break;
	default:
		manager_load_descriptions(manager, &error);
		service_settle(request->service);
	}
	finish(request, job, &error);
}

/* Others had the unit started for a run: it is that one or none, nobody has asked for another. */
static void follow(struct request *request, const struct cell *cell)
{
	_cleanup_(error_done) struct error error = {0};

	/* Of a run that others have stopped; what runs is another one. */
	if (request->job->verb != VERB_STOP && (!cell || !cell_running(cell)))
		error_set(&error, ERROR_WRONG_STATE, "cell %s is %s: %s", request->job->cell,
			  lifecycle_name(cell ? cell->state : LIFECYCLE_DEFINED),
			  cell && cell->last_error ? cell->last_error
						   : "it ended right after its start");
	reply(request, &error);
}

/* The caller may. */
static void carry_out(struct request *request)
{
	_cleanup_(error_done) struct error error = {0};
	struct job *job = request->job;

	if (request->is_unit && (job->verb == VERB_START || job->verb == VERB_STOP) &&
	    unit_follows(request->service, job->verb, job->cell)) {
		forgive(request, job);
		follow(request, job_cell(job));
		return;
	}
	if (request->is_unit && job->verb == VERB_START &&
	    unit_check_dragged(request->service, job->cell, &error) < 0) {
		reply(request, &error);
		return;
	}
	if (request->is_unit && job->verb == VERB_STOP)
		unit_ends(request->service, job->cell);
	/* Others had it started: the service manager counts that one. */
	else if (request->is_unit && job_cell(job))
		job_cell(job)->unit_forgiven = false;
	if (!job_is_at_once(job)) {
		job->done = answer;
		job->userdata = request;
		request->submitted = true;
		job_submit(job);
		return;
	}
	/* The job was only the wish. */
	request->job = NULL;
	carry_out_at_once(request, job);
	job_free(job);
}

static void on_authorization(struct error *error, void *userdata);

static void fail(struct request *request, int r)
{
	sd_bus_reply_method_errno(request->call, r, NULL);
	request_free(request);
}

/*
 * Root could stop the daemon and open the device itself: to ask about it protects nothing, and
 * would make cells that start at boot depend on polkit.
 */
static void authorize(struct request *request)
{
	int r = 0;

	if (request->uid)
		r = consent_ask(request->call, request->job, request->steps, request->asked++,
				on_authorization, request, &request->check);
	if (r < 0)
		fail(request, r);
	else if (!request->check)
		carry_out(request);
}

static void on_authorization(struct error *error, void *userdata)
{
	struct request *request = userdata;

	if (error_is_set(error)) {
		reply(request, error);
		return;
	}
	polkit_check_free(request->check);
	request->check = NULL;
	authorize(request);
}

/* Of a user who may not do all that there is, only what he is asked about may be done. */
static void bind_to_user(struct request *request)
{
	struct job *job = request->job;

	job->of_user = true;
	request->steps = forecast(job);
	job->granted = request->steps & JOB_GUARDED;
}

/* Nobody waits for the answer: what has not been begun is not done. One at work goes on. */
static void drop_unbegun(struct request *request)
{
	if (!request->job || request->reading || (request->submitted && !request_waits(request)))
		return;
	if (request->submitted)
		job_abandon(request->job);
	request_free(request);
}

static int on_vanished(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct service *service = userdata;
	const char *name;

	/* Anybody can send what looks like it. */
	if (strcmp(sd_bus_message_get_sender(message) ?: "", "org.freedesktop.DBus") != 0 ||
	    sd_bus_message_read(message, "s", &name) < 0)
		return 0;
	for (struct request *request = service->requests, *next; request; request = next) {
		next = request->next;
		if (strcmp(sd_bus_message_get_sender(request->call), name) == 0)
			drop_unbegun(request);
	}
	return 0;
}

/* Only while somebody waits: the bus tells of all who go. */
static int watch_callers(struct service *service)
{
	return service->vanished
		       ? 0
		       : sd_bus_add_match_async(service->bus, &service->vanished,
						"type='signal',sender='org.freedesktop.DBus',"
						"interface='org.freedesktop.DBus',"
						"member='NameOwnerChanged',arg2=''",
						on_vanished, NULL, service);
}

static int on_there(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct request *request = userdata;
	int there;

	request->identity = sd_bus_slot_unref(request->identity);
	if (sd_bus_message_read(message, "b", &there) >= 0 && !there)
		drop_unbegun(request);
	return 0;
}

static int ask_bus(struct request *request, const char *method, sd_bus_message_handler_t on_answer)
{
	return sd_bus_call_method_async(request->service->bus, &request->identity,
					"org.freedesktop.DBus", "/org/freedesktop/DBus",
					"org.freedesktop.DBus", method, on_answer, request, "s",
					sd_bus_message_get_sender(request->call));
}

/*
 * Of one whose job begins with the call nobody has to know when he goes: it is not dropped any
 * more. Of others the bus is asked, as they may have gone before it was to tell.
 */
static int watch_caller(struct request *request)
{
	const struct manager *manager = request->service->manager;
	int r;

	if (!request->uid && (job_is_at_once(request->job) ||
			      (!manager->current && !manager->urgent && !jobs_queued(manager))))
		return 0;
	r = watch_callers(request->service);
	return r < 0 ? r : ask_bus(request, "NameHasOwner", on_there);
}

static void go_on(struct request *request)
{
	int r;

	if (request->uid)
		bind_to_user(request);
	r = watch_caller(request);
	r < 0 ? fail(request, r) : authorize(request);
}

static void on_images(bool ended, void *userdata)
{
	struct request *request = userdata;

	request->reading = false;
	ended ? request_free(request) : go_on(request);
}

static int on_identity(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(error_done) struct error error = {0};
	struct request *request = userdata;
	int r = sd_bus_message_get_errno(message);

	request->identity = sd_bus_slot_unref(request->identity);
	if (r ||
	    caller_read_reply(message, request->job->cell, &request->uid, &request->is_unit) < 0) {
		fail(request, -EACCES);
		return 0;
	}
	if (request_check_limits(request, &error) < 0) {
		reply(request, &error);
		return 0;
	}
	request->reading = request_needs_images(request->job) &&
			   digests_update(request->service->manager, on_images, request) > 0;
	if (!request->reading)
		go_on(request);
	return 0;
}

int request_submit(struct service *service, sd_bus_message *call, struct job *wish,
		   sd_bus_error *ret_error)
{
	_cleanup_(job_freep) struct job *job = wish;
	const char *sender = sd_bus_message_get_sender(call);
	struct request *request;
	int r;

	/* Without a sender nobody knows whose call it is. */
	if (!sender)
		return -EACCES;
	if (request_too_many_unknown(service, sender))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_LIMITS_EXCEEDED),
					"too many calls at once");
	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	*request = (struct request){
		.service = service,
		.next = service->requests,
		.call = sd_bus_message_ref(call),
		.job = TAKE_POINTER(job),
	};
	service->requests = request;
	/* The loop, which has others, does not wait for it. */
	r = ask_bus(request, "GetConnectionCredentials", on_identity);
	if (r < 0)
		request_free(request);
	return r < 0 ? r : 1;
}

void requests_free(struct service *service)
{
	while (service->requests)
		request_free(service->requests);
}
