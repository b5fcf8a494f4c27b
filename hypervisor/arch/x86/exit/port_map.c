// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which I/O ports a cell reaches without an exit: those of its configuration. Root loses them, but
 * for what both use as their console. Everybody reads the PM timer.
 */
#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/x86/pci_ports.h"
#include "core/console.h"
#include "core/page_pool.h"
#include "core/state.h"
#include "core/subsystem.h"
#include "pci/function.h"

#define PORTS	       0x10000u
#define PM_TIMER_PORTS 4
#define UART_REGISTERS 8

/* Ports go 64 at a time, a bit for each, so that long lists, or such that overlap, cost little. */
#define for_each_word(first) for (unsigned int first = 0; first < PORTS; first += 64)

/* In which the cell has ports: few words, of most cells. */
#define for_each_word_of(first, cell)       \
	for_each_word (first)               \
		if (!~*map_of(cell, first)) \
			continue;           \
		else

static uint64_t in_range(unsigned int first, uint64_t start, uint64_t count)
{
	uint64_t from = start > first ? start : first;
	uint64_t end = start + count < first + 64 ? start + count : first + 64;

	return from < end ? ~0ull >> (64 - (end - from)) << (from - first) : 0;
}

/* Configuration of PCI devices, and with them of the machine: nobody's but root's. */
static uint64_t in_pci(unsigned int first)
{
	return in_range(first, PCI_PORT_ADDRESS, PCI_PORT_DATA + PCI_PORTS_DATA - PCI_PORT_ADDRESS);
}

/*
 * Of those what root does not reach by itself, where some functions are the hypervisor's or a
 * cell's. Not before there is somebody who answers it.
 */
static uint64_t in_trapped_pci(unsigned int first)
{
	return root_cell.arch.pci_trapped ? in_range(first, PCI_PORT_DATA, PCI_PORTS_DATA) : 0;
}

static uint64_t in_pm_timer(unsigned int first)
{
	unsigned int start = system_desc->platform.x86.pm_timer_address;

	return start ? in_range(first, start, PM_TIMER_PORTS) : 0;
}

static uint64_t in_console(unsigned int first, const struct cell_console *console)
{
	unsigned int step = (console->flags & CONSOLE_FLAG_REG_DIST_4) ? 4 : 1;

	if (console->type != CONSOLE_8250 || (console->flags & CONSOLE_FLAG_MMIO))
		return 0;
	return in_range(first, console->address, UART_REGISTERS * step);
}

/* Blobs leave PCI's ports out where somebody else serves them: they are root's all the same. */
static uint64_t given_to_root(unsigned int first)
{
	const struct cell_desc *desc = root_cell.desc;
	const struct blob_pio *ranges = cell_desc_pio(desc);
	uint64_t ports = in_pm_timer(first) | in_pci(first);

	for (uint32_t n = 0; n < desc->num_pio_regions; n++)
		ports |= in_range(first, ranges[n].base, ranges[n].length);
	return ports & ~in_trapped_pci(first);
}

static uint64_t *map_of(const struct cell *cell, unsigned int first)
{
	return (uint64_t *)cell->arch.io_bitmap + first / 64;
}

/* What the cell has, and another user, with this console, has no more. */
static uint64_t takes(const struct cell *cell, unsigned int first,
		      const struct cell_console *console)
{
	return ~*map_of(cell, first) & ~in_pm_timer(first) &
	       ~(in_console(first, &cell->desc->console) & in_console(first, console));
}

/* Whether somebody is in the way of the cell's having what it has. */
static int check_word(const struct cell *cell, unsigned int first)
{
	const struct cell_console *debug = &system_desc->debug_console;
	const char *owner = "the root cell (PCI configuration)";
	uint64_t ports = ~*map_of(cell, first) & in_pci(first) & ~in_pm_timer(first);

	if (!ports) {
		owner = "the hypervisor's console";
		ports = takes(cell, first, debug) & in_console(first, debug);
	}
	for_each_cell (other) {
		if (ports || other == &root_cell)
			continue;
		owner = other->desc->name;
		ports = ~*map_of(cell, first) & takes(other, first, &cell->desc->console);
	}
	if (!ports)
		return 0;
	console_printf("cell %s: port 0x%x belongs to %s\n", cell->desc->name,
		       first + __builtin_ctzll(ports), owner);
	return -EBUSY;
}

/* What root has of a cell's ports: of one that comes, or has gone, beside all others. */
static void set_root_ports(const struct cell *cell, bool there)
{
	const struct cell_console *console = &root_cell.desc->console;

	for_each_word_of (first, cell) {
		uint64_t ports = given_to_root(first) & ~(there ? takes(cell, first, console) : 0);

		for_each_cell (other)
			ports &= ~(other == &root_cell ? 0 : takes(other, first, console));
		*map_of(&root_cell, first) = ~ports;
	}
}

void arch_root_devices_changed(void)
{
	const unsigned int first = PCI_PORT_DATA & ~63u;
	uint64_t *map = map_of(&root_cell, first);

	root_cell.arch.pci_trapped = root_cell.ivshmem || pci_functions;
	/*
	 * No cell has any of these ports. At once: in between root would exit for ports that are
	 * its own, where nobody answers.
	 */
	__atomic_store_n(map, (*map | in_pci(first)) & ~(given_to_root(first) & in_pci(first)),
			 __ATOMIC_RELAXED);
}

static void give(struct cell *cell, unsigned int start, unsigned int count)
{
	for (unsigned int first = start & ~63u; first < PORTS && first < start + count; first += 64)
		*map_of(cell, first) &= ~in_range(first, start, count);
}

/* Of those that it names: most cells have few, and root's CPU waits. */
static void fill_map(struct cell *cell)
{
	const struct blob_pio *ranges = cell_desc_pio(cell->desc);

	if (system_desc->platform.x86.pm_timer_address)
		give(cell, system_desc->platform.x86.pm_timer_address, PM_TIMER_PORTS);
	for (uint32_t n = 0; n < cell->desc->num_pio_regions; n++)
		give(cell, ranges[n].base, ranges[n].length);
}

static int port_cell_create(struct cell *cell)
{
	int err = 0;

	cell->arch.io_bitmap = page_pool_alloc(IO_BITMAP_PAGES);
	if (!cell->arch.io_bitmap)
		return -ENOMEM;
	memset(cell->arch.io_bitmap, 0xff, IO_BITMAP_PAGES * PAGE_SIZE);
	if (cell == &root_cell) {
		for_each_word (first)
			*map_of(cell, first) = ~given_to_root(first);
		return 0;
	}
	fill_map(cell);
	for_each_word_of (first, cell)
		err = err ? err : check_word(cell, first);
	if (!err)
		set_root_ports(cell, true);
	return err;
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
