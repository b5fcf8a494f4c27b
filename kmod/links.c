// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root's ends of links: ivshmem devices that the hypervisor shows on a PCI bus, at run time or as
 * long as it is on, and that Linux has to find and to lose.
 *
 * Locks: cellvisor_lock, then the PCI core's lock of rescans and removals, then those of devices.
 * Drivers come and go under the second one: nothing that they do may wait for cellvisor_lock.
 *
 * The place of the registers is found by the PCI core, in its own tree of who is where. There it
 * stays ours until the hypervisor has let go of it, even if somebody removes the device by sysfs.
 */
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellvisor.h"
#include "ivshmem.h"
#include "lib/blob_error/blob_error.h"

#define LINK_BLOB_MAX  (64u << 10)
#define REGISTER_BARS  2
#define REGISTERS_SIZE (REGISTER_BARS * IVSHMEM_BAR_SIZE)
#define BUS_OF(bdf)    ((bdf) >> 8)
#define DEVFN_OF(bdf)  ((bdf)&0xff)
#define PLACE_FORMAT   "%04x:%02x:%02x.%u"
#define PLACE_OF(place) \
	(place)->domain, BUS_OF((place)->bdf), PCI_SLOT((place)->bdf), PCI_FUNC((place)->bdf)

struct link {
	struct list_head entry;
	struct cell_desc *desc; /* NULL: it is of the system configuration */
	const struct blob_pci_device *device;
	const struct blob_memory *sections;
	struct resource registers; /* where they are, unless Linux has placed them itself */
	struct resource *room;	   /* what of the bus they lie in */
	bool inside;		   /* the hypervisor has it, whether Linux has a device or not */
};

static LIST_HEAD(links);

static struct pci_bus *bus_of(const struct blob_pci_device *place)
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

static int check_place(const struct blob_pci_device *place)
{
	struct pci_bus *bus = bus_of(place);

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
		bus = device->type == BLOB_PCI_IVSHMEM ? bus_of(device) : NULL;
		if (bus)
			err = check_free(bus, device);
	}
	pci_unlock_rescan_remove();
	return err;
}

static int find_room(struct link *link)
{
	int err;

	link->registers.name = link->desc->name;
	link->registers.flags = IORESOURCE_MEM;
	err = pci_bus_alloc_resource(bus_of(link->device), &link->registers, REGISTERS_SIZE,
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

/* Nobody else gets the place as long as the hypervisor has registers there. */
static void hold_room(struct link *link)
{
	if (insert_resource(link->room, &link->registers))
		pr_cell(err, "link %s: the place of its registers is taken: %pR\n",
			link->desc->name, &link->registers);
}

static void leave_room(struct link *link)
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

/* Linux finds the device that is there now. */
static int show(struct link *link)
{
	struct pci_bus *bus = bus_of(link->device);
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
	pci_bus_add_device(pci);
	return 0;
}

/* Linux loses it: who has it open, mapped, or waits for it learns so. */
static void hide(struct link *link)
{
	struct pci_dev *pci = pci_get_domain_bus_and_slot(
		link->device->domain, BUS_OF(link->device->bdf), DEVFN_OF(link->device->bdf));

	if (pci) {
		pci_stop_and_remove_bus_device(pci);
		pci_dev_put(pci);
	}
}

static int call_remove(struct link *link)
{
	int err = cellvisor_hypercall(HC_CV_LINK_REMOVE,
				      (u32)link->device->domain << 16 | link->device->bdf, 0);

	/* After an error of the last try the hypervisor may not know it any more. */
	if (err == -ENOENT)
		err = 0;
	link->inside = err != 0;
	return err;
}

/* Linux has no device of it: neither may anybody have its place, or its memory. */
static void keep_hidden(struct link *link, int err)
{
	pr_cell(err, "link %s: the hypervisor keeps it: error %d\n", link->desc->name, err);
	hold_room(link);
}

static int add_end(struct link *link)
{
	u64 said = console_ring_head();
	int err, kept;

	err = find_room(link);
	if (err)
		return err;
	err = cellvisor_hypercall(HC_CV_LINK_ADD, virt_to_phys(link->desc), link->registers.start);
	/* The device's own claims follow, in the same place. */
	release_resource(&link->registers);
	if (err) {
		pr_cell(err, "link %s: refused by the hypervisor: error %d\n", link->desc->name,
			err);
		console_log(&partition->public->console, said);
		return err;
	}
	link->inside = true;
	err = show(link);
	if (!err)
		return 0;
	kept = call_remove(link);
	if (kept)
		keep_hidden(link, kept);
	return err;
}

static void free_link(struct link *link)
{
	kfree(link->desc);
	kfree(link);
}

static struct link *allocate_link(const void __user *blob, u32 size)
{
	char line[BLOB_ERROR_LINE];
	struct blob_error error;
	struct link *link;
	void *copy;

	if (size < sizeof(struct cell_desc) || size > LINK_BLOB_MAX) {
		pr_cell(err, "link refused: %u bytes, not %zu to %u\n", size,
			sizeof(struct cell_desc), LINK_BLOB_MAX);
		return ERR_PTR(size > LINK_BLOB_MAX ? -E2BIG : -EINVAL);
	}
	copy = memdup_user(blob, size);
	if (IS_ERR(copy))
		return copy;
	if (blob_check_link(copy, size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		pr_cell(err, "link refused: %s\n", line);
		kfree(copy);
		return ERR_PTR(-EINVAL);
	}
	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link) {
		kfree(copy);
		return ERR_PTR(-ENOMEM);
	}
	link->desc = copy;
	link->device = cell_desc_pci_devices(link->desc);
	link->sections = cell_desc_memory(link->desc) + link->device->shmem_regions_start;
	return link;
}

int links_add(const void __user *blob, u32 size)
{
	struct link *link;
	int err;

	if (!partition)
		return -EINVAL;
	link = allocate_link(blob, size);
	if (IS_ERR(link))
		return PTR_ERR(link);
	pci_lock_rescan_remove();
	err = check_place(link->device);
	if (!err)
		err = claims_check_link(link->desc);
	if (!err)
		err = add_end(link);
	pci_unlock_rescan_remove();
	if (link->inside)
		list_add(&link->entry, &links);
	else
		free_link(link);
	return err;
}

static void forget(struct link *link)
{
	leave_room(link);
	list_del(&link->entry);
	free_link(link);
}

static struct link *find_link(u16 domain, u16 bdf)
{
	struct link *link;

	list_for_each_entry (link, &links, entry) {
		if (link->device->domain == domain && link->device->bdf == bdf)
			return link;
	}
	return NULL;
}

/* Another peer's cell, or NULL. */
static const struct managed_cell *find_peer(const struct link *link)
{
	const struct blob_pci_device *device;
	const struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		/* Root's entry has no list of devices. */
		if (!cell->slot)
			continue;
		device = cell_desc_pci_devices(cell->desc);
		for (u32 n = 0; n < cell->desc->num_pci_devices; n++, device++) {
			if (device->type == BLOB_PCI_IVSHMEM &&
			    device->domain == link->device->domain &&
			    device->bdf == link->device->bdf)
				return cell;
		}
	}
	return NULL;
}

int links_remove(u16 domain, u16 bdf)
{
	const struct managed_cell *peer;
	struct link *link;
	int err;

	if (!partition)
		return -EINVAL;
	link = find_link(domain, bdf);
	if (!link)
		return -ENOENT;
	if (!link->desc)
		return -EPERM;
	peer = find_peer(link);
	if (peer) {
		pr_cell(err, "link %s: cell %s has an end of it\n", link->desc->name,
			peer->desc->name);
		return -EBUSY;
	}
	pci_lock_rescan_remove();
	hide(link);
	err = call_remove(link);
	if (err) {
		/* If it stays, Linux has it again. */
		leave_room(link);
		if (show(link))
			keep_hidden(link, err);
	} else {
		forget(link);
	}
	pci_unlock_rescan_remove();
	return err;
}

const char *links_owner(u64 start, u64 end)
{
	const struct blob_memory *section;
	const struct link *link;

	list_for_each_entry (link, &links, entry) {
		section = link->sections;
		for (u32 n = 0; n < shmem_sections(link->device); n++, section++) {
			if (start < section->phys_start + section->size &&
			    section->phys_start < end)
				return link->desc ? link->desc->name : "of the root cell";
		}
	}
	return NULL;
}

/* What fails here costs a link, not the partition; the log says why. */
static void add_of_system(const struct blob_pci_device *device)
{
	struct link *link = kzalloc(sizeof(*link), GFP_KERNEL);
	int err = -ENOMEM;

	if (link) {
		link->device = device;
		link->sections = cell_desc_memory(&partition->system->root_cell) +
				 device->shmem_regions_start;
		pci_lock_rescan_remove();
		err = bus_of(device) ? show(link) : -EINVAL;
		pci_unlock_rescan_remove();
	}
	if (err) {
		pr_cell(err, PLACE_FORMAT ": shared memory without a device in Linux: error %d\n",
			PLACE_OF(device), err);
		kfree(link);
		return;
	}
	list_add(&link->entry, &links);
}

void links_open(void)
{
	const struct cell_desc *root = &partition->system->root_cell;
	const struct blob_pci_device *device = cell_desc_pci_devices(root);

	if (!claims_served(BLOB_CLAIM_SHARED_MEMORY))
		return;
	for (u32 n = 0; n < root->num_pci_devices; n++, device++) {
		if (device->type == BLOB_PCI_IVSHMEM && !find_link(device->domain, device->bdf))
			add_of_system(device);
	}
}

void links_close(void)
{
	struct link *link, *next;
	int err;

	list_for_each_entry_safe (link, next, &links, entry) {
		pci_lock_rescan_remove();
		hide(link);
		err = link->desc ? call_remove(link) : 0;
		if (!err)
			forget(link);
		else if (!link->registers.parent)
			keep_hidden(link, err);
		pci_unlock_rescan_remove();
	}
}

void links_closed(void)
{
	struct link *link, *next;

	list_for_each_entry_safe (link, next, &links, entry)
		forget(link);
}
