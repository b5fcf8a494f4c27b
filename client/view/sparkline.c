// SPDX-License-Identifier: GPL-2.0-only
#include "view/sparkline.h"

#include <math.h>
#include <string.h>

#define LEVELS 8

static const char *const bars[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const marks[LEVELS] = {"_", ".", ",", "-", "=", "+", "*", "#"};

void sparkline_add(struct sparkline *line, double value)
{
	if (line->count == SPARKLINE_VALUES) {
		memmove(line->values, line->values + 1,
			sizeof(line->values) - sizeof(*line->values));
		line->count--;
	}
	line->values[line->count++] = isfinite(value) ? value : NAN;
}

const char *sparkline_draw(const struct sparkline *line, bool unicode, char buffer[SPARKLINE_MAX])
{
	double low = INFINITY, high = -INFINITY;
	char *at = buffer;

	for (size_t i = 0; i < line->count; i++) {
		/* Neither is true of what is no number. */
		if (line->values[i] < low)
			low = line->values[i];
		if (line->values[i] > high)
			high = line->values[i];
	}
	for (size_t i = 0; i < line->count; i++) {
		/* Halves: the distance of two doubles may be none. */
		double part = (line->values[i] / 2 - low / 2) / (high / 2 - low / 2);
		int level = part >= 0 ? (int)(part * (LEVELS - 1) + 0.5) : 0;

		if (isnan(line->values[i]))
			at = stpcpy(at, " ");
		else
			at = stpcpy(at, unicode ? bars[level] : marks[level]);
	}
	*at = '\0';
	return buffer;
}
