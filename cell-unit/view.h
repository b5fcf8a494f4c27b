/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of the cell: its properties, as the daemon tells them. */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include "common/bus_words.h"

struct view {
	enum lifecycle state;
	enum health health;
	bool up;	   /* it runs, and has shown a heartbeat where it is to */
	bool operating;	   /* something is being done with it */
	bool asked_to_end; /* what was done with it last was to end it: somebody wants it so */
	char *last_error;
	uint64_t started_at; /* µs since the epoch: which run of it this is */
};

/*
 * Takes over what a dictionary of properties (a{sv}) has of them. Returns how many it had, or
 * negative errno where it makes no sense.
 */
int view_read(struct view *view, sd_bus_message *message);

/* How many all are: what an answer that has every property gives. */
int view_size(void);

void view_done(struct view *view);

static inline bool view_runs(const struct view *view)
{
	return view->state == LIFECYCLE_RUNNING || view->state == LIFECYCLE_RUNNING_LOCKED;
}

#endif /* VIEW_H */
