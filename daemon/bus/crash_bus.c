// SPDX-License-Identifier: GPL-2.0-only
#include "bus/crash_bus.h"

#include <errno.h>
#include <string.h>

#include "bus/request.h"

int crash_bus_list(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error)
{
	const char *cell;
	struct job *job;
	int r = sd_bus_message_read(call, "s", &cell);

	if (r < 0)
		return r;
	/* It may have no description any more. */
	if (*cell && !description_name_valid(cell))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_NO_SUCH_CELL),
					"this is no name of a cell");
	job = job_new(manager, VERB_LIST_CRASHES, *cell ? cell : NULL);
	return job ? request_submit(manager->userdata, call, job, ret_error) : -ENOMEM;
}

/* Of a record's name, or of the path that signal Failed has. */
int crash_bus_read(struct manager *manager, sd_bus_message *call, sd_bus_error *ret_error)
{
	static const char directory[] = CRASH_DIRECTORY "/";
	struct crash_name name;
	const char *record;
	struct job *job;
	int r = sd_bus_message_read(call, "s", &record);

	if (r < 0)
		return r;
	if (strncmp(record, directory, strlen(directory)) == 0)
		record += strlen(directory);
	if (!crash_name_parse(record, &name))
		return sd_bus_error_set(ret_error, error_bus_name(ERROR_NO_SUCH_RECORD),
					"this is no name of a crash record; they are like "
					"turbine.17.memory-write.json");
	job = job_new(manager, VERB_READ_CRASH, name.cell);
	if (!job)
		return -ENOMEM;
	job->crash = name;
	return request_submit(manager->userdata, call, job, ret_error);
}

static int append_list(sd_bus_message *reply, const struct crash_list *list)
{
	int r = sd_bus_message_open_container(reply, 'a', "(ssts)");

	for (size_t i = 0; r >= 0 && i < list->count; i++) {
		const struct crash_entry *entry = &list->entries[i];
		char name[CRASH_NAME_TEXT];

		crash_name_format(&entry->name, name);
		r = sd_bus_message_append(reply, "(ssts)", name, entry->name.cell, entry->time_us,
					  entry->name.reason);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

void crash_bus_reply(sd_bus_message *call, const struct crash_answer *answer)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	if (r >= 0)
		r = answer->text ? sd_bus_message_append(reply, "s", answer->text)
				 : append_list(reply, answer->list);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	if (r < 0)
		sd_bus_reply_method_errno(call, r, NULL);
}
