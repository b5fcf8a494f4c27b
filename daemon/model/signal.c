// SPDX-License-Identifier: GPL-2.0-only
#include "model/signal.h"

#include <string.h>

static const struct {
	const char *name;
	unsigned int size;
	double least, greatest;
} types[] = {
#define TYPE_ENTRY(symbol, word, ...) [symbol] = {word, __VA_ARGS__},
	SIGNAL_TYPES(TYPE_ENTRY)};

const char *signal_type_name(enum signal_type type)
{
	return types[type].name;
}

unsigned int signal_size(enum signal_type type)
{
	return types[type].size;
}

double signal_least(enum signal_type type)
{
	return types[type].least;
}

double signal_greatest(enum signal_type type)
{
	return types[type].greatest;
}

bool signals_in_one_section(const struct description_signal *a, const struct description_signal *b)
{
	return a->in_common == b->in_common && (a->in_common || strcmp(a->peer, b->peer) == 0);
}

bool signals_overlap(const struct description_signal *a, const struct description_signal *b)
{
	return signals_in_one_section(a, b) && ranges_meet(signal_range(a), signal_range(b));
}
