// SPDX-License-Identifier: GPL-2.0-only
/* What clients of the Modbus bridge send, damaged in many ways, the same ones every time. */
#include <stdlib.h>

#include "modbus_seed.h"
#include "mutate.h"
#include "tests/lib/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RUNS 30000u
#define ROOM 256u /* for what damage adds */

int main(void)
{
	uint8_t bytes[sizeof(modbus_seed) + ROOM];
	struct mutator mutator = {0x13198a2e03707344};
	struct tap tap = {0};

	LLVMFuzzerTestOneInput(modbus_seed, sizeof(modbus_seed));
	/* It is whole requests: each prefix is a client that leaves. */
	for (size_t size = 0; size < sizeof(modbus_seed); size++)
		LLVMFuzzerTestOneInput(modbus_seed, size);
	for (unsigned int run = 0; run < RUNS; run++) {
		memcpy(bytes, modbus_seed, sizeof(modbus_seed));
		LLVMFuzzerTestOneInput(
			bytes, mutator_damage(&mutator, bytes, sizeof(modbus_seed), sizeof(bytes)));
	}
	tap_ok(&tap, true, "requests and %u damaged copies of them are answered", RUNS);
	return tap_done(&tap);
}
