// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ten thousand random and damaged blobs of each kind against the checker, the same ones every time.
 */
#include <stdlib.h>

#include "blob_properties.h"
#include "mutate.h"
#include "tests/unit/lib/sample_blob.h"
#include "tests/lib/tap.h"

#define TRIES	 10000
#define CAPACITY 4096

/* Right up to the counts, which fit the size; the rest is random. */
static size_t make_random(struct mutator *mutator, enum blob_kind kind, uint8_t *bytes)
{
	size_t fixed =
		kind == BLOB_KIND_SYSTEM ? sizeof(struct system_desc) : sizeof(struct cell_desc);
	struct cell_desc *cell = (struct cell_desc *)(bytes + fixed - sizeof(*cell));
	uint32_t counts[7];

	mutator_fill(mutator, bytes, CAPACITY);
	memcpy(bytes, kind == BLOB_KIND_SYSTEM ? BLOB_SYSTEM_SIGNATURE : BLOB_CELL_SIGNATURE,
	       BLOB_SIGNATURE_LEN);
	bytes[offsetof(struct cell_desc, architecture)] = BLOB_ARCH_X86;
	bytes[offsetof(struct cell_desc, revision)] = BLOB_REVISION;
	bytes[offsetof(struct cell_desc, revision) + 1] = 0;
	strcpy(cell->name, "random");
	cell->flags &= BLOB_CELL_PASSIVE_COMMREG;
	cell->cpu_set_size = mutator_next(mutator) % 9;
	for (unsigned int n = 0; n < 7; n++)
		counts[n] = mutator_next(mutator) % 3;
	memcpy((uint8_t *)cell + offsetof(struct cell_desc, num_memory_regions), counts,
	       sizeof(counts));
	return fixed - sizeof(*cell) + cell_desc_size(cell);
}

static size_t make(struct mutator *mutator, enum blob_kind kind, const uint8_t *sample, size_t size,
		   uint8_t *bytes)
{
	switch (mutator_next(mutator) % 16) {
	case 0:
		size = mutator_next(mutator) % 1024;
		mutator_fill(mutator, bytes, size);
		return size;
	case 1 ... 2:
		return make_random(mutator, kind, bytes);
	default:
		memcpy(bytes, sample, size);
		return mutator_damage(mutator, bytes, size, CAPACITY);
	}
}

static void test_kind(struct tap *tap, enum blob_kind kind, const char *name)
{
	struct mutator mutator = {0x243f6a8885a308d3};
	unsigned int accepted = 0, broken = 0;
	uint8_t *bytes = malloc(CAPACITY), *sample;
	const char *what;
	size_t sample_size, size;

	sample = kind == BLOB_KIND_SYSTEM ? sample_system(&sample_size)
		 : kind == BLOB_KIND_LINK ? sample_link(&sample_size)
					  : sample_cell(&sample_size);
	if (!bytes)
		abort();
	for (unsigned int n = 0; n < TRIES; n++) {
		size = make(&mutator, kind, sample, sample_size, bytes);
		accepted += blob_try(kind, bytes, size, &what);
		if (what && broken++ < 10)
			tap_note(tap, "%s blob %u: %s", name, n, what);
	}
	tap_note(tap, "%s blobs: %u accepted, %u refused", name, accepted, TRIES - accepted);
	tap_is_u64(tap, broken, 0,
		   "%u %s blobs: what is accepted is sound, what is refused has a reason", TRIES,
		   name);
	tap_ok(tap, accepted > 0 && accepted < TRIES,
	       "%s blobs: some accepted (%u), some refused (%u)", name, accepted, TRIES - accepted);
	free(sample);
	free(bytes);
}

int main(void)
{
	struct tap tap = {0};

	test_kind(&tap, BLOB_KIND_CELL, "cell");
	test_kind(&tap, BLOB_KIND_SYSTEM, "system");
	test_kind(&tap, BLOB_KIND_LINK, "link");
	return tap_done(&tap);
}
