/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 (FIPS 180-4). Of our own, because each start of a cell needs it and libcrypto would add
 * 1.5 MB to a daemon that is idle; that is loaded for signatures only.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_TEXT 65 /* hexadecimal, with the terminating zero */

#define SHA256_BLOCK 64 /* bytes */

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	uint8_t block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t size);

/* In lower case. Nothing may be added afterwards. */
void sha256_end(struct sha256 *hash, char ret_text[SHA256_TEXT]);

#endif /* SHA256_H */
