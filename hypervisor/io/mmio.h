/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMIO_H
#define MMIO_H

#include "blob.h"
#include "io/io.h"
#include "logic/page_table.h"

/* A piece of a device's page: trapped, and passed through byte by byte. */
static inline bool mmio_is_subpage(const struct blob_memory *region)
{
	return ((region->phys_start | region->virt_start | region->size) & ~PAGE_MASK) != 0;
}

/* Accesses go to the physical address that the blob_memory in argument names. */
enum io_answer mmio_window(struct cpu *cpu, const struct io_region *region,
			   struct io_access *access);

#endif /* MMIO_H */
