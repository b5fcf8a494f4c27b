/* SPDX-License-Identifier: GPL-2.0-only */
/* What the user is told when a call failed. */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "bus/bus.h"
#include "bus/failure.h"

/*
 * Tells the user that an attempt failed with error (or, where that is not set, with the negative
 * errno r), with a hint on what to do. Returns the exit status that this means.
 */
enum exit_status client_report(struct client *client, const struct attempt *attempt,
			       const sd_bus_error *error, int r);

#endif /* CLIENT_REPORT_H */
