/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a cell is what its description says: that is compared with the one that it was created
 * by, which is kept beside its record for a successor of this daemon.
 */
#ifndef PENDING_H
#define PENDING_H

#include "manager/manager.h"

/*
 * The keys that a cell of ours would have to be started anew for, to be as described. Those that
 * are only written in another way, and would make the same of it, do not count.
 */
uint32_t pending_keys(const struct manager *manager, const struct cell *cell,
		      const struct description *description);

/* Works out what is pending of a cell, or of all. */
void pending_update(const struct manager *manager, struct cell *cell);
void pending_update_all(const struct manager *manager);

/* It is about to be created, or has been loaded, by its description: that is put on record. */
void pending_record(const struct cell *cell, const struct description *description);

/* Takes NULL. NULL without memory, too. */
struct description *pending_copy(const struct description *description);

/* It has been created; a daemon before us has: by what is on record. */
void pending_take_record(struct cell *cell);

/* There is no such cell any more. */
void pending_drop_record(const char *name);

#endif /* PENDING_H */
