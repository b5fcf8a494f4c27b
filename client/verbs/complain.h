/* SPDX-License-Identifier: GPL-2.0-only */
/* What the user is told when something went wrong, on standard error. */
#ifndef CLIENT_COMPLAIN_H
#define CLIENT_COMPLAIN_H

#include "verbs/client.h"

/* Whether complaints may have more than ASCII; not, before this is called. */
void complain_set_unicode(bool unicode);

/* Prints "cellctl: text", safely whatever the arguments contain. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that a call's answer could not be read (negative errno r). Returns STATUS_FAILED. */
enum exit_status complain_reply(int r);

/* Says that memory is short. Returns STATUS_FAILED. */
enum exit_status complain_memory(void);

/*
 * Says that the client's verb failed, with cell (NULL: none in particular): with error or, where
 * that is not set, with the negative errno r. Adds a hint on what to do. Returns the exit status
 * that this means.
 */
enum exit_status complain_attempt(struct client *client, const char *cell,
				  const sd_bus_error *error, int r);

#endif /* CLIENT_COMPLAIN_H */
