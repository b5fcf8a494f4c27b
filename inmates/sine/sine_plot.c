// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux' side of sine.c: waits for its rings, prints the values and draws them.
 *
 *	sine-plot [-n LINES] [-r LINES-PER-SECOND] [-a AMPLITUDE] [-p PERIOD] LINK [PEER]
 *
 * With -a or -p it says in the common section how large the sine is to be, and how many seconds it
 * is to take; what was not said is 100 and 1.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/link/linux_link.h"
#include "sine_block.h"

#define WIDTH	   61u	/* of the picture; odd, so that zero has a column */
#define PATIENCE   2000 /* ms without a ring until it is said */
#define FIRST_CELL 1u

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	ended = 1;
}

struct plot {
	unsigned long lines, lines_per_second;
	unsigned int peer;
	double largest;
	double last_line;
	unsigned long drawn, torn, rings;
	uint64_t first, last; /* cycles */
	bool commands;
	struct sine_command command;
};

/* The picture grows with the largest value that was seen. */
static void draw(struct plot *plot, const struct sine_block *block, const struct link_stamp *stamp)
{
	char picture[WIDTH + 1];
	int column;

	if (fabs(block->value) > plot->largest)
		plot->largest = fabs(block->value);
	memset(picture, ' ', WIDTH);
	picture[WIDTH / 2] = '|';
	column = (int)lround((plot->largest > 0 ? block->value / plot->largest : 0) * (WIDTH / 2));
	picture[WIDTH / 2 + column] = '*';
	picture[WIDTH] = 0;
	printf("%10.3f s %10.3f  %s  %6.1f us\n", block->seconds, block->value, picture,
	       (double)cellmgr_link_age(stamp) / 1000);
	fflush(stdout);
	plot->drawn++;
	plot->last_line = block->seconds;
}

static bool is_due(const struct plot *plot, const struct sine_block *block)
{
	/* A cell that began anew counts from 0 again. */
	return !plot->drawn || block->seconds < plot->last_line ||
	       (block->seconds - plot->last_line) * (double)plot->lines_per_second >= 0.999;
}

static void look(struct cellmgr_link *link, struct plot *plot)
{
	struct sine_block block;
	struct link_stamp stamp;
	enum link_result result =
		cellmgr_link_read(link, plot->peer, 0, &block, sizeof(block), &stamp);

	if (result == LINK_UNFINISHED)
		fprintf(stderr, "sine-plot: the cell has stopped in the middle of an update\n");
	if (result != LINK_OK)
		return;
	if (block.check != sine_check(&block) || !isfinite(block.value)) {
		plot->torn++;
		return;
	}
	if (!plot->first)
		plot->first = block.cycle;
	plot->last = block.cycle;
	if (is_due(plot, &block))
		draw(plot, &block, &stamp);
}

/* This program is the only one that writes the common block. */
static int give_command(struct cellmgr_link *link, const struct plot *plot)
{
	struct link_writer writer;

	if (!plot->commands)
		return 0;
	if (cellmgr_link_writer(link, CELLMGR_LINK_COMMON, sizeof(plot->command), &writer) !=
		    LINK_OK ||
	    link_write(&writer, 0, &plot->command, sizeof(plot->command), cellmgr_link_now()) !=
		    LINK_OK)
		return -ENOSPC;
	return 0;
}

static int watch(struct cellmgr_link *link, struct plot *plot)
{
	int err = give_command(link, plot);

	if (err)
		return err;

	cellmgr_link_set_state(link, LINK_STATE_READY);
	while (!ended && (!plot->lines || plot->drawn < plot->lines)) {
		err = cellmgr_link_wait(link, 0, PATIENCE);
		if (err == -ETIMEDOUT)
			fprintf(stderr, "sine-plot: no ring for %d ms; peer %u is %s\n", PATIENCE,
				plot->peer,
				cellmgr_link_state(link, plot->peer) == LINK_STATE_READY
					? "ready"
					: "not ready");
		else if (err && err != -EINTR)
			return err;
		plot->rings += !err;
		if (!err)
			look(link, plot);
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: sine-plot [-n LINES] [-r LINES-PER-SECOND] [-a AMPLITUDE] "
			"[-p PERIOD] LINK [PEER]\n");
	return 2;
}

static int run(const char *name, struct plot *plot)
{
	struct cellmgr_link *link;
	int err = cellmgr_link_open(name, &link);

	if (err) {
		fprintf(stderr, "sine-plot: link \"%s\": %s\n", name, strerror(-err));
		return 1;
	}
	err = watch(link, plot);
	cellmgr_link_close(link);
	printf("%lu rings, %lu lines, %lu torn, cycles %lu to %lu\n", plot->rings, plot->drawn,
	       plot->torn, (unsigned long)plot->first, (unsigned long)plot->last);
	if (err)
		fprintf(stderr, "sine-plot: %s\n", strerror(-err));
	return err || plot->torn ? 1 : 0;
}

static bool take_option(struct plot *plot, int option, const char *value)
{
	switch (option) {
	case 'n':
		plot->lines = strtoul(value, NULL, 10);
		return true;
	case 'r':
		plot->lines_per_second = strtoul(value, NULL, 10);
		return plot->lines_per_second > 0;
	case 'a':
	case 'p':
		plot->commands = true;
		*(option == 'a' ? &plot->command.amplitude : &plot->command.period) =
			strtod(value, NULL);
		return sine_command_is_good(&plot->command);
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct plot plot = {.lines_per_second = 20, .peer = FIRST_CELL, .command = {100, 1}};
	struct sigaction action = {.sa_handler = on_signal};
	int option;

	while ((option = getopt(argc, argv, "n:r:a:p:")) != -1) {
		if (!take_option(&plot, option, optarg))
			return usage();
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage();
	if (argc - optind == 2)
		plot.peer = (unsigned int)strtoul(argv[optind + 1], NULL, 10);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return run(argv[optind], &plot);
}
