// SPDX-License-Identifier: GPL-2.0-only
/* Who is in which link, and what memory of whom that is. */
#include "pci/link.h"

#include <errno.h>

#include "core/console.h"

struct link *links;

#define for_each_link(each) for (struct link *each = links; each; each = each->next)

const struct blob_memory *link_sections(const struct cell_desc *desc,
					const struct blob_pci_device *dev)
{
	return cell_desc_memory(desc) + dev->shmem_regions_start;
}

struct link *link_find(const struct blob_pci_device *dev)
{
	for_each_link (link) {
		if (link->bdf == dev->bdf)
			return link;
	}
	return NULL;
}

/* One that is there: they all name the same memory. */
static const struct ivshmem *any_end(const struct link *link)
{
	unsigned int peer = 0;

	while (!link->ends[peer])
		peer++;
	return link->ends[peer];
}

/* The device of a configuration that a region of it is a section of; NULL: of none. */
static const struct blob_pci_device *device_of(const struct cell_desc *desc,
					       const struct blob_memory *region)
{
	for_each_end_of (dev, desc) {
		if ((uint64_t)(region - link_sections(desc, dev)) < shmem_sections(dev))
			return dev;
	}
	return NULL;
}

bool link_joins(const struct cell_desc *desc, const struct blob_memory *region)
{
	const struct blob_pci_device *dev = device_of(desc, region);

	return dev && link_find(dev);
}

bool link_is_section(const struct cell_desc *desc, const struct blob_memory *region)
{
	return device_of(desc, region);
}

bool link_is_last(const struct cell *cell, const struct blob_memory *region)
{
	const struct blob_pci_device *dev = device_of(cell->desc, region);
	const struct link *link = dev ? link_find(dev) : NULL;

	return link && link->count == 1 && link->ends[dev->shmem_dev_id] &&
	       link->ends[dev->shmem_dev_id]->cell == cell;
}

/* What is checked before one comes. */

static int refuse(const struct cell_desc *desc, const struct blob_pci_device *dev, int err,
		  const char *what, const char *whose)
{
	console_printf("%s: shared memory of PCI device 0x%x: %s%s\n", desc->name, dev->bdf, what,
		       whose);
	return err;
}

/* Cells leave it with root, or take it: all of a link do the same, the first where root is in it.
 */
static bool shared_alike(const struct ivshmem *end, const struct blob_memory *theirs, bool root,
			 const struct blob_memory *ours)
{
	bool left = ours->flags & BLOB_MEM_ROOTSHARED;

	if (end->cell == &root_cell)
		return root || left;
	return root ? theirs->flags & BLOB_MEM_ROOTSHARED
		    : left == !!(theirs->flags & BLOB_MEM_ROOTSHARED);
}

static int check_with(const struct cell_desc *desc, const struct blob_pci_device *dev,
		      const struct link *link, bool root)
{
	const struct blob_memory *ours = link_sections(desc, dev);
	const struct ivshmem *end = any_end(link);

	if (dev->domain != link->domain)
		return refuse(desc, dev, -EINVAL, "another PCI domain than in ", end->desc->name);
	if (dev->shmem_peers != link->peers)
		return refuse(desc, dev, -EINVAL, "another number of peers than in ",
			      end->desc->name);
	if (link->ends[dev->shmem_dev_id])
		return refuse(desc, dev, -EBUSY, "this number of peer has ",
			      link->ends[dev->shmem_dev_id]->desc->name);
	for_each_section (n, dev) {
		const struct blob_memory *theirs = &end->sections[n];

		if (ours[n].size != theirs->size ||
		    (theirs->size && ours[n].phys_start != theirs->phys_start))
			return refuse(desc, dev, -EINVAL, "not the same memory as in ",
				      end->desc->name);
		if (theirs->size && !shared_alike(end, theirs, root, &ours[n]))
			return refuse(desc, dev, -EINVAL, "not shared with root as in ",
				      end->desc->name);
	}
	return 0;
}

/* The link whose memory is in a region, but for this one. */
static const struct link *link_with(const struct blob_memory *region, const struct link *but)
{
	for_each_link (link) {
		const struct ivshmem *end = any_end(link);

		for_each_section (n, end->device) {
			if (link != but &&
			    ranges_overlap(region->phys_start, region->size,
					   end->sections[n].phys_start, end->sections[n].size))
				return link;
		}
	}
	return NULL;
}

bool link_at(const struct blob_memory *region)
{
	return link_with(region, NULL);
}

/* Nobody has memory of a link but by the link, or the rights to its sections would be others. */
static int check_clear(const struct cell_desc *desc, const struct blob_memory *region)
{
	const struct blob_pci_device *dev = device_of(desc, region);
	const struct link *link = link_with(region, dev ? link_find(dev) : NULL);

	if (!link)
		return 0;
	console_printf("%s: memory at 0x%lx belongs to the link of %s\n", desc->name,
		       region->phys_start, any_end(link)->desc->name);
	return -EBUSY;
}

/* The same within one configuration. */
static int check_own(const struct cell_desc *desc, const struct blob_memory *section)
{
	const struct blob_pci_device *dev = device_of(desc, section);

	for_each_region_of (region, desc) {
		if ((region->flags & BLOB_MEM_COMM_REGION) || device_of(desc, region) == dev ||
		    !ranges_overlap(region->phys_start, region->size, section->phys_start,
				    section->size))
			continue;
		return refuse(desc, dev, -EINVAL, "also named as other memory of ", desc->name);
	}
	return 0;
}

int link_check(const struct cell_desc *desc, bool root)
{
	int err = 0;

	for_each_end_of (dev, desc) {
		const struct link *link = link_find(dev);

		if (!err && link)
			err = check_with(desc, dev, link, root);
		for_each_section (n, dev) {
			if (!err && link_sections(desc, dev)[n].size)
				err = check_own(desc, &link_sections(desc, dev)[n]);
		}
	}
	for_each_region_of (region, desc) {
		if (!err && !(region->flags & BLOB_MEM_COMM_REGION))
			err = check_clear(desc, region);
	}
	return err;
}
