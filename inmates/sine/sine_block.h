/* SPDX-License-Identifier: GPL-2.0-only */
/* What sine.c writes into its block, and what it takes from the common section's. */
#ifndef SINE_BLOCK_H
#define SINE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct sine_block {
	double value;
	double seconds; /* since the start */
	uint64_t cycle; /* from 1 */
	uint64_t check; /* sine_check() of the others, as their writer had them */
};

struct sine_command {
	double amplitude;
	double period; /* seconds */
};

#define SINE_CYCLE_HZ	   1000
#define SINE_MAX_AMPLITUDE 1e6
#define SINE_MIN_PERIOD	   0.002
#define SINE_MAX_PERIOD	   86400.0

/* What is no number is in no range. */
static inline bool sine_command_is_good(const struct sine_command *command)
{
	return command->amplitude >= 0 && command->amplitude <= SINE_MAX_AMPLITUDE &&
	       command->period >= SINE_MIN_PERIOD && command->period <= SINE_MAX_PERIOD;
}

/* Differs if any bit of the others does. */
static inline uint64_t sine_check(const struct sine_block *block)
{
	uint64_t value, seconds;

	__builtin_memcpy(&value, &block->value, sizeof(value));
	__builtin_memcpy(&seconds, &block->seconds, sizeof(seconds));
	return value ^ (seconds << 21 | seconds >> 43) ^ block->cycle * 0x9e3779b97f4a7c15;
}

#endif /* SINE_BLOCK_H */
