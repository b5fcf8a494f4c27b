// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI configuration space, which a root blob leaves out, since a hypervisor may stand between Linux
 * and it. As long as nobody does, it is root's, and no cell's. IO-APICs, which are left out as
 * well, are in nobody's tables (irq/ioapic.c).
 */
#include <errno.h>

#include "core/console.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "cell/cell.h"

#define BUS_BYTES (1ull << 20)

/* False: there is none. */
static bool config_space(struct blob_memory *ret_region)
{
	uint64_t base = system_desc->pci_mmconfig_base;

	*ret_region = (struct blob_memory){
		.phys_start = base,
		.virt_start = base,
		.size = (system_desc->pci_mmconfig_end_bus + 1) * BUS_BYTES,
		.flags = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO,
	};
	return base;
}

static int refuse_to_cell(const struct cell *cell, const struct blob_memory *pages)
{
	for_each_region (region, cell) {
		if ((region->flags & BLOB_MEM_COMM_REGION) ||
		    !ranges_overlap(region->phys_start, region->size, pages->phys_start,
				    pages->size))
			continue;
		console_printf("cell %s: 0x%lx is the platform's, no memory\n", cell->desc->name,
			       region->phys_start);
		return -EBUSY;
	}
	return 0;
}

static int platform_cell_create(struct cell *cell)
{
	struct blob_memory pages;

	if (!config_space(&pages))
		return 0;
	return cell == &root_cell ? subsystems_memory_map(&root_cell, &pages)
				  : refuse_to_cell(cell, &pages);
}

/* Before root's regions are mapped: where a blob names the same pages, it has the last word. */
SUBSYSTEM(05, platform_subsystem) = {
	.name = "platform pages",
	.cell_create = platform_cell_create,
};
