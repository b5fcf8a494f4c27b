// SPDX-License-Identifier: GPL-2.0-only
/* What is known to be clean is never more than what was said to be, in whatever order. */
#include "kmod/clean.h"

#include <string.h>

#include "tests/lib/random.h"
#include "tests/lib/tap.h"

#define PLACES 512u
#define ROUNDS 20000u

static struct clean_set set;
static bool model[PLACES];
static uint64_t seed = 0x2545f4914f6cdd1dull;

static unsigned int choose(unsigned int count)
{
	return (unsigned int)(random_next(&seed) >> 33) % count;
}

static bool model_has(unsigned int start, unsigned int end)
{
	for (; start < end; start++) {
		if (!model[start])
			return false;
	}
	return true;
}

/* Returns how much is wrong. lossy: something of what was said may be forgotten. */
static unsigned int compare(bool lossy)
{
	unsigned int wrong = 0;

	for (unsigned int n = 0; n < PLACES; n++) {
		bool has = clean_set_has(&set, n, n + 1);

		wrong += lossy ? has && !model[n] : has != model[n];
	}
	return wrong;
}

static void change(unsigned int longest)
{
	unsigned int start = choose(PLACES), size = choose(longest);
	unsigned int end = start + size < PLACES ? start + size : PLACES;
	bool add = choose(2);

	if (add)
		clean_set_add(&set, start, end);
	else
		clean_set_remove(&set, start, end);
	for (; start < end; start++)
		model[start] = add;
}

static void test_random(struct tap *tap, const char *what, unsigned int longest, bool lossy)
{
	unsigned int wrong = 0, most = 0;

	memset(&set, 0, sizeof(set));
	memset(model, 0, sizeof(model));
	for (unsigned int n = 0; n < ROUNDS; n++) {
		unsigned int start = choose(PLACES), end = start + choose(PLACES - start);

		change(longest);
		wrong += compare(lossy);
		wrong += clean_set_has(&set, start, end) && !model_has(start, end);
		wrong += !lossy && !clean_set_has(&set, start, end) && model_has(start, end);
		most = set.count > most ? set.count : most;
	}
	tap_is_u64(tap, wrong, 0, "%s: it is what was said", what);
	tap_ok(tap, lossy == (most == CLEAN_SPANS), "%s: up to %u pieces", what, most);
}

int main(void)
{
	struct tap tap = {0};

	test_random(&tap, "long ranges", PLACES / 4, false);
	test_random(&tap, "many short ones, more than are remembered", 4, true);
	tap_ok(&tap, clean_set_has(&set, 5, 5), "nothing is always clean");
	clean_set_add(&set, 7, 7);
	clean_set_remove(&set, 7, 7);
	tap_is_u64(&tap, compare(true), 0, "to say nothing changes nothing");
	return tap_done(&tap);
}
