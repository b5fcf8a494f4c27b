/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between two descriptions of a cell, as a set of the keys of the top level: bit n
 * stands for key n of description_top.
 */
#ifndef DESCRIPTION_DIFF_H
#define DESCRIPTION_DIFF_H

#include "model/description.h"
#include "model/description_keys.h"

/* The keys that have another value, or are in one of the two only. All of them without memory. */
uint32_t description_differences(const struct description *a, const struct description *b);

/* The keys of which a changed value counts from then on. */
uint32_t description_keys_used(enum description_use use);

/* The set of this key alone. */
uint32_t description_key_bit(const char *name);

/* The names of keys, with ", " between them; to be freed, NULL without memory. */
char *description_keys_format(uint32_t keys);

#endif /* DESCRIPTION_DIFF_H */
