/* SPDX-License-Identifier: GPL-2.0-only */
/* The core of the daemon, everything but the bus: made, kept going and taken down here. */
#ifndef CORE_H
#define CORE_H

#include "manager/manager.h"

/*
 * Sets everything up. machine_root is the prefix of /proc and /sys for the machine's facts; events,
 * all of them, are told from now on. Returns 0 or negative errno, with a line in the log.
 */
int manager_new(sd_event *event, const char *machine_root, const struct core_events *events,
		void *userdata, struct manager **ret);

/* Takes NULL. */
void manager_free(struct manager *manager);
DEFINE_FREEP(struct manager *, manager_free)

/*
 * Reads the configuration and all descriptions anew. What is wrong with a description is logged;
 * its cell keeps the one it had before, or is invalid where it had none. Returns 0, or negative
 * with error set: a configuration with an error changes nothing of the one before.
 */
int manager_load_descriptions(struct manager *manager, struct error *error);

/* Takes descriptions over, as they were loaded: from then on they are in force. */
void manager_take_descriptions(struct manager *manager, struct cell_dir *dir);

#endif /* CORE_H */
