// SPDX-License-Identifier: BSD-2-Clause
/* What compilers expect to find even without a C library, and a little more. */
#include "inmate.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *result = to;

	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return result;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *last_to = (uint8_t *)to + size - 1;
	const uint8_t *last_from = (const uint8_t *)from + size - 1;

	if ((uintptr_t)to - (uintptr_t)from >= size)
		return memcpy(to, from, size);
	/* Backwards where the end of the source is overwritten. */
	asm volatile("std; rep movsb; cld"
		     : "+D"(last_to), "+S"(last_from), "+c"(size)
		     :
		     : "memory");
	return to;
}

void *memset(void *to, int value, size_t size)
{
	void *result = to;

	asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
	return result;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;

	for (size_t n = 0; n < size; n++)
		if (left[n] != right[n])
			return left[n] - right[n];
	return 0;
}

size_t strlen(const char *string)
{
	size_t length = 0;

	while (string[length])
		length++;
	return length;
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		if (a[n] != b[n])
			return (uint8_t)a[n] - (uint8_t)b[n];
		if (!a[n])
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *string, int c)
{
	for (;; string++) {
		if (*string == (char)c)
			return (char *)string;
		if (!*string)
			return NULL;
	}
}
