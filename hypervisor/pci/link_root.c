// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root's ends of links: those of its configuration, and those that come and go at run time. What
 * they change is what root reaches: its tables have its rights to the sections, and nothing where
 * the hypervisor answers.
 */
#include "pci/link.h"

#include <errno.h>

#include "arch/arch.h"
#include "core/console.h"
#include "core/hypercall.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "pci/config.h"
#include "pci/function.h"

/* A page of root's at its own address: 0 takes it away. */
static int root_rights(uint64_t phys, uint64_t size, uint64_t flags)
{
	struct blob_memory pages = {phys, phys, size, flags};

	return flags ? subsystems_memory_map(&root_cell, &pages)
		     : subsystems_memory_unmap(&root_cell, &pages);
}

/* The device's configuration space in memory, where the platform has that. */
static int root_config_page(const struct ivshmem *dev, uint64_t flags)
{
	uint64_t page = pci_config_page(dev->device->domain, dev->device->bdf);

	return page ? root_rights(page, PAGE_SIZE, flags) : 0;
}

/* What root sees while it has this end: its sections with its rights, nothing where it traps. */
static int root_show(const struct ivshmem *dev)
{
	int err = root_config_page(dev, 0);

	for (unsigned int bar = 0; bar < IVSHMEM_BARS && !err; bar++)
		err = dev->hidden[bar] ? root_rights(dev->hidden[bar], IVSHMEM_BAR_SIZE, 0) : 0;
	for_each_section (n, dev->device) {
		const struct blob_memory *section = &dev->sections[n];

		if (!err && section->size)
			err = root_rights(section->phys_start, section->size,
					  section->flags &
						  (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_DMA));
	}
	return err;
}

bool link_root_hides(uint64_t phys, uint64_t size)
{
	bool hides = false;

	for (const struct ivshmem *dev = root_cell.ivshmem; dev; dev = dev->next) {
		for (unsigned int bar = 0; bar < IVSHMEM_BARS; bar++)
			hides |= ranges_overlap(phys, size, dev->hidden[bar],
						dev->hidden[bar] ? IVSHMEM_BAR_SIZE : 0);
	}
	return hides;
}

/*
 * Nobody's registers are there any more. Another BAR may have been put over them: root gets the
 * page with the last one only, since in between it could go to a cell and come back from that.
 */
static int return_page(uint64_t page)
{
	return !page || link_root_hides(page, IVSHMEM_BAR_SIZE)
		       ? 0
		       : memory_return(page, IVSHMEM_BAR_SIZE);
}

/*
 * And after it has gone from the others. In reverse, and all of it: where pages are missing root
 * lacks something.
 */
static void root_restore(const struct ivshmem *dev)
{
	int err = 0, failed;

	for_each_section (n, dev->device) {
		failed = dev->sections[n].size
				 ? memory_return(dev->sections[n].phys_start, dev->sections[n].size)
				 : 0;
		err = err ? err : failed;
	}
	for (unsigned int bar = 0; bar < IVSHMEM_BARS; bar++) {
		failed = return_page(dev->hidden[bar]);
		err = err ? err : failed;
	}
	failed = root_config_page(dev, BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_IO);
	if (err || failed)
		console_printf("%s: out of pages: root does not get back all of its memory\n",
			       dev->desc->name);
}

/* A change of root's devices: tables of who answers what. */
static int root_doors(void)
{
	int err = io_update(&root_cell);

	if (!err)
		arch_root_devices_changed();
	return err;
}

int link_root_init(void)
{
	int err = root_cell.ivshmem ? root_doors() : 0;

	for (const struct ivshmem *dev = root_cell.ivshmem; dev && !err; dev = dev->next)
		err = root_show(dev);
	link_begin(&root_cell);
	return err;
}

/* One that does not decode may come back to where it was. */
static bool is_hidden(const struct ivshmem *dev, unsigned int bar)
{
	return !dev->bars[bar].size || dev->bars[bar].start == dev->hidden[bar];
}

static int hide_bar(struct ivshmem *dev, unsigned int bar)
{
	uint64_t page = dev->bars[bar].start, old = dev->hidden[bar];
	struct blob_memory pages = {page, page, IVSHMEM_BAR_SIZE, 0};
	int err = memory_check_unused(&pages);

	if (!err)
		err = root_rights(page, IVSHMEM_BAR_SIZE, 0);
	if (err)
		return err;
	dev->hidden[bar] = page;
	return return_page(old);
}

bool link_root_moved(const struct ivshmem *dev)
{
	return !is_hidden(dev, 0) || !is_hidden(dev, 1);
}

void link_root_follow(uint16_t domain, uint16_t bdf)
{
	struct ivshmem *dev;
	int err;

	if (management_lock_of(this_cpu()) < 0)
		return;
	dev = ivshmem_find(&root_cell, domain, bdf);
	for (unsigned int bar = 0; dev && bar < IVSHMEM_BARS; bar++) {
		err = is_hidden(dev, bar) ? 0 : hide_bar(dev, bar);
		if (!err)
			continue;
		console_printf("root cell: PCI device 0x%x: no registers at 0x%lx: %d\n",
			       dev->device->bdf, dev->bars[bar].start, err);
	}
	memory_commit();
	spin_unlock(&management_lock);
}

/* The BARs' pages must be nobody's but root's, who gets them back in the end: not the link's. */
static int check_bars(const struct cell_desc *desc, uint64_t address)
{
	struct blob_memory pages = {address, address, IVSHMEM_BARS * IVSHMEM_BAR_SIZE, 0};
	int err;

	if (!address || (address & ~PAGE_MASK) || address + pages.size > 1ull << 32)
		return -EINVAL;
	err = memory_check_unused(&pages);
	for_each_region_of (section, desc) {
		if (!err && ranges_overlap(address, pages.size, section->phys_start, section->size))
			err = -EINVAL;
	}
	return err;
}

static int check_link(const struct cell_desc *desc, uint64_t bar_address)
{
	const struct blob_pci_device *dev = cell_desc_pci_devices(desc);
	int err = check_bars(desc, bar_address);

	if (err) {
		console_printf("link %s: 0x%lx is no place for its registers\n", desc->name,
			       bar_address);
		return err;
	}
	if (ivshmem_find(&root_cell, dev->domain, dev->bdf))
		return -EEXIST;
	if (pci_function_find(&root_cell, dev->domain, dev->bdf))
		return -EBUSY;
	return memory_check(desc, true);
}

/* What root's CPUs still have in hand of it waits for their flush. -EIO: some do not answer. */
static int remove_end(struct ivshmem *dev)
{
	int err;

	link_unlink_end(dev);
	/* First nobody exits any more for what goes, then who answers goes: or exits get lost. */
	arch_root_devices_changed();
	root_restore(dev);
	err = memory_commit();
	io_update(&root_cell);
	if (!err)
		err = memory_commit();
	if (!err)
		link_free_end(dev);
	return err;
}

int link_add(uint64_t blob_phys, uint64_t bar_address)
{
	struct cell_desc *desc = NULL;
	struct ivshmem *dev = NULL;
	uint32_t blob_pages;
	int err = cell_copy_blob(blob_phys, blob_check_link, &desc, &blob_pages);

	if (err)
		return err;
	err = check_link(desc, bar_address);
	if (!err) {
		dev = link_create_end(&root_cell, desc, cell_desc_pci_devices(desc), bar_address);
		err = dev ? 0 : -ENOMEM;
	}
	if (!dev) {
		page_pool_free(desc, blob_pages);
		return err;
	}
	dev->blob_pages = blob_pages;
	for (unsigned int bar = 0; bar < IVSHMEM_BARS; bar++)
		dev->hidden[bar] = bar_address + bar * IVSHMEM_BAR_SIZE;
	err = root_show(dev);
	if (!err)
		err = root_doors();
	if (!err)
		err = memory_commit();
	if (err) {
		remove_end(dev);
		return err;
	}
	if (dev->link->count == 1)
		link_zero(dev);
	console_printf("link %s: root has an end of it\n", desc->name);
	return 0;
}

int link_remove(uint16_t domain, uint16_t bdf)
{
	struct ivshmem *dev = ivshmem_find(&root_cell, domain, bdf);

	if (!dev)
		return -ENOENT;
	/* Of root's own configuration. */
	if (!dev->blob_pages)
		return -EPERM;
	if (dev->link->count > 1)
		return -EBUSY;
	link_zero(dev);
	console_printf("link %s: root leaves it\n", dev->desc->name);
	return remove_end(dev);
}
