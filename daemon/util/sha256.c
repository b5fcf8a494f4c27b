// SPDX-License-Identifier: GPL-2.0-only
#include "util/sha256.h"

#include <gcrypt.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#define DIGEST 32 /* bytes */

/* libgcrypt does nothing before; libsystemd may have been there first, and once is enough. */
static void prepare(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
		return;
	gcry_check_version(NULL);
	/* There are no secrets here, and locked pages are dear. */
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

static void prepare_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, prepare);
}

static void write_text(const uint8_t digest[DIGEST], char ret_text[SHA256_TEXT])
{
	for (size_t i = 0; i < DIGEST; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
}

struct sha256 *sha256_begin(void)
{
	gcry_md_hd_t handle;

	prepare_once();
	return gcry_md_open(&handle, GCRY_MD_SHA256, 0) ? NULL : (struct sha256 *)handle;
}

void sha256_add(struct sha256 *hash, const void *data, size_t size)
{
	gcry_md_write((gcry_md_hd_t)hash, data, size);
}

void sha256_end(struct sha256 *hash, char ret_text[SHA256_TEXT])
{
	write_text(gcry_md_read((gcry_md_hd_t)hash, GCRY_MD_SHA256), ret_text);
}

void sha256_free(struct sha256 *hash)
{
	gcry_md_close((gcry_md_hd_t)hash);
}

void sha256_of(const void *data, size_t size, char ret_text[SHA256_TEXT])
{
	uint8_t digest[DIGEST];

	prepare_once();
	gcry_md_hash_buffer(GCRY_MD_SHA256, digest, data, size);
	write_text(digest, ret_text);
}
