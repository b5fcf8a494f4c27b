// SPDX-License-Identifier: GPL-2.0-only
/* Random bytes, and instructions with damage, against the decoder; the same ones every time. */
#include "insn_properties.h"
#include "mutate.h"
#include "tests/lib/tap.h"
#include "tests/lib/mmio_encodings.h"

#define TRIES 30000

static unsigned int count_encodings(void)
{
	unsigned int n = 0;

	while (mmio_encodings[n].start)
		n++;
	return n;
}

static unsigned int make(struct mutator *mutator, unsigned int encodings, uint8_t *bytes,
			 unsigned int capacity)
{
	const struct encoding *e = &mmio_encodings[mutator_next(mutator) % encodings];
	unsigned int size = (unsigned int)(e->end - e->start);

	if (mutator_next(mutator) % 4 == 0) {
		size = mutator_next(mutator) % (capacity + 1);
		mutator_fill(mutator, bytes, size);
		return size;
	}
	memcpy(bytes, e->start, size);
	return (unsigned int)mutator_damage(mutator, bytes, size, capacity);
}

int main(void)
{
	struct mutator mutator = {0x13198a2e03707344};
	unsigned int size, encodings = count_encodings(), broken = 0, decoded = 0;
	struct tap tap = {0};
	uint8_t bytes[24];
	const char *what;

	for (unsigned int n = 0; n < TRIES; n++) {
		size = make(&mutator, encodings, bytes, sizeof(bytes));
		decoded += insn_try(bytes, size, mutator_next(&mutator) % 3, &what);
		if (what && broken++ < 10)
			tap_note(&tap, "input %u: %s", n, what);
	}
	tap_is_u64(&tap, broken, 0, "%u random instructions decode to what is possible", TRIES);
	tap_ok(&tap, decoded > TRIES / 20 && decoded < TRIES, "%u of them were decoded", decoded);
	return tap_done(&tap);
}
