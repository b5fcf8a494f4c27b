// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a fuzz target without libFuzzer: the files given, and damaged copies of them, the same ones
 * every time. A target that finds something aborts.
 *
 *	replay COUNT FILE...
 */
#include <stdio.h>
#include <stdlib.h>

#include "mutate.h"
#include "tests/lib/tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 256 /* for what damage adds */

struct seed {
	uint8_t *bytes;
	size_t size;
};

static bool read_seed(const char *path, struct seed *ret_seed)
{
	FILE *file = fopen(path, "rb");
	long size;
	bool ok;

	if (!file)
		return false;
	ok = fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 &&
	     fseek(file, 0, SEEK_SET) == 0;
	if (ok) {
		ret_seed->size = (size_t)size;
		ret_seed->bytes = malloc(ret_seed->size);
		ok = ret_seed->bytes &&
		     fread(ret_seed->bytes, 1, ret_seed->size, file) == ret_seed->size;
	}
	fclose(file);
	return ok;
}

/* In memory of its own size, so that a look behind the end is found. */
static void run_damaged(struct mutator *mutator, const struct seed *seed)
{
	uint8_t *bytes = malloc(seed->size + ROOM), *exact;
	size_t size;

	if (!bytes)
		abort();
	memcpy(bytes, seed->bytes, seed->size);
	size = mutator_damage(mutator, bytes, seed->size, seed->size + ROOM);
	exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	free(bytes);
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct mutator mutator = {0xa4093822299f31d0};
	struct tap tap = {0};
	struct seed seed;

	for (int i = 2; i < argc; i++) {
		const char *name = strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i];

		seed = (struct seed){0};
		if (!tap_ok(&tap, read_seed(argv[i], &seed), "%s can be read", name))
			continue;
		LLVMFuzzerTestOneInput(seed.bytes, seed.size);
		for (unsigned long n = 0; n < count; n++)
			run_damaged(&mutator, &seed);
		tap_ok(&tap, true, "%s and %lu damaged copies of it are survived", name, count);
		free(seed.bytes);
	}
	return tap_done(&tap);
}
