// SPDX-License-Identifier: GPL-2.0-only
#include "bus/plan_bus.h"

#include <errno.h>
#include <string.h>

#include "bus/caller.h"
#include "bus/request.h"
#include "bus/service.h"
#include "manager/apply.h"
#include "manager/digest.h"

/* Of one user, root's apart; each keeps an answer of ours and one of the bus' waiting. */
#define MAX_HELD_OF_USER 4

/* number: of the last job that was made before the call. */
typedef int (*go_on_t)(struct manager *manager, sd_bus_message *call, uint64_t number,
		       sd_bus_error *ret_error);

struct held_call {
	struct held_call *next;
	struct manager *manager;
	uid_t uid;
	sd_bus_message *call;
	uint64_t number;
	go_on_t go_on;
};

static void held_free(struct held_call *held)
{
	struct service *service = held->manager->userdata;
	struct held_call **link = &service->held;

	while (*link != held)
		link = &(*link)->next;
	*link = held->next;
	sd_bus_message_unref(held->call);
	free(held);
}

static unsigned int count_held(const struct service *service, uid_t uid)
{
	unsigned int count = 0;

	for (const struct held_call *held = service->held; held; held = held->next)
		count += held->uid == uid;
	return count;
}

static void go_on(bool ended, void *userdata)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct held_call *held = userdata;
	struct manager *manager = held->manager;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = sd_bus_message_ref(held->call);
	const uint64_t number = held->number;
	const go_on_t then = held->go_on;
	int r;

	held_free(held);
	r = ended ? 0 : then(manager, call, number, &error);
	if (r < 0)
		sd_bus_reply_method_errno(call, r, &error);
}

/* Goes on at once, or when the images have been read. */
static int hold(struct manager *manager, sd_bus_message *call, go_on_t then,
		sd_bus_error *ret_error)
{
	struct service *service = manager->userdata;
	struct held_call *held;
	uid_t uid;
	int r = caller_read_uid(call, &uid);

	if (r < 0)
		return r;
	if (uid != 0 && count_held(service, uid) >= MAX_HELD_OF_USER)
		return sd_bus_error_setf(ret_error, error_bus_name(ERROR_LIMITS_EXCEEDED),
					 "%d plans of user %u wait for images to be read",
					 MAX_HELD_OF_USER, uid);
	held = malloc(sizeof(*held));
	if (!held)
		return -ENOMEM;
	*held = (struct held_call){
		.next = service->held,
		.manager = manager,
		.uid = uid,
		.call = sd_bus_message_ref(call),
		.number = manager->num_jobs,
		.go_on = then,
	};
	service->held = held;
	if (digests_update(manager, go_on, held) > 0)
		return 1;
	held_free(held);
	return then(manager, call, manager->num_jobs, ret_error);
}

static int append_change(sd_bus_message *reply, const struct change *change)
{
	int r = sd_bus_message_open_container(reply, 'r', "ssass");

	if (r >= 0)
		r = sd_bus_message_append(reply, "ss", change->name, change_name(change->kind));
	if (r >= 0)
		r = service_append_keys(reply, change->keys);
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", change->why);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int answer_plan(struct manager *manager, sd_bus_message *call, uint64_t number,
		       sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(changes_done) struct changes changes = {0};
	_cleanup_(error_done) struct error error = {0};
	int r;

	if (apply_plan(manager, &changes, &error) < 0)
		return service_reply_error(ret_error, &error);
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", changes.id);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssass)");
	for (size_t i = 0; r >= 0 && i < changes.count; i++)
		r = append_change(reply, &changes.items[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int plan_bus_plan(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error)
{
	return hold(manager, call, answer_plan, ret_error);
}

static int submit_apply(struct manager *manager, sd_bus_message *call, uint64_t number,
			sd_bus_error *ret_error)
{
	_cleanup_(job_freep) struct job *job = job_new(manager, VERB_APPLY, NULL);
	const char *id;
	int r;

	r = sd_bus_message_read(call, "s", &id);
	if (r < 0)
		return r;
	if (job) {
		job->plan_id = strdup(id);
		/* It was asked for before its images were read. */
		job->number = number;
	}
	return job && job->plan_id
		       ? request_submit(manager->userdata, call, TAKE_POINTER(job), ret_error)
		       : -ENOMEM;
}

int plan_bus_apply(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error)
{
	return hold(manager, call, submit_apply, ret_error);
}
