// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "view/format.h"
#include "options.h"
#include "common/cleanup.h"

enum {
	/* Above all letters, so that optopt tells a long option from a short one. */
	ARG_HELP = 0x100,
	ARG_QUIET,
	ARG_FOLLOW,
	ARG_VERSION,
	ARG_JSON,
	ARG_NO_PAGER,
	ARG_NO_LEGEND,
	ARG_FORCE,
	ARG_INTERVAL,
};

static const struct option long_options[] = {
	{"help", no_argument, NULL, ARG_HELP},
	{"version", no_argument, NULL, ARG_VERSION},
	{"quiet", no_argument, NULL, ARG_QUIET},
	{"json", required_argument, NULL, ARG_JSON},
	{"no-pager", no_argument, NULL, ARG_NO_PAGER},
	{"no-legend", no_argument, NULL, ARG_NO_LEGEND},
	{"force", no_argument, NULL, ARG_FORCE},
	{"follow", no_argument, NULL, ARG_FOLLOW},
	{"interval", required_argument, NULL, ARG_INTERVAL},
	{0},
};

static int reject(char **ret_error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int reject(char **ret_error, const char *format, ...)
{
	char *text;
	va_list list;
	int r;

	va_start(list, format);
	r = vasprintf(&text, format, list);
	va_end(list);
	if (r < 0)
		return -ENOMEM;
	*ret_error = text;
	return -EINVAL;
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

static int parse_interval_option(const char *text, struct options *options, char **ret_error)
{
	int r = parse_interval(text, &options->interval_usec);

	options->given |= OPTION_INTERVAL;
	if (r == -ERANGE)
		return reject(ret_error, "--interval=%s: must be between 10ms and 1h", text);
	if (r < 0)
		return reject(ret_error, "--interval=%s: is no time; write 500ms, 2s or 1min",
			      text);
	return 0;
}

static int parse_option(int option, char **argv, struct options *options, char **ret_error)
{
	switch (option) {
	case 'h':
	case ARG_HELP:
		options->help = true;
		return 0;
	case ARG_VERSION:
		options->version = true;
		return 0;
	case 'q':
	case ARG_QUIET:
		options->quiet = true;
		return 0;
	case ARG_NO_PAGER:
		options->no_pager = true;
		return 0;
	case ARG_NO_LEGEND:
		options->no_legend = true;
		return 0;
	case ARG_FORCE:
		options->force = true;
		options->given |= OPTION_FORCE;
		return 0;
	case 'f':
	case ARG_FOLLOW:
		options->follow = true;
		options->given |= OPTION_FOLLOW;
		return 0;
	case ARG_JSON:
		return parse_json_mode(optarg, options, ret_error);
	case ARG_INTERVAL:
		return parse_interval_option(optarg, options, ret_error);
	case ':':
		return reject(ret_error, "option %s needs a value", argv[optind - 1]);
	default:
		/* optopt is the letter; of a long option its code, or 0 when there is no such. */
		if (optopt > 0 && optopt < 0x100)
			return reject(ret_error, "unknown option -%c", optopt);
		return reject(ret_error, "unknown option, or a value that it does not take: %s",
			      argv[optind - 1]);
	}
}

int options_parse(int argc, char **argv, struct options *ret_options, char **ret_error)
{
	struct options options = {0};
	int option, r;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hqf", long_options, NULL)) != -1) {
		r = parse_option(option, argv, &options, ret_error);
		if (r < 0)
			return r;
	}
	options.arguments = argv + optind;
	options.num_arguments = argc - optind;
	*ret_options = options;
	return 0;
}

const char *option_name(unsigned int option)
{
	switch (option) {
	case OPTION_FORCE:
		return "--force";
	case OPTION_FOLLOW:
		return "--follow";
	case OPTION_INTERVAL:
		return "--interval";
	case OPTION_JSON:
		return "--json";
	default:
		return "?";
	}
}
