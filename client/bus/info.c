// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "bus/info.h"
#include "common/bus_words.h"
#include "common/cleanup.h"

void strv_free(char **strings)
{
	for (char **s = strings; s && *s; s++)
		free(*s);
	free(strings);
}

void exit_counters_free(struct exit_counter *exits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(exits[i].name);
	free(exits);
}

void cell_info_free(struct cell_info *cell)
{
	free(cell->path);
	free(cell->name);
	free(cell->state);
	free(cell->health);
	free(cell->cpus);
	free(cell->operation);
	free(cell->last_error);
	free(cell->image_sha256);
	exit_counters_free(cell->exits, cell->num_exits);
	*cell = (struct cell_info){0};
}

void manager_info_free(struct manager_info *manager)
{
	free(manager->hypervisor_state);
	free(manager->driver);
	free(manager->version);
	strv_free(manager->features);
	*manager = (struct manager_info){0};
}

void cell_list_free(struct cell_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		cell_info_free(&list->cells[i]);
	free(list->cells);
	*list = (struct cell_list){0};
}

bool cell_info_runs(const struct cell_info *cell)
{
	enum lifecycle state = lifecycle_from_word(cell->state);

	return state == LIFECYCLE_RUNNING || state == LIFECYCLE_RUNNING_LOCKED;
}

bool cell_info_exits(const struct cell_info *cell, const char *name, uint64_t *ret_count)
{
	for (size_t i = 0; i < cell->num_exits; i++)
		if (strcmp(cell->exits[i].name, name) == 0) {
			*ret_count = cell->exits[i].count;
			return true;
		}
	return false;
}

uint64_t cell_info_total_exits(const struct cell_info *cell)
{
	uint64_t total = 0;

	if (cell_info_exits(cell, "total", &total))
		return total;
	for (size_t i = 0; i < cell->num_exits; i++)
		total += cell->exits[i].count;
	return total;
}
