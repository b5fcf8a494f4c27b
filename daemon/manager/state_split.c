// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "manager/state.h"
#include "model/description.h"

static int split_off(const char *directory, const struct state_cell *cell)
{
	_cleanup_(freep) char *file = NULL;

	/* Only a person can have written another name there. */
	if (!description_name_valid(cell->name))
		return 0;
	file = text_format("%s/%s", directory, cell->name);
	if (!file)
		return -ENOMEM;
	return access(file, F_OK) == 0 ? 0 : state_write_record(file, &cell->record);
}

int state_split(const char *file, const char *directory, struct state *state)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < state->num_cells; i++)
		r = split_off(directory, &state->cells[i]);
	if (r >= 0)
		r = state_write(file, state);
	if (r < 0)
		return r;
	while (state->num_cells)
		free(state->cells[--state->num_cells].name);
	return 0;
}
