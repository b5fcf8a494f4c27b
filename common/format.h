/* SPDX-License-Identifier: GPL-2.0-only */
/* printf() into memory of its own: to be freed, NULL without memory. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdarg.h>
#include <stdio.h>

static inline char *format_text_va(const char *format, va_list arguments)
{
	char *text;

	return vasprintf(&text, format, arguments) < 0 ? NULL : text;
}

__attribute__((format(printf, 1, 2))) static inline char *format_text(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text_va(format, arguments);
	va_end(arguments);
	return text;
}

#endif /* FORMAT_H */
