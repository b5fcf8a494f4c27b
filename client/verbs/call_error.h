/* SPDX-License-Identifier: GPL-2.0-only */
/* What a failed call means to a person: exit status, text, and what to do about it. */
#ifndef CLIENT_CALL_ERROR_H
#define CLIENT_CALL_ERROR_H

#include <stdbool.h>

enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_NOT_RUNNING = 3,
	STATUS_NO_SUCH_CELL = 4,
};

/* What was tried. */
struct attempt {
	const char *verb;
	const char *cell;	   /* NULL: none in particular */
	const char *polkit_action; /* that the call needs, NULL: none */
	bool without_kill;	   /* this machine's driver cannot do that */
	const char *host;	   /* over ssh; NULL: on this machine */
	bool without_driver;	   /* there is none, so that nothing can be enabled */
};

/* The exit status that a D-Bus error means. */
enum exit_status call_error_status(const char *error_name);

/* Whether nobody answered on the other machine; error_name NULL: there was no error's name. */
bool call_error_is_lost_way(const char *error_name, const struct attempt *attempt);

/*
 * One sentence on what to do about the error, or, with error_name NULL, about no answer (without a
 * full stop), to be freed by the caller; NULL where there is nothing to add, or memory is short.
 */
char *call_error_hint(const char *error_name, const struct attempt *attempt);

#endif /* CLIENT_CALL_ERROR_H */
