// SPDX-License-Identifier: GPL-2.0-only
/*
 * How functions of the machine go to a cell and back. First root loses their configuration space,
 * then they are looked at, and lose the pages of their registers to the cell; in the end they stand
 * still before root has anything of them again.
 */
#include "pci/function.h"

#include <errno.h>

#include "core/console.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"
#include "pci/config.h"
#include "pci/link.h"

_Static_assert(sizeof(struct pci_function) <= PAGE_SIZE, "a function is a page");

struct pci_function *pci_functions;

#define for_each_device_of(each, desc)                                             \
	for (const struct blob_pci_device *each = cell_desc_pci_devices(desc);     \
	     each < cell_desc_pci_devices(desc) + (desc)->num_pci_devices; each++) \
		if (each->type == BLOB_PCI_IVSHMEM)                                \
			continue;                                                  \
		else

#define for_each_function_of(each, cell) \
	for (struct pci_function *each = (cell)->functions; each; each = each->next)

/* Root's CPUs have flushed before one of them is freed; others' look only at those of their cell.
 */
static struct pci_function *next_of(const struct pci_function *fn, bool root)
{
	return root ? __atomic_load_n(&fn->next_of_all, __ATOMIC_ACQUIRE) : fn->next;
}

struct pci_function *pci_function_find(const struct cell *cell, uint16_t domain, uint16_t bdf)
{
	bool root = cell == &root_cell;
	struct pci_function *fn =
		root ? __atomic_load_n(&pci_functions, __ATOMIC_ACQUIRE) : cell->functions;

	while (fn && (fn->device->bdf != bdf || fn->device->domain != domain))
		fn = next_of(fn, root);
	return fn;
}

bool pci_functions_at(const struct blob_memory *region)
{
	for (const struct pci_function *fn = pci_functions; fn; fn = fn->next_of_all) {
		for (unsigned int n = 0; n < FUNCTION_BARS; n++) {
			if (ranges_overlap(region->phys_start, region->size, fn->memory[n].start,
					   fn->memory[n].size))
				return true;
		}
	}
	return false;
}

int pci_check_pages(const struct blob_memory *pages)
{
	int err = memory_check_unused(pages);

	/* When those registers move, or go, root would get the pages back. */
	return !err && link_root_hides(pages->phys_start, pages->size) ? -EBUSY : err;
}

/* By the system configuration, or, where that lists none, if there is one (function_probe.c). */
static bool root_may_have(const struct blob_pci_device *device)
{
	bool lists = false;

	for_each_device_of(roots, root_cell.desc)
	{
		if (roots->domain == device->domain && roots->bdf == device->bdf)
			return roots->type == BLOB_PCI_DEVICE;
		lists = true;
	}
	return !lists;
}

static int refuse(const struct cell *cell, const struct blob_pci_device *device, int err,
		  const char *what, const char *whose)
{
	console_printf("cell %s: PCI device 0x%x: %s%s\n", cell->desc->name, device->bdf, what,
		       whose);
	return err;
}

static int check_device(const struct cell *cell, const struct blob_pci_device *device)
{
	const struct pci_function *other =
		pci_function_find(&root_cell, device->domain, device->bdf);
	const uint64_t config = pci_config_page(device->domain, device->bdf);
	const struct blob_memory pages = {config, config, PCI_CONFIG_SIZE, 0};

	if (other)
		return refuse(cell, device, -EBUSY, "it belongs to cell ", other->cell->desc->name);
	if (ivshmem_find(&root_cell, device->domain, device->bdf))
		return refuse(cell, device, -EBUSY, "it is shared memory of ",
			      root_cell.desc->name);
	if (device->type != BLOB_PCI_DEVICE)
		return refuse(cell, device, -EINVAL, "no cell has a bridge", "");
	if (!root_may_have(device))
		return refuse(cell, device, -EPERM, "it is not of ", root_cell.desc->name);
	if (!config)
		return refuse(cell, device, -EOPNOTSUPP, "no configuration space in memory", "");
	if (pci_check_pages(&pages) < 0)
		return refuse(cell, device, -EBUSY,
			      "its configuration space is also something else's", "");
	return 0;
}

/* Its configuration space, as a page of root's. */
static struct blob_memory config_pages(const struct pci_function *fn, uint64_t flags)
{
	return (struct blob_memory){fn->config, fn->config, PCI_CONFIG_SIZE, flags};
}

static int add(struct cell *cell, const struct blob_pci_device *device)
{
	struct pci_function *fn = page_pool_alloc(1);
	struct blob_memory page;

	if (!fn)
		return -ENOMEM;
	fn->cell = cell;
	fn->device = device;
	fn->config = pci_config_page(device->domain, device->bdf);
	fn->next = cell->functions;
	cell->functions = fn;
	fn->next_of_all = pci_functions;
	__atomic_store_n(&pci_functions, fn, __ATOMIC_RELEASE);
	page = config_pages(fn, 0);
	return subsystems_memory_unmap(&root_cell, &page);
}

static int functions_cell_create(struct cell *cell)
{
	int err = 0;

	/* Root's stay as they are. */
	if (cell == &root_cell)
		return 0;
	for_each_device_of(device, cell->desc)
	{
		err = err ? err : check_device(cell, device);
		err = err ? err : add(cell, device);
	}
	return err;
}

static void functions_cell_destroy(struct cell *cell)
{
	while (cell->functions) {
		struct pci_function *fn = cell->functions;
		struct blob_memory page =
			config_pages(fn, BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO);

		cell->functions = fn->next;
		if (subsystems_memory_map(&root_cell, &page) < 0)
			console_printf("out of pages: root does not get back PCI device 0x%x\n",
				       fn->device->bdf);
		page_pool_free(fn->vectors, fn->table_pages);
		page_pool_free_deferred(fn, 1);
	}
}

static void functions_cell_reset(struct cell *cell, bool runs)
{
	for_each_function_of(fn, cell) pci_function_reset(fn, !runs);
}

static void functions_io_regions(struct io_builder *builder, const struct cell *owner,
				 const struct cell *cause)
{
	if (builder->space != IO_MEMORY || owner != cause)
		return;
	for_each_function_of(fn, owner)
	{
		if (fn->device->num_msix_vectors)
			io_add(builder, (struct io_region){fn->device->msix_address,
							   fn->device->msix_region_size,
							   pci_msix_table, fn, EXITS_MMIO});
	}
}

/* Before the tables are made of who answers what: root's then say that nobody does. */
SUBSYSTEM(24, functions_subsystem) = {
	.name = "PCI devices",
	.claims = 1u << BLOB_CLAIM_PCI_DEVICES,
	.cell_create = functions_cell_create,
	.cell_destroy = functions_cell_destroy,
	.cell_reset = functions_cell_reset,
	.io_regions = functions_io_regions,
};

/* After that: root's ports lead there. */

static int probe_cell_create(struct cell *cell)
{
	int err;

	if (!cell->functions)
		return 0;
	arch_root_devices_changed();
	err = memory_commit();
	for_each_function_of(fn, cell) err = err ? err : pci_function_probe(fn);
	return err;
}

static void give_back(struct pci_function *fn)
{
	struct pci_function **place = &pci_functions;

	for (unsigned int n = 0; n < FUNCTION_BARS; n++) {
		if (memory_return(fn->memory[n].start, fn->memory[n].size) < 0)
			console_printf("out of pages: root does not get back memory at 0x%lx\n",
				       fn->memory[n].start);
	}
	while (*place != fn)
		place = &(*place)->next_of_all;
	__atomic_store_n(place, fn->next_of_all, __ATOMIC_RELEASE);
}

static void probe_cell_destroy(struct cell *cell)
{
	for_each_function_of(fn, cell) give_back(fn);
	if (cell->functions)
		arch_root_devices_changed();
}

SUBSYSTEM(45, probe_subsystem) = {
	.name = "PCI devices' hardware",
	.cell_create = probe_cell_create,
	.cell_destroy = probe_cell_destroy,
};
