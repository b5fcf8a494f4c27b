/* SPDX-License-Identifier: GPL-2.0-only */
/* Who has which memory; subsystems with tables of it follow. -ENOMEM, or the checks' errors. */
#ifndef MEMORY_H
#define MEMORY_H

#include "cell/cell.h"

/* Whether the cell may have the memory that its configuration names: root's, and nobody else's. */
int memory_check(const struct cell *cell);
/* Gives the cell the pages that its configuration names. */
int memory_map_cell(struct cell *cell);

/* What the cell owns leaves root. On an error root has all of it. */
int memory_take_from_root(const struct cell *cell);
void memory_return_to_root(const struct cell *cell);
/* Shows the cell's loadable regions to root, or hides them; half of them on an error. */
int memory_root_loadable(const struct cell *cell, bool show);
/* The same for pages of the hypervisor that root may read. */
int memory_show_public(const void *virt, uint64_t size, bool show);
/*
 * Waits until nobody reaches any more what root has lost, and gives back the pages that were tables
 * of it. To be called after each of the above, before the memory is used.
 */
int memory_commit(void);

/* Root's own, at launch. */
int memory_root_init(void);

/* Zeroes the cell's memory piecewise; true when done. */
bool memory_scrub(struct cell *cell);

#endif /* MEMORY_H */
