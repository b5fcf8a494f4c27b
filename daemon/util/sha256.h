/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-256 by libgcrypt: libsystemd brings that in any case, and libcrypto, which looks at
 * signatures, would make an idle daemon resident with 4 MB more. For any thread.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>

#include "common/cleanup.h"

#define SHA256_TEXT 65 /* hexadecimal, with the terminating zero */

struct sha256;

/* NULL without memory. */
struct sha256 *sha256_begin(void);
void sha256_add(struct sha256 *hash, const void *data, size_t size);

/* In lower case. Nothing may be added afterwards. */
void sha256_end(struct sha256 *hash, char ret_text[SHA256_TEXT]);

/* Takes NULL. */
void sha256_free(struct sha256 *hash);
DEFINE_FREEP(struct sha256 *, sha256_free)

/* Of some bytes. */
void sha256_of(const void *data, size_t size, char ret_text[SHA256_TEXT]);

#endif /* SHA256_H */
