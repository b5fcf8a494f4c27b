// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "common/text_span.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* All of them are printed; the first ones can be read. */
static const struct unit byte_units[] = {
	{"", 1},	   {"K", 1ull << 10}, {"M", 1ull << 20}, {"G", 1ull << 30},
	{"T", 1ull << 40}, {"P", 1ull << 50}, {"E", 1ull << 60},
};

#define BYTE_UNITS_READ 4

#define SECOND_NS (1000ull * 1000 * 1000)

static const struct unit time_units[] = {
	{"ms", SECOND_NS / 1000},     {"s", SECOND_NS},
	{"min", 60 * SECOND_NS},      {"h", 3600 * SECOND_NS},
	{"d", 24 * 3600 * SECOND_NS},
};

#define TIME_UNITS_READ	    3
#define INTERVAL_UNITS_READ 4

/* The unit's factor; 0 where it is none of the first count. */
static uint64_t find_factor(struct text_span text, const struct unit *units, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_span_equals(text, units[i].name))
			return units[i].factor;
	}
	return 0;
}

static int parse_with_unit(struct text_span text, const struct unit *units, size_t count,
			   uint64_t *ret)
{
	uint64_t value, factor;
	int r;

	r = text_span_number(&text, 10, &value);
	if (r < 0)
		return r;
	factor = find_factor(text, units, count);
	if (factor == 0)
		return -EINVAL;
	return __builtin_mul_overflow(value, factor, ret) ? -ERANGE : 0;
}

int quantity_parse_bytes(const char *text, size_t length, uint64_t *ret_bytes)
{
	struct text_span span = {text, length};
	uint64_t value;
	int r;

	if (!text_span_prefix(&span, "0x")) {
		r = parse_with_unit(span, byte_units, BYTE_UNITS_READ, &value);
	} else {
		r = text_span_number(&span, 16, &value);
		if (r == 0 && span.length > 0)
			r = -EINVAL;
	}
	if (r == 0)
		*ret_bytes = value;
	return r;
}

int quantity_parse_time(const char *text, size_t length, uint64_t *ret_ns)
{
	uint64_t value;
	int r;

	r = parse_with_unit((struct text_span){text, length}, time_units, TIME_UNITS_READ, &value);
	if (r < 0)
		return r;
	if (value > INT64_MAX)
		return -ERANGE;
	*ret_ns = value;
	return 0;
}

int quantity_parse_interval(const char *text, uint64_t *ret_ns)
{
	struct text_span number = {text, strspn(text, "0123456789.")};
	const char *unit = text + number.length;
	uint64_t value = 0, scale = SECOND_NS;
	int r;

	if (*unit)
		scale = find_factor((struct text_span){unit, strlen(unit)}, time_units,
				    INTERVAL_UNITS_READ);
	r = text_span_number(&number, 10, &value);
	if (r == -ERANGE || __builtin_mul_overflow(value, scale, &value) || value > INT64_MAX)
		return -ERANGE;
	text_span_prefix(&number, ".");
	if (scale == 0 || (r < 0 && number.length == 0))
		return -EINVAL;
	for (; number.length > 0; number.at++, number.length--) {
		if (*number.at == '.')
			return -EINVAL;
		scale /= 10;
		value += scale * (*number.at - '0');
	}
	*ret_ns = value;
	return 0;
}

const char *quantity_format_bytes(uint64_t bytes, char *buffer)
{
	size_t i = 0;

	while (bytes != 0 && i + 1 < BYTE_UNITS_READ && bytes % byte_units[i + 1].factor == 0)
		i++;
	snprintf(buffer, QUANTITY_TEXT_MAX, "%" PRIu64 "%s", bytes / byte_units[i].factor,
		 byte_units[i].name);
	return buffer;
}

static const char *round_bytes(uint64_t bytes, bool up, char *buffer)
{
	const struct unit *unit = byte_units;
	uint64_t whole, rest, tenths;
	const char *name;

	while (unit + 1 < byte_units + ARRAY_SIZE(byte_units) && bytes >= unit[1].factor)
		unit++;
	name = unit->factor == 1 ? "B" : unit->name;
	whole = bytes / unit->factor;
	rest = bytes % unit->factor;
	/* One digit behind the point; the rest is below 2^60, so ten times that fits. */
	tenths = rest * 10 / unit->factor + (up && rest * 10 % unit->factor != 0);
	if (rest == 0 || tenths == 10)
		snprintf(buffer, QUANTITY_TEXT_MAX, "%" PRIu64 "%s", whole + tenths / 10, name);
	else
		snprintf(buffer, QUANTITY_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%s", whole, tenths,
			 name);
	return buffer;
}

const char *quantity_round_bytes(uint64_t bytes, char *buffer)
{
	return round_bytes(bytes, false, buffer);
}

const char *quantity_round_bytes_up(uint64_t bytes, char *buffer)
{
	return round_bytes(bytes, true, buffer);
}

const char *quantity_format_time(uint64_t ns, char *buffer)
{
	size_t i = ARRAY_SIZE(time_units) - 1;
	uint64_t rest;
	int length;

	while (i > 0 && ns < time_units[i].factor)
		i--;
	length = snprintf(buffer, QUANTITY_TEXT_MAX, "%" PRIu64 "%s", ns / time_units[i].factor,
			  time_units[i].name);

	/* Milliseconds beside seconds are noise. */
	if (i < 2)
		return buffer;
	rest = ns % time_units[i].factor / time_units[i - 1].factor;
	if (rest > 0)
		snprintf(buffer + length, QUANTITY_TEXT_MAX - length, " %" PRIu64 "%s", rest,
			 time_units[i - 1].name);
	return buffer;
}
