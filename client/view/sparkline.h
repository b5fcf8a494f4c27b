/* SPDX-License-Identifier: GPL-2.0-only */
/* The last values of something as a row of small bars. */
#ifndef CLIENT_SPARKLINE_H
#define CLIENT_SPARKLINE_H

#include <stdbool.h>
#include <stddef.h>

#define SPARKLINE_VALUES 24
#define SPARKLINE_MAX	 (SPARKLINE_VALUES * 3 + 1)

/* Begins zeroed. */
struct sparkline {
	double values[SPARKLINE_VALUES]; /* the oldest first; NaN: there was none */
	size_t count;
};

/* One more; of the oldest there is no room for, nothing stays. */
void sparkline_add(struct sparkline *line, double value);

/* From the lowest to the highest of the values; a blank for each that there was none of. Returns
 * buffer. */
const char *sparkline_draw(const struct sparkline *line, bool unicode, char buffer[SPARKLINE_MAX]);

#endif /* CLIENT_SPARKLINE_H */
