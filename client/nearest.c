// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include "nearest.h"

#define NAME_MAX_LENGTH 64

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t name_distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	size_t rows[3][NAME_MAX_LENGTH + 1];
	size_t *before = rows[0], *previous = rows[1], *current = rows[2];

	if (a_length > NAME_MAX_LENGTH || b_length > NAME_MAX_LENGTH)
		return SIZE_MAX;

	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= b_length; j++)
		previous[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *reused = before;

		current[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			bool same = a[i - 1] == b[j - 1];

			current[j] =
				min3(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < current[j])
				current[j] = before[j - 2] + 1;
		}
		before = previous;
		previous = current;
		current = reused;
	}
	return previous[b_length];
}

static bool is_near(const char *wanted, const char *name, size_t distance)
{
	size_t length = strlen(wanted);

	if (length >= 3 && strncmp(wanted, name, length) == 0)
		return true;
	return distance <= 1 + length / 4 && distance < length;
}

size_t names_near(const char *wanted, const char *const *names, size_t count, const char **ret_near,
		  size_t max)
{
	size_t found = 0;

	/* An insertion sort by distance: lists of names are short. */
	for (size_t i = 0; i < count; i++) {
		size_t distance = name_distance(wanted, names[i]);
		size_t place = found;

		if (!is_near(wanted, names[i], distance))
			continue;
		while (place > 0 && name_distance(wanted, ret_near[place - 1]) > distance)
			place--;
		if (place == max)
			continue;
		if (found < max)
			found++;
		memmove(&ret_near[place + 1], &ret_near[place],
			(found - 1 - place) * sizeof(*ret_near));
		ret_near[place] = names[i];
	}
	return found;
}
