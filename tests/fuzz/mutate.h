/* SPDX-License-Identifier: GPL-2.0-only */
/* Reproducible random bytes, and small damage to bytes that were good. */
#ifndef MUTATE_H
#define MUTATE_H

#include <stddef.h>
#include <stdint.h>

struct mutator {
	uint64_t state; /* never 0 */
};

uint64_t mutator_next(struct mutator *mutator);
void mutator_fill(struct mutator *mutator, void *bytes, size_t size);

/*
 * Damages size bytes in one to four places: bits, bytes, numbers of interest, copies from elsewhere
 * in them, now and then the length. Returns the new size, at most capacity.
 */
size_t mutator_damage(struct mutator *mutator, uint8_t *bytes, size_t size, size_t capacity);

#endif /* MUTATE_H */
