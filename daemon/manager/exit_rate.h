/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often a cell needs the hypervisor, against how often it used to: one that suddenly does far
 * more often has lost its way, though its heart may beat. Pure; time comes in as argument.
 */
#ifndef EXIT_RATE_H
#define EXIT_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds, of whatever readings there are: until the band is known; outside before that means
 * something; and until that is what the cell does now. */
#define EXIT_RATE_LEARN	 10
#define EXIT_RATE_NOTICE 5
#define EXIT_RATE_ACCEPT 600

/* Exits per second; more than so many times the highest rate so far, and so many, are outside. */
#define EXIT_RATE_FACTOR 4
#define EXIT_RATE_SLACK	 1000

/* Zeroed for every start of the cell. */
struct exit_rate {
	uint64_t total, at_ns; /* of the look before */
	uint64_t highest;      /* rate so far, forgotten within minutes */
	unsigned int learned, outside;
};

/*
 * Takes a reading of the counter of all exits, of that time; the same one again tells nothing.
 * Whether the cell is outside of its band.
 */
bool exit_rate_update(struct exit_rate *rate, uint64_t total, uint64_t read_ns);

#endif /* EXIT_RATE_H */
