// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "options.h"
#include "tests/lib/tap.h"
#include "common/cleanup.h"

#define MAX_ARGUMENTS 6

struct parsed {
	struct options options;
	char *error;
	int r;
	char *argv[MAX_ARGUMENTS + 2];
};

/* The arguments are reordered in place: *ret_parsed has to live as long as they are looked at. */
static void parse(char *const *arguments, struct parsed *ret_parsed)
{
	int argc = 0;

	*ret_parsed = (struct parsed){.argv[0] = (char *)"cellctl"};
	while (arguments[argc]) {
		ret_parsed->argv[argc + 1] = arguments[argc];
		argc++;
	}
	ret_parsed->r =
		options_parse(argc + 1, ret_parsed->argv, &ret_parsed->options, &ret_parsed->error);
}

static bool same_options(const struct options *a, const struct options *b)
{
	return a->help == b->help && a->version == b->version && a->quiet == b->quiet &&
	       a->no_pager == b->no_pager && a->no_legend == b->no_legend && a->force == b->force &&
	       a->dry_run == b->dry_run && a->follow == b->follow && a->json == b->json &&
	       a->interval_usec == b->interval_usec && a->given == b->given &&
	       a->num_arguments == b->num_arguments;
}

static void test_good(struct tap *tap)
{
	static const struct {
		const char *arguments[MAX_ARGUMENTS];
		struct options wanted;
		const char *verb, *name;
	} cases[] = {
		{{NULL}, {0}, NULL, "nothing at all"},
		{{"list"}, {.num_arguments = 1}, "list", "a verb"},
		{{"-q", "list"}, {.quiet = true, .num_arguments = 1}, "list", "-q"},
		{{"list", "--quiet"},
		 {.quiet = true, .num_arguments = 1},
		 "list",
		 "options may stand behind the verb"},
		{{"console", "-f", "turbine"},
		 {.follow = true, .given = OPTION_FOLLOW, .num_arguments = 2},
		 "console",
		 "-f"},
		{{"--json=short"},
		 {.json = JSON_SHORT, .given = OPTION_JSON},
		 NULL,
		 "--json=short"},
		{{"--json", "pretty"},
		 {.json = JSON_PRETTY, .given = OPTION_JSON},
		 NULL,
		 "--json pretty"},
		{{"--json=off"}, {0}, NULL, "--json=off is as good as none"},
		{{"--interval=250ms"},
		 {.interval_usec = 250000, .given = OPTION_INTERVAL},
		 NULL,
		 "--interval"},
		{{"--no-pager", "--no-legend"},
		 {.no_pager = true, .no_legend = true},
		 NULL,
		 "--no-pager --no-legend"},
		{{"--", "-q"}, {.num_arguments = 1}, "-q", "-- ends the options"},
		{{"--force", "disable"},
		 {.force = true, .given = OPTION_FORCE, .num_arguments = 1},
		 "disable",
		 "--force"},
		{{"apply", "--dry-run"},
		 {.dry_run = true, .given = OPTION_DRY_RUN, .num_arguments = 1},
		 "apply",
		 "--dry-run"},
		{{"--help"}, {.help = true}, NULL, "--help"},
		{{"--version"}, {.version = true}, NULL, "--version"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed parsed;
		const struct options *got = &parsed.options;

		parse((char *const *)cases[i].arguments, &parsed);
		tap_ok(tap, parsed.r == 0 && same_options(got, &cases[i].wanted), "options: %s",
		       cases[i].name);
		if (cases[i].verb && parsed.r == 0)
			tap_is_str(tap, got->arguments[0], cases[i].verb, "%s", cases[i].name);
		free(parsed.error);
	}
}

static void test_bad(struct tap *tap)
{
	static const struct {
		const char *arguments[MAX_ARGUMENTS];
		const char *error;
	} cases[] = {
		{{"--json=yes"}, "--json=yes: takes short, pretty or off"},
		{{"--json"}, "option --json needs a value"},
		{{"list", "-x"}, "unknown option -x"},
		{{"--colour"}, "unknown option, or a value that it does not take: --colour"},
		{{"--quiet=1"}, "unknown option, or a value that it does not take: --quiet=1"},
		{{"--interval=soon"}, "--interval=soon: is no time; write 500ms, 2s or 1min"},
		{{"--interval=2h"}, "--interval=2h: must be between 10ms and 1h"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct parsed parsed;

		parse((char *const *)cases[i].arguments, &parsed);
		tap_ok(tap, parsed.r == -EINVAL, "refused: %s", cases[i].arguments[0]);
		tap_is_str(tap, parsed.error, cases[i].error, "refused with the reason");
		free(parsed.error);
	}
}

int main(void)
{
	struct tap tap = {0};

	test_good(&tap);
	test_bad(&tap);
	return tap_done(&tap);
}
