// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/cleanup.h"
#include "common/nearest.h"
#include "verbs/verbs.h"

/* The Manager's methods take a cell's name, the Cell's are called on its object. */
#define OF_MANAGER(name) \
	.polkit_action = BUS_ACTION_MANAGE_CELLS, .interface = BUS_MANAGER_INTERFACE, .method = name
#define OF_CELL(name) \
	.polkit_action = BUS_ACTION_MANAGE_CELLS, .interface = BUS_CELL_INTERFACE, .method = name
#define OF_HYPERVISOR(name)                                                                \
	.polkit_action = BUS_ACTION_MANAGE_HYPERVISOR, .interface = BUS_MANAGER_INTERFACE, \
	.method = name

static const struct verb verbs[] = {
	{"status", "[CELL]", "State of the hypervisor and all cells, or of one cell", 0, 1,
	 OPTION_JSON, .run = verb_status},
	{"list", "", "All cells, one a line", 0, 0, OPTION_JSON, .run = verb_list},
	{"start", "CELL...", "Create, load and start cells; return when they run", 1, ANY_NUMBER,
	 OPTION_JSON, .run = verb_lifecycle, OF_MANAGER("StartCell")},
	{"stop", "CELL...", "Ask cells to shut down; they keep CPUs and memory", 1, ANY_NUMBER,
	 OPTION_JSON, .run = verb_lifecycle, OF_MANAGER("StopCell")},
	{"restart", "CELL...", "Stop and start cells", 1, ANY_NUMBER, OPTION_JSON,
	 .run = verb_lifecycle, OF_MANAGER("RestartCell")},
	{"kill", "CELL...", "Stop cells at once, without asking them", 1, ANY_NUMBER, OPTION_JSON,
	 .run = verb_lifecycle, OF_CELL("Kill")},
	{"cancel", "CELL...", "Withdraw what waits to be done with cells", 1, ANY_NUMBER,
	 OPTION_JSON, .run = verb_lifecycle, OF_CELL("Cancel")},
	{"create", "CELL", "Give a cell its CPUs and memory, and nothing more", 1, 1, OPTION_JSON,
	 .run = verb_lifecycle, OF_CELL("Create")},
	{"load", "CELL", "Load the images of a cell that was created", 1, 1, OPTION_JSON,
	 .run = verb_lifecycle, OF_CELL("Load")},
	{"destroy", "CELL", "Take back what a cell holds", 1, 1, OPTION_JSON, .run = verb_lifecycle,
	 OF_CELL("Destroy")},
	{"adopt", "CELL", "Take over a foreign cell that is the described one", 1, 1, OPTION_JSON,
	 .run = verb_lifecycle, OF_CELL("Adopt")},
	{"enable", "", "Open the hypervisor under the running system", 0, 0, OPTION_JSON,
	 .run = verb_hypervisor, OF_HYPERVISOR("EnableHypervisor")},
	{"disable", "", "Close the hypervisor (--force: stop all cells first)", 0, 0,
	 OPTION_FORCE | OPTION_JSON, .run = verb_hypervisor, OF_HYPERVISOR("DisableHypervisor")},
	{"check", "[FILE...]", "Check descriptions: all that are installed, or these", 0,
	 ANY_NUMBER, OPTION_JSON, .run = verb_check, .local = true, .descriptors = true},
	{"doctor", "", "Whether this machine is fit, and what to do", 0, 0,
	 OPTION_JSON | OPTION_REPORT | OPTION_SMI, .run = verb_doctor, .local = true,
	 .descriptors = true},
	{"apply", "", "Make cells what their descriptions say now", 0, 0,
	 OPTION_DRY_RUN | OPTION_JSON, .run = verb_apply, OF_MANAGER("Apply")},
	{"console", "CELL", "Print a cell's console (-f: and what follows)", 1, 1,
	 OPTION_FOLLOW | OPTION_INPUT, .run = verb_console, .polkit_action = BUS_ACTION_DEBUG_CELLS,
	 .descriptors = true},
	{"signals", "CELL [NAME...]", "Values of a cell's signals (-f: go on)", 1, ANY_NUMBER,
	 OPTION_FOLLOW | OPTION_INTERVAL | OPTION_JSON, .run = verb_signals},
	{"set", "CELL NAME=VALUE", "Set a signal of a cell", 2, 2, 0, .run = verb_set,
	 .polkit_action = BUS_ACTION_WRITE_SIGNALS},
	{"stats", "[CELL]", "Exits of cells to the hypervisor (-f: go on)", 0, 1,
	 OPTION_FOLLOW | OPTION_INTERVAL | OPTION_JSON, .run = verb_stats},
	{"top", "[CELL [NAME...]]", "A screen that lives: cells, exits, signals of one", 0,
	 ANY_NUMBER, OPTION_INTERVAL | OPTION_COUNT, .run = verb_top},
	{"map", "", "Whose CPUs and memory are, what is free, what fits", 0, 0, OPTION_JSON,
	 .run = verb_map},
	{"monitor", "", "Print every change as it happens", 0, 0, OPTION_JSON, .run = verb_monitor},
	{"crash", "[CELL|RECORD]", "Records of failures; the newest of a cell, or one", 0, 1,
	 OPTION_JSON, .run = verb_crash, .polkit_action = BUS_ACTION_DEBUG_CELLS},
	{"version", "", "Versions of cellctl, the daemon and the driver", 0, 0, OPTION_JSON,
	 .run = verb_version, .local = true},
	{"help", "[VERB]", "This text, or what there is to know of a verb", 0, 1, 0,
	 .run = verb_help, .local = true},
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

enum exit_status verb_complain_unknown(const char *name, const char *near)
{
	complain("unknown verb '%s'%s%s%s", name, near ? "; did you mean '" : "", near ? near : "",
		 near ? "'?" : "");
	if (!near)
		fputs("'cellctl help' lists the verbs.\n", stderr);
	return STATUS_USAGE;
}

static void put_usage(FILE *stream, const struct verb *verb)
{
	fprintf(stream, "Usage: cellctl [OPTION...] %s%s%s\n", verb->name,
		*verb->arguments ? " " : "", verb->arguments);
}

/* With so many arguments it works on files of this machine. */
static bool stays_here(const struct verb *verb, int num_arguments)
{
	return verb->descriptors && (num_arguments > 0 || !verb->max_arguments);
}

bool verb_accepts(const struct verb *verb, const struct options *options, int num_arguments)
{
	unsigned int unwanted = options->given & ~verb->options;

	if (unwanted)
		complain("%s takes no %s%s", verb->name, option_name(unwanted & -unwanted),
			 unwanted & OPTION_FOLLOW && verb->options & OPTION_FORCE
				 ? "; for --force there is no letter"
				 : "");
	else if (options->host && stays_here(verb, num_arguments))
		complain("%s %s, which do not go to another machine; write: ssh %s cellctl %s ...",
			 verb->name,
			 verb->local ? "looks at files of this one" : "hands over open files",
			 options->host, verb->name);
	else if (num_arguments < verb->min_arguments)
		complain(verb->min_arguments > 1 ? "%s needs a cell and what is to be set"
						 : "%s needs the name of a cell",
			 verb->name);
	else if (num_arguments > verb->max_arguments && verb->min_arguments > 1)
		complain("%s sets one signal at a time", verb->name);
	else if (num_arguments > verb->max_arguments)
		complain(verb->max_arguments ? "%s takes one cell at most"
					     : "%s takes no arguments",
			 verb->name);
	else
		return true;
	put_usage(stderr, verb);
	return false;
}

#define HELP_HOST (1u << 31) /* beside OPTION_*: of all verbs but those that stay here */

/* Those of every verb first. */
static const struct {
	unsigned int option;
	const char *text;
} option_help[] = {
	{0, "  -h, --help             This text, or that of a verb\n"},
	{0, "      --version          Version of cellctl\n"},
	{HELP_HOST, "  -H, --host=USER@HOST   Cells of another machine, over ssh\n"},
	{0, "  -q, --quiet            Print nothing but errors and what was asked for\n"},
	{0, "      --no-pager         Do not show long output in a pager\n"},
	{0, "      --no-legend        No titles above tables\n"},
	{OPTION_JSON, "      --json=MODE        JSON: short, pretty, or off\n"},
	{OPTION_FORCE, "      --force            disable: stop the cells that run\n"},
	{OPTION_DRY_RUN, "      --dry-run          Print the plan, and do nothing\n"},
	{OPTION_FOLLOW, "  -f, --follow           Go on until interrupted\n"},
	{OPTION_INPUT,
	 "  -i, --input            Go on, and give the cell what is typed (^]: end)\n"},
	{OPTION_COUNT, "  -n, --iterations=N     End after so many pictures\n"},
	{OPTION_INTERVAL, "      --interval=TIME    Time between two looks (500ms, 2s)\n"},
	{OPTION_REPORT, "      --report=FILE      Write what was found, without private data\n"},
	{OPTION_SMI, "      --smi=TIME         Look for long SMIs so long (as root)\n"},
};

static void put_options(FILE *stream, unsigned int options)
{
	fputs("\nOptions:\n", stream);
	for (size_t i = 0; i < ARRAY_SIZE(option_help); i++) {
		if ((option_help[i].option & ~options) == 0)
			fputs(option_help[i].text, stream);
	}
}

static enum exit_status help_on(struct client *client, const struct verb *verb)
{
	FILE *stream = client->output.stream;

	put_usage(stream, verb);
	fprintf(stream, "\n%s.\n", verb->help);
	put_options(stream,
		    verb->options | (stays_here(verb, verb->min_arguments) ? 0 : HELP_HOST));
	return client_show(client);
}

enum exit_status verb_help(struct client *client, char **arguments)
{
	FILE *stream = client->output.stream;
	const char *near;
	const struct verb *verb = arguments[0] ? verb_find(arguments[0], &near) : NULL;

	if (verb)
		return help_on(client, verb);
	if (arguments[0])
		return verb_complain_unknown(arguments[0], near);
	fputs("Usage: cellctl [OPTION...] [VERB] [ARGUMENT...]\n"
	      "\n"
	      "Manage the cells of this machine. Without a verb: status.\n"
	      "\n"
	      "Verbs:\n",
	      stream);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stream, "  %-7s %-16s %s\n", verbs[i].name, verbs[i].arguments,
			verbs[i].help);
	put_options(stream, UINT_MAX);
	fputs("\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 the cell is not running (status\n"
	      "of one cell), 4 no such cell. See cellctl(1).\n",
	      stream);
	return client_show(client);
}
