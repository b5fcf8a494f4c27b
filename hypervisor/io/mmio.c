// SPDX-License-Identifier: GPL-2.0-only
/* Accesses carried out one by one: byte-granular regions, what they leave to root, test device. */
#include <errno.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"

#define DEVICE_SLOT 3

/* An access of a device is one access, aligned or not. */
#define CARRY_OUT(type)                                                     \
	do {                                                                \
		typedef volatile type __attribute__((aligned(1))) device_t; \
                                                                            \
		if (access->width == sizeof(type) && access->write)         \
			*(device_t *)at = access->value;                    \
		else if (access->width == sizeof(type))                     \
			access->value = *(device_t *)at;                    \
	} while (0)

static void carry_out(uint8_t *at, struct io_access *access)
{
	CARRY_OUT(uint8_t);
	CARRY_OUT(uint16_t);
	CARRY_OUT(uint32_t);
	CARRY_OUT(uint64_t);
}

static bool window_allows(const struct blob_memory *window, const struct io_access *access)
{
	uint64_t widths =
		window->flags & (BLOB_MEM_IO_8 | BLOB_MEM_IO_16 | BLOB_MEM_IO_32 | BLOB_MEM_IO_64);

	if (!(window->flags & (access->write ? BLOB_MEM_WRITE : BLOB_MEM_READ)) ||
	    (access->update && !(window->flags & BLOB_MEM_WRITE)))
		return false;
	/* What is left of a page that root has as a whole is as any memory to it. */
	if (!is_subpage(window))
		return true;
	if ((access->address & (access->width - 1)) && !(window->flags & BLOB_MEM_IO_UNALIGNED))
		return false;
	/* BLOB_MEM_IO_8 << log2(width); without any of the flags every width is allowed. */
	return !widths || (widths & ((uint64_t)access->width * BLOB_MEM_IO_8));
}

/* Accesses go to the physical address that the blob_memory in argument names. */
static enum io_answer mmio_window(struct cpu *cpu, const struct io_region *region,
				  struct io_access *access)
{
	const struct blob_memory *window = region->argument;
	uint64_t phys = window->phys_start + (access->address - window->virt_start);
	unsigned int offset = phys & ~PAGE_MASK;

	/* An access across the end of the page would leave the mapping. */
	if (!window_allows(window, access) || offset + access->width > PAGE_SIZE)
		return IO_REFUSED;
	carry_out((uint8_t *)arch_map_page(DEVICE_SLOT, phys, true) + offset, access);
	return IO_DONE;
}

/* For tests of guests: what is done to the page behind the communication region is done there. */
static enum io_answer test_device(struct cpu *cpu, const struct io_region *region,
				  struct io_access *access)
{
	const struct cell *cell = region->argument;

	carry_out((uint8_t *)cell->comm + (access->address & ~PAGE_MASK), access);
	return IO_DONE;
}

static void add_test_device(struct io_builder *builder, const struct cell *cell)
{
	struct io_region device = {0, PAGE_SIZE, test_device, cell, EXITS_MMIO};
	bool free;

	for_each_region (region, cell) {
		if (region->flags & BLOB_MEM_COMM_REGION)
			device.start = region->virt_start + PAGE_SIZE;
	}
	free = device.start && !arch_overlaps_interrupt_controller(device.start, PAGE_SIZE);
	for_each_region (region, cell)
		free &= !ranges_overlap(device.start, PAGE_SIZE, region->virt_start, region->size);
	io_add(builder, device);
	if (free || !builder->table)
		return;
	console_printf("cell %s: no page for the test device behind its communication region\n",
		       cell->desc->name);
	builder->error = -EINVAL;
}

static void add_rest_of_page(struct io_builder *builder, const struct blob_memory *window,
			     uint64_t page)
{
	const struct blob_memory *root = memory_root_region(page, 0);

	if (root)
		io_add_around(builder,
			      (struct io_region){page, PAGE_SIZE, mmio_window, root, EXITS_MMIO},
			      window->phys_start, window->size);
}

static void mmio_io_regions(struct io_builder *builder, const struct cell *owner,
			    const struct cell *cause)
{
	if (builder->space != IO_MEMORY)
		return;
	for_each_region (region, cause) {
		uint64_t first = region->phys_start & PAGE_MASK;
		uint64_t last = (region->phys_start + region->size - 1) & PAGE_MASK;

		if (!is_subpage(region))
			continue;
		if (owner == cause) {
			io_add(builder, (struct io_region){region->virt_start, region->size,
							   mmio_window, region, EXITS_MMIO});
		} else if (!(region->flags & BLOB_MEM_ROOTSHARED)) {
			add_rest_of_page(builder, region, first);
			if (last != first)
				add_rest_of_page(builder, region, last);
		}
	}
	if (owner == cause && (owner->desc->flags & BLOB_CELL_TEST_DEVICE))
		add_test_device(builder, owner);
}

SUBSYSTEM(20, mmio_subsystem) = {
	.name = "trapped memory",
	.claims = 1u << BLOB_CLAIM_TEST_DEVICE,
	.io_regions = mmio_io_regions,
};
