/* SPDX-License-Identifier: GPL-2.0-only */
/* To which of polkit's actions a call needs consent, and what their rules are told of it. */
#ifndef CONSENT_H
#define CONSENT_H

#include "bus/polkit.h"
#include "manager/job.h"

/*
 * Asks for the next consent that the sender of call needs for job: steps is all that it would take
 * (bits of enum bus_verb), asked for how many it was asked already. answer as for polkit_ask(),
 * after which this is called once more; ret is left as it is where no further consent is needed.
 * Returns 0 or negative errno.
 */
int consent_ask(sd_bus_message *call, const struct job *job, uint32_t steps, unsigned int asked,
		void (*answer)(struct error *error, void *userdata), void *userdata,
		struct polkit_check **ret);

#endif /* CONSENT_H */
