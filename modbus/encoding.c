// SPDX-License-Identifier: GPL-2.0-only
#include "encoding.h"

#include <math.h>
#include <string.h>

#define REGISTER_BITS 16u

#define REGISTERS_ENTRY(type, word, registers) [type] = registers,
static const char *const names[] = {ENCODINGS(WORD_ENTRY)};
static const uint8_t sizes[] = {ENCODINGS(REGISTERS_ENTRY)};

const char *encoding_name(enum encoding_type type)
{
	return type < ENCODING_COUNT ? names[type] : NULL;
}

unsigned int encoding_registers(enum encoding_type type)
{
	return sizes[type];
}

static bool is_real(enum encoding_type type)
{
	return type == ENCODING_F32 || type == ENCODING_F64;
}

static bool is_signed(enum encoding_type type)
{
	return type == ENCODING_I16 || type == ENCODING_I32 || type == ENCODING_I64;
}

static unsigned int bits_of(enum encoding_type type)
{
	return sizes[type] * REGISTER_BITS;
}

static double real_of(const struct value *value)
{
	switch (value->kind) {
	case VALUE_TRUTH:
		return value->truth;
	case VALUE_INTEGER:
		return (double)value->integer;
	case VALUE_NATURAL:
		return (double)value->natural;
	default:
		return value->real;
	}
}

/* ---- Values to numbers ---------------------------------------------------------------------- */

static bool fit_integer(enum encoding_type type, int64_t integer, uint64_t *ret_raw)
{
	const unsigned int spare = 64 - bits_of(type);

	if (is_signed(type) ? (integer < INT64_MIN >> spare || integer > INT64_MAX >> spare)
			    : (integer < 0 || (uint64_t)integer > UINT64_MAX >> spare))
		return false;
	*ret_raw = (uint64_t)integer;
	return true;
}

static bool fit_natural(enum encoding_type type, uint64_t natural, uint64_t *ret_raw)
{
	if (natural > (is_signed(type) ? INT64_MAX : UINT64_MAX) >> (64 - bits_of(type)))
		return false;
	*ret_raw = natural;
	return true;
}

/* The limits are powers of two: of these a double has all exactly. NaN is within none. */
static bool fit_rounded(enum encoding_type type, double real, uint64_t *ret_raw)
{
	const int bits = (int)bits_of(type);
	const double rounded = round(real);

	if (is_signed(type)) {
		if (!(rounded >= -ldexp(1, bits - 1) && rounded < ldexp(1, bits - 1)))
			return false;
		*ret_raw = (uint64_t)(int64_t)rounded;
	} else {
		if (!(rounded >= 0 && rounded < ldexp(1, bits)))
			return false;
		*ret_raw = (uint64_t)rounded;
	}
	return true;
}

static bool fit_real(enum encoding_type type, double real, uint64_t *ret_raw)
{
	const float narrow = (float)real;
	uint32_t bits;

	if (type == ENCODING_F64) {
		memcpy(ret_raw, &real, sizeof(real));
		return isfinite(real);
	}
	memcpy(&bits, &narrow, sizeof(bits));
	*ret_raw = bits;
	return isfinite(narrow);
}

static bool fit(const struct encoding *encoding, const struct value *value, uint64_t *ret_raw)
{
	const double scale = encoding->scale;

	if (encoding->type == ENCODING_BOOL) {
		*ret_raw = value->kind == VALUE_TRUTH && value->truth;
		return value->kind == VALUE_TRUTH;
	}
	if (is_real(encoding->type))
		return fit_real(encoding->type, scale ? real_of(value) / scale : real_of(value),
				ret_raw);
	if (scale || value->kind == VALUE_REAL)
		return fit_rounded(encoding->type, scale ? real_of(value) / scale : value->real,
				   ret_raw);
	if (value->kind == VALUE_NATURAL)
		return fit_natural(encoding->type, value->natural, ret_raw);
	return fit_integer(encoding->type,
			   value->kind == VALUE_TRUTH ? value->truth : value->integer, ret_raw);
}

bool encoding_write(const struct encoding *encoding, const struct value *value, uint16_t *registers)
{
	const unsigned int count = sizes[encoding->type];
	uint64_t raw;

	if (!fit(encoding, value, &raw))
		return false;
	for (unsigned int i = 0; i < count; i++, raw >>= REGISTER_BITS)
		registers[encoding->low_first ? i : count - 1 - i] = (uint16_t)raw;
	return true;
}

/* ---- Numbers to values ---------------------------------------------------------------------- */

static double real_from_raw(enum encoding_type type, uint64_t raw)
{
	const uint32_t low = (uint32_t)raw;
	double real;
	float narrow;

	if (type == ENCODING_F64) {
		memcpy(&real, &raw, sizeof(real));
		return real;
	}
	memcpy(&narrow, &low, sizeof(narrow));
	return narrow;
}

static int64_t sign_extended(enum encoding_type type, uint64_t raw)
{
	const unsigned int spare = 64 - bits_of(type);

	return (int64_t)(raw << spare) >> spare;
}

static bool value_of(const struct encoding *encoding, uint64_t raw, struct value *ret)
{
	const enum encoding_type type = encoding->type;

	if (type == ENCODING_BOOL) {
		*ret = (struct value){VALUE_TRUTH, {.truth = raw == 1}};
		return raw <= 1;
	}
	if (is_real(type))
		*ret = (struct value){VALUE_REAL, {.real = real_from_raw(type, raw)}};
	else if (is_signed(type))
		*ret = (struct value){VALUE_INTEGER, {.integer = sign_extended(type, raw)}};
	else
		*ret = (struct value){VALUE_NATURAL, {.natural = raw}};
	if (encoding->scale)
		*ret = (struct value){VALUE_REAL, {.real = real_of(ret) * encoding->scale}};
	return ret->kind != VALUE_REAL || isfinite(ret->real);
}

bool encoding_read(const struct encoding *encoding, const uint16_t *registers,
		   struct value *ret_value)
{
	const unsigned int count = sizes[encoding->type];
	struct value value;
	uint64_t raw = 0;

	for (unsigned int i = 0; i < count; i++)
		raw = raw << REGISTER_BITS | registers[encoding->low_first ? count - 1 - i : i];
	if (!value_of(encoding, raw, &value))
		return false;
	*ret_value = value;
	return true;
}
