/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that look like chance and are the same in each run: xorshift64. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

/* The state begins with anything but 0. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif /* TESTS_RANDOM_H */
