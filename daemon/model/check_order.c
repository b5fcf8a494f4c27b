// SPDX-License-Identifier: GPL-2.0-only
/* The order of cells: names that nobody has, and ways that lead back. */
#include <string.h>

#include "model/check_parts.h"
#include "model/order.h"

static void format_key(const struct check *check, size_t i, char key[CHECK_KEY_MAX])
{
	const size_t num_after = check->description->num_after;

	if (i < num_after)
		snprintf(key, CHECK_KEY_MAX, "after[%zu]", i);
	else
		snprintf(key, CHECK_KEY_MAX, "requires[%zu]", i - num_after);
}

void check_order(const struct check *check)
{
	const struct check_input *input = check->input;
	const struct description *description = check->description;
	_cleanup_(freep) char *way = NULL;
	char key[CHECK_KEY_MAX];
	const char *name;
	size_t first;

	for (size_t i = 0; (name = order_name(description, i)); i++) {
		if (strcmp(description->name, name) == 0 ||
		    description_find(input->descriptions, input->num_descriptions, name))
			continue;
		format_key(check, i, key);
		/* What it is only to come after may come and go. */
		check_report(check, i < description->num_after ? SEVERITY_WARNING : SEVERITY_ERROR,
			     key,
			     "there is no description of a cell %s; write one and install it, or "
			     "take it off the list",
			     name);
	}
	way = order_find_cycle(input->descriptions, input->num_descriptions, description, &first);
	if (!way)
		return;
	format_key(check, first, key);
	check_report(check, SEVERITY_ERROR, key,
		     "it would come after itself (%s): none of these could be started first; take "
		     "one off a list",
		     way);
}
