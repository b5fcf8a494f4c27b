/* SPDX-License-Identifier: GPL-2.0-only */
/* Scope-bound release of resources, and texts of which somebody has to free the memory. */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Defines TYPE_freep() for a free function of a pointer, which must take NULL. */
#define DEFINE_FREEP(type, function)                  \
	static inline void function##p(type *pointer) \
	{                                             \
		function(*pointer);                   \
	}

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void closedirp(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Ends a stream of open_memstream(). Returns its text, to be freed; NULL without memory. */
static inline char *memstream_end(FILE *stream, char **text)
{
	if (fclose(stream) == 0)
		return *text;
	free(*text);
	return NULL;
}

/* A printf text in new memory, to be freed; NULL without memory. */
static inline char *text_vformat(const char *format, va_list list)
{
	char *text;

	return vasprintf(&text, format, list) < 0 ? NULL : text;
}

__attribute__((format(printf, 1, 2))) static inline char *text_format(const char *format, ...)
{
	va_list list;
	char *text;

	va_start(list, format);
	text = text_vformat(format, list);
	va_end(list);
	return text;
}

/* Gives the pointer away: returns it and leaves NULL, so that its cleanup does nothing. */
#define TAKE_POINTER(pointer)                           \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

#endif /* CLEANUP_H */
