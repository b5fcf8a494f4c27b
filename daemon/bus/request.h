/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Method calls that need polkit's consent, from their arrival to their answer. Every user's share
 * of them is bounded.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "bus/service.h"
#include "manager/job.h"

/*
 * Takes a job over: asks polkit whether the caller may, has it done and answers the call. Reload
 * and opening a console are jobs here, too, but done at once and not queued. Returns 1 for a method
 * to return, or a negative value with ret_error set (Busy, LimitsExceeded).
 */
int request_submit(struct service *service, sd_bus_message *call, struct job *job,
		   sd_bus_error *ret_error);

/* Drops all, unanswered: for the end of the daemon, when the core is no more. */
void requests_free(struct service *service);

#endif /* REQUEST_H */
