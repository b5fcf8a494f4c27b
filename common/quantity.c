// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/quantity.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit byte_units[] = {
	{"", 1}, {"K", 1ull << 10}, {"M", 1ull << 20}, {"G", 1ull << 30}, {0},
};

static const struct unit time_units[] = {
	{"ms", 1000ull * 1000},
	{"s", 1000ull * 1000 * 1000},
	{"min", 60ull * 1000 * 1000 * 1000},
	{0},
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads digits from the start of text. Returns their number, 0 where there are none, -ERANGE. */
static int parse_digits(const char *text, size_t length, unsigned int base, uint64_t *ret)
{
	uint64_t value = 0;
	bool overflow = false;
	size_t i;

	for (i = 0; i < length; i++) {
		int digit = digit_value(text[i]);

		if (digit < 0 || (unsigned int)digit >= base)
			break;
		overflow |= __builtin_mul_overflow(value, base, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)digit, &value);
	}
	if (overflow)
		return -ERANGE;
	*ret = value;
	return i;
}

static int parse_with_unit(const char *text, size_t length, const struct unit *units, uint64_t *ret)
{
	const struct unit *unit;
	uint64_t value;
	int digits;

	/* No longer text means a number; it also keeps the count of digits in an int. */
	if (length > 64)
		return -EINVAL;
	digits = parse_digits(text, length, 10, &value);
	if (digits <= 0)
		return digits ?: -EINVAL;
	text += digits;
	length -= digits;

	for (unit = units; unit->name; unit++) {
		if (strlen(unit->name) == length && memcmp(unit->name, text, length) == 0)
			break;
	}
	if (!unit->name)
		return -EINVAL;
	if (__builtin_mul_overflow(value, unit->factor, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int quantity_parse_bytes(const char *text, size_t length, uint64_t *ret_bytes)
{
	uint64_t value;
	int digits;

	if (length > 64)
		return -EINVAL;
	if (length < 2 || text[0] != '0' || text[1] != 'x')
		return parse_with_unit(text, length, byte_units, ret_bytes);

	digits = parse_digits(text + 2, length - 2, 16, &value);
	if (digits < 0)
		return digits;
	if (digits == 0 || (size_t)digits != length - 2)
		return -EINVAL;
	*ret_bytes = value;
	return 0;
}

int quantity_parse_time(const char *text, size_t length, uint64_t *ret_ns)
{
	uint64_t value;
	int r;

	r = parse_with_unit(text, length, time_units, &value);
	if (r < 0)
		return r;
	if (value > INT64_MAX)
		return -ERANGE;
	*ret_ns = value;
	return 0;
}

const char *quantity_format_bytes(uint64_t bytes, char *buffer)
{
	const struct unit *unit = byte_units;

	if (bytes != 0) {
		while (unit[1].name && bytes % unit[1].factor == 0)
			unit++;
	}
	snprintf(buffer, QUANTITY_TEXT_MAX, "%" PRIu64 "%s", bytes / unit->factor, unit->name);
	return buffer;
}
