// SPDX-License-Identifier: GPL-2.0-only
/* Values as registers: bytes as they are on the wire, and that what does not fit is not made to. */
#include <math.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "encoding.h"
#include "tests/lib/tap.h"

#define TRUTH(x)                     \
	{                            \
		VALUE_TRUTH,         \
		{                    \
			.truth = (x) \
		}                    \
	}
#define INTEGER(x)                     \
	{                              \
		VALUE_INTEGER,         \
		{                      \
			.integer = (x) \
		}                      \
	}
#define NATURAL(x)                     \
	{                              \
		VALUE_NATURAL,         \
		{                      \
			.natural = (x) \
		}                      \
	}
#define REAL(x)                     \
	{                           \
		VALUE_REAL,         \
		{                   \
			.real = (x) \
		}                   \
	}

static const struct {
	const char *name;
	struct encoding encoding;
	struct value value;
	uint16_t registers[ENCODING_MAX_REGISTERS];
} exact[] = {
	{"true as a bool", {ENCODING_BOOL}, TRUTH(true), {1}},
	{"false as a bool", {ENCODING_BOOL}, TRUTH(false), {0}},
	{"true as a number", {ENCODING_U16}, TRUTH(true), {1}},
	{"the largest u16", {ENCODING_U16}, NATURAL(65535), {0xffff}},
	{"a u16 of a signed signal", {ENCODING_U16}, INTEGER(65535), {0xffff}},
	{"the largest i16", {ENCODING_I16}, NATURAL(32767), {0x7fff}},
	{"the smallest i16", {ENCODING_I16}, INTEGER(-32768), {0x8000}},
	{"-1 as i32", {ENCODING_I32}, INTEGER(-1), {0xffff, 0xffff}},
	{"the smallest i32", {ENCODING_I32}, INTEGER(INT32_MIN), {0x8000, 0}},
	{"u32, high word first", {ENCODING_U32}, NATURAL(0x12345678), {0x1234, 0x5678}},
	{"u32, low word first", {ENCODING_U32, true}, NATURAL(0x12345678), {0x5678, 0x1234}},
	{"u64, high word first",
	 {ENCODING_U64},
	 NATURAL(0x0123456789abcdef),
	 {0x0123, 0x4567, 0x89ab, 0xcdef}},
	{"u64, low word first",
	 {ENCODING_U64, true},
	 NATURAL(0x0123456789abcdef),
	 {0xcdef, 0x89ab, 0x4567, 0x0123}},
	{"the largest u64, all of its digits",
	 {ENCODING_U64},
	 NATURAL(UINT64_MAX),
	 {0xffff, 0xffff, 0xffff, 0xffff}},
	{"the smallest i64", {ENCODING_I64}, INTEGER(INT64_MIN), {0x8000, 0, 0, 0}},
	{"an odd number beyond 2^53",
	 {ENCODING_I64},
	 INTEGER(INT64_C(9007199254740993)),
	 {0x0020, 0, 0, 1}},
	/* IEEE 754: 3000.25 is 0x453b8400 and 0x40a7708000000000. */
	{"f32", {ENCODING_F32}, REAL(3000.25), {0x453b, 0x8400}},
	{"f32, low word first", {ENCODING_F32, true}, REAL(3000.25), {0x8400, 0x453b}},
	{"f32 of a whole number", {ENCODING_F32}, INTEGER(-2), {0xc000, 0}},
	{"f64", {ENCODING_F64}, REAL(3000.25), {0x40a7, 0x7080, 0, 0}},
	{"f64, low word first", {ENCODING_F64, true}, REAL(3000.25), {0, 0, 0x7080, 0x40a7}},
	{"scaled", {ENCODING_I16, false, 0.1}, REAL(-12.3), {(uint16_t)-123}},
	{"scaled, a whole number", {ENCODING_U16, false, 0.5}, NATURAL(3), {6}},
	{"scaled and rounded", {ENCODING_U16, false, 10}, REAL(3004.9), {300}},
	{"rounded up", {ENCODING_U16}, REAL(2.5), {3}},
	{"rounded to the largest", {ENCODING_U16}, REAL(65535.4), {0xffff}},
	{"a little below 0", {ENCODING_U16}, REAL(-0.4), {0}},
	{"scaled f32", {ENCODING_F32, false, 2}, REAL(6000.5), {0x453b, 0x8400}},
	{"negative scale", {ENCODING_I16, false, -1}, INTEGER(5), {(uint16_t)-5}},
};

static const struct {
	const char *name;
	struct encoding encoding;
	struct value value;
} not_fitting[] = {
	{"65536 as u16", {ENCODING_U16}, NATURAL(65536)},
	{"65535.5 as u16, which is rounded up", {ENCODING_U16}, REAL(65535.5)},
	{"-1 as u16", {ENCODING_U16}, INTEGER(-1)},
	{"-1 as u64", {ENCODING_U64}, INTEGER(-1)},
	{"-0.6 as u16, which is rounded down", {ENCODING_U16}, REAL(-0.6)},
	{"-1e30 as i32", {ENCODING_I32}, REAL(-1e30)},
	{"32768 as i16", {ENCODING_I16}, NATURAL(32768)},
	{"-32769 as i16", {ENCODING_I16}, INTEGER(-32769)},
	{"2^63 as i64", {ENCODING_I64}, NATURAL(UINT64_C(1) << 63)},
	{"2^63 as i64, a real", {ENCODING_I64}, REAL(9223372036854775808.0)},
	{"2^64 as u64, a real", {ENCODING_U64}, REAL(18446744073709551616.0)},
	{"1e39 as f32", {ENCODING_F32}, REAL(1e39)},
	{"infinity as f64", {ENCODING_F64}, REAL(INFINITY)},
	{"no number as u16", {ENCODING_U16}, REAL(NAN)},
	{"no number as f32", {ENCODING_F32}, REAL(NAN)},
	{"1 as a bool", {ENCODING_BOOL}, NATURAL(1)},
	{"77 as a bool", {ENCODING_BOOL}, NATURAL(77)},
	{"scaled out of range", {ENCODING_I16, false, 0.001}, REAL(33)},
};

static void test_writes(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(exact); i++) {
		const size_t size = encoding_registers(exact[i].encoding.type) * sizeof(uint16_t);
		/* As large as it says, so that a write behind it is found. */
		uint16_t *registers = calloc(1, size);

		tap_ok(tap,
		       registers &&
			       encoding_write(&exact[i].encoding, &exact[i].value, registers) &&
			       memcmp(registers, exact[i].registers, size) == 0,
		       "registers of %s", exact[i].name);
		free(registers);
	}
	for (size_t i = 0; i < ARRAY_SIZE(not_fitting); i++) {
		uint16_t registers[ENCODING_MAX_REGISTERS] = {0xbeef};

		tap_ok(tap,
		       !encoding_write(&not_fitting[i].encoding, &not_fitting[i].value,
				       registers) &&
			       registers[0] == 0xbeef,
		       "%s does not fit", not_fitting[i].name);
	}
}

static bool is_value(const struct encoding *encoding, const uint16_t *registers,
		     const struct value *expected)
{
	struct value value;

	if (!encoding_read(encoding, registers, &value) || value.kind != expected->kind)
		return false;
	switch (value.kind) {
	case VALUE_TRUTH:
		return value.truth == expected->truth;
	case VALUE_REAL:
		return fabs(value.real - expected->real) <= 1e-9 * fabs(expected->real);
	default:
		return value.natural == expected->natural;
	}
}

static const struct {
	const char *name;
	struct encoding encoding;
	uint16_t registers[ENCODING_MAX_REGISTERS];
	struct value value;
} reads[] = {
	{"a bool", {ENCODING_BOOL}, {1}, TRUTH(true)},
	{"u16", {ENCODING_U16}, {0xffff}, NATURAL(65535)},
	{"i16", {ENCODING_I16}, {0xffff}, INTEGER(-1)},
	{"i32, low word first", {ENCODING_I32, true}, {0xfffe, 0xffff}, INTEGER(-2)},
	{"u32", {ENCODING_U32}, {0x8000, 1}, NATURAL(0x80000001)},
	{"u64", {ENCODING_U64}, {0xffff, 0, 0, 1}, NATURAL(0xffff000000000001)},
	{"i64", {ENCODING_I64}, {0x8000, 0, 0, 0}, INTEGER(INT64_MIN)},
	{"f32", {ENCODING_F32}, {0x453b, 0x8400}, REAL(3000.25)},
	{"f64, low word first", {ENCODING_F64, true}, {0, 0, 0x7080, 0x40a7}, REAL(3000.25)},
	{"scaled", {ENCODING_I16, false, 0.1}, {(uint16_t)-123}, REAL(-12.3)},
	{"scaled f32", {ENCODING_F32, false, 2}, {0x453b, 0x8400}, REAL(6000.5)},
};

static const struct {
	const char *name;
	struct encoding encoding;
	uint16_t registers[ENCODING_MAX_REGISTERS];
} no_values[] = {
	{"2 as a bool", {ENCODING_BOOL}, {2}},
	{"f32's infinity", {ENCODING_F32}, {0x7f80, 0}},
	{"f32's no number", {ENCODING_F32}, {0x7fc0, 0}},
	{"f64's infinity, low word first", {ENCODING_F64, true}, {0, 0, 0, 0xfff0}},
	{"a scale that leads to infinity", {ENCODING_F64, false, 1e100}, {0x7fe0, 0, 0, 0}},
};

static void test_reads(struct tap *tap)
{
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++)
		tap_ok(tap, is_value(&reads[i].encoding, reads[i].registers, &reads[i].value),
		       "the value of %s", reads[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(no_values); i++) {
		struct value value = NATURAL(7);

		tap_ok(tap,
		       !encoding_read(&no_values[i].encoding, no_values[i].registers, &value) &&
			       value.natural == 7,
		       "%s is no value", no_values[i].name);
	}
}

int main(void)
{
	struct tap tap = {0};

	test_writes(&tap);
	test_reads(&tap);
	return tap_done(&tap);
}
