/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a cell that runs also lives: heartbeat and failed CPUs. Pure; time comes in as argument.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bus_words.h"

/* A heartbeat is late after its deadline, and lost after this many times its deadline. */
#define HEALTH_LOST_FACTOR 3

/* Zeroed for every start of the cell. */
struct health_watch {
	bool begun;
	bool has_beat;	   /* the cell has shown a heartbeat */
	uint64_t beat;	   /* its counter when it last moved */
	uint64_t moved_ns; /* when that was; at first, when the watch began */
};

/* What is known of the cell at one moment. */
struct health_input {
	bool running;
	bool failed; /* the cell's state is failed */
	bool cpus_failed;
	bool can_watch;	      /* the driver tells of heartbeats */
	bool heartbeat_valid; /* the cell has one */
	uint64_t heartbeat;
	uint64_t moved_ns;    /* when it was seen to move, monotonic; 0: not known */
	uint64_t deadline_ns; /* 0: the heartbeat is not watched */
	uint64_t now_ns;      /* monotonic */
};

/*
 * Takes a look. A cell that never shows a heartbeat although its description wants one is late and
 * lost like one that stopped.
 */
enum health health_update(struct health_watch *watch, const struct health_input *input);

/* How long ago the heartbeat moved, in ns. */
uint64_t health_silence(const struct health_watch *watch, uint64_t now_ns);

#endif /* HEALTH_H */
