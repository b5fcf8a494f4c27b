/* SPDX-License-Identifier: GPL-2.0-only */
/* What the observer or a step saw becomes what the manager shows. */
#ifndef OBSERVE_H
#define OBSERVE_H

#include "manager/manager.h"

/* Takes over what was observed (NULL: nothing could be), and tells of it. */
void observe_apply(struct manager *manager, const struct snapshot *snapshot);

/* Works out and tells what follows from descriptions, records and observations. */
void observe_settle(struct manager *manager);

/* For `systemctl status`, where that has changed. The service manager has all others told of it,
 * too. */
void observe_tell_status(const struct manager *manager);

/* The pool as the driver tells of it, if it does. grown: what is new has come for a cell. */
void observe_pool(struct manager *manager, const struct snapshot *snapshot, bool grown);

#endif /* OBSERVE_H */
