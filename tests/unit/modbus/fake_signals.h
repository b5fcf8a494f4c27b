/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals without a bus: takes one call at a time, and answers it when the test says so. */
#ifndef FAKE_SIGNALS_H
#define FAKE_SIGNALS_H

#include <stdbool.h>

#include "signals.h"

struct fake_signals {
	struct signals signals;
	int fail; /* negative errno: what the next calls begin with */
	bool is_pending;
	bool is_write;
	/* Of the last call. */
	const char *cell;
	const char *name; /* that is written */
	struct value value;
	struct signal_asked *asked;
	size_t count;
	uint64_t timeout_us;
	unsigned int calls;
	unsigned int cancelled;
	signals_done done;
	void *userdata;
};

void fake_signals_init(struct fake_signals *fake);

/* Ends the call that is pending. */
void fake_signals_answer(struct fake_signals *fake, unsigned int exception);

/* The same, all signals read with this value. */
void fake_signals_tell(struct fake_signals *fake, struct value value, enum quality quality);

#endif /* FAKE_SIGNALS_H */
