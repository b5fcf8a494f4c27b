// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space. Cells see the devices that they have, root also all those of the machine
 * that no cell has, to which it is let through: for root only functions exit that the hypervisor
 * plays, and those that are a cell's.
 */
#include "pci/config.h"

#include "core/state.h"
#include "core/subsystem.h"
#include "pci/function.h"
#include "pci/link.h"

#define BUS_BYTES (1ull << 20)

static uint64_t door_size(void)
{
	return system_desc->pci_mmconfig_base ? (system_desc->pci_mmconfig_end_bus + 1) * BUS_BYTES
					      : 0;
}

uint64_t pci_config_page(uint16_t domain, uint16_t bdf)
{
	uint64_t offset = (uint64_t)bdf * PCI_CONFIG_SIZE;

	if (domain != system_desc->pci_domain || offset >= door_size())
		return 0;
	return system_desc->pci_mmconfig_base + offset;
}

/* One of the two: the hypervisor plays it, or it is the machine's. */
struct owned {
	struct ivshmem *dev;
	struct pci_function *fn;
};

static uint32_t read_word(const struct owned *own, unsigned int word)
{
	return own->dev ? ivshmem_config_read(own->dev, word) : pci_function_read(own->fn, word);
}

static void write_word(const struct owned *own, unsigned int word, uint32_t value, uint32_t mask)
{
	if (own->dev)
		ivshmem_config_write(own->dev, word, value, mask);
	else
		pci_function_write(own->fn, word, value, mask);
}

/* Word by word, of which an access may have parts of up to three. */
static void access_device(const struct owned *own, unsigned int offset, struct io_access *access)
{
	uint64_t value = 0;

	for (unsigned int done = 0, count; done < access->width; done += count) {
		unsigned int word = (offset + done) / 4, shift = (offset + done) % 4 * 8;
		uint32_t mask;

		count = 4 - (offset + done) % 4;
		if (count > access->width - done)
			count = access->width - done;
		mask = (0xffffffffu >> (32 - 8 * count)) << shift;
		if (access->write)
			write_word(own, word, (access->value >> (8 * done)) << shift, mask);
		else
			value |= (uint64_t)((read_word(own, word) & mask) >> shift) << (8 * done);
	}
	if (!access->write)
		access->value = value;
}

bool pci_config_access(const struct cell *cell, uint16_t domain, uint16_t bdf, unsigned int offset,
		       struct io_access *access)
{
	const struct owned own = {
		.dev = ivshmem_find(cell, domain, bdf),
		.fn = cell == &root_cell ? NULL : pci_function_find(cell, domain, bdf),
	};

	if ((own.dev || own.fn) && offset + access->width <= PCI_CONFIG_SIZE) {
		access_device(&own, offset, access);
		if (cell == &root_cell && access->write && link_root_moved(own.dev))
			link_root_follow(domain, bdf);
		return true;
	}
	if (!access->write)
		access->value = ~0ull;
	return false;
}

static enum io_answer by_memory(struct cpu *cpu, const struct io_region *region,
				struct io_access *access)
{
	uint64_t offset = access->address - system_desc->pci_mmconfig_base;
	uint16_t domain = system_desc->pci_domain, bdf = offset / PCI_CONFIG_SIZE;

	if (!pci_config_access(cpu->cell, domain, bdf, offset % PCI_CONFIG_SIZE, access) &&
	    cpu->cell == &root_cell && pci_function_find(&root_cell, domain, bdf))
		return IO_REFUSED;
	return IO_DONE;
}

static void add_page(struct io_builder *builder, const struct blob_pci_device *device)
{
	uint64_t page = pci_config_page(device->domain, device->bdf);

	if (page)
		io_add(builder,
		       (struct io_region){page, PCI_CONFIG_SIZE, by_memory, NULL, EXITS_MMIO});
}

/* Of root, as it has the rest, only functions that there are not, and those that cells have. */
static void config_io_regions(struct io_builder *builder, const struct cell *owner,
			      const struct cell *cause)
{
	const uint64_t base = system_desc->pci_mmconfig_base;

	if (builder->space != IO_MEMORY || !base)
		return;
	if (owner != &root_cell) {
		io_add(builder, (struct io_region){base, door_size(), by_memory, NULL, EXITS_MMIO});
		return;
	}
	for (const struct ivshmem *dev = cause == owner ? owner->ivshmem : NULL; dev;
	     dev = dev->next)
		add_page(builder, dev->device);
	for (const struct pci_function *fn = cause->functions; fn; fn = fn->next)
		add_page(builder, fn->device);
}

SUBSYSTEM(25, config_subsystem) = {
	.name = "PCI configuration space",
	.io_regions = config_io_regions,
};
