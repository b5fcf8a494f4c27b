// SPDX-License-Identifier: GPL-2.0-only
/* cellctl: manages the cells of a machine through cellmgrd. */
#include <errno.h>
#include <locale.h>

#include "common/cleanup.h"
#include "verbs/verbs.h"

static char *default_arguments[] = {"status", NULL};

static enum exit_status run(struct client *client)
{
	const struct options *options = &client->options;
	char **arguments = options->num_arguments > 0 ? options->arguments : default_arguments;
	int num_arguments = options->num_arguments > 0 ? options->num_arguments - 1 : 0;
	const struct verb *verb;
	const char *near;

	verb = verb_find(arguments[0], &near);
	if (!verb)
		return verb_complain_unknown(arguments[0], near);
	if (!verb_accepts(verb, options, num_arguments))
		return STATUS_USAGE;
	client->verb = verb;
	if (!verb->local && client_connect(client) < 0)
		return STATUS_FAILED;
	return verb->run(client, arguments + 1);
}

int main(int argc, char **argv)
{
	_cleanup_(client_close) struct client client = {0};
	_cleanup_(freep) char *error = NULL;
	int r;

	setlocale(LC_CTYPE, "");
	screen_detect(&client.screen);
	complain_set_unicode(client.screen.unicode);
	r = options_parse(argc, argv, &client.options, &error);
	if (r == -EINVAL) {
		complain("%s", error);
		fputs("'cellctl --help' shows the options.\n", stderr);
		return STATUS_USAGE;
	}
	if (r < 0 || output_open(&client.output) < 0)
		return complain_memory();
	client.connection.host = client.options.host;
	client.screen.stream = client.output.stream;
	client.screen.legend = !client.options.no_legend;
	if (client.options.help)
		return verb_help(&client, client.options.arguments);
	if (client.options.version) {
		printf("cellctl %s\n", CELLMGR_RELEASE);
		return fflush(stdout) == 0 ? STATUS_DONE : STATUS_FAILED;
	}
	return run(&client);
}
