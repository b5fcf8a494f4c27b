/* SPDX-License-Identifier: GPL-2.0-only */
/* Collects what a verb prints and shows it at its end, through a pager where it is long. */
#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include <stdio.h>

#include "view/screen.h"

struct output {
	FILE *stream; /* print here */
	char *text;
	size_t size;
};

/* Returns 0 or -ENOMEM. */
int output_open(struct output *ret_output);

/* Drops what was collected and not shown. */
void output_close(struct output *output);

/*
 * Shows what was collected, and begins anew: on a terminal that it does not fit, with pager,
 * through $PAGER or less. Returns 0, or a negative errno when standard output does not take it.
 */
int output_show(struct output *output, const struct screen *screen, bool pager);

/* Writes all of the text to standard output, at once where it takes that. Returns as above. */
int output_write(const char *text, size_t size);

#endif /* CLIENT_OUTPUT_H */
