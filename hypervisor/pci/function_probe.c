// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a function is that a cell shall have: asked of the hardware, when root does not reach it any
 * more. The blob, which root has made, may say less than that, but nothing else.
 */
#include <errno.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"
#include "pci/function.h"

#define NO_FUNCTION	  0xffffffffu
#define HEADER_TYPE(word) ((word) >> 16 & 0x7f)
#define CLASS_BRIDGE	  0x06u
#define CLASS_IOMMU	  0x0806u
#define STATUS_CAPS	  0x00100000u
#define MAX_CAPS	  ((CONFIG_EXTENDED - CONFIG_OWN) / 4)
#define MAX_EXTENDED	  ((4096 - CONFIG_EXTENDED) / 8)
#define CAP_POWER	  0x01u
#define CAP_MSI		  0x05u
#define CAP_EXPRESS	  0x10u
#define CAP_MSIX	  0x11u
#define CAP_ENHANCED	  0x14u
#define MSI_WIDE	  (1u << 23)
#define MSI_MASKABLE	  (1u << 24)
#define MSIX_SIZE(word)	  (((word) >> 16 & 0x7ff) + 1)
#define MSIX_BAR(word)	  ((word)&7)
#define EXTENDED(id)	  (BLOB_PCI_CAP_EXTENDED | (id))

/*
 * Not the cell's to write, whatever its blob says: by these a function gets other addresses, or
 * more functions, or messages and memory by ways that nobody watches. And how many bytes they have.
 */
static const struct {
	uint16_t id, size;
} never[] = {
	{0x08, 0x20},		/* HyperTransport: where interrupts are mapped */
	{EXTENDED(0x0f), 0x08}, /* address translation services */
	{EXTENDED(0x10), 0x40}, /* virtual functions */
	{EXTENDED(0x11), 0x40}, /* of several roots */
	{EXTENDED(0x12), 0x30}, /* multicast: memory that base addresses do not tell */
	{EXTENDED(0x13), 0x10}, /* page requests */
	{EXTENDED(0x15), 0x34}, /* resizable base addresses */
	{EXTENDED(0x1b), 0x08}, /* process address spaces */
	{EXTENDED(0x24), 0x34}, /* resizable base addresses of virtual functions */
};

static int refuse(const struct pci_function *fn, int err, const char *what, uint64_t value)
{
	console_printf("cell %s: PCI device 0x%x: %s 0x%lx\n", fn->cell->desc->name,
		       fn->device->bdf, what, value);
	return err;
}

static int check_kind(const struct pci_function *fn)
{
	uint32_t class = hardware_read(fn, CONFIG_CLASS) >> 16;

	if (hardware_read(fn, CONFIG_ID) == NO_FUNCTION)
		return refuse(fn, -ENODEV, "there is none at", fn->device->bdf);
	if (HEADER_TYPE(hardware_read(fn, CONFIG_CACHE_LINE)) != 0 || class >> 8 == CLASS_BRIDGE ||
	    class == CLASS_IOMMU)
		return refuse(fn, -EINVAL, "a bridge, or of the machine's own: class", class);
	if ((fn->device->num_msi_vectors || fn->device->num_msix_vectors) &&
	    arch_messages_remapped())
		return refuse(fn, -EOPNOTSUPP,
			      "interrupts are remapped by an IOMMU that is root's, vectors",
			      fn->device->num_msi_vectors + fn->device->num_msix_vectors);
	return 0;
}

/* Capabilities. */

static void set_writable(struct pci_function *fn, unsigned int start, unsigned int size,
			 bool writable)
{
	for (unsigned int word = start / 4; word < (start + size + 3) / 4 && word < FUNCTION_WORDS;
	     word++) {
		if (writable)
			fn->writable[word / 32] |= 1u << word % 32;
		else
			fn->writable[word / 32] &= ~(1u << word % 32);
	}
}

static int note_capability(struct pci_function *fn, unsigned int at, unsigned int id)
{
	/* Its base addresses say nothing of the memory that it decodes. */
	if (id == CAP_ENHANCED)
		return refuse(fn, -EOPNOTSUPP, "enhanced allocation fixes where it is:", at);
	if (id == CAP_MSI) {
		fn->msi = at;
		fn->msi_data = (hardware_read(fn, at) & MSI_WIDE) ? MSI_DATA : MSI_UPPER;
		fn->msi_last = fn->msi_data + ((hardware_read(fn, at) & MSI_MASKABLE) ? 2 : 0);
	}
	if (id == CAP_MSIX)
		fn->msix = at;
	if (id == CAP_POWER)
		fn->power = at;
	if (id == CAP_EXPRESS)
		fn->express = at;
	for (unsigned int n = 0; n < sizeof(never) / sizeof(never[0]); n++) {
		if (never[n].id == id)
			set_writable(fn, at, never[n].size, false);
	}
	return 0;
}

/* A list may run in a circle. */
static int find_capabilities(struct pci_function *fn)
{
	unsigned int at = 0;
	uint32_t word;
	int err = 0;

	if (hardware_read(fn, CONFIG_COMMAND) & STATUS_CAPS)
		at = hardware_read(fn, CONFIG_CAPS) & 0xfc;
	for (unsigned int n = 0; n < MAX_CAPS && at >= CONFIG_OWN && !err; n++) {
		word = hardware_read(fn, at);
		err = note_capability(fn, at, word & 0xff);
		at = word >> 8 & 0xfc;
	}
	at = CONFIG_EXTENDED;
	for (unsigned int n = 0; n < MAX_EXTENDED && at >= CONFIG_EXTENDED && !err; n++) {
		word = hardware_read(fn, at);
		if (word == 0 || word == NO_FUNCTION)
			break;
		err = note_capability(fn, at, EXTENDED(word & 0x7fff));
		at = word >> 20 & 0xffc;
	}
	return err;
}

/* By its blob, as far as the hardware has these capabilities there. */
static int read_capabilities(struct pci_function *fn)
{
	const struct blob_pci_capability *cap =
		cell_desc_pci_caps(fn->cell->desc) + fn->device->caps_start;

	for (unsigned int n = 0; n < fn->device->num_caps; n++, cap++) {
		bool extended = cap->id & BLOB_PCI_CAP_EXTENDED;
		uint32_t word = hardware_read(fn, cap->start & ~3u);
		uint32_t id = extended ? EXTENDED(word & 0x7fff) : word & 0xff;

		if ((cap->start & 3) || id != cap->id)
			return refuse(fn, -EINVAL, "there is another capability than it says at",
				      cap->start);
		if (cap->flags & BLOB_PCI_CAP_WRITABLE)
			set_writable(fn, cap->start, cap->len, true);
	}
	return find_capabilities(fn);
}

/* Registers. */

static uint32_t size_bits(const struct pci_function *fn, unsigned int n)
{
	uint32_t bits;

	hardware_write(fn, CONFIG_BAR0 + 4 * n, ~0u);
	bits = hardware_read(fn, CONFIG_BAR0 + 4 * n);
	hardware_write(fn, CONFIG_BAR0 + 4 * n, fn->own_bars[n]);
	return bits;
}

/* Nothing is decoded meanwhile. 0: there are no registers. */
static uint64_t bar_size(const struct pci_function *fn, unsigned int n)
{
	bool memory = pci_bar_is_memory(fn->own_bars[n]);
	uint64_t bits = size_bits(fn, n) & (memory ? ~0xfu : ~3u);

	if (memory && pci_bar_is_wide(fn->own_bars[n]) && n + 1 < FUNCTION_BARS)
		bits |= (uint64_t)size_bits(fn, n + 1) << 32;
	return bits & -bits;
}

static bool cell_has_memory(const struct cell *cell, uint64_t start, uint64_t size)
{
	for_each_region (region, cell) {
		if (!(region->flags & (BLOB_MEM_COMM_REGION | BLOB_MEM_ROOTSHARED)) &&
		    start >= region->phys_start &&
		    start + size <= region->phys_start + region->size)
			return true;
	}
	return false;
}

static bool cell_has_ports(const struct cell *cell, uint64_t start, uint64_t size)
{
	const struct blob_pio *ports = cell_desc_pio(cell->desc);

	for (uint32_t n = 0; n < cell->desc->num_pio_regions; n++) {
		if (start >= ports[n].base && start + size <= ports[n].base + ports[n].length)
			return true;
	}
	return false;
}

/* Root loses all of them, so that nobody but the cell works with the device. */
static int take_memory(struct pci_function *fn, unsigned int n, uint64_t size)
{
	uint64_t start = pci_bar_address(fn, n);
	struct blob_memory pages = {start, start, size, 0};
	int err;

	if (!start || start + size < start || (start & (size - 1)))
		return refuse(fn, -EINVAL, "its registers are nowhere: base address", start);
	if (size < PAGE_SIZE) {
		/* Of the page root keeps the rest, by the region of the cell. */
		return cell_has_memory(fn->cell, start, size)
			       ? 0
			       : refuse(fn, -EINVAL, "no memory region has its registers at",
					start);
	}
	err = pci_check_pages(&pages);
	if (!err && (memory_root_region(start, BLOB_MEM_EXECUTE) ||
		     memory_root_region(start + size - PAGE_SIZE, BLOB_MEM_EXECUTE)))
		err = -EINVAL;
	if (err)
		return refuse(fn, err, "its registers are over somebody else's memory at", start);
	fn->memory[n].start = start;
	fn->memory[n].size = size;
	return subsystems_memory_unmap(&root_cell, &pages);
}

static int take_registers(struct pci_function *fn)
{
	int err = 0;

	for (unsigned int n = 0; n < FUNCTION_BARS; n++)
		fn->own_bars[n] = hardware_read(fn, CONFIG_BAR0 + 4 * n);
	fn->may_command = COMMAND_IO | COMMAND_MEMORY | COMMAND_NO_INTX;
	for (unsigned int n = 0; n < FUNCTION_BARS && !err; n++) {
		bool memory = pci_bar_is_memory(fn->own_bars[n]);
		uint64_t size = bar_size(fn, n);

		if (size && memory)
			err = take_memory(fn, n, size);
		/* Ports that the cell has not may be root's. */
		else if (size && !cell_has_ports(fn->cell, pci_bar_address(fn, n), size))
			fn->may_command &= ~COMMAND_IO;
		if (memory && pci_bar_is_wide(fn->own_bars[n]))
			n++;
	}
	return err;
}

/* The table must be where it is trapped, and nowhere else for the cell. */
static int find_table(struct pci_function *fn)
{
	const struct blob_pci_device *device = fn->device;
	uint64_t end = device->msix_address + device->msix_region_size;
	uint64_t bar_start;
	uint32_t place, vectors;

	if (!device->num_msix_vectors)
		return 0;
	if (!fn->msix)
		return refuse(fn, -EINVAL, "it has no MSI-X, vectors", device->num_msix_vectors);
	place = hardware_read(fn, fn->msix + 4);
	if (MSIX_BAR(place) >= FUNCTION_BARS || !fn->memory[MSIX_BAR(place)].size)
		return refuse(fn, -EINVAL, "its MSI-X table is in no pages of registers:", place);
	vectors = MSIX_SIZE(hardware_read(fn, fn->msix));
	bar_start = fn->memory[MSIX_BAR(place)].start;
	fn->table = bar_start + (place & ~7u);
	if (fn->table < device->msix_address || fn->table + vectors * MSIX_ENTRY_SIZE > end)
		return refuse(fn, -EINVAL, "its MSI-X table is at", fn->table);
	/* What is in the same pages may be read. */
	if (device->msix_address < bar_start || end > bar_start + fn->memory[MSIX_BAR(place)].size)
		return refuse(fn, -EINVAL, "not only its registers are beside the MSI-X table at",
			      fn->table);
	for_each_region (region, fn->cell) {
		if (!(region->flags & BLOB_MEM_COMM_REGION) &&
		    ranges_overlap(region->phys_start, region->size, device->msix_address,
				   device->msix_region_size))
			return refuse(fn, -EINVAL, "a memory region has its MSI-X table, at",
				      region->phys_start);
	}
	fn->table_pages = (vectors * MSIX_ENTRY_SIZE + PAGE_SIZE - 1) / PAGE_SIZE;
	fn->vectors = page_pool_alloc(fn->table_pages);
	if (!fn->vectors)
		return -ENOMEM;
	fn->num_vectors = vectors;
	return 0;
}

/* What its memory regions say to all its devices: a message is a write to memory as well. */
static bool may_write_memory(const struct cell *cell)
{
	for_each_region (region, cell) {
		if (!(region->flags & BLOB_MEM_COMM_REGION) && (region->flags & BLOB_MEM_DMA))
			return true;
	}
	return false;
}

/* Before PCI 2.3 devices could not be told to leave their wire, somebody's pin, alone (6.2.2). */
static int check_wire(const struct pci_function *fn)
{
	uint32_t wire = hardware_read(fn, CONFIG_INTERRUPT) & 0xff00;

	if (fn->has_pins || !wire || (hardware_read(fn, CONFIG_COMMAND) & COMMAND_NO_INTX))
		return 0;
	return refuse(fn, -EOPNOTSUPP, "the cell has no pins, but it interrupts by wire",
		      wire >> 8);
}

int pci_function_probe(struct pci_function *fn)
{
	int err = check_kind(fn);

	if (err)
		return err;
	arch_device_write(fn->config + CONFIG_COMMAND, 2, COMMAND_NO_INTX);
	fn->has_pins = blob_claims_cell(fn->cell->desc) & 1u << BLOB_CLAIM_INTERRUPT_PINS;
	err = check_wire(fn);
	if (!err)
		err = read_capabilities(fn);
	if (!err)
		err = take_registers(fn);
	if (!err)
		err = find_table(fn);
	if (err)
		return err;
	if (may_write_memory(fn->cell))
		fn->may_command |= COMMAND_MASTER;
	pci_function_reset(fn, true);
	return 0;
}
