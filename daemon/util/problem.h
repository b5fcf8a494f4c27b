/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Problems that a person has to solve: what parsers and checks find, with the file, the key and the
 * value that they found it at. A list is a value that starts out zeroed and is released with
 * problems_done().
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
};

/* All strings are owned by the list; file, key and value are "" where there is none. */
struct problem {
	enum severity severity;
	char *file;
	unsigned int line;   /* from 1; 0: not known */
	unsigned int column; /* bytes, from 1; 0: not known */
	char *key;	     /* path of the key, as "stop.timeout" or "memory[1].size" */
	char *value;	     /* as written in the file, shortened where it is long */
	char *text;	     /* what is wrong and what to do about it */
};

struct problems {
	struct problem *items;
	size_t count;
	size_t errors;	    /* how many of them are of SEVERITY_ERROR */
	bool out_of_memory; /* a problem could not be recorded; counts as an error */
};

/* Where a problem is. Any pointer may be NULL. */
struct problem_place {
	const char *file;
	unsigned int line;
	unsigned int column;
	const char *key;
	const char *value;
};

/* One that lasts for the call that it is written in. */
#define PROBLEM_AT(...) (&(const struct problem_place){__VA_ARGS__})

/*
 * Appends a problem with a printf text. Cannot fail for the caller: without memory the list is
 * marked, and problems_result() says so. place may be NULL. Returns -EINVAL, for brevity.
 */
int problems_add(struct problems *problems, enum severity severity,
		 const struct problem_place *place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int problems_vadd(struct problems *problems, enum severity severity,
		  const struct problem_place *place, const char *format, va_list arguments)
	__attribute__((format(printf, 4, 0)));

/* Whether the list holds as many as it takes; further ones are only counted in errors. */
bool problems_full(const struct problems *problems);

/* Copies all problems of from behind those of problems. */
void problems_append(struct problems *problems, const struct problems *from);

/* 0 where there is no error (warnings are none), -EINVAL where there is, -ENOMEM. */
int problems_result(const struct problems *problems);

/* Releases what the list holds and leaves it empty. Takes NULL. */
void problems_done(struct problems *problems);

/* "error" or "warning". */
const char *severity_name(enum severity severity);

/*
 * One line for people: "FILE:LINE:COLUMN: KEY: \"VALUE\": TEXT" with the parts that are known.
 * To be freed by the caller; NULL without memory.
 */
char *problem_format(const struct problem *problem);

/* The same for the first error of a list (else the first problem); NULL for an empty list. */
char *problems_format_first(const struct problems *problems);

#endif /* PROBLEM_H */
