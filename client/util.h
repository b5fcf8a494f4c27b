/* SPDX-License-Identifier: GPL-2.0-only */
/* Cleanup attributes and other small things that every file of the client uses. */
#ifndef CLIENT_UTIL_H
#define CLIENT_UTIL_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Runs function(&variable) when the variable goes out of scope. */
#define _cleanup_(function)	   __attribute__((cleanup(function)))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

#endif /* CLIENT_UTIL_H */
