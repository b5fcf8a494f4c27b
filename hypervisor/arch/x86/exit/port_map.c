// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which I/O ports a cell reaches without an exit: those of its configuration. Root loses them, but
 * for what both use as their console. Everybody reads the PM timer.
 */
#include <errno.h>
#include <string.h>

#include "cell/cell.h"
#include "core/console.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"

#define PM_TIMER_PORTS	4
#define UART_REGISTERS	8
/* Configuration of PCI devices, and with them of the machine: nobody's but root's. */
#define PCI_PORTS	0xcf8u
#define PCI_PORTS_COUNT 8u

#define for_each_range(range, desc)                              \
	for (const struct blob_pio *range = cell_desc_pio(desc); \
	     range < cell_desc_pio(desc) + (desc)->num_pio_regions; range++)

#define for_each_port(port, desc)    \
	for_each_range (range, desc) \
		for (unsigned int port = range->base; port - range->base < range->length; port++)

static bool lists(const struct cell_desc *desc, unsigned int port)
{
	for_each_range (range, desc) {
		if (port - range->base < range->length)
			return true;
	}
	return false;
}

static bool is_pm_timer(unsigned int port)
{
	unsigned int first = system_desc->platform.x86.pm_timer_address;

	return first && port - first < PM_TIMER_PORTS;
}

static bool is_pci(unsigned int port)
{
	return port - PCI_PORTS < PCI_PORTS_COUNT;
}

static bool is_console(const struct cell_console *console, unsigned int port)
{
	unsigned int step = (console->flags & CONSOLE_FLAG_REG_DIST_4) ? 4 : 1;

	return console->type == CONSOLE_8250 && !(console->flags & CONSOLE_FLAG_MMIO) &&
	       port - console->address < UART_REGISTERS * step;
}

/* The cell has the port, and this other user of it has it no more. */
static bool takes(const struct cell_desc *desc, unsigned int port,
		  const struct cell_console *console)
{
	return lists(desc, port) && !is_pm_timer(port) &&
	       !(is_console(&desc->console, port) && is_console(console, port));
}

/* Who is in the way of the cell's having the port; NULL: nobody. */
static const char *find_owner(const struct cell *cell, unsigned int port)
{
	if (is_pm_timer(port))
		return NULL;
	if (is_pci(port))
		return "the root cell (PCI configuration)";
	if (is_console(&system_desc->debug_console, port) &&
	    !is_console(&cell->desc->console, port))
		return "the hypervisor's console";
	for_each_cell (other) {
		if (other != &root_cell && takes(other->desc, port, &cell->desc->console))
			return other->desc->name;
	}
	return NULL;
}

static int check_ports(const struct cell *cell)
{
	for_each_port (port, cell->desc) {
		const char *owner = find_owner(cell, port);

		if (!owner)
			continue;
		console_printf("cell %s: port 0x%x belongs to %s\n", cell->desc->name, port, owner);
		return -EBUSY;
	}
	return 0;
}

static void allow(struct cell *cell, unsigned int port, bool allowed)
{
	uint8_t *byte = &cell->arch.io_bitmap[port / 8], bit = 1u << (port % 8);

	*byte = allowed ? *byte & ~bit : *byte | bit;
}

/* What root has of a cell's ports: of one that comes, or has gone, beside all others. */
static void set_root_ports(const struct cell *cell, bool there)
{
	const struct cell_console *console = &root_cell.desc->console;

	for_each_port (port, cell->desc) {
		bool has =
			lists(root_cell.desc, port) && !(there && takes(cell->desc, port, console));

		for_each_cell (other) {
			if (other != &root_cell && other != cell)
				has = has && !takes(other->desc, port, console);
		}
		allow(&root_cell, port, has || is_pci(port) || is_pm_timer(port));
	}
}

static int port_cell_create(struct cell *cell)
{
	unsigned int port = system_desc->platform.x86.pm_timer_address;
	int err = cell == &root_cell ? 0 : check_ports(cell);

	if (err)
		return err;
	cell->arch.io_bitmap = page_pool_alloc(IO_BITMAP_PAGES);
	if (!cell->arch.io_bitmap)
		return -ENOMEM;
	memset(cell->arch.io_bitmap, 0xff, IO_BITMAP_PAGES * PAGE_SIZE);
	for_each_port (listed, cell->desc)
		allow(cell, listed, true);
	for (; is_pm_timer(port); port++)
		allow(cell, port, true);
	if (cell != &root_cell)
		set_root_ports(cell, true);
	/* Blobs leave these ports out where somebody else serves them: for root they are there. */
	for (port = PCI_PORTS; cell == &root_cell && is_pci(port); port++)
		allow(cell, port, true);
	return 0;
}

static void port_cell_destroy(struct cell *cell)
{
	/* Without a bitmap creation never got as far as taking the ports from root. */
	if (!cell->arch.io_bitmap)
		return;
	set_root_ports(cell, false);
	page_pool_free(cell->arch.io_bitmap, IO_BITMAP_PAGES);
	cell->arch.io_bitmap = NULL;
}

SUBSYSTEM(30, port_subsystem) = {
	.name = "I/O ports",
	.cell_create = port_cell_create,
	.cell_destroy = port_cell_destroy,
};
