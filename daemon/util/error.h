/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An error as it reaches a bus peer: one of the names of org.cellmgr1.Error and a text for people.
 * A value; zeroed it is no error.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>

#include "common/bus_words.h"
#include "common/cleanup.h"
#include "util/problem.h"

struct error {
	enum error_code code;
	char *text; /* NULL only without memory or without error */
};

/* Sets an error with a printf text in place of what was there. Returns -EINVAL, for brevity. */
int error_set(struct error *error, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same of what is wrong at a place of a file. */
int error_set_at(struct error *error, enum error_code code, const struct problem_place *place,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The first of a list of problems, in one line. Returns -EINVAL. */
int error_set_problems(struct error *error, enum error_code code, const struct problems *problems);

/* Releases the text and leaves no error. Takes NULL. */
void error_done(struct error *error);

static inline bool error_is_set(const struct error *error)
{
	return error->code != ERROR_NONE;
}

/* Never NULL. */
const char *error_text(const struct error *error);

#endif /* ERROR_H */
