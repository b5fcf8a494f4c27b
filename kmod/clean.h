/* SPDX-License-Identifier: GPL-2.0-only */
/* A set of addresses, which may forget some of what it should have, and never has anything else. */
#ifndef CELLVISOR_CLEAN_H
#define CELLVISOR_CLEAN_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#define CLEAN_SPANS 64

struct clean_set {
	unsigned int count;
	struct {
		uint64_t start, end;
	} span[CLEAN_SPANS]; /* apart from each other */
};

/* The range is [start, end). */
void clean_set_add(struct clean_set *set, uint64_t start, uint64_t end);
void clean_set_remove(struct clean_set *set, uint64_t start, uint64_t end);
/* Whether it has all of it. */
bool clean_set_has(const struct clean_set *set, uint64_t start, uint64_t end);

#endif /* CELLVISOR_CLEAN_H */
