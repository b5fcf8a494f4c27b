// SPDX-License-Identifier: GPL-2.0-only
#include "bus/fetch.h"
#include "common/cleanup.h"
#include "json.h"
#include "verbs/verbs.h"
#include "view/cell_table.h"

enum exit_status verb_list(struct client *client, char **arguments)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(json_putp) struct json_object *columns = NULL;
	const bool is_json = client->options.json != JSON_OFF;
	int r;

	r = is_json ? fetch_cells(&client->connection, &error, &list)
		    : fetch_summary(&client->connection, &error, &columns);
	if (r < 0)
		return complain_attempt(client, NULL, &error, r);
	if (is_json)
		return client_show_json(client, cell_list_properties(&list));
	if (cell_table_print(columns, &client->screen) < 0)
		return complain_memory();
	return client_show(client);
}
