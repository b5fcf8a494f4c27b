/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of signals as 16-bit registers, and registers as values. */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

/* What a number's registers hold: its word in a map, and how many registers it takes. */
#define ENCODINGS(X)                \
	X(ENCODING_BOOL, "bool", 1) \
	X(ENCODING_U16, "u16", 1)   \
	X(ENCODING_I16, "i16", 1)   \
	X(ENCODING_U32, "u32", 2)   \
	X(ENCODING_I32, "i32", 2)   \
	X(ENCODING_U64, "u64", 4)   \
	X(ENCODING_I64, "i64", 4)   \
	X(ENCODING_F32, "f32", 2)   \
	X(ENCODING_F64, "f64", 4)

enum encoding_type { ENCODINGS(WORD_SYMBOL) ENCODING_COUNT };

#define ENCODING_MAX_REGISTERS 4u

struct encoding {
	enum encoding_type type;
	bool low_first; /* the register of the lowest address has the lowest 16 bits */
	double scale;	/* value = number in the registers * scale; 0: none */
};

enum value_kind { VALUE_TRUTH, VALUE_INTEGER, VALUE_NATURAL, VALUE_REAL };

struct value {
	enum value_kind kind;
	union {
		bool truth;
		int64_t integer;
		uint64_t natural;
		double real;
	};
};

/* The word; NULL behind the last one. */
const char *encoding_name(enum encoding_type type);

/* 1, 2 or 4. */
unsigned int encoding_registers(enum encoding_type type);

/*
 * Fills as many registers as the encoding takes. Whole numbers without scale are exact, what has a
 * scale or digits behind the point is rounded to the nearest number. False where it does not fit
 * (out of range, infinite, no number, a number in a bool); the registers are untouched then.
 */
bool encoding_write(const struct encoding *encoding, const struct value *value,
		    uint16_t *registers);

/* The value in the registers. False where they hold none: a bool that is not 0 or 1, a real that is
 * no finite number. */
bool encoding_read(const struct encoding *encoding, const uint16_t *registers,
		   struct value *ret_value);

#endif /* ENCODING_H */
