// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes what libFuzzer begins with, one directory below DIRECTORY for each target of this folder
 * that is about binary formats.
 *
 *	make-seeds DIRECTORY
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "modbus_seed.h"
#include "tests/unit/lib/sample_blob.h"
#include "tests/lib/mmio_encodings.h"

/* An optional first byte says how the target is to read the rest. */
static int write_seed(const char *directory, const char *target, unsigned int number, int first,
		      const void *bytes, size_t size)
{
	char path[4096];
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/%s/%04u", directory, target, number);
	file = fopen(path, "wb");
	if (!file)
		return -errno;
	if ((first >= 0 && fputc(first, file) == EOF) || fwrite(bytes, 1, size, file) != size)
		err = -EIO;
	if (fclose(file) != 0 && !err)
		err = -EIO;
	return err;
}

static int write_blobs(const char *directory)
{
	struct cell_desc least = {
		.signature = {'J', 'H', 'C', 'L', 'L'},
		.architecture = BLOB_ARCH_X86,
		.revision = BLOB_REVISION,
		.name = "a",
	};
	size_t size;
	void *blob;
	int err;

	blob = sample_cell(&size);
	err = write_seed(directory, "blob-cell", 0, -1, blob, size);
	free(blob);
	if (!err)
		err = write_seed(directory, "blob-cell", 1, -1, &least, sizeof(least));
	if (err)
		return err;
	blob = sample_link(&size);
	err = write_seed(directory, "blob-link", 0, -1, blob, size);
	free(blob);
	if (err)
		return err;
	blob = sample_system(&size);
	err = write_seed(directory, "blob-system", 0, -1, blob, size);
	free(blob);
	return err;
}

static int write_insns(const char *directory)
{
	int err = 0;

	for (const struct encoding *e = mmio_encodings; e->start && !err; e++)
		err = write_seed(directory, "mmio", (unsigned int)(e - mmio_encodings),
				 e->bits == 64	 ? 2
				 : e->bits == 32 ? 1
						 : 0,
				 e->start, (size_t)(e->end - e->start));
	return err;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	err = write_blobs(argv[1]);
	if (!err)
		err = write_insns(argv[1]);
	if (!err)
		err = write_seed(argv[1], "modbus-request", 0, -1, modbus_seed,
				 sizeof(modbus_seed));
	if (err)
		fprintf(stderr, "%s: cannot write seeds below %s: %s\n", argv[0], argv[1],
			strerror(-err));
	return err ? 1 : 0;
}
