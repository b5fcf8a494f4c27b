/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals: values in the sections of links that Linux has an end of, with names, types and units.
 * Behind the header of a section is a block of values; where in it a signal is, its description
 * says.
 */
#ifndef SIGNAL_H
#define SIGNAL_H

#include "model/description.h"

enum signal_kind {
	SIGNAL_KIND_TRUTH,
	SIGNAL_KIND_NATURAL,
	SIGNAL_KIND_INTEGER,
	SIGNAL_KIND_REAL,
};

/*
 * X(symbol, word, kind, bytes, least, greatest): what a value can be, before it is scaled, and as a
 * double: of 64 bits the greatest one that still fits.
 */
#define SIGNAL_TYPES(X)                                          \
	X(SIGNAL_BOOL, "bool", TRUTH, 1, 0, 1)                   \
	X(SIGNAL_U8, "u8", NATURAL, 1, 0, UINT8_MAX)             \
	X(SIGNAL_I8, "i8", INTEGER, 1, INT8_MIN, INT8_MAX)       \
	X(SIGNAL_U16, "u16", NATURAL, 2, 0, UINT16_MAX)          \
	X(SIGNAL_I16, "i16", INTEGER, 2, INT16_MIN, INT16_MAX)   \
	X(SIGNAL_U32, "u32", NATURAL, 4, 0, UINT32_MAX)          \
	X(SIGNAL_I32, "i32", INTEGER, 4, INT32_MIN, INT32_MAX)   \
	X(SIGNAL_U64, "u64", NATURAL, 8, 0, 0x1p64)              \
	X(SIGNAL_I64, "i64", INTEGER, 8, -0x1p63, 0x1p63)        \
	X(SIGNAL_F32, "f32", REAL, 4, -__FLT_MAX__, __FLT_MAX__) \
	X(SIGNAL_F64, "f64", REAL, 8, -__DBL_MAX__, __DBL_MAX__)

enum signal_type { SIGNAL_TYPES(WORD_SYMBOL) SIGNAL_TYPE_COUNT };

struct signal_type_facts {
	const char *name;
	enum signal_kind kind;
	unsigned int size; /* bytes; also its alignment */
	double least, greatest;
};
extern const struct signal_type_facts signal_types[SIGNAL_TYPE_COUNT];

/* Its place in its link's memory, from where the section's header ends. */
static inline struct address_range signal_range(const struct description_signal *signal)
{
	return (struct address_range){signal->offset, signal_types[signal->type].size};
}

/* Whether two signals of the same link are in one section of it, and whether they share bytes; the
 * link is the callers' to compare. */
bool signals_in_one_section(const struct description_signal *a, const struct description_signal *b);
bool signals_overlap(const struct description_signal *a, const struct description_signal *b);

#endif /* SIGNAL_H */
