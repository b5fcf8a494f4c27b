// SPDX-License-Identifier: GPL-2.0-only
/* The page pool: what is handed out, to whom, and when it may be handed out again. */
#include "core/page_pool.h"

#include <sys/mman.h>

#include "fake_machine.h"

#include "tests/lib/tap.h"

#define SMALL	    100u /* pages; not a multiple of the bits in a byte */
#define LARGE	    40000u
#define OWN	    1u /* pages that a small pool has for itself */
#define LARGE_OWN   10u
#define HANDED_OUT  (SMALL - OWN)
#define PATTERN	    0x5a
#define POOL_BYTES  (LARGE * PAGE_SIZE)
#define SMALL_BYTES (SMALL * PAGE_SIZE)

static uint8_t *memory;
static uint8_t *pages[HANDED_OUT];

static bool all_bytes(const uint8_t *start, size_t size, uint8_t value)
{
	for (size_t n = 0; n < size; n++) {
		if (start[n] != value)
			return false;
	}
	return true;
}

static void test_exhaustion(struct tap *tap)
{
	bool good = true, zeroed = true;
	static bool taken[SMALL];
	size_t page;

	memset(memory, PATTERN, SMALL_BYTES);
	page_pool_init(memory, SMALL);
	tap_is_u64(tap, page_pool_size(), SMALL, "the pool knows its size");
	tap_is_u64(tap, page_pool_used(), OWN, "its own pages count as used");
	for (unsigned int n = 0; n < HANDED_OUT; n++) {
		pages[n] = page_pool_alloc(1);
		if (!pages[n] || pages[n] < memory || (pages[n] - memory) % PAGE_SIZE) {
			good = false;
			break;
		}
		page = (pages[n] - memory) / PAGE_SIZE;
		good = good && page >= OWN && page < SMALL && !taken[page];
		taken[page % SMALL] = true;
		zeroed = zeroed && all_bytes(pages[n], PAGE_SIZE, 0);
		memset(pages[n], PATTERN, PAGE_SIZE);
	}
	tap_ok(tap, good, "each page is handed out once, none of the pool's own");
	tap_ok(tap, zeroed, "what is handed out is zeroed");
	tap_ok(tap, !page_pool_alloc(1), "an empty pool says so");
	tap_is_u64(tap, page_pool_used(), SMALL, "then all pages are in use");
}

static void test_runs(struct tap *tap)
{
	page_pool_free(NULL, 3);
	tap_is_u64(tap, page_pool_used(), SMALL, "freeing nothing frees nothing");
	page_pool_free(pages[10], 1);
	page_pool_free(pages[11], 1);
	page_pool_free(pages[20], 3);
	tap_is_u64(tap, page_pool_used(), SMALL - 5, "freed pages are counted");
	tap_ok(tap, !page_pool_alloc(4), "five pages in two places are no run of four");
	tap_ok(tap, page_pool_alloc(3) == pages[20], "a run of three is found behind one of two");
	tap_ok(tap, all_bytes(pages[20], 3 * PAGE_SIZE, 0), "all of it is zeroed");
	tap_ok(tap,
	       all_bytes(pages[23], PAGE_SIZE, PATTERN) && all_bytes(pages[19], PAGE_SIZE, PATTERN),
	       "nothing beside it is");
	tap_ok(tap, page_pool_alloc(2) == pages[10], "the run of two is still there");
	tap_ok(tap, !page_pool_alloc(1), "then the pool is empty again");
	page_pool_free(pages[HANDED_OUT - 1], 1);
	tap_ok(tap, !page_pool_alloc(2), "a run does not go on behind the pool's end");
	tap_ok(tap, page_pool_alloc(1) == pages[HANDED_OUT - 1], "its last page can be had alone");
}

static void test_deferred(struct tap *tap)
{
	memset(pages[30], PATTERN, PAGE_SIZE);
	page_pool_free_deferred(pages[30], 1);
	page_pool_free_deferred(pages[40], 1);
	page_pool_free_deferred(pages[HANDED_OUT - 1], 1);
	tap_is_u64(tap, page_pool_used(), SMALL, "tables that are to be freed are in use");
	tap_ok(tap, !page_pool_alloc(1), "until they are released nobody gets them");
	tap_ok(tap, all_bytes(pages[30], PAGE_SIZE, PATTERN),
	       "a processor that walks one meanwhile finds what it was");
	page_pool_release_deferred();
	tap_is_u64(tap, page_pool_used(), SMALL - 3, "all of them are released together");
	tap_ok(tap,
	       page_pool_alloc(1) == pages[30] && page_pool_alloc(1) == pages[40] &&
		       page_pool_alloc(1) == pages[HANDED_OUT - 1],
	       "then they can be had");
	page_pool_release_deferred();
	tap_is_u64(tap, page_pool_used(), SMALL, "a second release takes nobody's page");
	page_pool_free_deferred(pages[50], 1);
	page_pool_release_deferred();
	tap_ok(tap, page_pool_used() == SMALL - 1 && page_pool_alloc(1) == pages[50],
	       "a later one releases only what came after it");
}

static void test_large(struct tap *tap)
{
	uint8_t *first;

	page_pool_init(memory, LARGE);
	tap_is_u64(tap, page_pool_used(), LARGE_OWN, "a large pool has more of its own");
	first = page_pool_alloc(LARGE - LARGE_OWN);
	tap_ok(tap, first == memory + LARGE_OWN * PAGE_SIZE, "all the rest can be had in one run");
	tap_is_u64(tap, page_pool_used(), LARGE, "then all is in use");
	page_pool_free_deferred(memory + (LARGE - 1) * PAGE_SIZE, 1);
	page_pool_release_deferred();
	tap_ok(tap, page_pool_alloc(1) == memory + (LARGE - 1) * PAGE_SIZE,
	       "the last page of a large pool comes back");
}

int main(void)
{
	struct tap tap = {0};

	machine_open(NULL);
	memory = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!tap_ok(&tap, memory != MAP_FAILED, "memory for a pool"))
		return tap_done(&tap);
	test_exhaustion(&tap);
	test_runs(&tap);
	test_deferred(&tap);
	test_large(&tap);
	return tap_done(&tap);
}
