/* SPDX-License-Identifier: GPL-2.0-only */
/* Values of signals: out of the bytes that a peer wrote, and into those that one shall read. */
#ifndef SIGNAL_VALUE_H
#define SIGNAL_VALUE_H

#include "model/signal.h"
#include "util/error.h"

#define SIGNAL_MAX_BYTES 8
#define SIGNAL_MAX_TEXT	 32

struct signal_value {
	enum signal_kind kind;
	union {
		bool truth;
		uint64_t natural;
		int64_t integer;
		double real;
	};
};

/* What values of a signal are: REAL for all that are scaled. */
enum signal_kind signal_kind(const struct description_signal *signal);

/* The value, scaled, of bytes of its type. */
struct signal_value signal_decode(const struct description_signal *signal, const void *bytes);

/* As a number, of whichever kind it is. */
double signal_value_real(const struct signal_value *value);

/* Not a real that is no number, or infinite. */
bool signal_value_finite(const struct signal_value *value);

bool signal_values_equal(const struct signal_value *a, const struct signal_value *b);

/*
 * The bytes of its type of a value of any kind, after min, max, scale and type: nothing is
 * rounded but by a scale and to f32, nothing cut off. -EINVAL with an error (Invalid) that names
 * the signal where it does not fit; ret_bytes (SIGNAL_MAX_BYTES) is untouched then.
 */
int signal_encode(const struct description_signal *signal, const struct signal_value *value,
		  void *ret_bytes, struct error *error);

/* As text for people: "true", "3000", "49.98". Returns ret. */
const char *signal_value_text(const struct signal_value *value, char ret[SIGNAL_MAX_TEXT]);

#endif /* SIGNAL_VALUE_H */
