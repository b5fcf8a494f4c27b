// SPDX-License-Identifier: GPL-2.0-only
#include "manager/job.h"

#include <errno.h>
#include <string.h>

#include "manager/console.h"
#include "manager/job_run.h"
#include "util/log.h"
#include "manager/plan.h"

#define MAX_QUEUED	 128
#define MAX_ASKING	 64 /* for authorization */
#define MAX_JOBS_OF_USER 16 /* asking and queued */

#define ACTION_ENTRY(verb, word, action) [verb] = action,
static const char *const actions[] = {BUS_VERBS(ACTION_ENTRY)};

struct job *job_new(struct manager *manager, enum bus_verb verb, const char *cell,
		    sd_bus_message *call)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->manager = manager;
	job->verb = verb;
	job->call = sd_bus_message_ref(call);
	for (size_t i = 0; i < ARRAY_SIZE(job->images); i++)
		job->images[i].fd = -1;
	job->cell = cell ? strdup(cell) : NULL;
	if (cell && !job->cell) {
		job_free(job);
		return NULL;
	}
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	polkit_check_free(job->check);
	sd_event_source_disable_unref(job->deadline);
	sd_bus_message_unref(job->call);
	plan_done(job->plan);
	free(job->plan);
	for (size_t i = 0; i < ARRAY_SIZE(job->images); i++) {
		if (job->images[i].fd >= 0)
			close(job->images[i].fd);
	}
	free(job->cell);
	free(job);
}

static void append(struct job **list, struct job *job)
{
	while (*list)
		list = &(*list)->next;
	job->next = NULL;
	*list = job;
}

static void take_out(struct job **list, struct job *job)
{
	while (*list && *list != job)
		list = &(*list)->next;
	if (*list)
		*list = job->next;
	job->next = NULL;
}

void job_answer(struct job *job, const struct error *error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	int r;

	if (!job->call)
		return;
	if (error_is_set(error)) {
		manager_reply_error(&bus_error, error);
		r = sd_bus_reply_method_error(job->call, &bus_error);
	} else {
		r = sd_bus_reply_method_return(job->call, NULL);
	}
	if (r < 0)
		log_debug("Cannot answer a call: %s", strerror(-r));
	job->call = sd_bus_message_unref(job->call);
}

static void run_next(struct manager *manager)
{
	struct job *job = manager->queue;

	if (manager->current || !job)
		return;
	take_out(&manager->queue, job);
	manager->current = job;
	job_begin(job);
}

void job_finished(struct job *job)
{
	struct manager *manager = job->manager;

	manager->current = NULL;
	job_free(job);
	run_next(manager);
}

void jobs_refuse_queued(struct manager *manager, const struct error *error)
{
	struct job *job;

	while ((job = manager->queue)) {
		take_out(&manager->queue, job);
		job_answer(job, error);
		job_free(job);
	}
}

static int reload(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};

	manager_load_descriptions(job->manager, false, &error);
	job_answer(job, &error);
	job_free(job);
	return 0;
}

static void set_error_stuck(const struct job *current, struct error *error)
{
	error_set(error, ERROR_BUSY, "the driver has not come back from %s%s%s yet",
		  verb_name(current->verb), current->cell ? " " : "",
		  current->cell ? current->cell : "");
}

static void enqueue(struct job *job)
{
	_cleanup_(error_done) struct error error = {0};
	struct manager *manager = job->manager;
	struct cell *cell = job->cell ? manager_find_cell(manager, job->cell) : NULL;

	if (manager->current && manager->current->stuck) {
		set_error_stuck(manager->current, &error);
		job_answer(job, &error);
		job_free(job);
		return;
	}
	job->was_running = cell && cell_running(cell);
	append(&manager->queue, job);
	if (job->verb == VERB_KILL)
		job_hasten(job);
	run_next(manager);
}

static void on_answer(struct error *error, void *userdata)
{
	struct job *job = userdata;

	take_out(&job->manager->asking, job);
	polkit_check_free(job->check);
	job->check = NULL;
	if (error_is_set(error)) {
		job_answer(job, error);
		job_free(job);
	} else if (job->verb == VERB_RELOAD) {
		reload(job);
	} else if (job->verb == VERB_OPEN_CONSOLE) {
		console_open(job);
	} else {
		enqueue(job);
	}
}

static unsigned int count(const struct job *jobs)
{
	unsigned int n = 0;

	for (; jobs; jobs = jobs->next)
		n++;
	return n;
}

/*
 * Every user's share is bounded, however many connections he has, so that none can fill the lists
 * before the others; root is never kept out by what others ask for.
 */
static int check_limits(const struct job *candidate, struct error *error)
{
	const struct manager *manager = candidate->manager;
	const struct job *lists[] = {manager->asking, manager->queue};
	unsigned int of_user = 0;

	if (count(manager->queue) >= MAX_QUEUED)
		return error_set(error, ERROR_BUSY, "%u operations are waiting already",
				 MAX_QUEUED);
	if (candidate->uid == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const struct job *job = lists[i]; job; job = job->next)
			of_user += job->call && job->uid == candidate->uid;
	}
	if (of_user >= MAX_JOBS_OF_USER)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%u operations of yours are waiting already", of_user);
	if (count(manager->asking) >= MAX_ASKING)
		return error_set(error, ERROR_BUSY, "%u operations wait for authorization already",
				 MAX_ASKING);
	return 0;
}

static int read_uid(sd_bus_message *call, uid_t *ret)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);

	return r < 0 ? r : sd_bus_creds_get_euid(creds, ret);
}

int job_submit(struct job *job, sd_bus_error *ret_error)
{
	_cleanup_(error_done) struct error error = {0};
	const struct polkit_question question = {
		.message = job->call,
		.action = actions[job->verb],
		.cell = job->cell ? job->cell : "",
		.verb = verb_name(job->verb),
	};
	int r;

	r = read_uid(job->call, &job->uid);
	if (r < 0 || check_limits(job, &error) < 0) {
		job_free(job);
		return r < 0 ? r : manager_reply_error(ret_error, &error);
	}
	r = polkit_ask(&question, on_answer, job, &job->check);
	if (r < 0) {
		job_free(job);
		return r;
	}
	append(&job->manager->asking, job);
	return 1;
}

void job_submit_own(struct manager *manager, enum bus_verb verb, const char *cell)
{
	struct job *job = job_new(manager, verb, cell, NULL);

	if (job)
		enqueue(job);
}

void jobs_free(struct manager *manager)
{
	struct job *job;

	while ((job = manager->asking)) {
		take_out(&manager->asking, job);
		job_free(job);
	}
	while ((job = manager->queue)) {
		take_out(&manager->queue, job);
		job_free(job);
	}
	if (manager->current) {
		step_free(manager->current->step);
		job_free(manager->current);
		manager->current = NULL;
	}
}
