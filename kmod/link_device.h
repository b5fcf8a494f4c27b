/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A link's device in Linux. All is called with the PCI core's lock of rescans and removals held.
 *
 * The place of the registers is found by the PCI core, in its own tree of who is where. There it
 * stays ours until the hypervisor has let go of it, even if somebody removes the device by sysfs.
 */
#ifndef CELLVISOR_LINK_DEVICE_H
#define CELLVISOR_LINK_DEVICE_H

#include <linux/ioport.h>

#include "cellvisor.h"
#include "pci_place.h"

struct link {
	struct list_head entry;
	struct cell_desc *desc; /* NULL: it is of the system configuration */
	const struct blob_pci_device *device;
	const struct blob_memory *sections;
	struct resource registers; /* where they are, unless Linux has placed them itself */
	struct resource *room;	   /* what of the bus they lie in */
	bool inside;		   /* the hypervisor has it, whether Linux has a device or not */
};

/*
 * link_bus(): NULL: there is none.
 * link_check_place(): 0; -EINVAL: no root bus; -EEXIST: a device.
 *
 * link_find_room(): takes a place for the registers. 0 or -ENOSPC.
 * link_hold_room(): takes it again, while the hypervisor has registers there and Linux no device.
 * link_leave_room(): it may be somebody else's, if it was taken.
 *
 * link_show(): Linux finds the device that is there now. 0, -EEXIST where there is another one,
 *	-EIO, and errors of taking its addresses.
 * link_check_idle(): 0; -EBUSY: Linux cannot lose its device now. At most some seconds.
 * link_hide(): Linux loses it: who has it open, mapped, or waits for it learns so.
 */
struct pci_bus *link_bus(const struct blob_pci_device *place);
int link_check_place(const struct blob_pci_device *place);
int link_find_room(struct link *link);
void link_hold_room(struct link *link);
void link_leave_room(struct link *link);
int link_show(struct link *link);
int link_check_idle(const struct link *link);
void link_hide(struct link *link);

#endif /* CELLVISOR_LINK_DEVICE_H */
