// SPDX-License-Identifier: GPL-2.0-only
#include "mutate.h"

#include <string.h>

#include "tests/lib/random.h"

uint64_t mutator_next(struct mutator *mutator)
{
	return random_next(&mutator->state);
}

void mutator_fill(struct mutator *mutator, void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size--)
		*at++ = (uint8_t)(mutator_next(mutator) >> 24);
}

/* Edges of the types, page sizes, and whatever is near them. */
static uint64_t number_of_interest(struct mutator *mutator)
{
	static const uint64_t numbers[] = {
		0,
		1,
		2,
		4,
		16,
		0x7f,
		0x80,
		0xff,
		0xfff,
		0x1000,
		0x2000,
		0x7fff,
		0x8000,
		0xffff,
		0x10000,
		0x7fffffff,
		0x80000000,
		0xfffff000,
		0xffffffff,
		0x100000000,
		0xfffffffffffff,
		0x10000000000000,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xfffffffffffff000,
		0xffffffffffffffff,
	};
	uint64_t number = numbers[mutator_next(mutator) % (sizeof(numbers) / sizeof(numbers[0]))];

	switch (mutator_next(mutator) % 6) {
	case 0:
		return number + 1;
	case 1:
		return number - 1;
	case 2:
		return mutator_next(mutator) % 64;
	default:
		return number;
	}
}

static void set_number(struct mutator *mutator, uint8_t *bytes, size_t size)
{
	size_t width = (size_t)1 << mutator_next(mutator) % 4;
	uint64_t number = number_of_interest(mutator);
	size_t at;

	if (width > size)
		width = 1;
	at = mutator_next(mutator) % (size - width + 1);
	/* The fields of blobs lie at multiples of four, most of them. */
	if (mutator_next(mutator) % 4)
		at &= ~(width < 4 ? width - 1 : (size_t)3);
	memcpy(bytes + at, &number, width);
}

static void copy_within(struct mutator *mutator, uint8_t *bytes, size_t size)
{
	size_t count = 1 + mutator_next(mutator) % (size < 64 ? size : 64);
	size_t from = mutator_next(mutator) % (size - count + 1);
	size_t to = mutator_next(mutator) % (size - count + 1);

	memmove(bytes + to, bytes + from, count);
}

static size_t change_size(struct mutator *mutator, uint8_t *bytes, size_t size, size_t capacity)
{
	size_t grown;

	if (mutator_next(mutator) % 2)
		return size - mutator_next(mutator) % (size < 128 ? size : 128);
	grown = size + mutator_next(mutator) % 128;
	if (grown > capacity)
		grown = capacity;
	mutator_fill(mutator, bytes + size, grown - size);
	return grown;
}

size_t mutator_damage(struct mutator *mutator, uint8_t *bytes, size_t size, size_t capacity)
{
	unsigned int n = 1 + mutator_next(mutator) % 4;

	for (; n > 0 && size > 0; n--) {
		switch (mutator_next(mutator) % 16) {
		case 0 ... 3:
			bytes[mutator_next(mutator) % size] ^= 1u << mutator_next(mutator) % 8;
			break;
		case 4 ... 5:
			bytes[mutator_next(mutator) % size] = (uint8_t)mutator_next(mutator);
			break;
		case 6 ... 12:
			set_number(mutator, bytes, size);
			break;
		case 13 ... 14:
			copy_within(mutator, bytes, size);
			break;
		default:
			size = change_size(mutator, bytes, size, capacity);
		}
	}
	return size;
}
