// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/quantity.h"
#include "driver_abi.h"
#include "model/check_parts.h"
#include "model/link.h"

/* Of cells that want the same so many are named; the others are counted. */
#define RIVALS_SHOWN 3

struct problem_place check_place(const struct check *check, const char *key)
{
	if (problems_full(check->problems))
		return (struct problem_place){.file = check->description->file, .key = key};
	return description_place(check->description, key);
}

void check_report(const struct check *check, enum severity severity, const char *key,
		  const char *format, ...)
{
	const struct problem_place place = check_place(check, key);
	va_list arguments;

	va_start(arguments, format);
	problems_vadd(check->problems, severity, &place, format, arguments);
	va_end(arguments);
}

static void check_named_cpus(const struct check *check)
{
	const struct machine *machine = check->input->machine;
	const struct cpu_mask *cpus = &check->description->cpus;

	for_each_cpu (cpu, cpus) {
		if (cpu == 0)
			check_report(check, SEVERITY_ERROR, "cpus",
				     "CPU 0 stays with Linux; name another one");
		else if (!cpu_mask_has(&machine->present, cpu))
			check_report(check, SEVERITY_ERROR, "cpus",
				     "CPU %d is not in this machine, the last one is %d", cpu,
				     cpu_mask_last(&machine->present));
		else if (!cpu_mask_has(&machine->online, cpu) &&
			 !cpu_mask_has(&check->input->cell_cpus, cpu))
			check_report(check, SEVERITY_ERROR, "cpus",
				     machine->smt_off
					     ? "CPU %d is offline, and second threads of cores are "
					       "kept so (nosmt, smt/control); name another one"
					     : "CPU %d is offline; bring it online or name another "
					       "one",
				     cpu);
	}
}

static void check_cpus(const struct check *check)
{
	const struct description *description = check->description;
	const unsigned int present = cpu_mask_count(&check->input->machine->present);

	check_named_cpus(check);
	if (description->cpu_count >= present)
		check_report(check, SEVERITY_ERROR, "cpus",
			     "wants %u of the machine's %u CPUs; at least one stays with Linux",
			     description->cpu_count, present);
}

/*
 * What a description names of the machine, one kind at a time: the ranges by their index, with the
 * keys that name them (CHECK_KEY_MAX bytes; NULL where nobody asks). {0} for memory that has no
 * place of its own; false behind the last one.
 */
typedef bool get_range(const struct description *description, size_t index, char *key,
		       struct address_range *ret);

static bool get_memory(const struct description *description, size_t index, char *key,
		       struct address_range *ret)
{
	const struct description_memory *memory = &description->memory[index];

	if (index >= description->num_memory)
		return false;
	if (key)
		snprintf(key, CHECK_KEY_MAX, "memory[%zu].phys", index);
	*ret = memory->has_phys ? (struct address_range){memory->phys, memory->size}
				: (struct address_range){0};
	return true;
}

static bool get_mmio(const struct description *description, size_t index, char *key,
		     struct address_range *ret)
{
	const struct description_mmio *mmio = &description->mmio[index];

	if (index >= description->num_mmio)
		return false;
	if (key) {
		description_device_key(key, CHECK_KEY_MAX, "mmio", index, mmio->listed);
		if (!mmio->listed)
			strcat(key, ".phys");
	}
	*ret = (struct address_range){mmio->phys, mmio->size};
	return true;
}

/* Those of the console come last. */
static bool get_ports(const struct description *description, size_t index, char *key,
		      struct address_range *ret)
{
	const struct description_console *console = &description->console;

	if (index < description->num_ports) {
		if (key)
			description_device_key(key, CHECK_KEY_MAX, "ports", index,
					       description->ports[index].listed);
		*ret = (struct address_range){description->ports[index].base,
					      description->ports[index].count};
		return true;
	}
	if (index > description->num_ports || console->type != DESCRIPTION_CONSOLE_PORT)
		return false;
	if (key)
		strcpy(key, "console");
	*ret = (struct address_range){console->address, console->size};
	return true;
}

/* In the whole pool. */
static void check_room(const struct check *check)
{
	const uint64_t memory = description_memory_total(check->description);
	const uint64_t wanted = memory + links_total(check->description);
	const uint64_t pool = check->input->pool_size;
	char wanted_text[QUANTITY_TEXT_MAX], pool_text[QUANTITY_TEXT_MAX];

	if (pool == 0 || wanted <= pool)
		return;
	quantity_round_bytes(pool, pool_text);
	if (memory > pool)
		check_report(
			check, SEVERITY_ERROR, "memory",
			"wants %s, but the whole pool has %s; give it less or make the pool larger",
			quantity_round_bytes_up(memory, wanted_text), pool_text);
	else
		check_report(check, SEVERITY_ERROR, "shared-memory",
			     "wants %s together with the cell's memory, but the whole pool has %s; "
			     "make it smaller or the pool larger",
			     quantity_round_bytes_up(wanted, wanted_text), pool_text);
}

static void check_memory(const struct check *check)
{
	const struct check_input *input = check->input;
	struct address_range range;
	char key[CHECK_KEY_MAX];

	check_room(check);
	for (size_t i = 0; get_memory(check->description, i, key, &range); i++) {
		/* Where the pool will be is not known before there is one. */
		if (!pool_holds(&input->pool, range) && machine_is_ram(input->machine, range))
			check_report(check, input->pool.count ? SEVERITY_ERROR : SEVERITY_WARNING,
				     key,
				     "0x%" PRIx64
				     " is in memory that Linux works with; leave \"phys\" out, "
				     "or name memory that was reserved at boot",
				     range.start);
	}
}

/* What a driver of Linux has of it: the innermost entries; buses are only the way there. */
static void check_used(const struct check *check, const struct machine_resources *resources,
		       struct address_range range, const char *key, const char *what)
{
	for (size_t i = 0; i < resources->count; i++) {
		const struct machine_resource *used = &resources->items[i];
		const bool is_leaf =
			i + 1 == resources->count || resources->items[i + 1].depth <= used->depth;

		if (!is_leaf || strncmp(used->name, "PCI Bus", 7) == 0 ||
		    strcmp(used->name, "Reserved") == 0 || range.start > used->end ||
		    used->start >= range_end(range))
			continue;
		check_report(check, SEVERITY_WARNING, key,
			     "Linux uses %s 0x%" PRIx64 "-0x%" PRIx64
			     " (%s) and loses them to the cell",
			     what, used->start, used->end, used->name);
	}
}

static void check_mmio(const struct check *check)
{
	const struct machine *machine = check->input->machine;
	struct address_range range;
	char key[CHECK_KEY_MAX];

	for (size_t i = 0; get_mmio(check->description, i, key, &range); i++) {
		if (machine_is_ram(machine, range))
			check_report(check, SEVERITY_ERROR, key,
				     "0x%" PRIx64
				     " is memory, not a device; memory is given with \"memory\"",
				     range.start);
		else if (!check_kept(check, key, range))
			check_used(check, &machine->iomem, range, key, "registers");
	}
}

static void check_ports(const struct check *check)
{
	struct address_range range;
	char key[CHECK_KEY_MAX];

	for (size_t i = 0; get_ports(check->description, i, key, &range); i++)
		check_used(check, &check->input->machine->ioports, range, key, "ports");
}

/* Another one than the one that is checked, from index on, that names the CPU; NULL: none. */
static const struct description *next_rival(const struct check *check, int cpu, size_t *index,
					    size_t end)
{
	while (*index < end) {
		const struct description *other = check->input->descriptions[(*index)++];

		if (cpu_mask_has(&other->cpus, cpu) &&
		    strcmp(other->name, check->description->name) != 0)
			return other;
	}
	return NULL;
}

/* All that name a CPU are told of in one line: at the last of them, where a set is checked. */
static void check_common_cpu(const struct check *check, int cpu, size_t count)
{
	size_t later = count, index = 0, others = 0;
	char names[RIVALS_SHOWN * (DESCRIPTION_MAX_NAME + 2) + 1] = "", more[40] = "";
	const struct description *other;

	if (next_rival(check, cpu, &later, check->input->num_descriptions))
		return;
	while ((other = next_rival(check, cpu, &index, count))) {
		if (others++ < RIVALS_SHOWN)
			sprintf(names + strlen(names), "%s%s", others > 1 ? ", " : "", other->name);
	}
	if (others > RIVALS_SHOWN)
		snprintf(more, sizeof(more), " and %zu more", others - RIVALS_SHOWN);
	if (others)
		check_report(check, SEVERITY_WARNING, "cpus",
			     "CPU %d is named by cell%s %s%s as well: only one of them can exist "
			     "at a time",
			     cpu, others > 1 ? "s" : "", names, more);
}

static void check_common_cpus(const struct check *check, size_t count)
{
	const struct cpu_mask *cpus = &check->description->cpus;

	for_each_cpu (cpu, cpus)
		check_common_cpu(check, cpu, count);
}

static void check_common_ranges(const struct check *check, const struct description *other,
				get_range *get, const char *what)
{
	struct address_range mine, theirs;
	char key[CHECK_KEY_MAX];

	for (size_t i = 0; get(check->description, i, NULL, &mine); i++) {
		for (size_t j = 0; get(other, j, NULL, &theirs); j++) {
			if (!ranges_meet(mine, theirs))
				continue;
			get(check->description, i, key, &mine);
			check_report(check, SEVERITY_WARNING, key,
				     "cell %s %s: only one of them can exist at a time",
				     other->name, what);
		}
	}
}

void check_missing(uint64_t missing_features, const struct description *description,
		   struct problems *problems)
{
	const struct check check = {.description = description, .problems = problems};
	const struct {
		bool wanted;
		uint64_t feature;
		const char *key, *text;
	} wishes[] = {
		{description->stop_force, CELLVISOR_FEATURE_KILL, "stop.force",
		 "the driver in use cannot end a cell that does not agree: without effect here"},
		{description->on_failure != DESCRIPTION_ON_FAILURE_PRESERVE, CELLVISOR_FEATURE_KILL,
		 "on-failure",
		 "the driver in use cannot end a cell that has failed and still runs: such a one "
		 "is "
		 "left as it is here"},
		{description->console.type == DESCRIPTION_CONSOLE_VIRTUAL,
		 CELLVISOR_FEATURE_CONSOLE, "console",
		 "the driver in use has no virtual consoles: what the cell puts out is only on "
		 "the hypervisor's console"},
		{description->heartbeat_ns != 0, CELLVISOR_FEATURE_STATUS, "heartbeat",
		 "the driver in use does not show heartbeats: nobody watches this one"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		if (wishes[i].wanted && (missing_features & wishes[i].feature))
			check_report(&check, SEVERITY_WARNING, wishes[i].key, "%s", wishes[i].text);
	}
}

static void check_alone(const struct check *check)
{
	check_missing(check->input->missing_features, check->description, check->problems);
	check_cpus(check);
	check_topology(check);
	check_memory(check);
	check_mmio(check);
	check_ports(check);
	check_pins(check);
	if (!check->input->files_later)
		check_images(check);
	check_links(check);
	check_devices(check);
	check_order(check);
}

/*
 * Against the first count of the set. These are warnings only: where there is no room for more, a
 * large set need not hold anybody up.
 */
static void check_neighbours(const struct check *check, size_t count)
{
	size_t told = 0, more = 0;

	if (check->input->ignore_rivals)
		return;
	check_common_cpus(check, count);
	for (size_t i = 0; i < count && !problems_full(check->problems); i++) {
		const struct description *other = check->input->descriptions[i];
		_cleanup_(problems_done) struct problems found = {0};
		const struct check pair = {check->input, check->description, &found};

		if (strcmp(other->name, check->description->name) == 0)
			continue;
		check_common_ranges(&pair, other, get_memory, "names the same memory");
		check_common_ranges(&pair, other, get_mmio, "names the same device");
		check_common_ranges(&pair, other, get_ports, "has some of these ports as well");
		check_common_pins(&pair, other);
		check_common_devices(&pair, other);
		if (found.count && told++ < RIVALS_SHOWN)
			problems_append(check->problems, &found);
		else if (found.count)
			more++;
	}
	if (more)
		check_report(check, SEVERITY_WARNING, "",
			     "%zu more cells name some of the same memory, devices, ports or pins",
			     more);
}

int check_cell(const struct check_input *input, const struct description *description,
	       struct problems *problems)
{
	_cleanup_(problems_done) struct problems found = {0};
	const struct check check = {input, description, &found};

	check_alone(&check);
	check_neighbours(&check, input->num_descriptions);
	problems_append(problems, &found);
	return problems_result(&found);
}

/* Each cell may fit and all of them together not: then some of them cannot run at the same time. */
static void check_sums(const struct check_input *input, struct problems *problems)
{
	const unsigned int spare = cpu_mask_count(&input->machine->present) - 1;
	char wanted[QUANTITY_TEXT_MAX], pool[QUANTITY_TEXT_MAX];
	uint64_t memory = 0;
	unsigned int cpus = 0;

	for (size_t i = 0; i < input->num_descriptions; i++) {
		cpus += input->descriptions[i]->cpu_count;
		/* A set of 2^12 cells would be needed to wrap around; more are not loaded. */
		memory += description_memory_total(input->descriptions[i]);
		memory += links_led(input->descriptions[i]);
	}
	if (cpus > spare)
		problems_add(problems, SEVERITY_WARNING,
			     &(const struct problem_place){.key = "cpus"},
			     "all cells together want %u CPUs and the machine has %u for them: not "
			     "all can exist at a time",
			     cpus, spare);
	if (input->pool_size != 0 && memory > input->pool_size)
		problems_add(problems, SEVERITY_WARNING,
			     &(const struct problem_place){.key = "memory"},
			     "all cells together want %s and the pool has %s: not all can exist at "
			     "a time",
			     quantity_round_bytes_up(memory, wanted),
			     quantity_round_bytes(input->pool_size, pool));
}

int check_set(const struct check_input *input, struct problems *problems)
{
	_cleanup_(problems_done) struct problems found = {0};

	for (size_t i = 0; i < input->num_descriptions; i++) {
		const struct check check = {input, input->descriptions[i], &found};

		check_alone(&check);
		check_neighbours(&check, i);
	}
	check_sums(input, &found);
	problems_append(problems, &found);
	return problems_result(&found);
}
