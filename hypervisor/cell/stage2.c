// SPDX-License-Identifier: GPL-2.0-only
/* Memory as processors see it: the second-level tables of a cell. */
#include "arch/arch.h"
#include "core/subsystem.h"

static int stage2_create(struct cell *cell)
{
	return arch_stage2_init(&cell->stage2);
}

static void stage2_destroy(struct cell *cell)
{
	page_table_destroy(&cell->stage2);
}

static unsigned int attributes(uint64_t flags)
{
	return ((flags & BLOB_MEM_READ) ? PT_READ : 0) | ((flags & BLOB_MEM_WRITE) ? PT_WRITE : 0) |
	       ((flags & BLOB_MEM_EXECUTE) ? PT_EXECUTE : 0);
}

static int stage2_map(struct cell *cell, const struct blob_memory *region)
{
	int err =
		page_table_map(&cell->stage2, region->virt_start, region->phys_start, region->size,
			       attributes(region->flags), region->flags & BLOB_MEM_NO_HUGEPAGES);

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
	return cpus_flush(cell->cpus);
}

SUBSYSTEM(00, stage2_subsystem) = {
	.name = "second-level tables",
	.cell_create = stage2_create,
	.cell_destroy = stage2_destroy,
	.memory_map = stage2_map,
	.memory_unmap = stage2_unmap,
	.memory_commit = stage2_commit,
};
