/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of cells: who comes after whom, by the keys "after" and "requires", which is after as
 * well. The service manager keeps it, by what the generator of units makes of it.
 */
#ifndef ORDER_H
#define ORDER_H

#include "model/description.h"

/* The names in "after", then those in "requires"; NULL behind the last. */
static inline const char *order_name(const struct description *description, size_t i)
{
	if (i < description->num_after)
		return description->after[i];
	i -= description->num_after;
	return i < description->num_requires ? description->requires[i] : NULL;
}

/*
 * Whether a cell comes after itself, by way of others of the set. Returns the way, "a, b, a", to be
 * freed, with the place of its first step for order_name() in ret_first; NULL where it does not, or
 * without memory.
 */
char *order_find_cycle(const struct description *const *set, size_t count,
		       const struct description *start, size_t *ret_first);

#endif /* ORDER_H */
