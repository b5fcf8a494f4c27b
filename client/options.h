/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdint.h>

enum json_mode {
	JSON_OFF,
	JSON_SHORT,
	JSON_PRETTY,
};

/* Options that only some verbs take, in the order of option_name(). */
#define OPTION_FORCE	(1u << 0)
#define OPTION_FOLLOW	(1u << 1)
#define OPTION_INTERVAL (1u << 2)
#define OPTION_JSON	(1u << 3)
#define OPTION_INPUT	(1u << 4)
#define OPTION_COUNT	(1u << 5)
#define OPTION_REPORT	(1u << 6)
#define OPTION_SMI	(1u << 7)
#define OPTION_DRY_RUN	(1u << 8)

struct options {
	/* 0 or 1; int, as getopt_long() sets them. */
	int help;
	int version;
	int quiet;
	int no_pager;
	int no_legend;
	int force;
	int follow;
	int input;
	int dry_run;
	enum json_mode json;
	const char *host;	/* NULL: this machine */
	uint64_t interval_usec; /* 0: not given */
	uint64_t count;		/* 0: not given */
	uint64_t smi_usec;	/* 0: not given */
	const char *report;	/* file, within argv; NULL: not given */
	unsigned int given;	/* OPTION_* that stood on the command line */
	char **arguments;	/* verb and its arguments, NULL-terminated, within argv */
	int num_arguments;
};

/*
 * Reads the command line; argv is reordered so that options come first. Returns 0, or -EINVAL with
 * *ret_error saying what is wrong (to be freed by the caller), or -ENOMEM. Not reentrant (getopt).
 */
int options_parse(int argc, char **argv, struct options *ret_options, char **ret_error);

/* Name of the (one) OPTION_* as it is typed, for messages. */
const char *option_name(unsigned int option);

#endif /* CLIENT_OPTIONS_H */
