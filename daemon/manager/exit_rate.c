// SPDX-License-Identifier: GPL-2.0-only
#include "manager/exit_rate.h"

#define SECOND_NS     1000000000ull
#define HIGHEST_FADES 256 /* a part of it with each reading */

static void learn(struct exit_rate *rate, uint64_t now, unsigned int seconds)
{
	uint64_t faded = rate->highest - rate->highest / HIGHEST_FADES;

	rate->highest = now > faded ? now : faded;
	rate->outside = 0;
	if (rate->learned < EXIT_RATE_LEARN)
		rate->learned += seconds;
}

bool exit_rate_update(struct exit_rate *rate, uint64_t total, uint64_t read_ns)
{
	const uint64_t before = rate->total, time_ns = read_ns - rate->at_ns;
	const unsigned int seconds = time_ns < SECOND_NS ? 1 : (unsigned int)(time_ns / SECOND_NS);
	const bool begun = rate->at_ns != 0;
	uint64_t now;

	if (begun && (read_ns < rate->at_ns || time_ns < SECOND_NS / 2))
		return rate->outside >= EXIT_RATE_NOTICE;
	rate->total = total;
	rate->at_ns = read_ns;
	/* A counter that goes back is another run's. */
	if (!begun || total < before)
		return false;
	now = (uint64_t)((double)(total - before) * SECOND_NS / time_ns);
	if (rate->learned < EXIT_RATE_LEARN ||
	    now / EXIT_RATE_FACTOR <= rate->highest + EXIT_RATE_SLACK / EXIT_RATE_FACTOR) {
		learn(rate, now, seconds);
	} else {
		rate->outside += seconds;
		if (rate->outside >= EXIT_RATE_ACCEPT)
			learn(rate, now, seconds);
	}
	return rate->outside >= EXIT_RATE_NOTICE;
}
