/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of CPUs, by Linux' numbers. A value; zeroed it is the empty set. */
#ifndef CPU_MASK_H
#define CPU_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPU_MASK_MAX 256 /* CPUs; one more than the highest number */

struct cpu_mask {
	uint64_t words[CPU_MASK_MAX / 64];
};

/* Adds a CPU; false (and nothing changed) where it is beyond CPU_MASK_MAX. */
bool cpu_mask_add(struct cpu_mask *mask, unsigned int cpu);

/* False for CPUs beyond CPU_MASK_MAX. */
bool cpu_mask_has(const struct cpu_mask *mask, unsigned int cpu);

unsigned int cpu_mask_count(const struct cpu_mask *mask);

/* The highest CPU of the set, -1 for the empty set. */
int cpu_mask_last(const struct cpu_mask *mask);

/* The lowest CPU of the set that is not below cpu, -1 where there is none: for loops. */
int cpu_mask_next(const struct cpu_mask *mask, unsigned int cpu);
#define for_each_cpu(cpu, mask)                            \
	for (int cpu = cpu_mask_next(mask, 0); (cpu) >= 0; \
	     (cpu) = cpu_mask_next(mask, (unsigned int)(cpu) + 1))

struct cpu_mask cpu_mask_union(const struct cpu_mask *a, const struct cpu_mask *b);

/*
 * Parses the kernel's list format ("0-3,5", a newline at the end allowed, "" is the empty set).
 * Returns 0, -EINVAL for another form, -ERANGE for CPUs beyond CPU_MASK_MAX.
 */
int cpu_mask_parse(const char *text, struct cpu_mask *ret_mask);

/* The same format; to be freed by the caller, NULL without memory. */
char *cpu_mask_format(const struct cpu_mask *mask);

#endif /* CPU_MASK_H */
