// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a configuration may name where the kernel is locked down: then not even root, whose word a
 * configuration is, may reach the kernel's memory. The hypervisor writes to interrupt controllers,
 * configuration space and a console where it is told that they are, and looks at IOMMU units: these
 * must be where the firmware has told the kernel. Cells run what they like: they may have nothing
 * that could write elsewhere, as devices that do DMA, and ports and registers that program such.
 */
#include <linux/security.h>

#include "cellvisor.h"

/* It can be raised, but not lowered: so it is asked, and the kernel tells of it, once. */
static bool locked_down;

bool lockdown_is_on(void)
{
	if (!READ_ONCE(locked_down) && security_locked_down(LOCKDOWN_DEV_MEM))
		WRITE_ONCE(locked_down, true);
	return READ_ONCE(locked_down);
}

#define refuse(format, ...)                                                                  \
	({                                                                                   \
		pr_cell(err,                                                                 \
			format "; the kernel is locked down (/sys/kernel/security/lockdown)" \
			       "\n",                                                         \
			##__VA_ARGS__);                                                      \
		-EPERM;                                                                      \
	})

static int check_irqchips(const char *kind, const struct cell_desc *desc)
{
	const struct blob_irqchip *irqchip = cell_desc_irqchips(desc);

	for (u32 n = 0; n < desc->num_irqchips; n++, irqchip++) {
		if (!firmware_has_irqchip(irqchip))
			return refuse(
				"%s %s: the firmware tells of no interrupt controller at 0x%llx",
				kind, desc->name, irqchip->address);
	}
	return 0;
}

static bool console_is_known(const struct cell_console *console)
{
	/* The hypervisor uses no other. */
	return console->type != CONSOLE_8250 || (console->flags & CONSOLE_FLAG_MMIO) ||
	       machine_is_serial(console->address, 8);
}

static int check_units(const struct system_desc *system)
{
	const struct blob_iommu *unit = system->iommu_units;

	for (unsigned int n = 0; n < BLOB_IOMMU_UNITS; n++, unit++) {
		if (unit->type != BLOB_IOMMU_NONE && !firmware_has_iommu(unit))
			return refuse(
				"root cell: the firmware tells of no such IOMMU unit at 0x%llx",
				unit->base);
	}
	return 0;
}

int lockdown_check_system(const struct system_desc *system)
{
	int err;

	if (!lockdown_is_on())
		return 0;
	err = check_irqchips("root cell", &system->root_cell);
	if (!err)
		err = check_units(system);
	if (err)
		return err;
	if (system->pci_mmconfig_base && !firmware_has_config_space(system))
		return refuse("root cell: the firmware tells of no PCI configuration space of "
			      "domain %u, to bus %u, at 0x%llx",
			      system->pci_domain, system->pci_mmconfig_end_bus,
			      system->pci_mmconfig_base);
	if (system->platform.x86.pm_timer_address && !firmware_has_timer(&system->platform.x86))
		return refuse("root cell: the firmware tells of no PM timer at port 0x%x",
			      system->platform.x86.pm_timer_address);
	if (!console_is_known(&system->debug_console))
		return refuse("root cell: the debug console at port 0x%llx is no serial port",
			      system->debug_console.address);
	/* What is a link's the hypervisor clears. They can come at run time. */
	if (system->root_cell.num_pci_devices)
		return refuse("root cell: PCI devices and links are not taken from it");
	return 0;
}

/* Linux' own memory is refused as ever; here is told what else may be no memory at all. */
static int check_memory(const char *kind, const struct cell_desc *desc,
			const struct blob_memory *region)
{
	u64 page;
	int err;

	if ((region->flags & BLOB_MEM_COMM_REGION) || !region->size ||
	    pool_has(region->phys_start, region->size))
		return 0;
	err = iomem_check_reserved(region->phys_start, region->size, &page);
	if (err == -EINVAL)
		return refuse("%s %s: 0x%llx is neither of the pool nor memory reserved at boot",
			      kind, desc->name, page);
	return err;
}

static int check_ports(const char *kind, const struct cell_desc *desc)
{
	const struct blob_pio *ports = cell_desc_pio(desc);

	for (u32 n = 0; n < desc->num_pio_regions; n++, ports++) {
		if (!machine_is_serial(ports->base, ports->length))
			return refuse("%s %s: ports from 0x%x on, %u, are no serial port's", kind,
				      desc->name, ports->base, ports->length);
	}
	return 0;
}

static int check_devices(const char *kind, const struct cell_desc *desc)
{
	const struct blob_pci_device *device = cell_desc_pci_devices(desc);

	for (u32 n = 0; n < desc->num_pci_devices; n++, device++) {
		if (device->type != BLOB_PCI_IVSHMEM)
			return refuse(
				"%s %s: nothing holds the DMA of PCI device %04x:%02x:%02x.%x",
				kind, desc->name, device->domain, device->bdf >> 8,
				device->bdf >> 3 & 0x1f, device->bdf & 7);
	}
	return 0;
}

int lockdown_check_cell(const char *kind, const struct cell_desc *desc)
{
	const struct blob_memory *region = cell_desc_memory(desc);
	int err;

	if (!lockdown_is_on())
		return 0;
	err = check_devices(kind, desc);
	if (!err)
		err = check_ports(kind, desc);
	if (!err)
		err = check_irqchips(kind, desc);
	for (u32 n = 0; n < desc->num_memory_regions && !err; n++)
		err = check_memory(kind, desc, &region[n]);
	return err;
}
