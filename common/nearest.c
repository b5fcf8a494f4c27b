// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/nearest.h"

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Who writes CPUs means cpus. */
static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

unsigned int nearest_distance(const char *a, const char *b)
{
	/* On the stack, and so in bytes. */
	unsigned char cost[NEAREST_MAX + 1][NEAREST_MAX + 1];
	size_t length_a = strlen(a), length_b = strlen(b);

	for (size_t i = 0; i <= length_a; i++)
		cost[i][0] = i;
	for (size_t j = 0; j <= length_b; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		for (size_t j = 1; j <= length_b; j++) {
			unsigned int best = cost[i - 1][j - 1] + !same(a[i - 1], b[j - 1]);

			best = min(best, cost[i - 1][j] + 1);
			best = min(best, cost[i][j - 1] + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				best = min(best, cost[i - 2][j - 2] + 1);
			cost[i][j] = best;
		}
	}
	return cost[length_a][length_b];
}

/* Who stopped typing is nearer to his word than who mistyped another. */
static bool is_begun(const char *word, const char *candidate)
{
	size_t length = strlen(word);

	return length >= 3 && strncasecmp(word, candidate, length) == 0;
}

static unsigned int rank(const char *word, const char *candidate)
{
	return is_begun(word, candidate) ? 0 : nearest_distance(word, candidate);
}

static bool is_near(const char *word, unsigned int distance)
{
	size_t length = strlen(word);

	return !distance || (distance <= 1 + length / 4 && distance < length);
}

size_t nearest_words(const char *word, nearest_next next, const void *words, const char **ret_near,
		     size_t max)
{
	const char *candidate;
	size_t found = 0;

	if (strlen(word) > NEAREST_MAX)
		return 0;
	/* An insertion sort by distance: lists of words are short. */
	for (size_t i = 0; (candidate = next(words, i)); i++) {
		unsigned int distance;
		size_t place = found;

		if (strlen(candidate) > NEAREST_MAX)
			continue;
		distance = rank(word, candidate);
		if (!is_near(word, distance))
			continue;
		while (place > 0 && rank(word, ret_near[place - 1]) > distance)
			place--;
		if (place == max)
			continue;
		if (found < max)
			found++;
		memmove(&ret_near[place + 1], &ret_near[place],
			(found - 1 - place) * sizeof(*ret_near));
		ret_near[place] = candidate;
	}
	return found;
}

const char *nearest_word(const char *word, nearest_next next, const void *words)
{
	const char *near;

	return nearest_words(word, next, words, &near, 1) ? near : NULL;
}
