// SPDX-License-Identifier: GPL-2.0-only
/* I/O ports: a cell has those of its configuration; root has its own but for those of the cells. */
#include <errno.h>
#include <string.h>

#include "core/console.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "arch/x86/exit/refuse.h"

static bool port_intercepted(const struct cell *cell, unsigned int port)
{
	return cell->arch.io_bitmap[port / 8] & (1u << (port % 8));
}

static void set_range(struct cell *cell, const struct blob_pio *range, bool intercept)
{
	for (unsigned int n = 0; n < range->length; n++) {
		unsigned int port = range->base + n;

		if (intercept)
			cell->arch.io_bitmap[port / 8] |= 1u << (port % 8);
		else
			cell->arch.io_bitmap[port / 8] &= ~(1u << (port % 8));
	}
}

#define for_each_range(range, cell)                                      \
	for (const struct blob_pio *range = cell_desc_pio((cell)->desc); \
	     range < cell_desc_pio((cell)->desc) + (cell)->desc->num_pio_regions; range++)

/* Every port must be root's at this moment: not denied to it, not with another cell. */
static int check_ports(const struct cell *cell)
{
	for_each_range (range, cell) {
		for (unsigned int n = 0; n < range->length; n++) {
			unsigned int port = range->base + n;

			if (port_intercepted(&root_cell, port)) {
				console_printf("cell %s: port 0x%x is not the root cell's\n",
					       cell->desc->name, port);
				return -EBUSY;
			}
		}
	}
	return 0;
}

static int port_cell_create(struct cell *cell)
{
	uint8_t *bitmap;
	int err;

	if (cell != &root_cell) {
		err = check_ports(cell);
		if (err)
			return err;
	}
	bitmap = page_pool_alloc(IO_BITMAP_PAGES);
	if (!bitmap)
		return -ENOMEM;
	memset(bitmap, 0xff, IO_BITMAP_PAGES * PAGE_SIZE);
	cell->arch.io_bitmap = bitmap;
	for_each_range (range, cell) {
		set_range(cell, range, false);
		if (cell != &root_cell)
			set_range(&root_cell, range, true);
	}
	return 0;
}

static void port_cell_destroy(struct cell *cell)
{
	/* Without a bitmap creation never got as far as taking the ports from root. */
	if (!cell->arch.io_bitmap)
		return;
	/* All of them were root's when the cell was created. */
	for_each_range (range, cell)
		set_range(&root_cell, range, false);
	page_pool_free(cell->arch.io_bitmap, IO_BITMAP_PAGES);
	cell->arch.io_bitmap = NULL;
}

enum verdict exit_port(struct cpu *cpu, uint16_t port, unsigned int size, bool in, bool string,
		       unsigned int instruction_length)
{
	/* Nothing is ever passed on from here: what is allowed does not exit. */
	uint64_t value = in || string ? 0 : cpu_gprs(cpu)->rax & (0xffffffffull >> (32 - 8 * size));
	enum verdict verdict =
		exit_fault(cpu, in ? FAILURE_PORT_READ : FAILURE_PORT_WRITE, port, value, size);

	return cpu->cell == &root_cell ? refuse_port(cpu, string, instruction_length) : verdict;
}

SUBSYSTEM(30, port_subsystem) = {
	.name = "I/O ports",
	.cell_create = port_cell_create,
	.cell_destroy = port_cell_destroy,
};
