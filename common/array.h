/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow by one element at a time. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/*
 * Adds a zeroed element of size bytes to an array of *count elements; array is the address of the
 * pointer to it (NULL: empty). Returns the new element; NULL without memory, then all is as it was.
 * The array belongs to free() and has all its elements through this function.
 */
void *array_add(void *array, size_t *count, size_t size);

#endif /* ARRAY_H */
