// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/nearest.h"

#define WORD_MAX 32 /* longer words have no near ones: keeps the table on the stack */

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Edits that make a of b, where a swap of neighbours is one edit. */
static unsigned int distance(const char *a, size_t length_a, const char *b, size_t length_b)
{
	unsigned int cost[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= length_a; i++)
		cost[i][0] = i;
	for (size_t j = 0; j <= length_b; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		for (size_t j = 1; j <= length_b; j++) {
			unsigned int best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			best = min(best, cost[i - 1][j] + 1);
			best = min(best, cost[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = min(best, cost[i - 2][j - 2] + 1);
			cost[i][j] = best;
		}
	}
	return cost[length_a][length_b];
}

const char *nearest_word(const char *word, const char *(*next)(const void *words, size_t index),
			 const void *words)
{
	size_t length = strlen(word);
	const char *nearest = NULL;
	unsigned int best = 0;
	const char *candidate;

	if (length > WORD_MAX)
		return NULL;
	for (size_t i = 0; (candidate = next(words, i)); i++) {
		size_t candidate_length = strlen(candidate);
		size_t longer = length > candidate_length ? length : candidate_length;
		unsigned int edits;

		if (candidate_length > WORD_MAX)
			continue;
		edits = distance(word, length, candidate, candidate_length);
		if (edits > longer / 3 + 1 || edits >= longer)
			continue;
		if (!nearest || edits < best) {
			nearest = candidate;
			best = edits;
		}
	}
	return nearest;
}
