// SPDX-License-Identifier: GPL-2.0-only
/* Who may use which memory: the second-level tables of cells, and what is taken out of root's for
 * them. */
#include "cell/memory.h"

#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/page_pool.h"
#include "core/state.h"

#define SCRUB_STEP (1ull << 20)

static unsigned int stage2_attributes(uint64_t flags)
{
	return ((flags & BLOB_MEM_READ) ? PT_READ : 0) | ((flags & BLOB_MEM_WRITE) ? PT_WRITE : 0) |
	       ((flags & BLOB_MEM_EXECUTE) ? PT_EXECUTE : 0);
}

static bool is_subpage(const struct blob_memory *region)
{
	return ((region->phys_start | region->virt_start | region->size) & ~PAGE_MASK) != 0;
}

/* A region that changes hands with the cell, as opposed to one that root keeps as well. */
static bool is_owned(const struct blob_memory *region)
{
	return !(region->flags & (BLOB_MEM_COMM_REGION | BLOB_MEM_ROOTSHARED)) &&
	       !is_subpage(region);
}

/* Regions without size say nothing (an ivshmem device may have an empty section). */
#define for_each_region(region, cell)                                                              \
	for (const struct blob_memory *region = cell_desc_memory((cell)->desc);                    \
	     region < cell_desc_memory((cell)->desc) + (cell)->desc->num_memory_regions; region++) \
		if (region->size == 0)                                                             \
			continue;                                                                  \
		else

/* Root must have the memory, all of it, at its own address, and with no fewer rights. */
static bool root_has(const struct blob_memory *region)
{
	uint64_t address = region->phys_start & PAGE_MASK;
	uint64_t end = region->phys_start + region->size;
	unsigned int wanted = stage2_attributes(region->flags);
	struct page_table_leaf leaf;

	while (address < end) {
		if (!page_table_walk(&root_cell.stage2, address, &leaf) || leaf.phys != address)
			return false;
		/* Execution is the cell's own affair; whether it may write is not. */
		if ((wanted & PT_WRITE) && !(leaf.attributes & PT_WRITE))
			return false;
		address = (address & ~(leaf.page_size - 1)) + leaf.page_size;
	}
	return true;
}

static bool collides(const struct blob_memory *region, const struct cell *other)
{
	for_each_region (theirs, other) {
		if (theirs->flags & BLOB_MEM_COMM_REGION)
			continue;
		if ((region->flags & BLOB_MEM_ROOTSHARED) && (theirs->flags & BLOB_MEM_ROOTSHARED))
			continue;
		/* Byte-granular regions may share a page with each other; all others own theirs. */
		if (ranges_overlap(region->phys_start, region->size, theirs->phys_start,
				   theirs->size))
			return true;
	}
	return false;
}

int memory_check(const struct cell *cell)
{
	for_each_region (region, cell) {
		if (arch_overlaps_interrupt_controller(region->virt_start, region->size))
			return -EINVAL;
		if (region->flags & BLOB_MEM_COMM_REGION)
			continue;
		if (in_hypervisor_memory(region->phys_start & PAGE_MASK,
					 region->size + (region->phys_start & ~PAGE_MASK)) ||
		    arch_overlaps_interrupt_controller(region->phys_start, region->size)) {
			console_printf("cell %s: memory at 0x%lx belongs to the hypervisor\n",
				       cell->desc->name, region->phys_start);
			return -EINVAL;
		}
		for_each_cell (other) {
			if (other == &root_cell || !collides(region, other))
				continue;
			console_printf("cell %s: memory at 0x%lx belongs to cell %s\n",
				       cell->desc->name, region->phys_start, other->desc->name);
			return -EBUSY;
		}
		if (!root_has(region)) {
			console_printf(
				"cell %s: memory at 0x%lx, size 0x%lx is not the root cell's\n",
				cell->desc->name, region->phys_start, region->size);
			return -EBUSY;
		}
	}
	return 0;
}

static int add_mmio_window(struct cell *cell, const struct blob_memory *region)
{
	if (cell->num_mmio == CELL_MAX_MMIO) {
		console_printf("cell %s: more than %d byte-granular regions\n", cell->desc->name,
			       CELL_MAX_MMIO);
		return -E2BIG;
	}
	cell->mmio[cell->num_mmio++] = *region;
	return 0;
}

int memory_map_cell(struct cell *cell)
{
	uint64_t phys;
	int err;

	err = arch_stage2_init(&cell->stage2);
	if (err)
		return err;
	for_each_region (region, cell) {
		if (is_subpage(region)) {
			err = add_mmio_window(cell, region);
		} else {
			phys = (region->flags & BLOB_MEM_COMM_REGION) ? hv_to_phys(cell->comm_page)
								      : region->phys_start;
			err = page_table_map(&cell->stage2, region->virt_start, phys, region->size,
					     stage2_attributes(region->flags),
					     region->flags & BLOB_MEM_NO_HUGEPAGES);
		}
		if (err)
			return err;
	}
	return arch_cell_map_interrupt_controller(cell);
}

/* Gives [phys, phys + size) back to root as root's own configuration has it. */
static int root_map(uint64_t phys, uint64_t size)
{
	uint64_t start, end;
	int err;

	for_each_region (region, &root_cell) {
		if (is_subpage(region) ||
		    !ranges_overlap(phys, size, region->phys_start, region->size))
			continue;
		start = region->phys_start > phys ? region->phys_start : phys;
		end = region->phys_start + region->size;
		if (end > phys + size)
			end = phys + size;
		err = page_table_map(&root_cell.stage2, start, start, end - start,
				     stage2_attributes(region->flags), false);
		if (err)
			return err;
	}
	return 0;
}

/* Maps or unmaps, in root's tables, the regions of the cell's own that have these flags. */
static int root_change(const struct cell *cell, uint64_t flags, bool map)
{
	int err;

	for_each_region (region, cell) {
		if (!is_owned(region) || (region->flags & flags) != flags)
			continue;
		if (map)
			err = root_map(region->phys_start, region->size);
		else
			err = page_table_unmap(&root_cell.stage2, region->phys_start, region->size);
		if (err)
			return err;
	}
	return 0;
}

int memory_take_from_root(const struct cell *cell)
{
	return root_change(cell, 0, false);
}

void memory_return_to_root(const struct cell *cell)
{
	for_each_region (region, cell) {
		if (is_owned(region) && root_map(region->phys_start, region->size) < 0)
			console_printf("out of pages: root does not get back memory at 0x%lx\n",
				       region->phys_start);
	}
}

int memory_root_loadable(const struct cell *cell, bool map)
{
	return root_change(cell, BLOB_MEM_LOADABLE, map);
}

int memory_show_public(const void *virt, uint64_t size, bool show)
{
	uint64_t phys = hv_to_phys(virt);

	size = (size + PAGE_SIZE - 1) & PAGE_MASK;
	if (show)
		return page_table_map(&root_cell.stage2, phys, phys, size, PT_READ, false);
	return page_table_unmap(&root_cell.stage2, phys, size);
}

int memory_root_init(void)
{
	int err;

	err = arch_stage2_init(&root_cell.stage2);
	if (err)
		return err;
	for_each_region (region, &root_cell) {
		if (region->phys_start != region->virt_start || is_subpage(region)) {
			console_printf("root cell: region at 0x%lx is not identity-mapped pages\n",
				       region->phys_start);
			return -EINVAL;
		}
		err = page_table_map(&root_cell.stage2, region->virt_start, region->phys_start,
				     region->size, stage2_attributes(region->flags), false);
		if (err)
			return err;
	}
	/* Whatever the configuration says, the hypervisor's memory is nobody's. */
	err = page_table_unmap(&root_cell.stage2, image_header.phys_start, image_header.size);
	if (err)
		return err;
	err = arch_cell_map_interrupt_controller(&root_cell);
	if (err)
		return err;
	return memory_show_public(&public_area, sizeof(public_area), true);
}

bool memory_scrub(struct cell *cell)
{
	const struct blob_memory *regions = cell_desc_memory(cell->desc), *region;
	uint64_t done = 0;

	while (cell->scrub_region < cell->desc->num_memory_regions) {
		region = &regions[cell->scrub_region];
		/* Device memory is not scrubbed: writing zeros to registers is not harmless. */
		if (is_owned(region) && !(region->flags & BLOB_MEM_IO) &&
		    (region->flags & (BLOB_MEM_WRITE | BLOB_MEM_LOADABLE))) {
			while (cell->scrub_offset < region->size) {
				if (done >= SCRUB_STEP)
					return false;
				memset(arch_map_page(0, region->phys_start + cell->scrub_offset,
						     false),
				       0, PAGE_SIZE);
				cell->scrub_offset += PAGE_SIZE;
				done += PAGE_SIZE;
			}
		}
		cell->scrub_region++;
		cell->scrub_offset = 0;
	}
	return true;
}
