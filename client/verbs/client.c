// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "json.h"
#include "verbs/client.h"
#include "verbs/complain.h"

void client_close(struct client *client)
{
	connection_close(&client->connection);
	output_close(&client->output);
}

int client_connect(struct client *client)
{
	const char *host = client->options.host;
	int r = connection_open(&client->connection);

	if (r >= 0)
		return r;
	if (r == -EINVAL && host) {
		complain("-H %s: write USER@HOST, HOST:PORT or HOST/CONTAINER", host);
	} else if (host) {
		/* Whether ssh ends before the first call or in it is chance: both are told alike.
		 */
		complain_attempt(client, NULL, &SD_BUS_ERROR_NULL, r);
	} else {
		complain("cannot connect to the system bus: %s", strerror(-r));
		if ((r == -ENOENT || r == -ECONNREFUSED) && !client->options.quiet)
			complain("hint: is dbus.service running on this machine?");
	}
	return r;
}

enum exit_status client_show(struct client *client)
{
	int r = output_show(&client->output, &client->screen, !client->options.no_pager);

	if (r < 0)
		complain("cannot write the output: %s", strerror(-r));
	return r < 0 ? STATUS_FAILED : STATUS_DONE;
}

enum exit_status client_show_json(struct client *client, struct json_object *value)
{
	_cleanup_(json_putp) struct json_object *owned = value;

	if (!owned)
		return complain_memory();
	json_print(client->output.stream, owned, client->options.json == JSON_PRETTY);
	return client_show(client);
}
