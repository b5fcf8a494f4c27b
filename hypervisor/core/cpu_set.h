/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of CPUs by logical id, below IMAGE_MAX_CPUS. Of others' sets a word is read and changed at
 * once. */
#ifndef CPU_SET_H
#define CPU_SET_H

#include <stdbool.h>

#include "image_abi.h"

#define CPU_SET_WORDS (IMAGE_MAX_CPUS / 64)

extern const struct cpu_set cpus_none, cpus_all;

static inline bool cpu_set_has(const struct cpu_set *set, unsigned int id)
{
	return set->word[id / 64] >> id % 64 & 1;
}

static inline void cpu_set_add(struct cpu_set *set, unsigned int id)
{
	__atomic_or_fetch(&set->word[id / 64], 1ull << id % 64, __ATOMIC_SEQ_CST);
}

static inline void cpu_set_remove(struct cpu_set *set, unsigned int id)
{
	__atomic_and_fetch(&set->word[id / 64], ~(1ull << id % 64), __ATOMIC_SEQ_CST);
}

/* All of another set's come in, or go. */
void cpu_set_join(struct cpu_set *set, const struct cpu_set *others);
void cpu_set_leave(struct cpu_set *set, const struct cpu_set *others);

/* Whether the set has all of the part. */
bool cpu_set_covers(const struct cpu_set *set, const struct cpu_set *part);

/* The first CPU from that one on; IMAGE_MAX_CPUS: no more. */
unsigned int cpu_set_next(const struct cpu_set *set, unsigned int from);

#endif /* CPU_SET_H */
