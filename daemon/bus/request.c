// SPDX-License-Identifier: GPL-2.0-only
#include "bus/request.h"

#include <errno.h>
#include <string.h>

#include "bus/polkit.h"
#include "manager/console.h"
#include "manager/core.h"
#include "manager/job_run.h"
#include "manager/signals.h"
#include "util/log.h"

#define MAX_QUEUED	     128
#define MAX_ASKING	     64 /* for authorization */
#define MAX_REQUESTS_OF_USER 16 /* asking and queued */

#define ACTION_ENTRY(verb, word, action) [verb] = action,
static const char *const actions[] = {BUS_VERBS(ACTION_ENTRY)};

struct request {
	struct service *service;
	struct request *next;
	sd_bus_message *call;
	uid_t uid;		    /* whose call it is */
	struct polkit_check *check; /* in progress */
	struct job *job; /* ours while polkit is asked, then queued or at work, or NULL */
};

static void request_free(struct request *request)
{
	struct request **link = &request->service->requests;

	while (*link && *link != request)
		link = &(*link)->next;
	if (*link)
		*link = request->next;
	if (request->check)
		job_free(request->job);
	polkit_check_free(request->check);
	sd_bus_message_unref(request->call);
	free(request);
}

static void answer(const struct error *error, void *userdata)
{
	_cleanup_(sd_bus_error_free) sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	struct request *request = userdata;
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

static void answer_with_console(int fd, void *userdata)
{
	struct request *request = userdata;

	sd_bus_reply_method_return(request->call, "h", fd);
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
		if (console_open(manager, job->cell, author.peer, answer_with_console, request,
				 &error) == 0)
			return;
		break;
	case VERB_WRITE_SIGNAL:
		cell = manager_look_up(manager, job->cell, &error);
		if (cell)
			signals_write(cell, job->signal, &job->value, &author, &error);
		break;
	default:
		manager_load_descriptions(manager, false, &error);
	}
	answer(&error, request);
}

static bool is_at_once(enum bus_verb verb)
{
	return verb == VERB_RELOAD || verb == VERB_OPEN_CONSOLE || verb == VERB_WRITE_SIGNAL;
}

/* The caller may. */
static void carry_out(struct request *request)
{
	struct job *job = request->job;

	if (!is_at_once(job->verb)) {
		job->done = answer;
		job->userdata = request;
		job_submit(job);
		return;
	}
	/* The job was only the wish. */
	request->job = NULL;
	carry_out_at_once(request, job);
	job_free(job);
}

static void on_authorization(struct error *error, void *userdata)
{
	struct request *request = userdata;

	if (error_is_set(error)) {
		answer(error, request);
		return;
	}
	polkit_check_free(request->check);
	request->check = NULL;
	carry_out(request);
}

/*
 * Every user's share is bounded, however many connections he has, so that none can fill the lists
 * before the others; root is never kept out by what others ask for.
 */
static int check_limits(const struct service *service, uid_t uid, struct error *error)
{
	unsigned int of_user = 0, asking = 0;

	if (jobs_queued(service->manager) >= MAX_QUEUED)
		return error_set(error, ERROR_BUSY, "%u operations are waiting already",
				 MAX_QUEUED);
	if (uid == 0)
		return 0;
	for (const struct request *request = service->requests; request; request = request->next) {
		asking += request->check != NULL;
		/* The one at work does not wait. */
		of_user += request->uid == uid && request->job &&
			   request->job != service->manager->current;
	}
	if (of_user >= MAX_REQUESTS_OF_USER)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%u operations of yours are waiting already", of_user);
	if (asking >= MAX_ASKING)
		return error_set(error, ERROR_BUSY, "%u operations wait for authorization already",
				 MAX_ASKING);
	return 0;
}

int request_submit(struct service *service, sd_bus_message *call, struct job *wish,
		   sd_bus_error *ret_error)
{
	_cleanup_(job_freep) struct job *job = wish;
	_cleanup_(error_done) struct error error = {0};
	const struct polkit_question question = {
		.message = call,
		.action = actions[job->verb],
		.cell = job->cell ? job->cell : "",
		.verb = verb_name(job->verb),
		.signal = job->signal,
	};
	struct request *request;
	uid_t uid;
	int r;

	r = service_read_uid(call, &uid);
	if (r < 0)
		return r;
	if (check_limits(service, uid, &error) < 0)
		return service_reply_error(ret_error, &error);
	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	*request = (struct request){
		.service = service,
		.next = service->requests,
		.call = sd_bus_message_ref(call),
		.uid = uid,
		.job = job,
	};
	/*
	 * Root could stop the daemon and open the device itself: to ask about it protects nothing,
	 * and would make cells that start at boot depend on polkit.
	 */
	r = uid ? polkit_ask(&question, on_authorization, request, &request->check) : 0;
	if (r < 0) {
		request_free(request);
		return r;
	}
	service->requests = request;
	job = NULL;
	if (!uid)
		carry_out(request);
	return 1;
}

void requests_free(struct service *service)
{
	while (service->requests)
		request_free(service->requests);
}
