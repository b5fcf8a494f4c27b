// SPDX-License-Identifier: GPL-2.0-only
/* The functions that compilers expect to find even without a C library. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* From the first to the last, by whole words as far as they go. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	size_t words = size / 8, rest = size % 8;
	void *next = to;

	asm volatile("rep movsq" : "+D"(next), "+S"(from), "+c"(words) : : "memory");
	asm volatile("rep movsb" : "+D"(next), "+S"(from), "+c"(rest) : : "memory");
	return to;
}

void *memset(void *to, int value, size_t size)
{
	uint64_t pattern = (uint8_t)value * 0x0101010101010101ull;
	size_t words = size / 8, rest = size % 8;
	void *next = to;

	asm volatile("rep stosq" : "+D"(next), "+c"(words) : "a"(pattern) : "memory");
	asm volatile("rep stosb" : "+D"(next), "+c"(rest) : "a"(pattern) : "memory");
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
