/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose a call is: by what the bus and the kernel know of a connection, not by what it says. */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>

#include <systemd/sd-bus.h>

/*
 * Reads the answer to GetConnectionCredentials: whose the connection is, and whether it is a
 * process of the cell's unit, by its cgroup; cell may be NULL. Returns 0 or negative errno.
 */
int caller_read_reply(sd_bus_message *reply, const char *cell, uid_t *ret_uid, bool *ret_is_unit);

#endif /* CALLER_H */
