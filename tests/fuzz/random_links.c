// SPDX-License-Identifier: GPL-2.0-only
/* A hostile peer of a link; the same one every time. */
#include "link_properties.h"
#include "mutate.h"
#include "tests/lib/tap.h"

#define TRIES 30000

int main(void)
{
	struct mutator mutator = {0x452821e638d01377};
	unsigned int broken = 0, received = 0;
	struct tap tap = {0};
	uint8_t bytes[512];
	const char *what;

	for (unsigned int n = 0; n < TRIES; n++) {
		size_t size = mutator_next(&mutator) % sizeof(bytes);

		mutator_fill(&mutator, bytes, size);
		received += link_try(bytes, size, &what);
		if (what && broken++ < 10)
			tap_note(&tap, "input %u: %s", n, what);
	}
	tap_is_u64(&tap, broken, 0, "%u hostile peers change nothing that is not theirs", TRIES);
	tap_ok(&tap, received > TRIES, "%u records came from them", received);
	return tap_done(&tap);
}
