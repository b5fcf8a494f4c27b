// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "model/check.h"

/* Those that something was found in; what concerns no single file is the directory's. */
static struct problems *problems_of(struct cell_dir *dir, const struct problem *problem)
{
	for (size_t i = 0; i < dir->count; i++) {
		if (strcmp(dir->entries[i].path, problem->file) == 0)
			return &dir->entries[i].problems;
	}
	return &dir->problems;
}

/* False where there was not memory for all. */
static bool hand_out(struct cell_dir *dir, const struct problems *found)
{
	bool complete = !found->out_of_memory;

	for (size_t i = 0; i < found->count; i++) {
		const struct problem *problem = &found->items[i];
		const struct problems one = {
			.items = &found->items[i],
			.count = 1,
			.errors = problem->severity == SEVERITY_ERROR,
		};
		struct problems *problems = problems_of(dir, problem);

		problems_append(problems, &one);
		complete &= !problems->out_of_memory;
	}
	return complete;
}

int check_dir(const struct check_input *input, struct cell_dir *dir)
{
	_cleanup_(freep) const struct description **set = calloc(dir->count + 1, sizeof(*set));
	_cleanup_(problems_done) struct problems found = {0};
	struct check_input with_set = *input;

	if (!set)
		return -ENOMEM;
	with_set.descriptions = set;
	with_set.num_descriptions = 0;
	for (size_t i = 0; i < dir->count; i++) {
		if (dir->entries[i].description)
			set[with_set.num_descriptions++] = dir->entries[i].description;
	}
	check_set(&with_set, &found);
	if (problems_full(&found))
		problems_add(&dir->problems,
			     problems_result(&found) < 0 ? SEVERITY_ERROR : SEVERITY_WARNING, NULL,
			     "there are more problems than are told; mend these first");
	return hand_out(dir, &found) ? 0 : -ENOMEM;
}
