// SPDX-License-Identifier: GPL-2.0-only
#include "view/cell_table.h"
#include "view/json.h"
#include "view/output.h"
#include "verbs/report.h"
#include "common/cleanup.h"
#include "verbs/verbs.h"

enum exit_status verb_list(struct client *client, const struct verb *verb, char **arguments)
{
	struct attempt attempt = {verb->name, NULL, NULL};
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(cell_list_free) struct cell_list list = {0};
	_cleanup_(output_close) struct output output = {0};
	int r;

	r = cell_list_fetch(client, &error, &list);
	if (r < 0)
		return client_report(client, &attempt, &error, r);
	if (output_open(&output) < 0)
		return complain_memory();

	if (client->options.json != JSON_OFF) {
		_cleanup_(json_putp) struct json_object *cells = json_from_cells(&list);

		if (!cells)
			return complain_memory();
		json_print(output.stream, cells, client->options.json);
	} else if (cell_table_print(&list, output.stream, &client->screen,
				    !client->options.no_legend) < 0) {
		return complain_memory();
	}
	return client_show(client, &output);
}
