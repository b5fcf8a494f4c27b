// SPDX-License-Identifier: GPL-2.0-only
/* Which PCI devices a cell can have. */
#include <linux/iommu.h>

#include "devices.h"
#include "ivshmem.h"

#define CLASS_IOMMU 0x0806

/* What of the machine's fabric everybody needs, whatever header it has. */
static const char *why_fabric(const struct pci_dev *pci)
{
	if (pci->hdr_type != PCI_HEADER_TYPE_NORMAL || pci->class >> 16 == PCI_BASE_CLASS_BRIDGE)
		return "is a bridge, which others are behind";
	if (pci->class >> 8 == PCI_CLASS_SYSTEM_PIC || pci->class >> 8 == CLASS_IOMMU ||
	    pci->class >> 8 == PCI_CLASS_SYSTEM_RCEC)
		return "belongs to the machine's own works";
	if (pci->vendor == IVSHMEM_VENDOR_ID && pci->device == IVSHMEM_DEVICE_ID)
		return "is shared memory, which descriptions name as such";
	return NULL;
}

static const char *why_not(struct pci_dev *pci)
{
	/* A function that is virtual has its base addresses in another one's configuration. */
	if (pci->is_virtfn)
		return "is a virtual function of another device";
	if (pci_num_vf(pci))
		return "has virtual functions; remove them first";
	return why_fabric(pci);
}

static bool in_blob(const struct cell_desc *desc, const struct pci_dev *pci)
{
	const struct blob_pci_device *device = cell_desc_pci_devices(desc);

	for (u32 n = 0; n < desc->num_pci_devices; n++, device++) {
		if (device->type == BLOB_PCI_DEVICE && device->domain == pci_domain_nr(pci->bus) &&
		    device->bdf == PCI_DEVID(pci->bus->number, pci->devfn))
			return true;
	}
	return false;
}

/* For iommu_group_for_each_dev(). Bridges do nothing by themselves and stay. */
static int check_companion(struct device *companion, void *data)
{
	const struct cell_desc *desc = data;
	struct pci_dev *pci;

	if (!dev_is_pci(companion))
		return -EXDEV;
	pci = to_pci_dev(companion);
	if (pci->hdr_type != PCI_HEADER_TYPE_NORMAL || in_blob(desc, pci))
		return 0;
	pci_err(pci, "is in the IOMMU group of a device that cell %s is to have, and stays\n",
		desc->name);
	return -EXDEV;
}

/* The members of a group can reach each other without anybody seeing it. */
static int check_group(const struct cell_desc *desc, struct pci_dev *pci)
{
	struct iommu_group *group = iommu_group_get(&pci->dev);
	int err;

	if (!group)
		return 0;
	err = iommu_group_for_each_dev(group, (void *)desc, check_companion);
	iommu_group_put(group);
	if (err)
		pci_err(pci, "not for cell %s: its IOMMU group has others that stay\n", desc->name);
	return err ? -EXDEV : 0;
}

int device_check(const struct cell_desc *desc, struct pci_dev *pci)
{
	const char *why = why_not(pci);

	if (!why)
		return check_group(desc, pci);
	pci_err(pci, "not for cell %s: it %s\n", desc->name, why);
	return -EXDEV;
}

/*
 * Drivers that hand a device on to programs wait, when they are to let go of it, until the program
 * does, and everybody who calls the module would wait with them.
 */
int device_check_driver(const struct cell_desc *desc, struct pci_dev *pci, bool may_take)
{
	const struct pci_driver *driver;
	int err = 0;

	device_lock(&pci->dev);
	driver = pci->dev.driver ? to_pci_driver(pci->dev.driver) : NULL;
	if (driver && (!may_take || driver->driver_managed_dma)) {
		pci_err(pci, "not for cell %s: driver %s has it%s\n", desc->name, driver->name,
			may_take ? ", which hands it to programs: unbind that first" : "");
		err = -EUSERS;
	}
	device_unlock(&pci->dev);
	return err;
}
