/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits per second.
 *
 * The daemon reads the counters of running cells once a second and announces every change, so that
 * two looks at the property at times of our own would show none, one or two of its readings. Rates
 * are taken from the announcements instead: the value found first stands for a reading one period
 * before the first announcement.
 */
#ifndef CLIENT_RATES_H
#define CLIENT_RATES_H

#include "bus/fetch.h"

#define EXITS_PERIOD_USEC UINT64_C(1000000)

struct watched_cell {
	struct cell_info cell;	  /* with the latest counters */
	struct json_object *base; /* those that rates count from; NULL until counters change */
	uint64_t base_usec;	  /* CLOCK_MONOTONIC, of base and of the latest */
	uint64_t now_usec;
};

struct exit_watch {
	struct connection *connection;
	struct watched_cell *cells; /* by name */
	size_t count;
	sd_bus_slot *match;
};

struct cell_rates {
	bool valid; /* false: the cell does not run, or its counters started anew */
	double total;
	struct json_object *per_counter; /* by the counter's name */
};

/* These take zeroed structures, too. */
void watched_cell_free(struct watched_cell *watched);
void exit_watch_end(struct exit_watch *watch);
void cell_rates_free(struct cell_rates *rates);

/*
 * Begins to watch the cell whose object is at path, or with NULL all cells. The watch must stay at
 * its address until its end. Errors as connection_call(); the watch is to be ended then, too.
 */
int exit_watch_begin(struct exit_watch *watch, struct connection *connection, const char *path,
		     sd_bus_error *ret_error);

/*
 * Listens for the interval, or longer where cells that run have not yet been heard of, up to one
 * period more. Does not wait where no cell runs. Returns 0 or a negative errno.
 */
int exit_watch_wait(struct exit_watch *watch, uint64_t interval_usec);

/* Rates of a cell as watched so far. Returns 0, or -ENOMEM; *ret_rates is to be freed on 0. */
int cell_rates_compute(const struct watched_cell *watched, struct cell_rates *ret_rates);

/*
 * Takes in counters that were announced at the time (microseconds). Those that are the same as
 * before are no news: they were on their way when the watch began.
 */
void watched_cell_update(struct watched_cell *watched, struct json_object *exits,
			 uint64_t now_usec);

#endif /* CLIENT_RATES_H */
