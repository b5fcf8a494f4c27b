// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text_span.h"
#include "util/cpu_mask.h"

bool cpu_mask_add(struct cpu_mask *mask, unsigned int cpu)
{
	if (cpu >= CPU_MASK_MAX)
		return false;
	mask->words[cpu / 64] |= 1ull << (cpu % 64);
	return true;
}

bool cpu_mask_has(const struct cpu_mask *mask, unsigned int cpu)
{
	return cpu < CPU_MASK_MAX && (mask->words[cpu / 64] >> (cpu % 64) & 1);
}

unsigned int cpu_mask_count(const struct cpu_mask *mask)
{
	unsigned int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mask->words); i++)
		count += __builtin_popcountll(mask->words[i]);
	return count;
}

int cpu_mask_last(const struct cpu_mask *mask)
{
	for (int cpu = CPU_MASK_MAX - 1; cpu >= 0; cpu--) {
		if (cpu_mask_has(mask, cpu))
			return cpu;
	}
	return -1;
}

int cpu_mask_next(const struct cpu_mask *mask, unsigned int cpu)
{
	for (; cpu < CPU_MASK_MAX; cpu++) {
		if (cpu_mask_has(mask, cpu))
			return cpu;
	}
	return -1;
}

struct cpu_mask cpu_mask_union(const struct cpu_mask *a, const struct cpu_mask *b)
{
	struct cpu_mask result;

	for (size_t i = 0; i < ARRAY_SIZE(result.words); i++)
		result.words[i] = a->words[i] | b->words[i];
	return result;
}

/* Takes "3" or "0-3" off the list. */
static int parse_range(struct text_span *list, struct cpu_mask *mask)
{
	uint64_t first, last;
	int r = text_span_number(list, 10, &first);

	last = first;
	if (r >= 0 && text_span_prefix(list, "-"))
		r = text_span_number(list, 10, &last);
	if (r < 0)
		return r;
	if (first >= CPU_MASK_MAX || last >= CPU_MASK_MAX)
		return -ERANGE;
	for (uint64_t cpu = first; cpu <= last; cpu++)
		cpu_mask_add(mask, (unsigned int)cpu);
	return first <= last ? 0 : -EINVAL;
}

int cpu_mask_parse(const char *text, struct cpu_mask *ret_mask)
{
	struct text_span list = {text, strlen(text)};
	struct cpu_mask mask = {0};
	int r = 0;

	if (*text != '\0' && *text != '\n')
		do
			r = parse_range(&list, &mask);
		while (r >= 0 && text_span_prefix(&list, ","));
	if (r < 0)
		return r;
	text_span_prefix(&list, "\n");
	if (list.length)
		return -EINVAL;
	*ret_mask = mask;
	return 0;
}

char *cpu_mask_format(const struct cpu_mask *mask)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	const char *separator = "";
	int first = cpu_mask_next(mask, 0);

	if (!stream)
		return NULL;
	while (first >= 0) {
		int last = first;

		while (cpu_mask_has(mask, last + 1))
			last++;
		fprintf(stream, "%s%d", separator, first);
		if (last > first)
			fprintf(stream, "-%d", last);
		separator = ",";
		first = cpu_mask_next(mask, last + 1);
	}
	return memstream_end(stream, &text);
}
