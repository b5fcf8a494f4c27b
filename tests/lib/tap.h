/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Results of host tests in the Test Anything Protocol, on standard output, one line a case:
 *
 *	int main(void)
 *	{
 *		struct tap tap = {0};
 *
 *		tap_ok(&tap, 1 + 1 == 2, "numbers add up");
 *		tap_is_u64(&tap, 6 * 7, 42, "and multiply");
 *		return tap_done(&tap);
 *	}
 *
 * A name says what would be broken if the case failed. All functions that judge return whether the
 * case passed, so that a test can leave what makes no sense after a failure.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TAP_PRINTF(n) __attribute__((format(printf, n, (n) + 1), unused))

struct tap {
	unsigned int cases;
	unsigned int failed;
	unsigned int planned; /* 0: the plan comes at the end */
};

/* Says beforehand how many cases there will be; a test that stops halfway then counts as failed. */
__attribute__((unused)) static void tap_plan(struct tap *tap, unsigned int cases)
{
	tap->planned = cases;
	printf("1..%u\n", cases);
}

/* A line for the reader, not a result. */
TAP_PRINTF(2) static void tap_note(struct tap *tap, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

static void tap_result(struct tap *tap, bool passed, const char *format, va_list args)
{
	tap->cases++;
	tap->failed += !passed;
	printf("%s %u - ", passed ? "ok" : "not ok", tap->cases);
	vprintf(format, args);
	putchar('\n');
	/* What is known so far survives a crash in the next case. */
	fflush(stdout);
}

TAP_PRINTF(3) static bool tap_ok(struct tap *tap, bool passed, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_result(tap, passed, format, args);
	va_end(args);
	return passed;
}

TAP_PRINTF(4)
static bool tap_is_u64(struct tap *tap, uint64_t got, uint64_t expected, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tap_result(tap, got == expected, format, args);
	va_end(args);
	if (got != expected)
		tap_note(tap, "  got 0x%llx (%lld), expected 0x%llx (%lld)",
			 (unsigned long long)got, (long long)got, (unsigned long long)expected,
			 (long long)expected);
	return got == expected;
}

/* NULL is a value that equals only itself. */
TAP_PRINTF(4)
static bool tap_is_str(struct tap *tap, const char *got, const char *expected, const char *format,
		       ...)
{
	bool same = got == expected || (got && expected && strcmp(got, expected) == 0);
	va_list args;

	va_start(args, format);
	tap_result(tap, same, format, args);
	va_end(args);
	if (!same)
		tap_note(tap, "  got \"%s\", expected \"%s\"", got ? got : "(null)",
			 expected ? expected : "(null)");
	return same;
}

/* A case that cannot be tried here, and why. */
__attribute__((unused)) static void tap_skip(struct tap *tap, const char *name, const char *reason)
{
	tap->cases++;
	printf("ok %u - %s # SKIP %s\n", tap->cases, name, reason);
	fflush(stdout);
}

/* Closes the report; what main() returns. A test without any case has failed. */
__attribute__((unused)) static int tap_done(struct tap *tap)
{
	if (!tap->planned)
		printf("1..%u\n", tap->cases);
	if (tap->failed)
		tap_note(tap, "%u of %u failed", tap->failed, tap->cases);
	return tap->failed > 0 || tap->cases == 0 || (tap->planned && tap->planned != tap->cases);
}

#endif /* TAP_H */
