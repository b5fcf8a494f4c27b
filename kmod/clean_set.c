// SPDX-License-Identifier: GPL-2.0-only
/* The same for the kernel and for tests on the host. */
#include "clean.h"

static void append(struct clean_set *set, uint64_t start, uint64_t end)
{
	if (start >= end || set->count == CLEAN_SPANS)
		return;
	set->span[set->count].start = start;
	set->span[set->count].end = end;
	set->count++;
}

void clean_set_remove(struct clean_set *set, uint64_t start, uint64_t end)
{
	unsigned int n = 0;

	while (n < set->count) {
		uint64_t first = set->span[n].start, last = set->span[n].end;

		if (first >= end || last <= start || start >= end) {
			n++;
			continue;
		}
		set->span[n] = set->span[--set->count];
		append(set, first, start);
		append(set, end, last);
		/* What is left of it is out of the range, wherever it has come. */
		n = 0;
	}
}

void clean_set_add(struct clean_set *set, uint64_t start, uint64_t end)
{
	unsigned int n = 0;

	if (start >= end)
		return;
	/* Those that it meets or touches become one with it. */
	while (n < set->count) {
		if (set->span[n].start > end || set->span[n].end < start) {
			n++;
			continue;
		}
		if (set->span[n].start < start)
			start = set->span[n].start;
		if (set->span[n].end > end)
			end = set->span[n].end;
		set->span[n] = set->span[--set->count];
		n = 0;
	}
	append(set, start, end);
}

bool clean_set_has(const struct clean_set *set, uint64_t start, uint64_t end)
{
	for (unsigned int n = 0; n < set->count; n++) {
		if (set->span[n].start <= start && end <= set->span[n].end)
			return true;
	}
	return start >= end;
}
