// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "bus/request_parts.h"
#include "bus/service.h"
#include "manager/job_run.h"

#define MAX_QUEUED	      128 /* root's are not counted out */
#define MAX_ASKING	      64  /* for authorization */
#define MAX_REQUESTS_OF_USER  16  /* asking and queued */
#define MAX_OF_USER_AND_CELL  4
#define MAX_READING_OF_USER   4
/*
 * Of calls of which nobody knows yet whose they are. One connection has no more than it can have
 * unanswered; where there are many of others' it still has a few, which may be root's.
 */
#define MAX_UNKNOWN	      1024
#define MAX_UNKNOWN_OF_SENDER 128
/* What everybody has, however much others have. */
#define SHARE		      4

bool request_waits(const struct request *request)
{
	const struct manager *manager = request->service->manager;

	return !request->job ||
	       (request->job != manager->current && request->job != manager->urgent);
}

bool request_needs_images(const struct job *wish)
{
	return wish->verb == VERB_PLAN || wish->verb == VERB_APPLY;
}

int request_check_limits(const struct request *wanted, struct error *error)
{
	const struct service *service = wanted->service;
	const struct job *wish = wanted->job;
	const uid_t uid = wanted->uid;
	unsigned int of_user = 0, about_cell = 0, asking = 0, reading = 0;

	if (uid == 0)
		return 0;
	for (const struct request *request = service->requests; request; request = request->next) {
		asking += request->check != NULL;
		if (request == wanted || request->uid != uid || !request_waits(request))
			continue;
		of_user++;
		reading += request->reading;
		about_cell += wish->cell && request->job && request->job->cell &&
			      strcmp(wish->cell, request->job->cell) == 0;
	}
	if (about_cell >= MAX_OF_USER_AND_CELL)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%u operations of yours with cell %s are waiting already",
				 about_cell, wish->cell);
	if (reading >= MAX_READING_OF_USER && request_needs_images(wish))
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%u plans of user %u wait for images to be read", reading, uid);
	if (of_user >= MAX_REQUESTS_OF_USER)
		return error_set(error, ERROR_LIMITS_EXCEEDED,
				 "%u operations of yours are waiting already", of_user);
	if (jobs_queued(service->manager) >= MAX_QUEUED && of_user >= SHARE)
		return error_set(error, ERROR_BUSY, "%u operations are waiting already",
				 MAX_QUEUED);
	if (asking >= MAX_ASKING && of_user >= SHARE)
		return error_set(error, ERROR_BUSY, "%u operations wait for authorization already",
				 MAX_ASKING);
	return 0;
}

bool request_too_many_unknown(const struct service *service, const char *sender)
{
	unsigned int unknown = 0, own = 0;

	for (const struct request *request = service->requests; request; request = request->next) {
		if (!request->identity)
			continue;
		unknown++;
		own += strcmp(sd_bus_message_get_sender(request->call), sender) == 0;
	}
	return own >= (unknown >= MAX_UNKNOWN ? SHARE : MAX_UNKNOWN_OF_SENDER);
}
