// SPDX-License-Identifier: BSD-2-Clause
/* Memory by string instructions: compilers expect these functions even without a C library. */
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
