// SPDX-License-Identifier: GPL-2.0-only
/* apply: the plan, and then what it says. */
#include <errno.h>
#include <string.h>

#include "bus/value.h"
#include "common/bus_words.h"
#include "common/cleanup.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/format.h"
#include "view/table.h"

static const struct table_column columns[] = {
	{"CELL", false, 0, false},
	{"ACTION", false, 0, false},
	{"KEYS", false, 12, false},
	{"WHY", false, 12, true},
};

/* An element of the plan: cell, action, keys, why. */
static const char *text_at(struct json_object *change, size_t index)
{
	return json_object_get_string(json_object_array_get_idx(change, index)) ?: "";
}

static int print_plan(struct client *client, struct json_object *plan)
{
	_cleanup_(table_free) struct table table = TABLE(columns);

	for (size_t i = 0; i < json_object_array_length(plan); i++) {
		struct json_object *change = json_object_array_get_idx(plan, i);
		_cleanup_(freep) char *keys =
			format_words(json_object_array_get_idx(change, 2), ", ");
		const char *action = text_at(change, 1);
		const bool kept = strcmp(action, change_name(CHANGE_KEEP)) == 0;
		const char *texts[] = {text_at(change, 0), action, keys, text_at(change, 3)};
		const enum color colors[] = {COLOR_PLAIN, kept ? COLOR_DIM : COLOR_BOLD,
					     COLOR_PLAIN, COLOR_DIM};

		if (!keys || table_add(&table, &client->screen, texts, colors) < 0)
			return -ENOMEM;
	}
	return table_print(&table, &client->screen, "No cells.");
}

/* Before it is done, so that it is seen however that ends. */
static enum exit_status show_plan(struct client *client, struct json_object *plan)
{
	static const char *const keys[] = {"cell", "action", "keys", "why"};

	if (client->options.json != JSON_OFF)
		return client_show_json(client, json_named(plan, keys, ARRAY_SIZE(keys)));
	if (client->options.quiet)
		return STATUS_DONE;
	return print_plan(client, plan) < 0 ? complain_memory() : client_show(client);
}

enum exit_status verb_apply(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(json_putp) struct json_object *plan = NULL;
	const struct verb *verb = client->verb;
	enum exit_status status;
	const char *id;
	int r;

	r = connection_call(&client->connection, CALL_LONG_READ, BUS_MANAGER_PATH, verb->interface,
			    "Plan", &error, &reply, NULL);
	if (r < 0)
		return complain_attempt(client, NULL, &error, r);
	r = sd_bus_message_read(reply, "s", &id);
	if (r >= 0)
		r = json_from_message(reply, &plan);
	if (r < 0)
		return complain_reply(r);
	/* Who leaves a pager has not said that he agrees. */
	client->options.no_pager |= !client->options.dry_run;
	status = show_plan(client, plan);
	if (status != STATUS_DONE || client->options.dry_run)
		return status;
	/* That plan and no other one. */
	r = connection_call(&client->connection, CALL_OPERATION, BUS_MANAGER_PATH, verb->interface,
			    verb->method, &error, NULL, "s", id);
	return r < 0 ? complain_attempt(client, NULL, &error, r) : STATUS_DONE;
}
