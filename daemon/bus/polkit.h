/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks polkit whether the sender of a message may do something, without blocking. Fails closed:
 * whatever goes wrong means no.
 */
#ifndef POLKIT_H
#define POLKIT_H

#include <systemd/sd-bus.h>

#include "bus_abi.h"
#include "common/cleanup.h"
#include "util/error.h"

struct polkit_check;

/* What rules can look up. */
struct polkit_detail {
	const char *name;
	const char *value;
};

struct polkit_question {
	sd_bus_message *message; /* whose sender is asked about; says whether users may be asked */
	const char *action;	 /* a constant */
	const char *verb;	 /* a constant, for the text of the refusal, */
	const char *object;	 /* and what it is done to: "" where that goes without saying */
	const struct polkit_detail *details;
	size_t num_details;
};

/*
 * Asks. answer() is called from the event loop exactly once, never from within this call, unless
 * the check is cancelled before; error is unset for yes, AccessDenied or
 * InteractiveAuthorizationRequired for no.
 * Returns 0 or negative errno.
 */
int polkit_ask(const struct polkit_question *question,
	       void (*answer)(struct error *error, void *userdata), void *userdata,
	       struct polkit_check **ret);

/* Forgets a check; after the answer that is how it is freed. Takes NULL. */
void polkit_check_free(struct polkit_check *check);
DEFINE_FREEP(struct polkit_check *, polkit_check_free)

/* The words of steps (bits of enum bus_verb), for a detail. To be freed; NULL without memory. */
char *polkit_format_steps(uint32_t steps);

#endif /* POLKIT_H */
