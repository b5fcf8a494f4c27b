/* SPDX-License-Identifier: GPL-2.0-only */
/* Second-level tables of cells and the root cell's view. Errors: -ENOMEM, and those of the checks.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "cell/cell.h"

/* Whether the cell may have the memory that its configuration names: root's, and nobody else's. */
int memory_check(const struct cell *cell);
/* Builds the cell's tables and its list of byte-granular regions. */
int memory_map_cell(struct cell *cell);

/* What the cell owns leaves root's tables and comes back; the caller flushes. */
int memory_take_from_root(const struct cell *cell);
void memory_return_to_root(const struct cell *cell);
/* Shows the cell's loadable regions to root, or hides them; the caller flushes. */
int memory_root_loadable(const struct cell *cell, bool map);
/* The same for pages of the hypervisor that root may read. */
int memory_show_public(const void *virt, uint64_t size, bool show);
/* Root's own tables, at launch. */
int memory_root_init(void);

/* Zeroes the cell's memory piecewise; true when done. */
bool memory_scrub(struct cell *cell);

#endif /* MEMORY_H */
