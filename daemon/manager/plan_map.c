// SPDX-License-Identifier: GPL-2.0-only
/* The machine as a map: what belongs to whom, what is free, and who would find room. */
#include <errno.h>

#include "common/array.h"
#include "manager/plan.h"

void plan_map_done(struct plan_map *map)
{
	free(map->cpus);
	free(map->memory);
}

static struct plan_map_cpu cpu_of(const struct manager *manager, unsigned int cpu)
{
	struct plan_map_cpu result = {.cpu = cpu, .owner = OWNER_NONE, .name = ""};

	if (cpu_mask_has(&manager->machine->online, cpu))
		result.owner = OWNER_LINUX;
	if (cpu_mask_has(&manager->cpus_left_out, cpu))
		result.owner = OWNER_LEFT_OUT;
	if (cpu_mask_has(&manager->cpus_kept, cpu))
		result.owner = OWNER_KEPT;
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->exists && cpu_mask_has(&cell->seen.cpus, cpu))
			result = (struct plan_map_cpu){cpu, OWNER_CELL, cell->name};
	}
	return result;
}

static int add_cpus(const struct manager *manager, struct plan_map *map)
{
	const struct cpu_mask *present = &manager->machine->present;

	for_each_cpu (cpu, present) {
		struct plan_map_cpu *item = array_add(&map->cpus, &map->num_cpus, sizeof(*item));

		if (!item)
			return -ENOMEM;
		*item = cpu_of(manager, (unsigned int)cpu);
	}
	return 0;
}

static int add_memory(struct plan_map *map, struct address_range range, enum owner owner,
		      const char *name)
{
	struct plan_map_memory *item;

	if (range.size == 0)
		return 0;
	/* A link is told of by each of its peers. */
	for (size_t i = 0; i < map->num_memory; i++) {
		if (map->memory[i].range.start == range.start)
			return 0;
	}
	item = array_add(&map->memory, &map->num_memory, sizeof(*item));
	if (item)
		*item = (struct plan_map_memory){range, owner, name};
	return item ? 0 : -ENOMEM;
}

static int add_taken(const struct manager *manager, struct plan_map *map)
{
	int r = add_memory(map, manager->hypervisor, OWNER_HYPERVISOR, "");

	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		const struct placement *placement = &cell->record.placement;

		/* What foreign ones have of memory is not known. */
		for (size_t i = 0; r >= 0 && cell_owned(cell) && i < placement->num_memory; i++)
			r = add_memory(map, placement->memory[i], OWNER_CELL, cell->name);
		for (size_t i = 0; r >= 0 && cell_owned(cell) && i < placement->num_links; i++)
			r = add_memory(map, placement->links[i].memory, OWNER_LINK,
				       placement->links[i].id);
	}
	for (const struct link *link = manager->links; r >= 0 && link; link = link->next)
		r = add_memory(map, link->record.place.memory, OWNER_LINK, link->record.place.id);
	return r;
}

static int by_address(const void *a, const void *b)
{
	const struct plan_map_memory *left = a, *right = b;

	return (left->range.start > right->range.start) - (left->range.start < right->range.start);
}

/* What of a piece of the pool is not among the first count ranges, which are by address. */
static int add_free(struct plan_map *map, size_t count, struct address_range piece)
{
	uint64_t at = piece.start;
	int r = 0;

	for (size_t i = 0; r >= 0 && i <= count; i++) {
		const struct address_range end = {range_end(piece), 1};
		const struct address_range next = i < count ? map->memory[i].range : end;

		if (i < count && !ranges_meet(next, piece))
			continue;
		if (next.start > at)
			r = add_memory(map, (struct address_range){at, next.start - at}, OWNER_NONE,
				       "");
		at = range_end(next);
	}
	return r;
}

int plan_map_make(struct manager *manager, struct error *error, struct plan_map *ret)
{
	size_t taken;
	int r;

	if (!manager->machine)
		manager_read_machine(manager);
	if (!manager->machine || machine_read_online(manager->machine_root, manager->machine) < 0)
		return error_set(error, ERROR_DRIVER, "the machine's CPUs cannot be read");
	r = add_cpus(manager, ret);
	if (r >= 0)
		r = add_taken(manager, ret);
	taken = ret->num_memory;
	if (taken)
		qsort(ret->memory, taken, sizeof(*ret->memory), by_address);
	for (size_t i = 0; r >= 0 && i < manager->pool.count; i++)
		r = add_free(ret, taken, manager->pool.pieces[i].range);
	if (ret->num_memory)
		qsort(ret->memory, ret->num_memory, sizeof(*ret->memory), by_address);
	return r < 0 ? error_set(error, ERROR_NO_RESOURCES, "out of memory") : 0;
}

int plan_check_room(struct manager *manager, struct cell *cell, struct error *error)
{
	struct plan plan = {0};
	int r = plan_check(manager, cell, error);

	if (r < 0 || !manager->pool.count)
		return r;
	r = plan_create(manager, cell, error, &plan);
	plan_done(&plan);
	if (r >= 0 || error->code != ERROR_NO_RESOURCES || !plan_growth(manager, cell))
		return r;
	error_done(error);
	return 0;
}
