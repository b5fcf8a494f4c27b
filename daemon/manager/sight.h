/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether what is shown of cells is still so. Where no look comes back for three of its periods,
 * the health of all cells is unknown, at once and with a line in the journal.
 */
#ifndef SIGHT_H
#define SIGHT_H

#include "manager/manager.h"

/* Returns 0 or negative errno. */
int sight_begin(struct manager *manager);
void sight_end(struct manager *manager);

/* A look has come, or the period is another one: counts anew. */
void sight_renew(struct manager *manager);

/* A look has come back with (0) or without what there is (negative errno). */
void sight_note(struct manager *manager, int error);

#endif /* SIGHT_H */
