/* SPDX-License-Identifier: GPL-2.0-only */
/* "Did you mean": finds what a person may have meant by a misspelt word. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/* A list of words: called with 0, 1, … it returns them, and NULL behind the last one. */
typedef const char *(*nearest_next)(const void *words, size_t index);

/*
 * Letters to insert, remove, replace or swap with their neighbours to make b of a. Neither may have
 * more than NEAREST_MAX bytes.
 */
#define NEAREST_MAX 64
unsigned int nearest_distance(const char *a, const char *b);

/*
 * Picks the words nearest to the given one, at most max of them, nearest first: those that begin
 * with it (with three letters at least), and those that are made of it by changing a quarter of its
 * letters and one more. Words longer than NEAREST_MAX are near to none. ret_near gets the pointers
 * that next() gave. Returns how many there are.
 */
size_t nearest_words(const char *word, nearest_next next, const void *words, const char **ret_near,
		     size_t max);

/* The first of them; NULL where nothing is near. */
const char *nearest_word(const char *word, nearest_next next, const void *words);

#endif /* NEAREST_H */
