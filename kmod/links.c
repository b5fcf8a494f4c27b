// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root's ends of links: ivshmem devices that the hypervisor shows on a PCI bus, at run time or as
 * long as it is on, and that Linux has to find and to lose.
 *
 * Locks: cellvisor_lock, then the PCI core's lock of rescans and removals, then those of devices.
 * Drivers come and go under the second one: nothing that they do may wait for cellvisor_lock.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "cellvisor.h"
#include "ivshmem.h"
#include "lib/blob_error/blob_error.h"
#include "link_device.h"

#define LINK_BLOB_MAX (64u << 10)

static LIST_HEAD(links);

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
	link_hold_room(link);
}

/* Root may write it as long as it likes. */
static void forget_clean(const struct link *link)
{
	const struct blob_memory *section = link->sections;

	for (u32 n = 0; n < shmem_sections(link->device); n++, section++)
		clean_forget(section->phys_start, section->phys_start + section->size);
}

static int add_end(struct link *link)
{
	u64 said = console_ring_head();
	int err, kept;

	forget_clean(link);

	err = link_find_room(link);
	if (err)
		return err;
	err = blob_call(HC_CV_LINK_ADD, link->desc, link->registers.start);
	/* The device's own claims follow, in the same place. */
	release_resource(&link->registers);
	if (err) {
		pr_cell(err, "link %s: refused by the hypervisor: error %d\n", link->desc->name,
			err);
		console_log(&partition->public->console, said);
		return err;
	}
	link->inside = true;
	err = link_show(link);
	if (!err)
		return 0;
	kept = call_remove(link);
	if (kept)
		keep_hidden(link, kept);
	return err;
}

static void free_link(struct link *link)
{
	kvfree(link->desc);
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
	copy = blob_copy(blob, size);
	if (IS_ERR(copy))
		return copy;
	if (blob_check_link(copy, size, &error) < 0) {
		blob_error_format(&error, line, sizeof(line));
		pr_cell(err, "link refused: %s\n", line);
		kvfree(copy);
		return ERR_PTR(-EINVAL);
	}
	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link) {
		kvfree(copy);
		return ERR_PTR(-ENOMEM);
	}
	link->desc = copy;
	link->device = cell_desc_pci_devices(link->desc);
	link->sections = cell_desc_memory(link->desc) + link->device->shmem_regions_start;
	return link;
}

static int list_link(struct link *link)
{
	int err;

	pci_lock_rescan_remove();
	err = link_check_place(link->device);
	if (!err)
		err = claims_check_link(link->desc);
	if (!err)
		err = add_end(link);
	pci_unlock_rescan_remove();
	if (link->inside)
		list_add(&link->entry, &links);
	return err;
}

/* The blob may be nowhere yet: the lock is taken when it is here. */
int links_add(const void __user *blob, u32 size)
{
	bool is_listed = false;
	struct link *link;
	int err;

	if (!READ_ONCE(partition))
		return -EINVAL;
	link = allocate_link(blob, size);
	if (IS_ERR(link))
		return PTR_ERR(link);
	err = mutex_lock_interruptible(&cellvisor_lock) ? -ERESTARTSYS : 0;
	if (!err) {
		err = partition ? cells_await_clean(NULL) : -EINVAL;
		if (!err)
			err = list_link(link);
		is_listed = link->inside;
		mutex_unlock(&cellvisor_lock);
	}
	if (!is_listed)
		free_link(link);
	return err;
}

static void forget(struct link *link)
{
	link_leave_room(link);
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
		if (!cell->id)
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

static int remove_end(struct link *link)
{
	int err;

	link_hide(link);
	err = call_remove(link);
	if (!err) {
		forget(link);
		return 0;
	}
	/* If it stays, Linux has it again. */
	link_leave_room(link);
	if (link_show(link))
		keep_hidden(link, err);
	return err;
}

int links_remove(u16 domain, u16 bdf)
{
	const struct managed_cell *peer;
	struct link *link;
	int err;

	if (!partition)
		return -EINVAL;
	err = cells_await_clean(NULL);
	if (err)
		return err;
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
	err = link_check_idle(link);
	if (!err)
		err = remove_end(link);
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
		forget_clean(link);
		pci_lock_rescan_remove();
		err = link_bus(device) ? link_show(link) : -EINVAL;
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

static void close_end(struct link *link)
{
	int err;

	link_hide(link);
	err = link->desc ? call_remove(link) : 0;
	if (!err)
		forget(link);
	else if (!link->registers.parent)
		keep_hidden(link, err);
}

int links_check_idle(void)
{
	const struct link *link;
	int err = 0;

	pci_lock_rescan_remove();
	list_for_each_entry (link, &links, entry) {
		err = link_check_idle(link);
		if (err)
			break;
	}
	pci_unlock_rescan_remove();
	return err;
}

void links_close(void)
{
	struct link *link, *next;

	pci_lock_rescan_remove();
	list_for_each_entry_safe (link, next, &links, entry) {
		if (!link_check_idle(link))
			close_end(link);
	}
	pci_unlock_rescan_remove();
}

void links_closed(void)
{
	struct link *link, *next;

	list_for_each_entry_safe (link, next, &links, entry)
		forget(link);
}
