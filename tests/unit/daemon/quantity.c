// SPDX-License-Identifier: GPL-2.0-only
#include "model_test.h"
#include "common/quantity.h"

struct quantity_case {
	const char *text;
	int result;
	uint64_t value;
};

static const struct quantity_case byte_cases[] = {
	{"0", 0, 0},
	{"4096", 0, 4096},
	{"64K", 0, 64 << 10},
	{"1M", 0, 1 << 20},
	{"3G", 0, 3ull << 30},
	{"0x1000", 0, 0x1000},
	{"0xfee00000", 0, 0xfee00000},
	{"0xFFFFFFFFFFFFFFFF", 0, UINT64_MAX},
	{"18446744073709551615", 0, UINT64_MAX},
	{"18446744073709551616", -ERANGE, 0},
	{"0x10000000000000000", -ERANGE, 0},
	{"17179869184G", -ERANGE, 0},
	{"", -EINVAL, 0},
	{"K", -EINVAL, 0},
	{"0x", -EINVAL, 0},
	{"0x10K", -EINVAL, 0},
	{"0X10", -EINVAL, 0},
	{"-1", -EINVAL, 0},
	{"+1", -EINVAL, 0},
	{" 1", -EINVAL, 0},
	{"1 M", -EINVAL, 0},
	{"1m", -EINVAL, 0},
	{"1MB", -EINVAL, 0},
	{"1.5M", -EINVAL, 0},
	{"1T", -EINVAL, 0},
	{"ff", -EINVAL, 0},
};

static const struct quantity_case time_cases[] = {
	{"500ms", 0, 500000000},
	{"5s", 0, 5000000000},
	{"1min", 0, 60000000000},
	{"0s", 0, 0},
	{"9223372036s", 0, 9223372036000000000},
	{"9223372037s", -ERANGE, 0},
	{"18446744073710s", -ERANGE, 0},
	{"99999999999999999999ms", -ERANGE, 0},
	{"5", -EINVAL, 0},
	{"5 s", -EINVAL, 0},
	{"5m", -EINVAL, 0},
	{"5us", -EINVAL, 0},
	{"s", -EINVAL, 0},
	{"", -EINVAL, 0},
	{"0x5s", -EINVAL, 0},
	{"-5s", -EINVAL, 0},
	{"5S", -EINVAL, 0},
};

typedef int (*quantity_parse)(const char *text, size_t length, uint64_t *ret);

static void run_cases(struct tap *tap, const char *what, quantity_parse parse,
		      const struct quantity_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0x5a5a;
		int r = parse(cases[i].text, strlen(cases[i].text), &value);

		tap_ok(tap, r == cases[i].result && value == (r ? 0x5a5a : cases[i].value),
		       "%s \"%s\" is taken for what it is", what, cases[i].text);
	}
}

static void test_length(struct tap *tap)
{
	uint64_t value = 0;

	tap_ok(tap, quantity_parse_bytes("64K5", 3, &value) == 0 && value == 65536,
	       "a quantity ends where its length says");
}

static void test_format(struct tap *tap)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1023, "1023"},
		{1024, "1K"},
		{1 << 20, "1M"},
		{(1 << 20) + 4096, "1028K"},
		{3ull << 30, "3G"},
		{1ull << 40, "1024G"},
		{UINT64_MAX, "18446744073709551615"},
	};
	char buffer[QUANTITY_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tap_is_str(tap, quantity_format_bytes(cases[i].bytes, buffer), cases[i].text,
			   "a size is written as %s", cases[i].text);
}

static void test_rounding(struct tap *tap)
{
	static const struct {
		uint64_t bytes;
		const char *wanted, *up;
	} cases[] = {
		{0, "0B", "0B"},
		{1023, "1023B", "1023B"},
		{1024, "1K", "1K"},
		{1536, "1.5K", "1.5K"},
		{1 << 20, "1M", "1M"},
		{(1 << 20) + 1, "1.0M", "1.1M"},
		{36668 << 10, "35.8M", "35.9M"},
		{(48 << 20) - 1, "47.9M", "48M"},
		{UINT64_C(3) << 30, "3G", "3G"},
		{UINT64_MAX, "15.9E", "16E"},
	};
	char buffer[QUANTITY_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tap_is_str(tap, quantity_round_bytes(cases[i].bytes, buffer), cases[i].wanted, "%s",
			   cases[i].wanted);
		tap_is_str(tap, quantity_round_bytes_up(cases[i].bytes, buffer), cases[i].up,
			   "rounded up %s", cases[i].up);
	}
}

static void test_durations(struct tap *tap)
{
	static const struct {
		uint64_t usec;
		const char *wanted;
	} cases[] = {
		{0, "0ms"},
		{250000, "250ms"},
		{1900000, "1s"},
		{65000000, "1min 5s"},
		{60000000, "1min"},
		{3600000000, "1h"},
		{2 * UINT64_C(86400000000) + 4 * UINT64_C(3600000000), "2d 4h"},
	};
	char buffer[QUANTITY_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		tap_is_str(tap, quantity_format_time(1000 * cases[i].usec, buffer), cases[i].wanted,
			   "%s", cases[i].wanted);
	quantity_format_time(UINT64_MAX, buffer);
	tap_ok(tap, strlen(buffer) < QUANTITY_TEXT_MAX - 1, "the longest duration fits");
}

int main(void)
{
	struct tap tap = {0};

	run_cases(&tap, "size", quantity_parse_bytes, byte_cases, ARRAY_SIZE(byte_cases));
	run_cases(&tap, "time", quantity_parse_time, time_cases, ARRAY_SIZE(time_cases));
	test_length(&tap);
	test_format(&tap);
	test_rounding(&tap);
	test_durations(&tap);
	return tap_done(&tap);
}
