/* SPDX-License-Identifier: GPL-2.0-only */
/* Test results as TAP, one line a case. A test program includes this once. */
#ifndef CLIENT_TESTS_TAP_H
#define CLIENT_TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_count, tap_failed;

/* name says what works; with a failure it is what is broken. */
__attribute__((format(printf, 2, 3))) static inline bool tap_ok(bool good, const char *format, ...)
{
	__builtin_va_list list;

	tap_count++;
	if (!good)
		tap_failed++;
	printf("%sok %u - ", good ? "" : "not ", tap_count);
	__builtin_va_start(list, format);
	vprintf(format, list);
	__builtin_va_end(list);
	putchar('\n');
	return good;
}

static inline void tap_show(const char *label, const char *text)
{
	printf("# %s ", label);
	for (const char *c = text; *c; c++)
		if (*c == '\n')
			fputs("\\n\n# ", stdout);
		else
			putchar(*c);
	putchar('\n');
}

/* Compares texts and shows both when they differ. */
static inline bool tap_text(const char *got, const char *wanted, const char *name)
{
	bool good = got && strcmp(got, wanted) == 0;

	tap_ok(good, "%s", name);
	if (!good) {
		tap_show("got:", got ? got : "(null)");
		tap_show("wanted:", wanted);
	}
	return good;
}

/* The plan; to be returned by main(). */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed > 0;
}

#endif /* CLIENT_TESTS_TAP_H */
