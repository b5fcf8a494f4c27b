/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an inmate that tests something says: a line "ok NAME" or "not ok NAME" for each case, at the
 * end "done, N failed".
 */
#ifndef REPORT_H
#define REPORT_H

#include "inmate.h"

static unsigned int failures;

static inline void check(bool passed, const char *name)
{
	console_printf("%sok %s\n", passed ? "" : "not ", name);
	failures += !passed;
}

static inline void is(int64_t value, int64_t expected, const char *name)
{
	if (value == expected) {
		check(true, name);
		return;
	}
	console_printf("not ok %s: %ld, expected %ld\n", name, value, expected);
	failures++;
}

static inline void __attribute__((noreturn)) report_end(void)
{
	console_printf("done, %u failed\n", failures);
	inmate_shut_down();
}

#endif /* REPORT_H */
