/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon, as both who wait with the cell and who kill it see it. */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>

#include <systemd/sd-bus.h>

/* How often to try while there is no daemon, and how long until it counts as gone. */
#define DAEMON_RETRY_US	   500000u
#define DAEMON_PATIENCE_US 10000000u

/*
 * Whether a call came to nothing because there is no daemon: it died over it, or nobody can start
 * it. What stands in the way of that may go at any time, so all such errors are alike.
 */
bool daemon_is_away(const sd_bus_error *error);

/*
 * What kills the cell of a unit whose process had to be killed; ExecStopPost=. Returns an exit
 * status, or that the cell has to be asked to stop yet.
 */
#define END_CELL_STOP (-1)
int end_cell(const char *name);

#endif /* DAEMON_H */
