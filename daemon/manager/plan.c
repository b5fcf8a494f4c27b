// SPDX-License-Identifier: GPL-2.0-only
#include "manager/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "blob.h"
#include "model/check.h"
#include "model/device.h"
#include "model/encode.h"
#include "model/link.h"
#include "util/log.h"

/* A placement_input with the arrays that it borrows. */
struct input {
	struct placement_input placement;
	struct machine machine; /* with what Linux has not at the moment; all else is borrowed */
	struct placement_cell *cells;
	struct link_place *links;
	const struct description **descriptions;
};

static void input_done(struct input *input)
{
	free(input->cells);
	free(input->links);
	free(input->descriptions);
}

static void add_cell(struct input *input, struct cell *cell)
{
	struct placement_cell *created = &input->cells[input->placement.num_cells++];

	*created = (struct placement_cell){.name = cell->name};
	/* What foreign cells have of memory is not known. */
	if (cell_owned(cell))
		created->placement = cell->record.placement;
	created->placement.cpus = cell->seen.cpus;
}

/* But for those that will have been removed before a cell is created. */
static int gather_links(const struct manager *manager, const struct cell *except,
			struct input *input)
{
	size_t count = 0;

	for (const struct link *link = manager->links; link; link = link->next)
		count++;
	input->links = calloc(count + 1, sizeof(*input->links));
	if (!input->links)
		return -ENOMEM;
	for (const struct link *link = manager->links; link; link = link->next) {
		if (!except || link->stuck || links_needed(manager, link, except))
			input->links[input->placement.num_links++] = link->record.place;
		else
			input->placement.leaving |= 1u << PCI_SLOT_OF(link->record.place.bdf);
	}
	input->placement.links = input->links;
	return 0;
}

/* except: the cell that is to be placed; NULL: things as they are. */
static int gather(struct manager *manager, const struct cell *except, struct input *input)
{
	size_t count = 0;

	for (struct cell *cell = manager->cells; cell; cell = cell->next)
		count++;
	input->cells = calloc(count + 1, sizeof(*input->cells));
	input->descriptions = calloc(count + 1, sizeof(*input->descriptions));
	if (!input->cells || !input->descriptions || gather_links(manager, except, input) < 0)
		return -ENOMEM;
	if (manager->machine)
		input->machine = *manager->machine;
	for (struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->exists) {
			add_cell(input, cell);
			/* Linux has taken their CPUs offline, but they are there. */
			input->machine.online =
				cpu_mask_union(&input->machine.online, &cell->seen.cpus);
		}
		if (cell->description)
			input->descriptions[input->placement.num_descriptions++] =
				cell->description;
	}
	/* So are those that are kept for the next one. */
	input->machine.online = cpu_mask_union(&input->machine.online, &manager->cpus_kept);
	input->placement.kept = manager->cpus_kept;
	input->placement.pool = manager->pool;
	input->placement.hypervisor = manager->hypervisor;
	input->placement.machine = manager->machine ? &input->machine : NULL;
	input->placement.whole_cores = manager->config.whole_cores;
	input->placement.cells = input->cells;
	input->placement.descriptions = input->descriptions;
	return 0;
}

void plan_done(struct plan *plan)
{
	if (plan)
		free(plan->blob);
}

/* What changes of it by itself is read anew; devices, only for who has to do with some. */
static int need_machine(struct manager *manager, bool devices, struct error *error)
{
	if (!manager->machine)
		manager_read_machine(manager);
	else if (machine_read_online(manager->machine_root, manager->machine) < 0 ||
		 (devices && (machine_read_pci(manager->machine_root, manager->machine) < 0 ||
			      machine_read_pins(manager->machine_root, manager->machine) < 0)))
		log_warning("Cannot read which CPUs are online, which PCI devices are there and "
			    "who uses interrupt pins; going by what was so");
	if (!manager->machine)
		return error_set(error, ERROR_DRIVER,
				 "the machine's CPUs and memory map cannot be read; the log says "
				 "why");
	return 0;
}

static bool has_devices(const struct cell *cell)
{
	return cell->description->num_pci || cpu_mask_count(&cell->description->pins);
}

/* One that was adopted: its record, with the memory that it has, was lost. */
static const struct cell *find_unplaced(const struct manager *manager, const struct cell *except)
{
	const struct cell *cell = manager->cells;

	while (cell && (cell == except || !cell_owned(cell) || cell->record.placement.num_memory))
		cell = cell->next;
	return cell;
}

static int place(struct manager *manager, struct cell *cell, struct error *error,
		 struct placement *ret)
{
	_cleanup_(input_done) struct input input = {0};
	_cleanup_(problems_done) struct problems problems = {0};
	const struct cell *unplaced = find_unplaced(manager, cell);
	int r;

	/* It could be put where that is. */
	if (unplaced)
		return error_set(error, ERROR_NO_RESOURCES,
				 "nothing can be placed beside cell %s, which was adopted: what "
				 "memory it has is not known; restart or destroy it first",
				 unplaced->name);
	if (gather(manager, cell, &input) < 0)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	r = placement_make(&input.placement, cell->description, &problems, ret);
	if (r < 0)
		error_set_problems(error, r == -EINVAL ? ERROR_INVALID : ERROR_NO_RESOURCES,
				   &problems);
	return r;
}

static int place_now(struct manager *manager, struct cell *cell, struct error *error,
		     struct placement *ret)
{
	int r;

	if (manager->pool.count == 0)
		return error_set(
			error, ERROR_NO_RESOURCES,
			"the hypervisor's memory is not known to this daemon, which did not enable "
			"it or has lost its state; disable it and let cellmgrd enable it");
	r = need_machine(manager, true, error);
	return r < 0 ? r : place(manager, cell, error, ret);
}

int plan_add_link(struct manager *manager, struct cell *cell, struct error *error, struct plan *ret)
{
	_cleanup_(problems_done) struct problems problems = {0};
	const size_t index = links_find_missing(manager, cell);
	struct plan plan = {0};
	int r = place_now(manager, cell, error, &plan.placement);

	if (r < 0)
		return r;
	plan.link = plan.placement.links[index];
	r = encode_link(cell->description, index, &plan.link, &problems, &plan.blob,
			&plan.blob_size);
	if (r < 0)
		return error_set_problems(error, ERROR_INVALID, &problems);
	*ret = plan;
	return 0;
}

/*
 * What a cell is known by: its blob, but for what its PCI devices have, which cannot be read while
 * the cell has them, and is theirs to change; and for the time that a stop has, which is given to
 * it with each stop.
 */
static int hash_cell(const struct manager *manager, const struct description *description,
		     const struct placement *placement, struct problems *problems,
		     char ret[SHA256_TEXT])
{
	struct pci_facts devices[DESCRIPTION_MAX_PCI];
	_cleanup_(freep) void *blob = NULL;
	size_t size;
	int r;

	r = devices_read(manager->machine, description, NULL, problems, devices);
	if (r >= 0)
		r = encode_cell(description, placement, manager->machine, devices, problems, &blob,
				&size);
	if (r < 0)
		return r;
	((struct cell_desc *)blob)->msg_reply_timeout = 0;
	sha256_of(blob, size, ret);
	return r;
}

static int gather_holders(const struct manager *manager, struct device_holders *ret)
{
	size_t count = 0;

	for (const struct cell *cell = manager->cells; cell; cell = cell->next)
		count++;
	*ret = (struct device_holders){.made_of = calloc(count + 1, sizeof(*ret->made_of))};
	if (!ret->made_of)
		return -ENOMEM;
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (cell->exists && cell_owned(cell) && cell->made_of)
			ret->made_of[ret->count++] = cell->made_of;
	}
	return 0;
}

static int encode(const struct manager *manager, const struct description *description,
		  struct problems *problems, struct plan *plan)
{
	struct pci_facts devices[DESCRIPTION_MAX_PCI];
	struct device_holders holders;
	int r = gather_holders(manager, &holders);

	if (r >= 0)
		r = hash_cell(manager, description, &plan->placement, problems, plan->blob_sha256);
	if (r >= 0)
		r = devices_read(manager->machine, description, &holders, problems, devices);
	free(holders.made_of);
	if (r >= 0)
		r = encode_cell(description, &plan->placement, manager->machine, devices, problems,
				&plan->blob, &plan->blob_size);
	plan->take = devices_take(manager->machine, description);
	return r;
}

int plan_create(struct manager *manager, struct cell *cell, struct error *error, struct plan *ret)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct plan plan = {0};
	int r = place_now(manager, cell, error, &plan.placement);

	if (r < 0)
		return r;
	r = encode(manager, cell->description, &problems, &plan);
	if (r < 0) {
		plan_done(&plan);
		return problems.errors ? error_set_problems(error, ERROR_INVALID, &problems)
				       : error_set(error, ERROR_NO_RESOURCES, "out of memory");
	}
	*ret = plan;
	return 0;
}

/* Whether the place that a cell has is one that its description takes. */
static bool fits(const struct description *description, const struct placement *placement)
{
	const struct cpu_mask *cpus = &description->cpus;

	if (cpu_mask_count(cpus) ? memcmp(cpus, &placement->cpus, sizeof(*cpus)) != 0
				 : description->cpu_count != cpu_mask_count(&placement->cpus))
		return false;
	if (description->num_memory != placement->num_memory)
		return false;
	for (size_t i = 0; i < description->num_memory; i++) {
		const struct description_memory *memory = &description->memory[i];

		if (memory->size != placement->memory[i].size ||
		    (memory->has_phys && memory->phys != placement->memory[i].start))
			return false;
	}
	return true;
}

bool plan_unchanged(const struct manager *manager, const struct cell *cell,
		    const struct description *description)
{
	_cleanup_(problems_done) struct problems problems = {0};
	char sha256[SHA256_TEXT];

	return fits(description, &cell->record.placement) &&
	       hash_cell(manager, description, &cell->record.placement, &problems, sha256) >= 0 &&
	       strcmp(sha256, cell->record.blob_sha256) == 0;
}

int plan_changed(struct manager *manager, struct cell *cell, struct error *error)
{
	_cleanup_(problems_done) struct problems problems = {0};
	struct plan plan = {0};
	int r;

	r = has_devices(cell) ? need_machine(manager, true, error) : 0;
	if (r < 0)
		return r;
	/* Where it is now it may stay, whatever its neighbours have come to want. */
	if (plan_unchanged(manager, cell, cell->description))
		return 0;
	r = place_now(manager, cell, error, &plan.placement);
	/* Where it does not fit now, and there will be room, is another place. */
	if (r < 0 && error->code == ERROR_NO_RESOURCES && plan_growth(manager, cell)) {
		error_done(error);
		return 1;
	}
	if (r < 0)
		return r;
	if (hash_cell(manager, cell->description, &plan.placement, &problems, plan.blob_sha256) < 0)
		return problems.errors ? error_set_problems(error, ERROR_INVALID, &problems)
				       : error_set(error, ERROR_NO_RESOURCES, "out of memory");
	return strcmp(plan.blob_sha256, cell->record.blob_sha256) != 0;
}

int plan_memory_node(const struct manager *manager)
{
	const struct machine *machine = manager->machine;
	int node = TOPOLOGY_NO_NODE, own;

	if (manager->config.has_memory_node)
		return manager->config.memory_node;
	if (!machine || !topology_has_nodes(&machine->topology))
		return TOPOLOGY_NO_NODE;
	for (const struct cell *cell = manager->cells; cell; cell = cell->next) {
		if (!cell->description || cpu_mask_count(&cell->description->cpus) == 0)
			continue;
		own = topology_common_node(&machine->topology, &cell->description->cpus);
		if (own == TOPOLOGY_NO_NODE || (node != TOPOLOGY_NO_NODE && node != own))
			return TOPOLOGY_NO_NODE;
		node = own;
	}
	return node;
}

static struct check_input check_input(const struct manager *manager, const struct input *gathered)
{
	struct check_input input = {
		.memory_node = manager->state == HYPERVISOR_ENABLED ? manager->pool_node
								    : plan_memory_node(manager),
		.whole_cores = manager->config.whole_cores,
		.signatures = manager->config.require_signature,
		.machine = gathered->placement.machine,
		.descriptions = gathered->descriptions,
		.num_descriptions = gathered->placement.num_descriptions,
		.pool_size = plan_memory_total(manager),
		.pool = manager->pool,
	};

	if (manager->features_known)
		input.missing_features = ~manager->features;
	if (!input.pool_size)
		input.pool_size =
			(manager->config.reserved_memory.size ?: manager->config.pool_size) -
			manager->config.hypervisor_memory;
	/* Where the driver can it will be as large as that. */
	if (!(input.missing_features & CELLVISOR_FEATURE_PIECES) &&
	    manager->config.pool_limit > input.pool_size + manager->config.hypervisor_memory)
		input.pool_size = manager->config.pool_limit - manager->config.hypervisor_memory;
	return input;
}

/* That another description wants the same is no hindrance until that cell is created. */
int plan_check(struct manager *manager, struct cell *cell, struct error *error)
{
	_cleanup_(input_done) struct input input = {0};
	_cleanup_(problems_done) struct problems problems = {0};
	struct check_input check;
	int r;

	r = need_machine(manager, has_devices(cell), error);
	if (r < 0)
		return r;
	/* For the CPUs that count as online. */
	if (gather(manager, NULL, &input) < 0)
		return error_set(error, ERROR_NO_RESOURCES, "out of memory");
	check = check_input(manager, &input);
	check.ignore_rivals = true;
	r = check_cell(&check, cell->description, &problems);
	if (r < 0)
		error_set_problems(error, ERROR_INVALID, &problems);
	return r;
}

/* What descriptions are checked against: 1; 0 with a warning where there is no machine; -ENOMEM. */
static int begin_check(struct manager *manager, struct problems *problems, struct input *input,
		       struct check_input *ret)
{
	_cleanup_(error_done) struct error error = {0};

	if (need_machine(manager, true, &error) < 0) {
		problems_add(problems, SEVERITY_WARNING, NULL,
			     "not checked against the machine: %s", error_text(&error));
		return 0;
	}
	if (gather(manager, NULL, input) < 0)
		return -ENOMEM;
	*ret = check_input(manager, input);
	return 1;
}

int plan_check_description(struct manager *manager, const struct description *description,
			   struct problems *problems)
{
	_cleanup_(input_done) struct input input = {0};
	struct check_input check;
	int r;

	r = begin_check(manager, problems, &input, &check);
	/* Where that leads to is a peer's choice, and may be a file system that does not answer. */
	check.files_later = true;
	if (r > 0)
		r = check_cell(&check, description, problems);
	return r == -ENOMEM ? r : 0;
}

int plan_check_all(struct manager *manager, struct cell_dir *dir)
{
	_cleanup_(input_done) struct input input = {0};
	struct check_input check;
	int r;

	r = begin_check(manager, &dir->problems, &input, &check);
	return r > 0 ? check_dir(&check, dir) : r;
}

uint64_t plan_memory_total(const struct manager *manager)
{
	return manager->state == HYPERVISOR_ENABLED
		       ? pool_bytes(&manager->pool) - manager->hypervisor.size
		       : 0;
}

uint64_t plan_memory_free(struct manager *manager)
{
	_cleanup_(input_done) struct input input = {0};
	uint64_t largest;

	if (!plan_memory_total(manager) || gather(manager, NULL, &input) < 0)
		return 0;
	return placement_free(&input.placement, &largest);
}

uint64_t plan_growth_limit(const struct manager *manager)
{
	const uint64_t now = pool_bytes(&manager->pool);

	if (!(manager->features & CELLVISOR_FEATURE_PIECES) ||
	    manager->pool.count == POOL_MAX_PIECES || manager->config.pool_limit < now)
		return 0;
	return manager->config.pool_limit - now;
}

uint64_t plan_growth(struct manager *manager, const struct cell *cell)
{
	_cleanup_(input_done) struct input input = {0};
	const uint64_t limit = plan_growth_limit(manager);
	uint64_t missing;

	if (!limit || !cell->description || !plan_memory_total(manager) ||
	    gather(manager, cell, &input) < 0 ||
	    placement_missing(&input.placement, cell->description, &missing) < 0)
		return 0;
	return missing <= limit ? missing : 0;
}

size_t plan_unused_piece(struct manager *manager)
{
	_cleanup_(input_done) struct input input = {0};

	/* Asked after each look: mostly there is none that could go. */
	if (!pool_may_shrink(&manager->pool) || !plan_memory_total(manager) ||
	    gather(manager, NULL, &input) < 0)
		return manager->pool.count;
	return placement_unused(&input.placement);
}
