/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver shows of itself and its cells, as text, so that two moments can be compared. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stddef.h>

#define SNAPSHOT_MAX 8192

struct snapshot {
	char text[SNAPSHOT_MAX]; /* a line for each file: name, contents */
	size_t length;
};

/* Reads hypervisor, pool, cells with their states, CPUs of Linux. Ends the program on failure. */
void snapshot_take(struct snapshot *ret);

/* Whether both say the same; prints the lines that differ where they do not. */
int snapshot_same(const struct snapshot *before, const struct snapshot *after);

/* The id of a cell with an id larger than that, -1 if there is none. */
int snapshot_next_cell(int after);

#endif /* SNAPSHOT_H */
