// SPDX-License-Identifier: GPL-2.0-only
/* The same for the kernel and for tests on the host. */
#include "ring.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

static uint64_t head_of(const struct public_ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
}

/*
 * The first byte from there on that a ring with this head has still. The next byte is written
 * before the head says so: it may be in the place of the oldest one already.
 */
static uint64_t oldest(uint64_t head, uint64_t at)
{
	return head - at >= PUBLIC_CONSOLE_SIZE ? head - PUBLIC_CONSOLE_SIZE + 1 : at;
}

static void copy_bytes(const struct public_ring *ring, uint64_t at, uint8_t *buffer, size_t size)
{
	for (size_t n = 0; n < size; n++)
		buffer[n] = __atomic_load_n(&ring->buffer[(at + n) % PUBLIC_CONSOLE_SIZE],
					    __ATOMIC_RELAXED);
}

size_t ring_copy(const struct public_ring *ring, uint64_t *offset, uint64_t *ret_lost,
		 uint8_t *buffer, size_t size)
{
	uint64_t head = head_of(ring), begin = *offset <= head ? *offset : 0, at, overwritten;

	at = oldest(head, begin);
	if (size > head - at)
		size = head - at;
	copy_bytes(ring, at, buffer, size);
	/* What is looked at now was so after the copy. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	overwritten = oldest(head_of(ring), at) - at;
	if (overwritten > size)
		overwritten = size;
	memmove(buffer, buffer + overwritten, size - overwritten);
	*ret_lost = at + overwritten - begin;
	*offset = at + size;
	return size - overwritten;
}
