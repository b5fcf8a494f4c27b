/* SPDX-License-Identifier: GPL-2.0-only */
/* What the measurements of lifecycle.c share. */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include "abi.h"

#define CPU(n) (1u << (n))
#define MIB    (1ull << 20)

/* Of a cell's life; CLEAN: until its memory can be had again. */
enum step { CREATE, LOAD, START, DESTROY, CLEAN, STEPS };

extern const struct image lifecycle_image;

uint64_t lifecycle_now_us(void);
/* A line of the results. */
void lifecycle_say(uint64_t value, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the program where it is an error. */
void lifecycle_check(const char *what, int result);
void lifecycle_keep(const struct abi *abi, uint32_t cpus);
/* create, load, start; and destroy until it is clean. The microseconds of each. */
void lifecycle_begin(const struct abi *abi, const struct wish *wish, uint64_t took[STEPS]);
void lifecycle_end(const struct abi *abi, const struct wish *wish, uint64_t took[STEPS]);

/* lifecycle_holds.c */
void lifecycle_holds(const struct abi *abi);

#endif /* LIFECYCLE_H */
