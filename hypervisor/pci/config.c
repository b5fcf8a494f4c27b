// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space. Cells see the devices that they have, root also all those of the machine, to
 * which it is let through: for root only functions exit that the hypervisor plays.
 */
#include "pci/config.h"

#include "core/state.h"
#include "core/subsystem.h"
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

/* Word by word, of which an access may have parts of up to three. */
static void access_device(struct ivshmem *dev, unsigned int offset, struct io_access *access)
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
			ivshmem_config_write(dev, word, (access->value >> (8 * done)) << shift,
					     mask);
		else
			value |= (uint64_t)((ivshmem_config_read(dev, word) & mask) >> shift)
				 << (8 * done);
	}
	if (!access->write)
		access->value = value;
}

bool pci_config_access(const struct cell *cell, uint16_t domain, uint16_t bdf, unsigned int offset,
		       struct io_access *access)
{
	struct ivshmem *dev = ivshmem_find(cell, domain, bdf);

	if (dev && offset + access->width <= PCI_CONFIG_SIZE) {
		access_device(dev, offset, access);
		if (cell == &root_cell && access->write && link_root_moved(dev))
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

	pci_config_access(cpu->cell, system_desc->pci_domain, offset / PCI_CONFIG_SIZE,
			  offset % PCI_CONFIG_SIZE, access);
	return IO_DONE;
}

/* Of root, as it has the rest, only functions that there are not. */
static void config_io_regions(struct io_builder *builder, const struct cell *owner,
			      const struct cell *cause)
{
	const uint64_t base = system_desc->pci_mmconfig_base;

	if (builder->space != IO_MEMORY || owner != cause || !base)
		return;
	if (owner != &root_cell) {
		io_add(builder, (struct io_region){base, door_size(), by_memory, NULL, EXITS_MMIO});
		return;
	}
	for (const struct ivshmem *dev = owner->ivshmem; dev; dev = dev->next) {
		uint64_t page = pci_config_page(dev->device->domain, dev->device->bdf);

		if (page)
			io_add(builder, (struct io_region){page, PCI_CONFIG_SIZE, by_memory, NULL,
							   EXITS_MMIO});
	}
}

SUBSYSTEM(25, config_subsystem) = {
	.name = "PCI configuration space",
	.io_regions = config_io_regions,
};
