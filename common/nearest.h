/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds what a person may have meant by a misspelt word. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/*
 * The word nearest to the given one, by the number of letters to insert, remove, replace or swap
 * with their neighbours; at most a third of the longer word's letters plus one. next() is called
 * with 0, 1, … and returns candidates until NULL. NULL where nothing is near.
 */
const char *nearest_word(const char *word, const char *(*next)(const void *words, size_t index),
			 const void *words);

#endif /* NEAREST_H */
