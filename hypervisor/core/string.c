// SPDX-License-Identifier: GPL-2.0-only
/* The functions that compilers expect to find even without a C library. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch_cpu.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	arch_copy(to, from, size);
	return to;
}

void *memset(void *to, int value, size_t size)
{
	arch_fill(to, value, size);
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (; size; size--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}
