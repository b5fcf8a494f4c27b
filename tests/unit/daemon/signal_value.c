// SPDX-License-Identifier: GPL-2.0-only
/* Values of signals: what bytes mean, and which bytes a value is. */
#include "model/signal_value.h"

#include <math.h>

#include "model_test.h"

#define TRUTH(value)                              \
	{                                         \
		SIGNAL_KIND_TRUTH, .truth = value \
	}
#define NATURAL(value)                                \
	{                                             \
		SIGNAL_KIND_NATURAL, .natural = value \
	}
#define INTEGER(value)                                \
	{                                             \
		SIGNAL_KIND_INTEGER, .integer = value \
	}
#define REAL(value)                             \
	{                                       \
		SIGNAL_KIND_REAL, .real = value \
	}

static struct description_signal make(enum signal_type type, double scale)
{
	return (struct description_signal){
		.name = "s", .type = type, .has_scale = scale != 0, .scale = scale ? scale : 1};
}

/* Both ways; scale 0: none. */
static const struct {
	enum signal_type type;
	double scale;
	uint64_t bytes;
	struct signal_value value;
	const char *text;
} same[] = {
	{SIGNAL_BOOL, 0, 0, TRUTH(false), "false"},
	{SIGNAL_BOOL, 0, 1, TRUTH(true), "true"},
	{SIGNAL_U8, 0, 0xff, NATURAL(255), "255"},
	{SIGNAL_I8, 0, 0x80, INTEGER(-128), "-128"},
	{SIGNAL_U16, 0, 0xffff, NATURAL(65535), "65535"},
	{SIGNAL_I16, 0, 0xfffe, INTEGER(-2), "-2"},
	{SIGNAL_U32, 0, 0xffffffff, NATURAL(UINT32_MAX), "4294967295"},
	{SIGNAL_I32, 0, 0x80000000, INTEGER(INT32_MIN), "-2147483648"},
	{SIGNAL_U64, 0, UINT64_MAX, NATURAL(UINT64_MAX), "18446744073709551615"},
	{SIGNAL_I64, 0, 1ull << 63, INTEGER(INT64_MIN), "-9223372036854775808"},
	{SIGNAL_F32, 0, 0xc0600000, REAL(-3.5), "-3.5"},
	{SIGNAL_F64, 0, 0x40a7700000000000, REAL(3000), "3000"},
	{SIGNAL_U8, 0.5, 0xff, REAL(127.5), "127.5"},
	{SIGNAL_I16, 0.1, 0xffff, REAL(-0.1), "-0.1"},
	{SIGNAL_F64, 2, 0x40a7700000000000, REAL(6000), "6000"},
};

static void test_both_ways(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		const struct description_signal signal = make(same[i].type, same[i].scale);
		_cleanup_(error_done) struct error error = {0};
		struct signal_value value = signal_decode(&signal, &same[i].bytes);
		char text[SIGNAL_MAX_TEXT];
		uint64_t bytes = 0;

		tap_ok(tap, signal_values_equal(&value, &same[i].value), "%s is decoded",
		       same[i].text);
		tap_ok(tap, signal_kind(&signal) == same[i].value.kind, "%s is of its kind",
		       same[i].text);
		tap_is_str(tap, signal_value_text(&value, text), same[i].text, "%s as text",
			   same[i].text);
		tap_ok(tap,
		       signal_encode(&signal, &value, &bytes, &error) == 0 &&
			       bytes == same[i].bytes,
		       "%s is encoded, and no byte more", same[i].text);
	}
}

/* Of another kind, but nothing is lost. */
static const struct {
	enum signal_type type;
	double scale;
	struct signal_value value;
	uint64_t bytes;
} taken[] = {
	{SIGNAL_U8, 0, REAL(255), 255},
	{SIGNAL_U8, 0, INTEGER(7), 7},
	{SIGNAL_I8, 0, NATURAL(127), 127},
	{SIGNAL_I8, 0, REAL(-128), 0x80},
	{SIGNAL_U64, 0, REAL(0x1p63), 1ull << 63},
	{SIGNAL_I64, 0, REAL(-0x1p63), 1ull << 63},
	{SIGNAL_F64, 0, INTEGER(3000), 0x40a7700000000000},
	{SIGNAL_F32, 0, NATURAL(1), 0x3f800000},
	{SIGNAL_U8, 0.1, REAL(25.54), 0}, /* refused below */
	{SIGNAL_U8, 0.1, REAL(25.46), 255},
	{SIGNAL_U8, 0.1, REAL(25.44), 254},
	{SIGNAL_I16, 0.1, INTEGER(-3), 0xffe2},
};

static void test_what_is_taken(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		const struct description_signal signal = make(taken[i].type, taken[i].scale);
		_cleanup_(error_done) struct error error = {0};
		char text[SIGNAL_MAX_TEXT];
		uint64_t bytes = 0;
		int r = signal_encode(&signal, &taken[i].value, &bytes, &error);

		signal_value_text(&taken[i].value, text);
		tap_is_u64(tap, bytes, taken[i].bytes, "%s as %s", text,
			   signal_types[taken[i].type].name);
		tap_ok(tap, (r == 0) == (taken[i].bytes != 0), "%s: is it taken", text);
	}
}

static const struct {
	enum signal_type type;
	struct signal_value value;
	const char *text;
} refused[] = {
	{SIGNAL_BOOL, NATURAL(1), "takes true or false, not a number"},
	{SIGNAL_U8, TRUTH(true), "takes a number, not true or false"},
	{SIGNAL_F64, TRUTH(true), "takes a number"},
	{SIGNAL_U8, NATURAL(256), "256 is more than its type holds, 255"},
	{SIGNAL_U8, INTEGER(-1), "-1 is less than its type holds, 0"},
	{SIGNAL_U8, REAL(0.5), "takes whole numbers"},
	{SIGNAL_I8, NATURAL(128), "more than its type holds, 127"},
	{SIGNAL_I16, REAL(-32769), "less than its type holds, -32768"},
	{SIGNAL_U64, REAL(0x1p64), "whole numbers of its range"},
	{SIGNAL_U64, INTEGER(INT64_MIN), "less than its type holds"},
	{SIGNAL_I64, NATURAL(1ull << 63), "whole numbers of its range"},
	{SIGNAL_I64, REAL(0x1p63), "whole numbers of its range"},
	{SIGNAL_I64, REAL(-0x1.0000000000001p63), "less than its type holds"},
	{SIGNAL_F32, REAL(1e39), "more than its type holds"},
	{SIGNAL_F32, REAL(-1e39), "less than its type holds"},
	{SIGNAL_F64, REAL(NAN), "is no number"},
	{SIGNAL_F64, REAL(INFINITY), "is no number"},
	{SIGNAL_I32, REAL(NAN), "is no number"},
};

static void test_what_is_refused(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		const struct description_signal signal = make(refused[i].type, 0);
		_cleanup_(error_done) struct error error = {0};
		uint64_t bytes = 0x5555555555555555;
		int r = signal_encode(&signal, &refused[i].value, &bytes, &error);

		tap_ok(tap,
		       r == -EINVAL && error.code == ERROR_INVALID &&
			       strstr(error_text(&error), refused[i].text),
		       "%s refuses: %s", signal_types[refused[i].type].name, refused[i].text);
		tap_note(tap, "  %s", error_text(&error));
		tap_is_u64(tap, bytes, 0x5555555555555555, "and writes nothing");
	}
}

static void test_limits(struct tap *tap)
{
	static const struct {
		double value;
		const char *text; /* NULL: taken */
	} cases[] = {{0, NULL},
		     {3600, NULL},
		     {-0.001, "-0.001 rpm is less than min, 0"},
		     {3600.001, "3600.001 rpm is more than max, 3600"}};
	struct description_signal signal = make(SIGNAL_F64, 0);

	signal.has_min = signal.has_max = true;
	signal.max = 3600;
	signal.unit = "rpm";
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct signal_value value = REAL(cases[i].value);
		_cleanup_(error_done) struct error error = {0};
		uint64_t bytes;
		int r = signal_encode(&signal, &value, &bytes, &error);

		tap_ok(tap,
		       cases[i].text ? r < 0 && strstr(error_text(&error), cases[i].text) != NULL
				     : r == 0,
		       "%g within 0 to 3600: %s", cases[i].value,
		       cases[i].text ? cases[i].text : "taken");
	}
}

/* Of a scale of 10 the nearest step may be out of a range that the value is in. */
static void test_steps(struct tap *tap)
{
	static const struct {
		double scale, min, max, value;
		const char *text; /* NULL: taken */
	} cases[] = {
		{10, 3, 18, 4, "4 is stored as 0, by its scale, and that is less than min, 3"},
		{10, 3, 18, 16, "16 is stored as 20, by its scale, and that is more than max, 18"},
		{10, 3, 18, 14, NULL},
		{0.1, 0, 0.3, 0.3, NULL},
		{0.1, 0.3, 1, 0.3, NULL},
		{0.01, 0, 100, 100, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct signal_value value = REAL(cases[i].value);
		struct description_signal signal = make(SIGNAL_U16, cases[i].scale);
		_cleanup_(error_done) struct error error = {0};
		uint64_t bytes = 0;
		int r;

		signal.has_min = signal.has_max = true;
		signal.min = cases[i].min;
		signal.max = cases[i].max;
		r = signal_encode(&signal, &value, &bytes, &error);
		tap_ok(tap,
		       cases[i].text ? r < 0 && bytes == 0 &&
					       strstr(error_text(&error), cases[i].text) != NULL
				     : r == 0,
		       "%g within %g to %g, in steps of %g: %s", cases[i].value, cases[i].min,
		       cases[i].max, cases[i].scale, cases[i].text ?: "taken");
	}
}

static void test_what_is_no_number(struct tap *tap)
{
	const struct signal_value nan = REAL(NAN), other = REAL(NAN), infinite = REAL(INFINITY);
	const struct signal_value one = REAL(1), whole = NATURAL(1);

	tap_ok(tap, !signal_value_finite(&nan) && !signal_value_finite(&infinite),
	       "NaN and infinity are no values");
	tap_ok(tap, signal_value_finite(&one) && signal_value_finite(&whole), "numbers are");
	tap_ok(tap, signal_values_equal(&nan, &other), "NaN is no news after NaN");
	tap_ok(tap, !signal_values_equal(&one, &whole), "another kind is another value");
}

int main(void)
{
	struct tap tap = {0};

	test_both_ways(&tap);
	test_what_is_taken(&tap);
	test_what_is_refused(&tap);
	test_limits(&tap);
	test_steps(&tap);
	test_what_is_no_number(&tap);
	return tap_done(&tap);
}
