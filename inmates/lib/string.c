// SPDX-License-Identifier: BSD-2-Clause
/* What compilers expect to find even without a C library, and a little more; some is the
 * architecture's. */
#include "inmate.h"

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;

	for (size_t n = 0; n < size; n++) {
		if (left[n] != right[n])
			return left[n] - right[n];
	}
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
