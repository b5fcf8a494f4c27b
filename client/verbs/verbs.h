/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs of cellctl. */
#ifndef CLIENT_VERBS_H
#define CLIENT_VERBS_H

#include <limits.h>

#include "verbs/complain.h"

#define ANY_NUMBER INT_MAX

struct verb {
	const char *name;
	const char *arguments; /* for the help text */
	const char *help;
	int min_arguments;
	int max_arguments;    /* ANY_NUMBER: no limit */
	unsigned int options; /* OPTION_* that it takes */
	enum exit_status (*run)(struct client *client, char **arguments);
	bool local;		   /* works without the bus */
	bool descriptors;	   /* it works on files, which only stay here: not with a host */
	const char *polkit_action; /* that its call needs, NULL: none */
	const char *interface;	   /* where it is one call and no more: what it calls */
	const char *method;
};

/*
 * The verb of a name; NULL, with *ret_near the nearest known name (NULL if none is near), where
 * there is none.
 */
const struct verb *verb_find(const char *name, const char **ret_near);

/* Says that there is no verb of that name. Returns STATUS_USAGE. */
enum exit_status verb_complain_unknown(const char *name, const char *near);

/* Checks number of arguments and options; says what is wrong. */
bool verb_accepts(const struct verb *verb, const struct options *options, int num_arguments);

/* What the table calls; arguments are those behind the verb, NULL-terminated. */
enum exit_status verb_status(struct client *client, char **arguments);
enum exit_status verb_list(struct client *client, char **arguments);
enum exit_status verb_lifecycle(struct client *client, char **arguments);
enum exit_status verb_hypervisor(struct client *client, char **arguments);
enum exit_status verb_doctor(struct client *client, char **arguments);
enum exit_status verb_apply(struct client *client, char **arguments);
enum exit_status verb_check(struct client *client, char **arguments);
enum exit_status verb_console(struct client *client, char **arguments);
enum exit_status verb_stats(struct client *client, char **arguments);
enum exit_status verb_signals(struct client *client, char **arguments);
enum exit_status verb_set(struct client *client, char **arguments);
enum exit_status verb_top(struct client *client, char **arguments);
enum exit_status verb_map(struct client *client, char **arguments);
enum exit_status verb_monitor(struct client *client, char **arguments);
enum exit_status verb_crash(struct client *client, char **arguments);
enum exit_status verb_version(struct client *client, char **arguments);
enum exit_status verb_help(struct client *client, char **arguments);

#endif /* CLIENT_VERBS_H */
