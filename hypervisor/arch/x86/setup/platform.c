// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of the platform that a root blob leaves out, since a hypervisor may stand between Linux and
 * them: IO-APICs, which it names among the interrupt controllers only, and PCI configuration space.
 * As long as nobody does, they are root's, and no cell's.
 */
#include <errno.h>

#include "core/console.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "cell/cell.h"

#define BUS_BYTES (1ull << 20)

/* The n-th of them; false: there are fewer. */
static bool platform_pages(uint32_t n, struct blob_memory *ret_region)
{
	const struct cell_desc *root = &system_desc->root_cell;
	struct blob_memory region = {.flags = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO};

	if (n < root->num_irqchips) {
		region.phys_start = cell_desc_irqchips(root)[n].address;
		region.size = PAGE_SIZE;
	} else if (n == root->num_irqchips && system_desc->pci_mmconfig_base) {
		region.phys_start = system_desc->pci_mmconfig_base;
		region.size = (system_desc->pci_mmconfig_end_bus + 1) * BUS_BYTES;
	} else {
		return false;
	}
	region.virt_start = region.phys_start;
	*ret_region = region;
	return true;
}

static int give_to_root(void)
{
	struct blob_memory pages;
	int err = 0;

	for (uint32_t n = 0; !err && platform_pages(n, &pages); n++)
		err = subsystems_memory_map(&root_cell, &pages);
	return err;
}

static int refuse_to_cell(const struct cell *cell)
{
	struct blob_memory pages;

	for_each_region (region, cell) {
		if (region->flags & BLOB_MEM_COMM_REGION)
			continue;
		for (uint32_t m = 0; platform_pages(m, &pages); m++) {
			if (!ranges_overlap(region->phys_start, region->size, pages.phys_start,
					    pages.size))
				continue;
			console_printf("cell %s: 0x%lx is the platform's, no memory\n",
				       cell->desc->name, region->phys_start);
			return -EBUSY;
		}
	}
	return 0;
}

static int platform_cell_create(struct cell *cell)
{
	return cell == &root_cell ? give_to_root() : refuse_to_cell(cell);
}

/* Before root's regions are mapped: where a blob names the same pages, it has the last word. */
SUBSYSTEM(05, platform_subsystem) = {
	.name = "platform pages",
	.cell_create = platform_cell_create,
};
