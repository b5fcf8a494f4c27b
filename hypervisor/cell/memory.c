// SPDX-License-Identifier: GPL-2.0-only
/* Who may use which memory, and how it goes from root to a cell and back. */
#include "cell/cell.h"

#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "pci/function.h"
#include "pci/link.h"

/* Interrupts of root's CPU wait that long. */
#define SCRUB_STEP (64ull << 10)

/* A region that changes hands with the cell, as opposed to one that root keeps as well. */
static bool leaves_root(const struct blob_memory *region)
{
	return region->size && !(region->flags & (BLOB_MEM_COMM_REGION | BLOB_MEM_ROOTSHARED));
}

/* Its pages are the cell's as a whole. */
static bool is_owned(const struct blob_memory *region)
{
	return leaves_root(region) && !is_subpage(region);
}

/* Of this page some bytes are another cell's: root reaches the rest by a handler (io/mmio.c). */
static bool is_divided(uint64_t page)
{
	for_each_cell (other) {
		if (other == &root_cell)
			continue;
		for_each_region (region, other) {
			if (leaves_root(region) && is_subpage(region) &&
			    ranges_overlap(page, PAGE_SIZE, region->phys_start, region->size))
				return true;
		}
	}
	return false;
}

const struct blob_memory *memory_root_region(uint64_t phys, uint64_t flags)
{
	for_each_region (region, &root_cell) {
		if (phys - region->phys_start < region->size && (region->flags & flags) == flags)
			return region;
	}
	return NULL;
}

/* Root's right to a page, by its tables or, where those lack a divided one, its configuration. */
static bool root_has_page(uint64_t page, bool write, uint64_t *ret_size)
{
	struct page_table_leaf leaf;

	/* Execution is the cell's own affair; whether it may write is not. */
	if (page_table_walk(&root_cell.stage2, page, &leaf)) {
		*ret_size = leaf.page_size;
		return leaf.phys == page && (!write || (leaf.attributes & PT_WRITE));
	}
	*ret_size = PAGE_SIZE;
	return is_divided(page) && memory_root_region(page, write ? BLOB_MEM_WRITE : 0);
}

/* Root must have the memory, all of it, at its own address, and with no fewer rights. */
static bool root_has(const struct blob_memory *region, bool write)
{
	uint64_t address = region->phys_start & PAGE_MASK;
	uint64_t end = region->phys_start + region->size, size;

	while (address < end) {
		if (!root_has_page(address, write, &size))
			return false;
		address = (address & ~(size - 1)) + size;
	}
	return true;
}

/* section: it is one of a link, and is shared by that alone. */
static bool collides(const struct blob_memory *region, bool section, const struct cell *other)
{
	for_each_region (theirs, other) {
		if (theirs->flags & BLOB_MEM_COMM_REGION)
			continue;
		if (!section && (region->flags & theirs->flags & BLOB_MEM_ROOTSHARED))
			continue;
		/* Byte-granular regions may share a page with each other; all others own theirs. */
		if (ranges_overlap(region->phys_start, region->size, theirs->phys_start,
				   theirs->size))
			return true;
	}
	return false;
}

static bool is_hypervisors(const struct blob_memory *region)
{
	return ranges_overlap(region->phys_start, region->size, image_header.phys_start,
			      image_header.size) ||
	       arch_overlaps_interrupt_controller(region->phys_start, region->size);
}

/* A cell that has some of it, or NULL. */
static const struct cell *owner_of(const struct blob_memory *region, bool section)
{
	for_each_cell (other) {
		if (other != &root_cell && collides(region, section, other))
			return other;
	}
	return NULL;
}

int memory_check_unused(const struct blob_memory *region)
{
	if (is_hypervisors(region))
		return -EINVAL;
	/* What is answered root would reach by itself when it gets the pages back. */
	if (io_answers(root_cell.io[IO_MEMORY], region->phys_start, region->size))
		return -EBUSY;
	return owner_of(region, true) || link_at(region) || pci_functions_at(region) ? -EBUSY : 0;
}

/* Memory that no link has yet: of one that begins here, each peer may write some. */
static int check_region(const struct cell_desc *desc, const struct blob_memory *region)
{
	bool section = link_is_section(desc, region);
	const struct cell *owner = owner_of(region, section);

	if (owner) {
		console_printf("cell %s: memory at 0x%lx belongs to cell %s\n", desc->name,
			       region->phys_start, owner->desc->name);
		return -EBUSY;
	}
	/* Of pages that have been root's some bytes may be had, but not of a device of a cell. */
	if (pci_functions_at(region)) {
		console_printf("cell %s: memory at 0x%lx belongs to a cell's PCI device\n",
			       desc->name, region->phys_start);
		return -EBUSY;
	}
	if (root_has(region, section || (region->flags & BLOB_MEM_WRITE)))
		return 0;
	console_printf("cell %s: memory at 0x%lx, size 0x%lx is not the root cell's\n", desc->name,
		       region->phys_start, region->size);
	return -EBUSY;
}

int memory_check(const struct cell_desc *desc, bool root)
{
	int err = link_check(desc, root);

	for_each_region_of (region, desc) {
		if (err)
			return err;
		if (arch_overlaps_interrupt_controller(region->virt_start, region->size))
			return -EINVAL;
		if (region->flags & BLOB_MEM_COMM_REGION)
			continue;
		if (is_hypervisors(region)) {
			console_printf("cell %s: memory at 0x%lx belongs to the hypervisor\n",
				       desc->name, region->phys_start);
			return -EINVAL;
		}
		if (!link_joins(desc, region))
			err = check_region(desc, region);
	}
	return err;
}

static int map_region(struct cell *cell, const struct blob_memory *region)
{
	struct blob_memory page = *region;

	if (is_subpage(region))
		return 0;
	if (!(region->flags & BLOB_MEM_COMM_REGION))
		return subsystems_memory_map(cell, region);
	/* The hypervisor's page: to the processors, not to devices. */
	page.phys_start = hv_to_phys(cell->comm);
	page.flags &= ~(uint64_t)BLOB_MEM_DMA;
	return subsystems_memory_map(cell, &page);
}

int memory_map_cell(struct cell *cell)
{
	int err = 0;

	for_each_region (region, cell)
		err = err ? err : map_region(cell, region);
	return err ? err : arch_cell_map_interrupt_controller(cell);
}

/* By root's own configuration: as the last region says that has it. */
int memory_return(uint64_t phys, uint64_t size)
{
	int err = 0;

	for_each_region (region, &root_cell) {
		struct blob_memory piece = *region;
		uint64_t start = phys > region->phys_start ? phys : region->phys_start;
		uint64_t end = region->phys_start + region->size;

		if (err || is_subpage(region) ||
		    !ranges_overlap(phys, size, region->phys_start, region->size))
			continue;
		piece.phys_start = piece.virt_start = start;
		piece.size = (end < phys + size ? end : phys + size) - start;
		err = subsystems_memory_map(&root_cell, &piece);
	}
	return err;
}

static int root_unmap(uint64_t phys, uint64_t size)
{
	struct blob_memory piece = {.phys_start = phys, .virt_start = phys, .size = size};

	return subsystems_memory_unmap(&root_cell, &piece);
}

/* Of a cell that is none of them any more, or not yet. */
static int give_to_root(const struct blob_memory *region)
{
	uint64_t end = region->phys_start + region->size;
	int err = 0;

	if (!is_subpage(region))
		return memory_return(region->phys_start, region->size);
	for (uint64_t page = region->phys_start & PAGE_MASK; page < end && !err; page += PAGE_SIZE)
		err = is_divided(page) ? 0 : memory_return(page, PAGE_SIZE);
	return err;
}

/* In reverse, so that no more tables are needed on the way than there were; root may have some. */
void memory_return_to_root(const struct cell *cell)
{
	const struct blob_memory *first = cell_desc_memory(cell->desc);

	for (const struct blob_memory *region = first + cell->desc->num_memory_regions;
	     region-- > first;) {
		/* Others of its link have some still. */
		if (!leaves_root(region) || link_joins(cell->desc, region))
			continue;
		if (give_to_root(region) < 0)
			console_printf("out of pages: root does not get back memory at 0x%lx\n",
				       region->phys_start);
	}
}

int memory_take_from_root(const struct cell *cell)
{
	int err = 0;

	/* Whole pages: where a cell has some bytes of one, all of it. */
	for_each_region (region, cell) {
		uint64_t start = region->phys_start & PAGE_MASK;
		uint64_t end = (region->phys_start + region->size + PAGE_SIZE - 1) & PAGE_MASK;

		if (!err && leaves_root(region))
			err = root_unmap(start, end - start);
	}
	return err;
}

int memory_root_loadable(const struct cell *cell, bool show)
{
	int err = 0;

	for_each_region (region, cell) {
		/* A link is its other peers' as well, which go on meanwhile. */
		if (!err && is_owned(region) && (region->flags & BLOB_MEM_LOADABLE) &&
		    !link_is_section(cell->desc, region))
			err = show ? memory_return(region->phys_start, region->size)
				   : root_unmap(region->phys_start, region->size);
	}
	return err;
}

int memory_show_public(const void *virt, uint64_t size, bool show)
{
	struct blob_memory piece = {
		.phys_start = hv_to_phys(virt),
		.virt_start = hv_to_phys(virt),
		.size = (size + PAGE_SIZE - 1) & PAGE_MASK,
		.flags = BLOB_MEM_READ,
	};

	return show ? subsystems_memory_map(&root_cell, &piece)
		    : subsystems_memory_unmap(&root_cell, &piece);
}

int memory_commit(void)
{
	int err = subsystems_memory_commit(&root_cell);

	/* CPUs of cells do not flush for root's tables, but read them when they ring root. */
	if (!err)
		err = cpus_end_visits();
	if (!err)
		page_pool_release_deferred();
	return err;
}

int memory_root_init(void)
{
	int err;

	for_each_region (region, &root_cell) {
		if (region->phys_start != region->virt_start || is_subpage(region)) {
			console_printf("root cell: region at 0x%lx is not identity-mapped pages\n",
				       region->phys_start);
			return -EINVAL;
		}
		err = subsystems_memory_map(&root_cell, region);
		if (err)
			return err;
	}
	/* Whatever the configuration says, the hypervisor's memory is nobody's. */
	err = root_unmap(image_header.phys_start, image_header.size);
	if (!err)
		err = arch_cell_map_interrupt_controller(&root_cell);
	return err ? err : memory_show_public(&public_area, sizeof(public_area), true);
}

/* Of a link: by the last one who leaves it, whoever has written it. */
static bool needs_scrubbing(const struct cell *cell, const struct blob_memory *region)
{
	if (link_is_section(cell->desc, region))
		return link_is_last(cell, region);
	return is_owned(region) && !(region->flags & BLOB_MEM_IO) &&
	       (region->flags & (BLOB_MEM_WRITE | BLOB_MEM_LOADABLE));
}

/* Also where no cache sees it: the next cell starts without them. */
static void scrub_page(uint64_t phys)
{
	void *page = arch_map_page(0, phys, false);

	memset(page, 0, PAGE_SIZE);
	arch_write_back(page, PAGE_SIZE);
}

bool memory_scrub(struct cell *cell)
{
	const struct blob_memory *regions = cell_desc_memory(cell->desc), *region;
	uint64_t done = 0, phys;

	for (; cell->scrub_region < cell->desc->num_memory_regions; cell->scrub_region++) {
		region = &regions[cell->scrub_region];
		while (needs_scrubbing(cell, region) && cell->scrub_offset < region->size) {
			if (done >= SCRUB_STEP)
				return false;
			phys = region->phys_start + cell->scrub_offset;
			/* What root cannot execute is a device, where zeros would do harm. */
			if (link_is_section(cell->desc, region) ||
			    memory_root_region(phys, BLOB_MEM_EXECUTE))
				scrub_page(phys);
			cell->scrub_offset += PAGE_SIZE;
			done += PAGE_SIZE;
		}
		cell->scrub_offset = 0;
	}
	return true;
}

/* Memory as processors see it: the second-level tables of a cell. */

static void stage2_destroy(struct cell *cell)
{
	page_table_destroy(&cell->stage2);
}

_Static_assert(PT_READ == BLOB_MEM_READ && PT_WRITE == BLOB_MEM_WRITE &&
		       PT_EXECUTE == BLOB_MEM_EXECUTE,
	       "rights are the same bits");

static int stage2_map(struct cell *cell, const struct blob_memory *region)
{
	int err = page_table_map(&cell->stage2, region->virt_start, region->phys_start,
				 region->size, region->flags & (PT_READ | PT_WRITE | PT_EXECUTE),
				 region->flags & BLOB_MEM_NO_HUGEPAGES);

	if (err)
		page_table_unmap(&cell->stage2, region->virt_start, region->size);
	return err;
}

static int stage2_unmap(struct cell *cell, const struct blob_memory *region)
{
	return page_table_unmap(&cell->stage2, region->virt_start, region->size);
}

static int stage2_commit(struct cell *cell)
{
	return cpus_flush(&cell->cpus);
}

SUBSYSTEM(00, stage2_subsystem) = {
	.name = "second-level tables",
	.cell_create = arch_stage2_create,
	.cell_destroy = stage2_destroy,
	.memory_map = stage2_map,
	.memory_unmap = stage2_unmap,
	.memory_commit = stage2_commit,
};
