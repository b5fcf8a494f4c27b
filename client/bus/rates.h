/* SPDX-License-Identifier: GPL-2.0-only */
/* Exits per second: what was added between two readings of a cell's counters. */
#ifndef CLIENT_RATES_H
#define CLIENT_RATES_H

#include "bus/info.h"

/* How often the daemon reads them. */
#define EXITS_PERIOD_USEC UINT64_C(1000000)

/* What is known of a cell's exits, from one look to the next. */
struct cell_rates {
	char *name;
	uint64_t read_at; /* µs, the daemon's CLOCK_MONOTONIC; 0: never */
	struct json_object *exits;
	bool valid; /* false: there was but one reading, or the counters started anew */
	double total;
	struct json_object *per_counter; /* by the counter's name */
};

/* Begins zeroed. */
struct rates {
	struct cell_rates *cells;
	size_t count;
};

void rates_free(struct rates *rates);

/*
 * Takes in what a look found of a cell and returns what is known of its exits, until the next call;
 * NULL when memory is short.
 */
const struct cell_rates *rates_update(struct rates *rates, const struct cell_info *cell);

/* Whether a look at a later time may tell more of the cell than that. */
bool rates_are_due(const struct cell_info *cell, const struct cell_rates *rates);

#endif /* CLIENT_RATES_H */
