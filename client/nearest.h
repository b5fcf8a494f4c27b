/* SPDX-License-Identifier: GPL-2.0-only */
/* "Did you mean": the known names that are close to one that was mistyped. */
#ifndef CLIENT_NEAREST_H
#define CLIENT_NEAREST_H

#include <stddef.h>

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; SIZE_MAX for
 * names longer than 64 bytes or when memory is short. */
size_t name_distance(const char *a, const char *b);

/*
 * Picks the names nearest to wanted, at most max of them, nearest first, and none that has little
 * in common with it. ret_near gets pointers into names. Returns how many there are.
 */
size_t names_near(const char *wanted, const char *const *names, size_t count, const char **ret_near,
		  size_t max);

#endif /* CLIENT_NEAREST_H */
