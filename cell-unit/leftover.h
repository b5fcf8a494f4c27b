/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which run of a cell was to stop: on record from the moment when the unit is told to stop until
 * the cell has ended. What is left of it says that the cell runs on against the unit's will, so
 * that the next start is not taken for done because of it. Its room is taken when the cell runs: a
 * file system that is full when it is to stop does not matter.
 */
#ifndef LEFTOVER_H
#define LEFTOVER_H

#include <stdint.h>

/* A run is told by when it was started (property StartedAt); 0, none: takes the room for it. */
void leftover_write(const char *cell, uint64_t started_at);

/* 0: none. */
uint64_t leftover_read(const char *cell);

void leftover_remove(const char *cell);

#endif /* LEFTOVER_H */
