// SPDX-License-Identifier: GPL-2.0-only
#include "model/signal_value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The first doubles that int64_t and uint64_t do not hold: 2^63, 2^64. */
#define INTEGER_END 0x1p63
#define NATURAL_END 0x1p64

static bool is_whole(double real)
{
	return real < -INTEGER_END || real >= INTEGER_END || real == (double)(int64_t)real;
}

static double round_half_away(double real)
{
	return is_whole(real) ? real : (double)(int64_t)(real + (real < 0 ? -0.5 : 0.5));
}

enum signal_kind signal_kind(const struct description_signal *signal)
{
	return signal->has_scale ? SIGNAL_KIND_REAL : signal_types[signal->type].kind;
}

double signal_value_real(const struct signal_value *value)
{
	switch (value->kind) {
	case SIGNAL_KIND_TRUTH:
		return value->truth;
	case SIGNAL_KIND_NATURAL:
		return (double)value->natural;
	case SIGNAL_KIND_INTEGER:
		return (double)value->integer;
	default:
		return value->real;
	}
}

/* Little-endian, as all peers of a link are: the low bytes come first. */
static struct signal_value decode_raw(enum signal_type type, const void *bytes)
{
	const unsigned int size = signal_types[type].size, unused = 64 - 8 * size;
	struct signal_value value = {.kind = signal_types[type].kind, .natural = 0};
	float single;

	memcpy(&value.natural, bytes, size);
	if (value.kind == SIGNAL_KIND_TRUTH) {
		/* Its writer's bool may be any byte. */
		value.truth = value.natural != 0;
	} else if (value.kind == SIGNAL_KIND_INTEGER) {
		value.integer = (int64_t)(value.natural << unused) >> unused;
	} else if (type == SIGNAL_F32) {
		memcpy(&single, bytes, sizeof(single));
		value.real = single;
	}
	return value;
}

struct signal_value signal_decode(const struct description_signal *signal, const void *bytes)
{
	const struct signal_value raw = decode_raw(signal->type, bytes);

	if (!signal->has_scale)
		return raw;
	return (struct signal_value){.kind = SIGNAL_KIND_REAL,
				     .real = signal_value_real(&raw) * signal->scale};
}

bool signal_value_finite(const struct signal_value *value)
{
	return value->kind != SIGNAL_KIND_REAL || isfinite(value->real);
}

bool signal_values_equal(const struct signal_value *a, const struct signal_value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case SIGNAL_KIND_TRUTH:
		return a->truth == b->truth;
	case SIGNAL_KIND_REAL:
		return a->real == b->real || (isnan(a->real) && isnan(b->real));
	default:
		return a->natural == b->natural;
	}
}

const char *signal_value_text(const struct signal_value *value, char ret[SIGNAL_MAX_TEXT])
{
	switch (value->kind) {
	case SIGNAL_KIND_TRUTH:
		snprintf(ret, SIGNAL_MAX_TEXT, "%s", value->truth ? "true" : "false");
		break;
	case SIGNAL_KIND_NATURAL:
		snprintf(ret, SIGNAL_MAX_TEXT, "%" PRIu64, value->natural);
		break;
	case SIGNAL_KIND_INTEGER:
		snprintf(ret, SIGNAL_MAX_TEXT, "%" PRId64, value->integer);
		break;
	default:
		snprintf(ret, SIGNAL_MAX_TEXT, "%.12g", value->real);
	}
	return ret;
}

static int refuse_range(const struct description_signal *signal, const struct signal_value *value,
			const char *what, double limit, struct error *error)
{
	char text[SIGNAL_MAX_TEXT];

	return error_set(error, ERROR_INVALID, "signal %s: %s%s%s is %s, %.12g", signal->name,
			 signal_value_text(value, text), signal->unit ? " " : "",
			 signal->unit ? signal->unit : "", what, limit);
}

static int check_limits(const struct description_signal *signal, const struct signal_value *value,
			struct error *error)
{
	const double real = signal_value_real(value);
	const double scale = signal->has_scale ? signal->scale : 1;

	if (!signal_value_finite(value))
		return error_set(error, ERROR_INVALID, "signal %s: the value is no number",
				 signal->name);
	if (signal->has_min && real < signal->min)
		return refuse_range(signal, value, "less than min", signal->min, error);
	if (signal->has_max && real > signal->max)
		return refuse_range(signal, value, "more than max", signal->max, error);
	if (real < signal_types[signal->type].least * scale)
		return refuse_range(signal, value, "less than its type holds",
				    signal_types[signal->type].least * scale, error);
	if (real > signal_types[signal->type].greatest * scale)
		return refuse_range(signal, value, "more than its type holds",
				    signal_types[signal->type].greatest * scale, error);
	return 0;
}

/*
 * What is stored of a scaled value is a whole number of steps; the nearest one may be out of the
 * range that the value is in. Of a step doubles hold a millionth, and a limit that is one of the
 * steps may be the last bit off.
 */
static int check_step(const struct description_signal *signal, const struct signal_value *value,
		      double steps, struct error *error)
{
	const double rounded = steps * signal->scale, some = signal->scale * 1e-6;
	const bool below = signal->has_min && rounded < signal->min - some;
	const bool above = signal->has_max && rounded > signal->max + some;
	char text[SIGNAL_MAX_TEXT];

	if (!below && !above)
		return 0;
	return error_set(error, ERROR_INVALID,
			 "signal %s: %s is stored as %.12g, by its scale, and that is %s, %.12g",
			 signal->name, signal_value_text(value, text), rounded,
			 below ? "less than min" : "more than max",
			 below ? signal->min : signal->max);
}

/* A whole number of at most 64 bits, as its bytes: of both kinds the same. false: it is none. */
static bool to_whole(enum signal_kind wanted, const struct signal_value *value, uint64_t *ret)
{
	switch (value->kind) {
	case SIGNAL_KIND_NATURAL:
		*ret = value->natural;
		return wanted == SIGNAL_KIND_NATURAL || value->natural <= INT64_MAX;
	case SIGNAL_KIND_INTEGER:
		*ret = (uint64_t)value->integer;
		return wanted == SIGNAL_KIND_INTEGER || value->integer >= 0;
	case SIGNAL_KIND_REAL:
		if (!is_whole(value->real))
			return false;
		if (wanted == SIGNAL_KIND_INTEGER) {
			if (value->real < -INTEGER_END || value->real >= INTEGER_END)
				return false;
			*ret = (uint64_t)(int64_t)value->real;
			return true;
		}
		if (value->real < 0 || value->real >= NATURAL_END)
			return false;
		*ret = (uint64_t)value->real;
		return true;
	default:
		return false;
	}
}

static void store_real(enum signal_type type, double real, void *ret_bytes)
{
	const float single = (float)real;

	if (type == SIGNAL_F32)
		memcpy(ret_bytes, &single, sizeof(single));
	else
		memcpy(ret_bytes, &real, sizeof(real));
}

static int encode_number(const struct description_signal *signal, const struct signal_value *value,
			 void *ret_bytes, struct error *error)
{
	const enum signal_kind kind = signal_types[signal->type].kind;
	struct signal_value raw = *value;
	uint64_t whole;

	if (signal->has_scale) {
		raw.kind = SIGNAL_KIND_REAL;
		raw.real = signal_value_real(value) / signal->scale;
		if (kind != SIGNAL_KIND_REAL) {
			raw.real = round_half_away(raw.real);
			if (check_step(signal, value, raw.real, error) < 0)
				return -EINVAL;
		}
	}
	if (kind == SIGNAL_KIND_REAL) {
		store_real(signal->type, signal_value_real(&raw), ret_bytes);
		return 0;
	}
	if (!to_whole(kind, &raw, &whole))
		return error_set(error, ERROR_INVALID,
				 "signal %s: type %s takes whole numbers of its range only",
				 signal->name, signal_types[signal->type].name);
	memcpy(ret_bytes, &whole, signal_types[signal->type].size);
	return 0;
}

int signal_encode(const struct description_signal *signal, const struct signal_value *value,
		  void *ret_bytes, struct error *error)
{
	const bool wants_truth = signal->type == SIGNAL_BOOL;
	uint8_t byte;

	if (wants_truth != (value->kind == SIGNAL_KIND_TRUTH))
		return error_set(error, ERROR_INVALID, "signal %s: takes %s, not %s", signal->name,
				 wants_truth ? "true or false" : "a number",
				 wants_truth ? "a number" : "true or false");
	if (check_limits(signal, value, error) < 0)
		return -EINVAL;
	if (!wants_truth)
		return encode_number(signal, value, ret_bytes, error);
	byte = value->truth;
	memcpy(ret_bytes, &byte, sizeof(byte));
	return 0;
}
