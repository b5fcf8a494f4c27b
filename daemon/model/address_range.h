/* SPDX-License-Identifier: GPL-2.0-only */
/* A range of addresses or of I/O ports. */
#ifndef ADDRESS_RANGE_H
#define ADDRESS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_range {
	uint64_t start;
	uint64_t size; /* bytes; start + size never wraps around */
};

static inline uint64_t range_end(struct address_range range)
{
	return range.start + range.size;
}

/* Whether they have an address in common; {0} meets nothing. */
static inline bool ranges_meet(struct address_range a, struct address_range b)
{
	return a.start < range_end(b) && b.start < range_end(a);
}

static inline bool range_holds(struct address_range outer, struct address_range inner)
{
	return inner.start >= outer.start && range_end(inner) <= range_end(outer);
}

#endif /* ADDRESS_RANGE_H */
