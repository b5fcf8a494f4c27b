// SPDX-License-Identifier: GPL-2.0-only
#include "bus/fetch.h"
#include "common/cleanup.h"
#include "verbs/verbs.h"
#include "view/cell_table.h"
#include "view/output.h"

enum exit_status verb_list(struct client *client, const struct verb *verb, char **arguments)
{
	struct attempt attempt = {verb->name, NULL, NULL};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(output_close) struct output output = {0};
	int r;

	r = fetch_cells(&client->connection, &error, &list);
	if (r < 0)
		return complain_attempt(client, &attempt, &error, r);
	if (client->options.json != JSON_OFF)
		return client_show_json(client, cell_list_properties(&list));
	if (output_open(&output) < 0 ||
	    cell_table_print(&list, output.stream, &client->screen, !client->options.no_legend) < 0)
		return complain_memory();
	return client_show(client, &output);
}
