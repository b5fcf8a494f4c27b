// SPDX-License-Identifier: GPL-2.0-only
/* A ring is read while it is written, at any moment of that. */
#include "kmod/ring.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/lib/tap.h"

#define SIZE ((uint64_t)PUBLIC_CONSOLE_SIZE)
#define PAGE 4096u

static struct public_ring *ring;
static uint64_t burst; /* bytes that are written when the reader comes to the closed page */

/* Of the byte that was the n-th ever written. */
static uint8_t byte_of(uint64_t n)
{
	return (uint8_t)(n ^ n >> 8 ^ n / SIZE * 37);
}

static void write_bytes(uint64_t count)
{
	for (; count; count--) {
		ring->buffer[ring->head % SIZE] = byte_of(ring->head);
		ring->head++;
	}
}

static void begin(uint64_t head)
{
	ring->head = head > SIZE ? head - SIZE : 0;
	write_bytes(head - ring->head);
}

static void *closed_page(void)
{
	return (uint8_t *)ring + 2 * PAGE;
}

/* What the hypervisor does while the reader is half way. */
static void on_fault(int signal)
{
	(void)signal;
	if (mprotect(closed_page(), PAGE, PROT_READ | PROT_WRITE) < 0)
		abort();
	write_bytes(burst);
}

/* Whether what was read is what was written, from where it is said to be. */
static bool is_true(uint64_t from, const uint8_t *bytes, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		if (bytes[n] != byte_of(from + n))
			return false;
	}
	return true;
}

static const struct {
	const char *name;
	uint64_t head, offset;
	size_t size;
	uint64_t burst; /* half way */
	uint64_t lost;
	size_t count;
} cases[] = {
	{"nothing was written", 0, 0, 100, 0, 0, 0},
	{"all of a few", 50, 0, 100, 0, 0, 50},
	{"as many as there is room for", 500, 100, 100, 0, 0, 100},
	{"nothing new", 500, 500, 100, 0, 0, 0},
	{"no room", 500, 100, 0, 0, 0, 0},
	{"over the end of the buffer", SIZE + 500, SIZE - 100, 300, 0, 0, 300},
	{"of one that goes round the oldest are lost", SIZE + 500, 0, 100, 0, 501, 100},
	{"one that began anew, from its beginning", 70, 5000, 100, 0, 0, 70},
	{"one that began anew and went round", SIZE + 500, 2 * SIZE, 100, 0, 501, 100},
	{"what is written meanwhile is for the next time", 9000, 0, SIZE, 1000, 0, 9000},
	{"overwritten while it was copied", SIZE, 0, SIZE, 9000, 9001, SIZE - 9001},
	{"all of it overwritten", SIZE, 0, 9000, 2 * SIZE, 9001, 0},
	{"the byte that may just be overwritten", SIZE, 0, SIZE, 0, 1, SIZE - 1},
	{"what is behind the burst stays", SIZE, 5000, SIZE, 4000, 0, SIZE - 5000},
};

static void check(struct tap *tap, size_t n)
{
	static uint8_t bytes[PUBLIC_CONSOLE_SIZE];
	uint64_t offset = cases[n].offset, lost = 1;
	size_t count;

	begin(cases[n].head);
	burst = cases[n].burst;
	if (burst && mprotect(closed_page(), PAGE, PROT_NONE) < 0)
		abort();
	count = ring_copy(ring, &offset, &lost, bytes, cases[n].size);
	mprotect(closed_page(), PAGE, PROT_READ | PROT_WRITE);
	tap_is_u64(tap, lost, cases[n].lost, "%s: how many are lost", cases[n].name);
	tap_is_u64(tap, count, cases[n].count, "%s: how many there are", cases[n].name);
	tap_ok(tap, is_true(offset - count, bytes, count), "%s: they are what was written",
	       cases[n].name);
}

int main(void)
{
	struct tap tap = {0};

	ring = mmap(NULL, sizeof(*ring) + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (ring == MAP_FAILED || signal(SIGSEGV, on_fault) == SIG_ERR)
		return 1;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		check(&tap, n);
	return tap_done(&tap);
}
