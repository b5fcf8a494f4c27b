// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration space by ports. The address register of root is the machine's; each other cell has
 * one of its own, and never reaches the machine's.
 */
#include "arch/x86/asm.h"
#include "arch/x86/pci_ports.h"
#include "core/subsystem.h"
#include "pci/config.h"
#include "pci/function.h"

static enum io_answer address_port(struct cpu *cpu, const struct io_region *region,
				   struct io_access *access)
{
	uint32_t *address = &cpu->cell->arch.pci_address;

	if (access->width != 4)
		return IO_REFUSED;
	if (access->write)
		__atomic_store_n(address, access->value & PCI_ADDRESS_BITS, __ATOMIC_SEQ_CST);
	else
		access->value = __atomic_load_n(address, __ATOMIC_SEQ_CST);
	return IO_DONE;
}

static unsigned int offset_of(uint32_t address, const struct io_access *access)
{
	return (address & 0xfc) | (address >> 16 & 0xf00) | (access->address & 3);
}

/* False: no function of the cell's is there. */
static bool access_virtual(const struct cell *cell, uint32_t address, struct io_access *access)
{
	if (!access->write)
		access->value = ~0ull;
	return (address & PCI_ADDRESS_ENABLE) &&
	       pci_config_access(cell, 0, address >> 8, offset_of(address, access), access);
}

static enum io_answer data_port(struct cpu *cpu, const struct io_region *region,
				struct io_access *access)
{
	uint32_t address = __atomic_load_n(&cpu->cell->arch.pci_address, __ATOMIC_SEQ_CST);

	access_virtual(cpu->cell, address, access);
	return IO_DONE;
}

static void access_port(struct io_access *access)
{
	if (access->write)
		port_out(access->address, access->width, access->value);
	else
		access->value = port_in(access->address, access->width);
}

/*
 * While cells have functions of the machine: another CPU of root may write the address register at
 * any time, so what was looked up is accessed by memory, and the machine's ports by nobody.
 */
static enum io_answer access_by_memory(uint32_t address, struct io_access *access)
{
	uint16_t bdf = address >> 8;
	uint64_t at = pci_config_page(0, bdf) + offset_of(address, access);
	unsigned int step = (at & (access->width - 1)) ? 1 : access->width;
	uint64_t value = 0;

	if (!(address & PCI_ADDRESS_ENABLE))
		return IO_DONE;
	if (!pci_config_page(0, bdf) || pci_function_find(&root_cell, 0, bdf))
		return IO_REFUSED;
	for (unsigned int done = 0; done < access->width; done += step) {
		if (access->write)
			arch_device_write(at + done, step, access->value >> 8 * done);
		else
			value |= (uint64_t)arch_device_read(at + done, step) << 8 * done;
	}
	if (!access->write)
		access->value = value;
	return IO_DONE;
}

/*
 * Root's, while it has virtual functions or cells have real ones. Its address register and its
 * access belong together as far as it sees to that itself, as without a hypervisor: nobody else
 * uses the machine's ports.
 */
static enum io_answer root_data_port(struct cpu *cpu, const struct io_region *region,
				     struct io_access *access)
{
	uint32_t address = port_in(PCI_PORT_ADDRESS, 4);

	if (access_virtual(cpu->cell, address, access))
		return IO_DONE;
	/* By ports there is only the first domain. */
	if (__atomic_load_n(&pci_functions, __ATOMIC_ACQUIRE) && !system_desc->pci_domain)
		return access_by_memory(address, access);
	access_port(access);
	return IO_DONE;
}

static void pci_port_io_regions(struct io_builder *builder, const struct cell *owner,
				const struct cell *cause)
{
	if (builder->space != IO_PORTS || owner != cause)
		return;
	if (owner != &root_cell) {
		io_add(builder,
		       (struct io_region){PCI_PORT_ADDRESS, 4, address_port, NULL, EXITS_X86_PIO});
		io_add(builder, (struct io_region){PCI_PORT_DATA, PCI_PORTS_DATA, data_port, NULL,
						   EXITS_X86_PIO});
	} else if (owner->ivshmem || pci_functions) {
		io_add(builder, (struct io_region){PCI_PORT_DATA, PCI_PORTS_DATA, root_data_port,
						   NULL, EXITS_X86_PIO});
	}
}

SUBSYSTEM(26, pci_port_subsystem) = {
	.name = "PCI's ports",
	.io_regions = pci_port_io_regions,
};
