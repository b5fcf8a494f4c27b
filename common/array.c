// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

void *array_add(void *array, size_t *count, size_t size)
{
	char *items;

	memcpy(&items, array, sizeof(items));
	/* The room is the next power of two, which a full array has as its count. */
	if ((*count & (*count - 1)) == 0) {
		items = reallocarray(items, *count ? 2 * *count : 1, size);
		if (!items)
			return NULL;
		memcpy(array, &items, sizeof(items));
	}
	return memset(items + (*count)++ * size, 0, size);
}
