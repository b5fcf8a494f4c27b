// SPDX-License-Identifier: GPL-2.0-only
#include "bus/plan_bus.h"

#include <errno.h>
#include <string.h>

#include "bus/request.h"
#include "bus/service.h"
#include "manager/apply.h"

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

int plan_bus_reply(struct manager *manager, sd_bus_message *call, struct error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(changes_done) struct changes changes = {0};
	int r;

	if (apply_plan(manager, &changes, error) < 0)
		return -EINVAL;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "s", changes.id);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssass)");
	for (size_t i = 0; r >= 0 && i < changes.count; i++)
		r = append_change(reply, &changes.items[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	return r < 0 ? error_set(error, ERROR_NO_RESOURCES, "cannot answer: %s", strerror(-r)) : 0;
}

int plan_bus_apply(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error)
{
	_cleanup_(job_freep) struct job *job = job_new(manager, VERB_APPLY, NULL);
	const char *id;
	int r;

	r = sd_bus_message_read(call, "s", &id);
	if (r < 0)
		return r;
	if (job)
		job->plan_id = strdup(id);
	return job && job->plan_id
		       ? request_submit(manager->userdata, call, TAKE_POINTER(job), ret_error)
		       : -ENOMEM;
}
