// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/cleanup.h"
#include "common/nearest.h"
#include "verbs/verbs.h"
#include "view/output.h"

static const struct verb verbs[] = {
	{"status", "[CELL]", "State of the hypervisor and all cells, or of one cell", 0, 1,
	 OPTION_JSON, false, verb_status},
	{"list", "", "All cells, one a line", 0, 0, OPTION_JSON, false, verb_list},
	{"start", "CELL...", "Create, load and start cells; return when they run", 1, ANY_NUMBER,
	 OPTION_JSON, false, verb_lifecycle},
	{"stop", "CELL...", "Ask cells to shut down; they keep CPUs and memory", 1, ANY_NUMBER,
	 OPTION_JSON, false, verb_lifecycle},
	{"restart", "CELL...", "Stop and start cells", 1, ANY_NUMBER, OPTION_JSON, false,
	 verb_lifecycle},
	{"kill", "CELL...", "Stop cells at once, without asking them", 1, ANY_NUMBER, OPTION_JSON,
	 false, verb_lifecycle},
	{"create", "CELL", "Give a cell its CPUs and memory, and nothing more", 1, 1, OPTION_JSON,
	 false, verb_lifecycle},
	{"load", "CELL", "Load the images of a cell that was created", 1, 1, OPTION_JSON, false,
	 verb_lifecycle},
	{"destroy", "CELL", "Take back what a cell holds", 1, 1, OPTION_JSON, false,
	 verb_lifecycle},
	{"enable", "", "Open the hypervisor under the running system", 0, 0, OPTION_JSON, false,
	 verb_enable},
	{"disable", "", "Close the hypervisor (--force: stop all cells first)", 0, 0,
	 OPTION_FORCE | OPTION_JSON, false, verb_disable},
	{"check", "[FILE...]", "Check cell descriptions: these, or all that are installed", 0,
	 ANY_NUMBER, OPTION_JSON, false, verb_check},
	{"console", "CELL", "Print a cell's console (-f: and what follows)", 1, 1, OPTION_FOLLOW,
	 false, verb_console},
	{"stats", "[CELL]", "Exits of cells to the hypervisor (-f: again and again)", 0, 1,
	 OPTION_FOLLOW | OPTION_INTERVAL | OPTION_JSON, false, verb_stats},
	{"monitor", "", "Print every change as it happens", 0, 0, OPTION_JSON, false, verb_monitor},
	{"version", "", "Versions of cellctl, the daemon and the driver", 0, 0, OPTION_JSON, true,
	 verb_version},
	{"help", "", "This text", 0, 0, 0, true, verb_help},
};

static const char *next_verb(const void *words, size_t index)
{
	return index < ARRAY_SIZE(verbs) ? verbs[index].name : NULL;
}

const struct verb *verb_find(const char *name, const char **ret_near)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	*ret_near = nearest_word(name, next_verb, NULL);
	return NULL;
}

static void put_usage(const struct verb *verb)
{
	fprintf(stderr, "Usage: cellctl [OPTION...] %s%s%s\n", verb->name,
		*verb->arguments ? " " : "", verb->arguments);
}

bool verb_accepts(const struct verb *verb, const struct options *options, int num_arguments)
{
	unsigned int unwanted = options->given & ~verb->options;

	if (unwanted) {
		complain("%s takes no %s", verb->name, option_name(unwanted & -unwanted));
		put_usage(verb);
		return false;
	}
	if (num_arguments < verb->min_arguments) {
		complain("%s needs the name of a cell", verb->name);
		put_usage(verb);
		return false;
	}
	if (verb->max_arguments != ANY_NUMBER && num_arguments > verb->max_arguments) {
		complain(verb->max_arguments ? "%s takes one cell at most"
					     : "%s takes no arguments",
			 verb->name);
		put_usage(verb);
		return false;
	}
	return true;
}

static void put_help(FILE *stream)
{
	fputs("Usage: cellctl [OPTION...] [VERB] [ARGUMENT...]\n"
	      "\n"
	      "Manage the cells of this machine. Without a verb: status.\n"
	      "\n"
	      "Verbs:\n",
	      stream);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stream, "  %-7s %-10s %s\n", verbs[i].name, verbs[i].arguments,
			verbs[i].help);
	fputs("\n"
	      "Options:\n"
	      "  -h, --help             This text\n"
	      "      --version          Version of cellctl\n"
	      "  -q, --quiet            Print nothing but errors and what was asked for\n"
	      "      --json=MODE        JSON: short, pretty, or off\n"
	      "      --no-pager         Do not show long output in a pager\n"
	      "      --no-legend        No titles above tables\n"
	      "      --force            disable: stop the cells that run\n"
	      "  -f, --follow           console, stats: go on until interrupted\n"
	      "      --interval=TIME    stats: time between two looks (500ms, 2s; default 1s)\n"
	      "\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 the cell is not running (status\n"
	      "of one cell), 4 no such cell. See cellctl(1).\n",
	      stream);
}

enum exit_status verb_help(struct client *client, const struct verb *verb, char **arguments)
{
	_cleanup_(output_close) struct output output = {0};

	if (output_open(&output) < 0)
		return complain_memory();
	put_help(output.stream);
	return client_show(client, &output);
}
