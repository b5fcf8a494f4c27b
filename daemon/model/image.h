/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images of cells, held in sealed memory. A file may change under its reader: it is copied first,
 * the copy is hashed, and the copy is what is loaded.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "util/error.h"
#include "util/sha256.h"

struct image {
	const void *data; /* read-only mapping of a sealed memfd */
	uint64_t size;
	uint64_t address; /* guest-physical target */
	char sha256[SHA256_TEXT];
};

/*
 * Copies and hashes a regular file or memfd, from its start, of at most max_size bytes. name is how
 * errors call it. May block on the file: not for the bus thread. Returns 0, or negative with error
 * set (Invalid, NoResources).
 */
int image_copy(int fd, const char *name, uint64_t address, uint64_t max_size, struct error *error,
	       struct image **ret);

/* Takes NULL. */
void image_free(struct image *image);
DEFINE_FREEP(struct image *, image_free)

/* SHA-256 of all images, one after the other. False without memory. */
bool image_hash(struct image *const *images, size_t num_images, char ret_text[SHA256_TEXT]);

#endif /* IMAGE_H */
