// SPDX-License-Identifier: GPL-2.0-only
/* Host test of those parts of the inmates' runtime library that only calculate: formatting and the
 * command line. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <string.h>

#include "internal.h"
#include "tests/lib/tap.h"

const char inmate_command_line[CELL_PARAMETERS_SIZE];

static char failure[256];
static jmp_buf after_failure;

void inmate_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_string_v(failure, sizeof(failure), format, arguments);
	va_end(arguments);
	longjmp(after_failure, 1);
}

/* Same format for both; the C library is the judge. */
#define AGREES(format, ...)                                                  \
	do {                                                                 \
		char got_[128], expected_[128];                              \
		format_string(got_, sizeof(got_), format, __VA_ARGS__);      \
		snprintf(expected_, sizeof(expected_), format, __VA_ARGS__); \
		tap_is_str(tap, got_, expected_, "%s", format);              \
	} while (0)

static void test_integers(struct tap *tap)
{
	AGREES("%d %i|%5d|%-5d|%05d", 0, -1, 42, 42, -42);
	AGREES("%d %d %u", INT_MAX, INT_MIN, UINT_MAX);
	AGREES("%ld %lu %lld %llu", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX);
	AGREES("%x %X %08x %lx %o", 0xbeef, 0xbeef, 0x1234, 0xdeadbeefcafeul, 8);
	AGREES("%.3d|%6.3d|%.0d", 7, 7, 1);
	AGREES("%hhd %hd %zu", (signed char)-3, (short)-300, (size_t)77);
	AGREES("%*d|%-*d|", 6, 5, 6, 5);
	AGREES("%p", (void *)0x1000);
}

static void test_strings(struct tap *tap)
{
	AGREES("%s|%8s|%-8s|%.2s|%c%%", "abc", "abc", "abc", "abc", 'x');
	AGREES("%.*s", 3, "abcdef");
}

static void test_floats(struct tap *tap)
{
	AGREES("%f %f %f", 0.0, 1.5, -2.25);
	AGREES("%.1f %.3f %.0f", 3000.24, 0.0005001, 2.6);
	AGREES("%8.2f|%-8.2f|%08.2f", 3.14159, 3.14159, -3.14159);
	AGREES("%.2f %.2f", 0.999, 99.999);
	AGREES("%.1f", 123456789012345.67);
	AGREES("%f %f", (double)INFINITY, -(double)INFINITY);
	AGREES("%.3f", -0.0004);
	AGREES("%f", (double)NAN);
}

static void test_large_float(struct tap *tap)
{
	char text[64];

	format_string(text, sizeof(text), "%.3f", 1.5e30);
	tap_is_str(tap, text, "1.500e+30", "a value beyond 10^18 gets an exponent");
	format_string(text, sizeof(text), "%.1f", 1.7e308);
	tap_is_str(tap, text, "1.7e+308", "the largest values too");
}

static void test_sizes(struct tap *tap)
{
	char text[8] = "xxxxxxx";

	tap_is_u64(tap, format_string(text, 4, "%s", "abcdef"), 3, "the length is what is there");
	tap_is_str(tap, text, "abc", "what does not fit is cut");
	tap_ok(tap, text[4] == 'x', "nothing is written behind the end");
	tap_is_u64(tap, format_string(text, 0, "%d", 5), 0, "no space at all is no crash");
	tap_is_str(tap, text, "abc", "and nothing is written");
}

static void test_int_parameters(struct tap *tap)
{
	static const struct {
		const char *line;
		int result;
		int64_t value;
	} cases[] = {
		{"n=5", 0, 5},
		{"other=3 n=-17 n=4", 0, -17},
		{"n=0x1fF", 0, 0x1ff},
		{"n=+3", 0, 3},
		{"n=9223372036854775807", 0, INT64_MAX},
		{"n=-9223372036854775808", 0, INT64_MIN},
		{"n=9223372036854775808", -EINVAL, 0},
		{"n=-9223372036854775809", -EINVAL, 0},
		{"n=18446744073709551617", -EINVAL, 0},
		{"n=0x", -EINVAL, 0},
		{"n=", -EINVAL, 0},
		{"n", -EINVAL, 0},
		{"n=5k", -EINVAL, 0},
		{"n=-", -EINVAL, 0},
		{"nn=5 mn=5", -ENOENT, 0},
		{"", -ENOENT, 0},
		{"   ", -ENOENT, 0},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 99;
		int result;

		params_set_line(cases[i].line);
		result = param_int("n", &value);
		tap_ok(tap, result == cases[i].result && value == (result ? 99 : cases[i].value),
		       "number in \"%s\"", cases[i].line);
	}
}

static void test_other_parameters(struct tap *tap)
{
	bool flag = false;
	char text[8] = "before";

	params_set_line("quiet loud=no fast=yes slow=perhaps name=abc long=abcdefgh empty=");
	tap_ok(tap, param_bool("quiet", &flag) == 0 && flag, "a bare name is true");
	tap_ok(tap, param_bool("loud", &flag) == 0 && !flag, "no is false");
	tap_ok(tap, param_bool("fast", &flag) == 0 && flag, "yes is true");
	tap_ok(tap, param_bool("slow", &flag) == -EINVAL && flag, "anything else is an error");
	tap_ok(tap, param_bool("none", &flag) == -ENOENT && flag, "an absent flag stays as it was");
	tap_ok(tap,
	       param_string("long", text, sizeof(text)) == -EINVAL && strcmp(text, "before") == 0,
	       "a string that does not fit is an error");
	tap_ok(tap, param_string("name", text, sizeof(text)) == 0 && strcmp(text, "abc") == 0,
	       "a string is copied");
	tap_ok(tap, param_string("empty", text, sizeof(text)) == 0 && strcmp(text, "") == 0,
	       "a string may be empty");
}

static void test_unterminated_line(struct tap *tap)
{
	static char line[CELL_PARAMETERS_SIZE + 8];
	int64_t value = 0;

	memset(line, ' ', sizeof(line));
	memcpy(line + CELL_PARAMETERS_SIZE - 3, "n=1234", 6);
	params_set_line(line);
	tap_ok(tap, param_int("n", &value) == 0 && value == 1,
	       "a line without terminator ends with its area");
}

static void test_failures(struct tap *tap)
{
	static const char *const names[] = {"cycles", NULL};

	failure[0] = 0;
	params_set_line("cycels=5");
	if (!setjmp(after_failure))
		params_require_known(names);
	tap_is_str(tap, failure, "parameter \"cycels\": this program has none of that name",
		   "an unknown parameter ends the program");
	failure[0] = 0;
	params_set_line("cycles=5 comm=0x100000");
	if (!setjmp(after_failure))
		params_require_known(names);
	tap_is_str(tap, failure, "", "known parameters and the library's do not");
	params_set_line("cycles=11");
	if (!setjmp(after_failure))
		param_int_or_fail("cycles", 1, 0, 10);
	tap_is_str(tap, failure, "parameter \"cycles=11\": expected cycles=NUMBER from 0 to 10",
		   "a value out of range ends the program");
	params_set_line("");
	tap_is_u64(tap, param_int_or_fail("cycles", 7, 0, 10), 7, "an absent value is its default");
}

int main(void)
{
	struct tap tap = {0};

	test_integers(&tap);
	test_strings(&tap);
	test_floats(&tap);
	test_large_float(&tap);
	test_sizes(&tap);
	test_int_parameters(&tap);
	test_other_parameters(&tap);
	test_unterminated_line(&tap);
	test_failures(&tap);
	return tap_done(&tap);
}
