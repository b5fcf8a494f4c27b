// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "view/format.h"
#include "options.h"
#include "common/cleanup.h"

enum {
	/* Above all letters, so that optopt tells a long option from a short one. */
	ARG_JSON = 0x100,
	ARG_INTERVAL,
	ARG_REPORT,
	ARG_SMI,
};

#define MAX_COUNT 1000000

static int reject(char **ret_error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int reject(char **ret_error, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	*ret_error = text_vformat(format, list);
	va_end(list);
	return *ret_error ? -EINVAL : -ENOMEM;
}

static int parse_json_mode(const char *text, struct options *options, char **ret_error)
{
	if (strcmp(text, "short") == 0)
		options->json = JSON_SHORT;
	else if (strcmp(text, "pretty") == 0)
		options->json = JSON_PRETTY;
	else if (strcmp(text, "off") == 0)
		options->json = JSON_OFF;
	else
		return reject(ret_error, "--json=%s: takes short, pretty or off", text);
	if (options->json != JSON_OFF)
		options->given |= OPTION_JSON;
	return 0;
}

static int parse_time(const char *text, unsigned int option, uint64_t *ret, char **ret_error)
{
	int r = parse_interval(text, ret);

	if (r == -ERANGE)
		return reject(ret_error, "%s=%s: must be between 10ms and 1h", option_name(option),
			      text);
	if (r < 0)
		return reject(ret_error, "%s=%s: is no time; write 500ms, 2s or 1min",
			      option_name(option), text);
	return 0;
}

static int parse_count(const char *text, struct options *options, char **ret_error)
{
	char *end;

	options->given |= OPTION_COUNT;
	errno = 0;
	options->count = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || options->count == 0 ||
	    options->count > MAX_COUNT)
		return reject(ret_error, "--iterations=%s: must be from 1 to %d", text, MAX_COUNT);
	return 0;
}

static int parse_option(int option, char **argv, struct options *options, char **ret_error)
{
	switch (option) {
	case 0: /* a long one that getopt has set */
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case 'f':
		options->follow = true;
		return 0;
	case 'i':
		options->input = true;
		return 0;
	case 'n':
		return parse_count(optarg, options, ret_error);
	case 'H':
		/* An empty one would be no host at all, that is, this machine. */
		options->host = optarg;
		return *optarg ? 0 : reject(ret_error, "--host wants USER@HOST");
	case ARG_JSON:
		return parse_json_mode(optarg, options, ret_error);
	case ARG_INTERVAL:
		options->given |= OPTION_INTERVAL;
		return parse_time(optarg, OPTION_INTERVAL, &options->interval_usec, ret_error);
	case ARG_SMI:
		options->given |= OPTION_SMI;
		return parse_time(optarg, OPTION_SMI, &options->smi_usec, ret_error);
	case ARG_REPORT:
		options->given |= OPTION_REPORT;
		options->report = optarg;
		return 0;
	case ':':
		return reject(ret_error, "option %s needs a value", argv[optind - 1]);
	default:
		/* optopt is the letter; of a long option its code or 1, or 0 when there is no such.
		 */
		if (optopt > 1 && optopt < 0x100)
			return reject(ret_error, "unknown option -%c", optopt);
		return reject(ret_error, "unknown option, or a value that it does not take: %s",
			      argv[optind - 1]);
	}
}

int options_parse(int argc, char **argv, struct options *ret_options, char **ret_error)
{
	struct options options = {0};
	const struct option long_options[] = {
		{"help", no_argument, &options.help, true},
		{"version", no_argument, &options.version, true},
		{"quiet", no_argument, &options.quiet, true},
		{"json", required_argument, NULL, ARG_JSON},
		{"no-pager", no_argument, &options.no_pager, true},
		{"no-legend", no_argument, &options.no_legend, true},
		{"force", no_argument, &options.force, true},
		{"dry-run", no_argument, &options.dry_run, true},
		{"follow", no_argument, &options.follow, true},
		{"input", no_argument, &options.input, true},
		{"interval", required_argument, NULL, ARG_INTERVAL},
		{"iterations", required_argument, NULL, 'n'},
		{"host", required_argument, NULL, 'H'},
		{"report", required_argument, NULL, ARG_REPORT},
		{"smi", required_argument, NULL, ARG_SMI},
		{0},
	};
	int option, r;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hqfin:H:", long_options, NULL)) != -1) {
		r = parse_option(option, argv, &options, ret_error);
		if (r < 0)
			return r;
	}
	options.given |= (options.force ? OPTION_FORCE : 0) | (options.follow ? OPTION_FOLLOW : 0) |
			 (options.input ? OPTION_INPUT : 0) |
			 (options.dry_run ? OPTION_DRY_RUN : 0);
	options.arguments = argv + optind;
	options.num_arguments = argc - optind;
	*ret_options = options;
	return 0;
}

const char *option_name(unsigned int option)
{
	static const char *const names[] = {"--force",	"--follow", "--interval",
					    "--json",	"--input",  "--iterations",
					    "--report", "--smi",    "--dry-run"};

	return names[__builtin_ctz(option)];
}
