// SPDX-License-Identifier: GPL-2.0-only
#include "common/sha256.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#define LENGTH_BYTES 8 /* of the number of bits at the end */

/* FIPS 180-4, 4.2.2: of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned int bits)
{
	return x >> bits | x << (32 - bits);
}

static uint32_t read_word(const uint8_t *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return be32toh(word);
}

/* 4.1.2, with one rotation around another: by 2, 13 and 22, and by 6, 11 and 25. */
static uint32_t upper_sigma_0(uint32_t x)
{
	return rotate(rotate(rotate(x, 9) ^ x, 11) ^ x, 2);
}

static uint32_t upper_sigma_1(uint32_t x)
{
	return rotate(rotate(rotate(x, 14) ^ x, 5) ^ x, 6);
}

/*
 * 6.2.2, step 3. The working variables stay where they are and change their names: a is at -round,
 * modulo 8. In a loop that is unrolled each is in a register then.
 */
static inline void do_round(uint32_t s[8], unsigned int round, uint32_t input)
{
	const uint32_t a = s[-round % 8], b = s[(1 - round) % 8], c = s[(2 - round) % 8],
		       e = s[(4 - round) % 8], f = s[(5 - round) % 8], g = s[(6 - round) % 8];
	const uint32_t sum = s[(7 - round) % 8] + input + (g ^ (e & (f ^ g))) + upper_sigma_1(e);

	s[(3 - round) % 8] += sum;
	s[(7 - round) % 8] = sum + ((a & b) | (c & (a | b))) + upper_sigma_0(a);
}

/* 6.2.2, steps 1 to 4. */
static void add_block(struct sha256 *hash, const uint8_t *block)
{
	uint32_t schedule[64], s[8];

	for (unsigned int i = 0; i < 16; i++)
		schedule[i] = read_word(block + 4 * i);
	for (unsigned int i = 16; i < 64; i++) {
		const uint32_t early = schedule[i - 15], late = schedule[i - 2];

		schedule[i] = schedule[i - 16] +
			      (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
			      schedule[i - 7] + (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
	}
	memcpy(s, hash->state, sizeof(s));
	for (unsigned int i = 0; i < 64; i += 8) {
#pragma GCC unroll 8
		for (unsigned int j = 0; j < 8; j++)
			do_round(s, j, constants[i + j] + schedule[i + j]);
	}
	for (unsigned int i = 0; i < 8; i++)
		hash->state[i] += s[i];
}

void sha256_begin(struct sha256 *hash)
{
	/* 5.3.3: of the square roots of the first 8 primes. */
	*hash = (struct sha256){
		.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
			  0x1f83d9ab, 0x5be0cd19},
	};
}

void sha256_add(struct sha256 *hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	while (size) {
		const size_t used = hash->length % SHA256_BLOCK;
		const size_t part = size < SHA256_BLOCK - used ? size : SHA256_BLOCK - used;

		if (part == SHA256_BLOCK) {
			add_block(hash, bytes);
		} else {
			memcpy(hash->block + used, bytes, part);
			if (used + part == SHA256_BLOCK)
				add_block(hash, hash->block);
		}
		hash->length += part;
		bytes += part;
		size -= part;
	}
}

void sha256_end(struct sha256 *hash, char ret_text[SHA256_TEXT])
{
	static const uint8_t padding[SHA256_BLOCK] = {0x80};
	const uint64_t bits = hash->length * 8;
	const size_t used = hash->length % SHA256_BLOCK;
	const size_t end = SHA256_BLOCK - LENGTH_BYTES;
	uint8_t length[LENGTH_BYTES];

	for (unsigned int i = 0; i < LENGTH_BYTES; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(hash, padding, used < end ? end - used : SHA256_BLOCK + end - used);
	sha256_add(hash, length, sizeof(length));
	for (unsigned int i = 0; i < 8; i++)
		snprintf(ret_text + (size_t)8 * i, 9, "%08x", hash->state[i]);
}
