/* SPDX-License-Identifier: GPL-2.0-only */
/* The communication region: the only place where hypervisor and cell talk without an exit. */
#ifndef COMM_H
#define COMM_H

#include "cell/cell.h"

/* Fills the region afresh, with the state given, and forgets any handshake. */
void comm_init(struct cell *cell, enum cell_state state);

/* The cell has declared that it ended, or was ended: nobody needs to be asked. */
bool comm_stopped(const struct cell *cell);

/* The cell forbids changes of the partition. */
bool comm_locked(const struct cell *cell);

/*
 * Asks a running cell to shut down and polls for its answer; never waits. 0: it may be stopped.
 * -EAGAIN: asked, no answer yet. -EPERM: it refused (the next call asks anew).
 */
int comm_ask_shutdown(struct cell *cell);

/* Tells all others that a cell has come or gone; nobody waits for what they say to it. */
void comm_tell_change(void);

#endif /* COMM_H */
