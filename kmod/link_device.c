// SPDX-License-Identifier: GPL-2.0-only
/* Root's ends of links as devices of Linux: where they may be, how they come and go. */
#include <linux/delay.h>

#include "ivshmem.h"
#include "link_device.h"

#define OWN_DRIVER     "uio_ivshmem"
#define DRIVER_WAIT_MS 1000
#define REGISTER_BARS  2
#define REGISTERS_SIZE (REGISTER_BARS * IVSHMEM_BAR_SIZE)

struct pci_bus *link_bus(const struct blob_pci_device *place)
{
	return pci_find_bus(place->domain, BUS_OF(place->bdf));
}

/* A device may also be one that firmware hides from Linux. */
static int check_free(struct pci_bus *bus, const struct blob_pci_device *place)
{
	struct pci_dev *there = pci_get_slot(bus, DEVFN_OF(place->bdf));
	u32 id = 0;

	if (there) {
		pr_cell(err, PLACE_FORMAT ": there is a PCI device\n", PLACE_OF(place));
		pci_dev_put(there);
		return -EEXIST;
	}
	if (pci_bus_read_config_dword(bus, DEVFN_OF(place->bdf), PCI_VENDOR_ID, &id) ||
	    !PCI_POSSIBLE_ERROR(id)) {
		pr_cell(err, PLACE_FORMAT ": something answers there: 0x%x\n", PLACE_OF(place), id);
		return -EEXIST;
	}
	return 0;
}

int link_check_place(const struct blob_pci_device *place)
{
	struct pci_bus *bus = link_bus(place);

	if (!bus) {
		pr_cell(err, PLACE_FORMAT ": there is no such PCI bus\n", PLACE_OF(place));
		return -EINVAL;
	}
	/* A bridge may go, and the place of the registers would be one in its windows. */
	if (!pci_is_root_bus(bus)) {
		pr_cell(err, PLACE_FORMAT ": behind a bridge, not on a root bus\n",
			PLACE_OF(place));
		return -EINVAL;
	}
	return check_free(bus, place);
}

int links_check_system(const struct system_desc *system)
{
	const struct blob_pci_device *device = cell_desc_pci_devices(&system->root_cell);
	struct pci_bus *bus;
	int err = 0;

	pci_lock_rescan_remove();
	for (u32 n = 0; n < system->root_cell.num_pci_devices && !err; n++, device++) {
		bus = device->type == BLOB_PCI_IVSHMEM ? link_bus(device) : NULL;
		if (bus)
			err = check_free(bus, device);
	}
	pci_unlock_rescan_remove();
	return err;
}

int link_find_room(struct link *link)
{
	int err;

	link->registers.name = link->desc->name;
	link->registers.flags = IORESOURCE_MEM;
	err = pci_bus_alloc_resource(link_bus(link->device), &link->registers, REGISTERS_SIZE,
				     IVSHMEM_BAR_SIZE, PCIBIOS_MIN_MEM, 0, pcibios_align_resource,
				     NULL);
	if (err) {
		pr_cell(err, PLACE_FORMAT ": no room for registers on this PCI bus\n",
			PLACE_OF(link->device));
		return -ENOSPC;
	}
	link->room = link->registers.parent;
	return 0;
}

void link_hold_room(struct link *link)
{
	if (insert_resource(link->room, &link->registers))
		pr_cell(err, "link %s: the place of its registers is taken: %pR\n",
			link->desc->name, &link->registers);
}

void link_leave_room(struct link *link)
{
	if (link->registers.parent)
		remove_resource(&link->registers);
}

/* Where the hypervisor has them; nobody else can have taken the place. */
static int claim_registers(struct pci_dev *pci, struct link *link)
{
	const struct resource *bar;
	int err;

	for (unsigned int n = 0; n < REGISTER_BARS; n++) {
		bar = &pci->resource[n];
		if (n == IVSHMEM_BAR_MSIX && !bar->flags)
			continue; /* a link without vectors */
		if (bar->start != link->registers.start + n * IVSHMEM_BAR_SIZE ||
		    resource_size(bar) != IVSHMEM_BAR_SIZE) {
			pci_err(pci, "BAR %u: %pR, expected at 0x%llx\n", n, bar,
				link->registers.start + n * IVSHMEM_BAR_SIZE);
			return -EIO;
		}
		err = pci_claim_resource(pci, n);
		if (err)
			return err;
	}
	return insert_resource(pci->resource[0].parent, &link->registers);
}

static int place_registers(struct pci_dev *pci)
{
	int err = 0;

	for (unsigned int n = 0; n < REGISTER_BARS && !err; n++) {
		if (pci->resource[n].flags)
			err = pci_assign_resource(pci, n);
	}
	return err;
}

/*
 * A unit that remaps interrupts serves the functions that the firmware's table lists, and a
 * function that comes at run time is in no list: it gets what its neighbours have, or it could have
 * no interrupts at all.
 */
static void find_msi_domain(struct pci_dev *pci)
{
	struct irq_domain *domain = dev_get_msi_domain(&pci->dev);
	struct pci_dev *other;

	list_for_each_entry (other, &pci->bus->devices, bus_list) {
		if (!domain)
			domain = dev_get_msi_domain(&other->dev);
	}
	dev_set_msi_domain(&pci->dev, domain);
}

int link_show(struct link *link)
{
	struct pci_bus *bus = link_bus(link->device);
	struct pci_dev *pci;
	int err;

	/* Somebody else's, plugged in since it was looked for: not ours to place or to remove. */
	pci = pci_get_slot(bus, DEVFN_OF(link->device->bdf));
	if (pci) {
		pci_err(pci, "stays: shared memory was to appear here\n");
		pci_dev_put(pci);
		return -EEXIST;
	}
	pci = pci_scan_single_device(bus, DEVFN_OF(link->device->bdf));
	if (!pci) {
		pr_cell(err, PLACE_FORMAT ": Linux finds no device there\n",
			PLACE_OF(link->device));
		return -EIO;
	}
	err = link->desc ? claim_registers(pci, link) : place_registers(pci);
	if (err) {
		pci_stop_and_remove_bus_device(pci);
		return err;
	}
	find_msi_domain(pci);
	pci_bus_add_device(pci);
	return 0;
}

static struct pci_dev *device_in_linux(const struct link *link)
{
	return pci_get_domain_bus_and_slot(link->device->domain, BUS_OF(link->device->bdf),
					   DEVFN_OF(link->device->bdf));
}

/*
 * Our own driver lets go of its device at once. Another one may wait for its users as long as they
 * like (vfio-pci does), and all calls of the module with it: that one is to be unbound before. Who
 * binds it after this look waits for itself.
 */
static int check_driver(struct pci_dev *pci)
{
	unsigned int waited = 0;
	int err = 0;

	/* Some driver comes or goes. */
	while (!device_trylock(&pci->dev)) {
		if (++waited > DRIVER_WAIT_MS) {
			pci_err(pci, "stays: its driver is busy\n");
			return -EBUSY;
		}
		usleep_range(1000, 2000);
	}
	if (pci->dev.driver && strcmp(pci->dev.driver->name, OWN_DRIVER)) {
		pci_err(pci, "stays: driver %s has it, unbind that first\n", pci->dev.driver->name);
		err = -EBUSY;
	}
	device_unlock(&pci->dev);
	return err;
}

int link_check_idle(const struct link *link)
{
	struct pci_dev *pci = device_in_linux(link);
	int err = pci ? check_driver(pci) : 0;

	pci_dev_put(pci);
	return err;
}

void link_hide(struct link *link)
{
	struct pci_dev *pci = device_in_linux(link);

	if (pci) {
		pci_stop_and_remove_bus_device(pci);
		pci_dev_put(pci);
	}
}
