// SPDX-License-Identifier: GPL-2.0-only
#include "model/signal.h"

#include <string.h>

#define TYPE_ENTRY(symbol, word, kind, ...) [symbol] = {word, SIGNAL_KIND_##kind, __VA_ARGS__},
const struct signal_type_facts signal_types[] = {SIGNAL_TYPES(TYPE_ENTRY)};

bool signals_in_one_section(const struct description_signal *a, const struct description_signal *b)
{
	return a->in_common == b->in_common && (a->in_common || strcmp(a->peer, b->peer) == 0);
}

bool signals_overlap(const struct description_signal *a, const struct description_signal *b)
{
	return signals_in_one_section(a, b) && ranges_meet(signal_range(a), signal_range(b));
}
