// SPDX-License-Identifier: GPL-2.0-only
#include "model/order.h"

#include <string.h>

/* A description that was come to, and by which step. */
struct visit {
	const struct description *description;
	size_t from; /* of the visits */
	size_t step;
};

static const struct description *find(const struct description *const *set, size_t count,
				      const struct visit *visits, size_t num_visits,
				      const char *name)
{
	for (size_t i = 0; i < num_visits; i++) {
		if (strcmp(visits[i].description->name, name) == 0)
			return NULL; /* not once more */
	}
	return description_find(set, count, name);
}

/* From the start to the last visit, and on to the start. */
static char *format_way(struct visit *visits, size_t last, size_t *ret_first)
{
	size_t next = 0, at = last;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	/* What was walked backwards is turned round: from is where to go on, then. */
	while (at != 0) {
		size_t from = visits[at].from;

		visits[at].from = next;
		next = at;
		at = from;
	}
	if (next)
		*ret_first = visits[next].step;
	fprintf(stream, "%s, ", visits[0].description->name);
	for (at = next; at != 0; at = visits[at].from)
		fprintf(stream, "%s, ", visits[at].description->name);
	fputs(visits[0].description->name, stream);
	return memstream_end(stream, &text);
}

char *order_find_cycle(const struct description *const *set, size_t count,
		       const struct description *start, size_t *ret_first)
{
	_cleanup_(freep) struct visit *visits = NULL;
	size_t num_visits = 1;
	const char *name;

	if (!order_name(start, 0))
		return NULL;
	visits = calloc(count + 1, sizeof(*visits));
	if (!visits)
		return NULL;
	visits[0].description = start;
	/* Those that are near come first: what is told is the shortest way. */
	for (size_t at = 0; at < num_visits; at++) {
		for (size_t i = 0; (name = order_name(visits[at].description, i)); i++) {
			const struct description *next;

			if (strcmp(name, start->name) == 0) {
				*ret_first = i;
				return format_way(visits, at, ret_first);
			}
			next = find(set, count, visits, num_visits, name);
			if (next)
				visits[num_visits++] = (struct visit){next, at, i};
		}
	}
	return NULL;
}
