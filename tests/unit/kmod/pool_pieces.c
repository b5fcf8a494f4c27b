// SPDX-License-Identifier: GPL-2.0-only
/* What a pool of several pieces has, and what of it can go. */
#include "kmod/pool_pieces.h"

#include <stdlib.h>

#include "tests/lib/random.h"
#include "tests/lib/tap.h"

#define MIB    (1ull << 20)
#define PLACES 64u
#define ROUNDS 20000u

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static unsigned int choose(unsigned int count)
{
	return (unsigned int)(random_next(&seed) >> 33) % count;
}

/* In the order in which they came; the second and the first have no gap between them. */
static struct pool_piece first = {.start = 512 * MIB, .size = 64 * MIB};
static struct pool_piece below = {.start = 480 * MIB, .size = 32 * MIB};
static struct pool_piece above = {.start = 1024 * MIB, .size = 8 * MIB};

static struct pool_piece *three_pieces(void)
{
	struct pool_piece *pieces = NULL;

	first.moving = below.moving = above.moving = false;
	pool_pieces_add(&pieces, &first);
	pool_pieces_add(&pieces, &below);
	pool_pieces_add(&pieces, &above);
	return pieces;
}

static const struct {
	const char *name;
	uint64_t start, size;
	bool has;
} ranges[] = {
	{"all of one", 1024 * MIB, 8 * MIB, true},
	{"the end of one", 1030 * MIB, 2 * MIB, true},
	{"across two that have no gap", 500 * MIB, 24 * MIB, true},
	{"both of them", 480 * MIB, 96 * MIB, true},
	{"a byte too much at the end", 1024 * MIB, 8 * MIB + 1, false},
	{"a byte too much at the beginning", 480 * MIB - 1, 2, false},
	{"across a gap", 570 * MIB, 460 * MIB, false},
	{"in a gap", 600 * MIB, MIB, false},
	{"to the end of all addresses", 1024 * MIB, UINT64_MAX - 1024 * MIB, false},
	{"around it", 1024 * MIB, UINT64_MAX, false},
	{"nothing, in one", 512 * MIB, 0, true},
	{"nothing, in a gap", 600 * MIB, 0, false},
	{"nothing, behind one", 576 * MIB, 0, false},
};

static void test_ranges(struct tap *tap)
{
	const struct pool_piece *pieces = three_pieces();

	for (size_t n = 0; n < sizeof(ranges) / sizeof(ranges[0]); n++)
		tap_ok(tap,
		       pool_pieces_have(pieces, ranges[n].start, ranges[n].size) == ranges[n].has,
		       "%s", ranges[n].name);
	tap_ok(tap, !pool_pieces_have(NULL, 0, 0), "a pool of none has nothing");
}

static void test_order(struct tap *tap)
{
	struct pool_piece *pieces = three_pieces();

	tap_ok(tap, pieces == &first, "the one that came first is the first");
	tap_ok(tap, pool_pieces_above(pieces, 0) == &below, "by address: the lowest");
	tap_ok(tap, pool_pieces_above(pieces, 512 * MIB - 1) == &below, "to its last byte");
	tap_ok(tap, pool_pieces_above(pieces, 512 * MIB) == &first, "then the next");
	tap_ok(tap, pool_pieces_above(pieces, 576 * MIB) == &above, "over a gap");
	tap_ok(tap, !pool_pieces_above(pieces, 1032 * MIB), "and no more");
	pool_pieces_drop(&pieces, &first);
	tap_ok(tap, pieces == &below && below.next == &above, "one goes");
	pool_pieces_drop(&pieces, &first);
	tap_ok(tap, pieces == &below && below.next == &above && !above.next,
	       "that it goes twice changes nothing");
}

static void test_ends(struct tap *tap)
{
	struct pool_piece *pieces = three_pieces();

	tap_ok(tap, pool_pieces_ending(pieces, 512 * MIB, 64 * MIB) == &first, "all of one");
	tap_ok(tap, pool_pieces_ending(pieces, 574 * MIB, 2 * MIB) == &first, "the end of one");
	tap_ok(tap, !pool_pieces_ending(pieces, 512 * MIB, 2 * MIB), "not its beginning");
	tap_ok(tap, !pool_pieces_ending(pieces, 520 * MIB, 2 * MIB), "nor its middle");
	tap_ok(tap, !pool_pieces_ending(pieces, 480 * MIB, 96 * MIB), "nor two at once");
	tap_ok(tap, !pool_pieces_ending(pieces, 510 * MIB, 66 * MIB),
	       "nor one and the end of its neighbour");
	tap_ok(tap, !pool_pieces_ending(pieces, 576 * MIB, 0), "nor nothing");
	tap_ok(tap, !pool_pieces_ending(pieces, 600 * MIB, 2 * MIB), "nor what is none");
	tap_ok(tap, !pool_pieces_ending(pieces, 574 * MIB, UINT64_MAX), "nor around all addresses");
}

/* What is on its way belongs to nobody. */
static void test_moving(struct tap *tap)
{
	struct pool_piece *pieces = three_pieces();

	tap_ok(tap, !pool_pieces_moving(pieces, 0, UINT64_MAX), "none is on its way");
	tap_ok(tap, pool_pieces_meet(pieces, 480 * MIB - 1, 2), "some of a range is in one");
	tap_ok(tap, pool_pieces_meet(pieces, 1032 * MIB - 1, 1), "the last byte of all is");
	tap_ok(tap, !pool_pieces_meet(pieces, 576 * MIB, 448 * MIB), "a gap is in none");
	tap_ok(tap, !pool_pieces_meet(pieces, 0, 480 * MIB), "nor is what is before all");
	tap_ok(tap, pool_pieces_meet(pieces, 0, UINT64_MAX), "what has all of them is");
	tap_ok(tap, !pool_pieces_meet(NULL, 0, UINT64_MAX), "where there is none nothing is");
	first.moving = true;
	tap_ok(tap, pool_pieces_meet(pieces, 575 * MIB, MIB), "one on its way counts, too");
	tap_ok(tap, !pool_pieces_have(pieces, 512 * MIB, MIB), "one that is has nothing");
	tap_ok(tap, !pool_pieces_have(pieces, 500 * MIB, 24 * MIB), "nor with its neighbour");
	tap_ok(tap, pool_pieces_have(pieces, 480 * MIB, 32 * MIB), "the neighbour has its own");
	tap_ok(tap, pool_pieces_above(pieces, 512 * MIB) == &above, "it is not told");
	tap_ok(tap, !pool_pieces_ending(pieces, 512 * MIB, 64 * MIB), "and does not go twice");
	tap_ok(tap, pool_pieces_moving(pieces, 575 * MIB, MIB), "its last byte is on its way");
	tap_ok(tap, pool_pieces_moving(pieces, 0, 512 * MIB + 1), "and its first");
	tap_ok(tap, pool_pieces_moving(pieces, 0, UINT64_MAX), "and what has all of it");
	tap_ok(tap, !pool_pieces_moving(pieces, 576 * MIB, MIB), "what is behind it is not");
	tap_ok(tap, !pool_pieces_moving(pieces, 0, 512 * MIB), "nor what is before it");
}

static bool model_all(const bool *model, unsigned int start, unsigned int size)
{
	for (unsigned int n = start; n < start + size; n++) {
		if (!model[n])
			return false;
	}
	return true;
}

static bool model_any(const bool *model, unsigned int start, unsigned int size)
{
	for (unsigned int n = start; n < start + size; n++) {
		if (model[n])
			return true;
	}
	return false;
}

/* Pieces come where there are none, ends of them go, all in whatever order. */
static void test_random(struct tap *tap)
{
	static struct pool_piece items[PLACES];
	struct pool_piece *pieces = NULL, *piece;
	bool model[PLACES + 1] = {false};
	unsigned int used = 0, wrong = 0, grown = 0, shrunk = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int start = choose(PLACES), size = 1 + choose(PLACES - start);

		if (choose(2) && !model_any(model, start, size) && used < PLACES) {
			items[used] = (struct pool_piece){.start = start, .size = size};
			pool_pieces_add(&pieces, &items[used++]);
			for (unsigned int n = start; n < start + size; n++)
				model[n] = true;
			grown++;
		} else if ((piece = pool_pieces_ending(pieces, start, size))) {
			wrong += !model_all(model, start, size);
			for (unsigned int n = start; n < start + size; n++)
				model[n] = false;
			piece->size -= size;
			if (!piece->size)
				pool_pieces_drop(&pieces, piece);
			shrunk++;
		}
		if (!pieces)
			used = 0;
		start = choose(PLACES), size = 1 + choose(PLACES - start);
		wrong += pool_pieces_have(pieces, start, size) != model_all(model, start, size);
	}
	tap_is_u64(tap, wrong, 0, "at random: what they have is what was given and not taken");
	tap_ok(tap, grown > 100 && shrunk > 100, "control: %u came, %u went", grown, shrunk);
}

int main(void)
{
	struct tap tap = {0};

	test_ranges(&tap);
	test_order(&tap);
	test_ends(&tap);
	test_moving(&tap);
	test_random(&tap);
	return tap_done(&tap);
}
