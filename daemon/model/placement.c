// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/placement_parts.h"
#include "common/quantity.h"

static bool is_created(const struct placement_input *input, const char *name)
{
	for (size_t i = 0; i < input->num_cells; i++) {
		if (strcmp(input->cells[i].name, name) == 0)
			return true;
	}
	return false;
}

static const struct description *find_next(const struct placement_input *input, const char *after)
{
	const struct description *next = NULL;

	for (size_t i = 0; i < input->num_descriptions; i++) {
		const struct description *candidate = input->descriptions[i];

		if (after && strcmp(candidate->name, after) <= 0)
			continue;
		if (!next || strcmp(candidate->name, next->name) < 0)
			next = candidate;
	}
	return next;
}

static void add_fixed(const struct description *description, struct obstacles *obstacles)
{
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		if (memory->has_phys)
			obstacles_add(obstacles,
				      (struct address_range){memory->phys, memory->size});
	}
}

/*
 * Places the regions of one cell, the larger alignment first so that small regions do not spoil it.
 */
static struct shortage place_regions(const struct placement_input *input,
				     struct obstacles *obstacles,
				     const struct description *description,
				     struct placement *placement)
{
	add_fixed(description, obstacles);
	placement->num_memory = description->num_memory;
	for (int large = 1; large >= 0; large--) {
		for (size_t i = 0; i < description->num_memory; i++) {
			const struct description_memory *memory = &description->memory[i];
			struct address_range *place = &placement->memory[i];

			if (memory->has_phys) {
				*place = (struct address_range){memory->phys, memory->size};
				continue;
			}
			if ((memory->size >= LARGE_ALIGNMENT) != large)
				continue;
			if (!obstacles_take_room(obstacles, &input->pool, memory->size, place))
				return (struct shortage){SHORT_OF_MEMORY, i};
		}
	}
	return (struct shortage){SHORT_OF_NOTHING, 0};
}

/* Places one cell with its links. What it had so far stays taken where it does not fit. */
static struct shortage place_cell(const struct placement_input *input, struct obstacles *obstacles,
				  const struct description *description,
				  struct placement *placement)
{
	const struct shortage shortage = place_regions(input, obstacles, description, placement);

	if (shortage.what != SHORT_OF_NOTHING)
		return shortage;
	return place_links(obstacles, &input->pool, description, placement);
}

/*
 * Places all cells that are not created, by their names, until it is this one's turn: its place
 * then depends on the set of descriptions, not on the order of creation. A neighbour that finds no
 * place leaves what it had so far.
 */
static bool place_in_plan(const struct placement_input *input,
			  const struct description *description, struct placement *placement)
{
	_cleanup_(obstacles_done) struct obstacles obstacles = {0};
	const struct description *next = NULL;

	obstacles_add_existing(&obstacles, input, description->name);
	add_fixed(description, &obstacles);
	for (size_t i = 0; i < input->num_descriptions; i++) {
		if (strcmp(input->descriptions[i]->name, description->name) != 0)
			add_fixed(input->descriptions[i], &obstacles);
	}
	while ((next = find_next(input, next ? next->name : NULL))) {
		struct placement other;

		if (strcmp(next->name, description->name) >= 0)
			break;
		if (!is_created(input, next->name))
			place_cell(input, &obstacles, next, &other);
	}
	return place_cell(input, &obstacles, description, placement).what == SHORT_OF_NOTHING &&
	       !obstacles.out_of_memory;
}

static void report_memory(const struct placement_input *input,
			  const struct description *description, size_t region,
			  struct problems *problems)
{
	const struct problem_place place = description_place(description, "memory");
	char wanted[QUANTITY_TEXT_MAX], total[QUANTITY_TEXT_MAX], largest[QUANTITY_TEXT_MAX];
	char size[QUANTITY_TEXT_MAX];
	uint64_t piece;

	quantity_round_bytes_up(description_memory_total(description), wanted);
	quantity_round_bytes_up(description->memory[region].size, size);
	quantity_round_bytes(placement_free(input, &piece), total);
	quantity_round_bytes(piece, largest);
	if (description->num_memory == 1)
		problems_add(problems, SEVERITY_ERROR, &place,
			     "wants %s, but the pool has %s free (largest piece %s); give it less, "
			     "destroy a cell, or make the pool larger",
			     wanted, total, largest);
	else
		problems_add(problems, SEVERITY_ERROR, &place,
			     "wants %s in all, and there is no place for the %s of memory[%zu]: "
			     "the pool has %s free (largest piece %s)",
			     wanted, size, region, total, largest);
}

/* Fixed regions: free, and either in the pool or no memory that Linux works with. */
static int check_fixed(const struct placement_input *input, const struct description *description,
		       struct problems *problems)
{
	_cleanup_(obstacles_done) struct obstacles obstacles = {0};
	int result = 0;

	obstacles_add_existing(&obstacles, input, description->name);
	if (obstacles.out_of_memory)
		return -ENOMEM;
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];
		const struct address_range range = {memory->phys, memory->size};
		const struct address_range *obstacle;
		struct problem_place place;
		const char *why = NULL;
		char key[sizeof("memory[18446744073709551615].phys")];

		if (!memory->has_phys)
			continue;
		obstacle = obstacles_find(&obstacles, range);
		if (obstacle)
			why = "the hypervisor or another cell has memory there";
		else if (!pool_holds(&input->pool, range) && machine_is_ram(input->machine, range))
			why = "that is Linux' own memory; only the pool and memory reserved at "
			      "boot can be given away";
		if (!why)
			continue;
		snprintf(key, sizeof(key), "memory[%zu].phys", i);
		place = description_place(description, key);
		problems_add(problems, SEVERITY_ERROR, &place,
			     "cannot be at physical address 0x%" PRIx64 ": %s", memory->phys, why);
		result = -EINVAL;
	}
	return result;
}

static int place_memory(const struct placement_input *input, const struct description *description,
			struct problems *problems, struct placement *placement)
{
	_cleanup_(obstacles_done) struct obstacles obstacles = {0};
	struct shortage shortage;
	int r;

	r = check_fixed(input, description, problems);
	if (r < 0)
		return r;
	if (place_in_plan(input, description, placement))
		return 0;
	/* Too little room for everybody: what is not created has no claim. */
	obstacles_add_existing(&obstacles, input, description->name);
	shortage = place_cell(input, &obstacles, description, placement);
	if (obstacles.out_of_memory)
		return -ENOMEM;
	if (shortage.what == SHORT_OF_NOTHING)
		return 0;
	if (shortage.what != SHORT_OF_MEMORY)
		return report_link(input, description, shortage, problems);
	report_memory(input, description, shortage.index, problems);
	return -ENOSPC;
}

int placement_missing(const struct placement_input *input, const struct description *description,
		      uint64_t *ret)
{
	uint64_t missing = 0;
	_cleanup_(obstacles_done) struct obstacles obstacles = {.missing = &missing};
	struct placement placement;
	struct shortage shortage;

	obstacles_add_existing(&obstacles, input, description->name);
	shortage = place_cell(input, &obstacles, description, &placement);
	if (obstacles.out_of_memory)
		return -ENOMEM;
	/* What else it is short of no memory helps with. */
	*ret = shortage.what == SHORT_OF_NOTHING
		       ? (missing + POOL_GRANULE - 1) / POOL_GRANULE * POOL_GRANULE
		       : 0;
	return 0;
}

/* The cell that has a CPU, of which there is one. */
static const char *owner_of(const struct placement_input *input, const char *except, int cpu)
{
	for (size_t i = 0; i < input->num_cells; i++) {
		if (strcmp(input->cells[i].name, except) != 0 &&
		    cpu_mask_has(&input->cells[i].placement.cpus, cpu))
			return input->cells[i].name;
	}
	return "?";
}

static struct cpu_mask busy_cpus(const struct placement_input *input, const char *except)
{
	struct cpu_mask busy = {0};

	for (size_t i = 0; i < input->num_cells; i++) {
		if (strcmp(input->cells[i].name, except) != 0)
			busy = cpu_mask_union(&busy, &input->cells[i].placement.cpus);
	}
	return busy;
}

static int take_named_cpus(const struct placement_input *input,
			   const struct description *description, const struct cpu_mask *busy,
			   struct problems *problems, struct placement *placement)
{
	int result = 0;

	for_each_cpu (cpu, &description->cpus) {
		const char *why = NULL, *owner = "";
		struct problem_place place;

		if (cpu == 0)
			why = "stays with Linux";
		else if (!cpu_mask_has(&input->machine->present, cpu))
			why = "is not in this machine";
		else if (cpu_mask_has(busy, cpu)) {
			why = "belongs to cell ";
			owner = owner_of(input, description->name, cpu);
		}
		if (!why)
			continue;
		place = description_place(description, "cpus");
		problems_add(problems, SEVERITY_ERROR, &place, "CPU %d %s%s", cpu, why, owner);
		result = cpu_mask_has(busy, cpu) ? -ENOSPC : -EINVAL;
	}
	if (result == 0)
		placement->cpus = description->cpus;
	return result;
}

/* Those that a description names are kept for the cell that can do with no others. */
static struct cpu_mask free_cpus(const struct placement_input *input, const struct cpu_mask *busy)
{
	struct cpu_mask named = *busy, result = {0};

	for (size_t i = 0; i < input->num_descriptions; i++)
		named = cpu_mask_union(&named, &input->descriptions[i]->cpus);
	for (int cpu = cpu_mask_last(&input->machine->online); cpu > 0; cpu--) {
		if (cpu_mask_has(&input->machine->online, cpu) && !cpu_mask_has(&named, cpu))
			cpu_mask_add(&result, cpu);
	}
	return result;
}

/* The core's threads that work, if all of them are among the CPUs; else none. */
static struct cpu_mask whole_core(const struct machine *machine, const struct cpu_mask *cpus,
				  unsigned int cpu)
{
	const struct cpu_mask threads = topology_core(&machine->topology, cpu);
	struct cpu_mask core = {0};

	for_each_cpu (n, &threads) {
		if (!cpu_mask_has(&machine->online, n))
			continue;
		if (!cpu_mask_has(cpus, n))
			return (struct cpu_mask){0};
		cpu_mask_add(&core, n);
	}
	return core;
}

/* Highest first: whole cores as long as they fit, then single threads where those may be had. */
static void choose_more(const struct placement_input *input, const struct cpu_mask *from,
			unsigned int wanted, struct cpu_mask *picked)
{
	struct cpu_mask core;
	unsigned int size;

	for (int cpu = cpu_mask_last(from); cpu > 0; cpu--) {
		if (!cpu_mask_has(from, cpu) || cpu_mask_has(picked, cpu))
			continue;
		core = whole_core(input->machine, from, cpu);
		size = cpu_mask_count(&core);
		if (size > 0 && size <= wanted - cpu_mask_count(picked))
			*picked = cpu_mask_union(picked, &core);
	}
	for (int cpu = cpu_mask_last(from); cpu > 0 && !input->whole_cores; cpu--) {
		if (cpu_mask_has(from, cpu) && cpu_mask_count(picked) < wanted)
			cpu_mask_add(picked, cpu);
	}
}

/* Linux loses none for the cell where those that are kept are enough. */
static struct cpu_mask choose_cpus(const struct placement_input *input, const struct cpu_mask *from,
				   unsigned int wanted)
{
	struct cpu_mask kept = {0}, picked = {0};

	for_each_cpu (cpu, from) {
		if (cpu_mask_has(&input->kept, cpu))
			cpu_mask_add(&kept, cpu);
	}
	if (cpu_mask_count(&kept) >= wanted)
		choose_more(input, &kept, wanted, &picked);
	if (cpu_mask_count(&picked) == wanted)
		return picked;
	picked = (struct cpu_mask){0};
	choose_more(input, from, wanted, &picked);
	return picked;
}

static void write_cpus(FILE *stream, const struct cpu_mask *cpus, const char *verb,
		       const char *cell, const char *why)
{
	_cleanup_(freep) char *list = cpu_mask_count(cpus) ? cpu_mask_format(cpus) : NULL;

	if (list)
		fprintf(stream, ", CPU %s %s cell %s%s", list, verb, cell, why);
}

/* ", CPU 1-2 belongs to cell a, ..."; to be freed by the caller, NULL without memory. */
static char *list_takers(const struct placement_input *input, const struct description *description,
			 const struct cpu_mask *busy)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < input->num_cells; i++) {
		if (strcmp(input->cells[i].name, description->name) != 0)
			write_cpus(stream, &input->cells[i].placement.cpus, "belongs to",
				   input->cells[i].name, "");
	}
	for (size_t i = 0; i < input->num_descriptions; i++) {
		const struct description *other = input->descriptions[i];
		struct cpu_mask kept = {0};

		for_each_cpu (cpu, &other->cpus) {
			if (cpu > 0 && cpu_mask_has(&input->machine->online, cpu) &&
			    !cpu_mask_has(busy, cpu))
				cpu_mask_add(&kept, cpu);
		}
		write_cpus(stream, &kept, "is kept for", other->name,
			   ", whose description names it");
	}
	if (fclose(stream) == 0)
		return text;
	free(text);
	return NULL;
}

static int pick_cpus(const struct placement_input *input, const struct description *description,
		     const struct cpu_mask *busy, struct problems *problems,
		     struct placement *placement)
{
	const struct cpu_mask from = free_cpus(input, busy);
	const struct cpu_mask picked = choose_cpus(input, &from, description->cpu_count);
	const unsigned int wanted = description->cpu_count, count = cpu_mask_count(&from);
	struct problem_place place;

	if (cpu_mask_count(&picked) == wanted) {
		placement->cpus = picked;
		return 0;
	}
	place = description_place(description, "cpus");
	if (count < wanted) {
		_cleanup_(freep) char *takers = list_takers(input, description, busy);

		problems_add(problems, SEVERITY_ERROR, &place,
			     "wants %u, but %u can be had: CPU 0 stays with Linux%s", wanted, count,
			     takers ?: "");
	} else {
		problems_add(problems, SEVERITY_ERROR, &place,
			     "wants %u, but of whole cores %u can be had (\"whole-cores\" in "
			     "cellmgrd.conf)",
			     wanted, cpu_mask_count(&picked));
	}
	return -ENOSPC;
}

static int place_cpus(const struct placement_input *input, const struct description *description,
		      struct problems *problems, struct placement *placement)
{
	const struct cpu_mask busy = busy_cpus(input, description->name);

	if (cpu_mask_count(&description->cpus) > 0)
		return take_named_cpus(input, description, &busy, problems, placement);
	return pick_cpus(input, description, &busy, problems, placement);
}

int placement_make(const struct placement_input *input, const struct description *description,
		   struct problems *problems, struct placement *ret)
{
	struct placement placement = {0};
	int memory, cpus;

	/* Both are tried, so that a person sees all that is short at once. */
	memory = place_memory(input, description, problems, &placement);
	cpus = place_cpus(input, description, problems, &placement);
	if (memory < 0 || cpus < 0)
		return memory < 0 ? memory : cpus;
	*ret = placement;
	return 0;
}
