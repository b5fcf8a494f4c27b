// SPDX-License-Identifier: GPL-2.0-only
/* How the ends of links come and go. */
#include "pci/link.h"

#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "core/page_pool.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"

_Static_assert(sizeof(struct ivshmem) <= PAGE_SIZE, "an end is a page");
_Static_assert(sizeof(struct link) <= PAGE_SIZE, "and a link is one");

static struct link *get_link(const struct blob_pci_device *dev)
{
	struct link *link = link_find(dev);

	if (link)
		return link;
	link = page_pool_alloc(1);
	if (!link)
		return NULL;
	link->domain = dev->domain;
	link->bdf = dev->bdf;
	link->peers = dev->shmem_peers;
	link->next = links;
	links = link;
	return link;
}

static void remove_link(struct link *link)
{
	struct link **place = &links;

	while (*place != link)
		place = &(*place)->next;
	*place = link->next;
}

struct ivshmem *link_create_end(struct cell *cell, const struct cell_desc *desc,
				const struct blob_pci_device *device, uint64_t bar_address)
{
	struct ivshmem *dev = page_pool_alloc(1);
	struct link *link = dev ? get_link(device) : NULL;

	if (!link) {
		page_pool_free(dev, 1);
		return NULL;
	}
	dev->cell = cell;
	dev->desc = desc;
	dev->device = device;
	dev->sections = link_sections(desc, device);
	dev->link = link;
	dev->bar_address = bar_address;
	ivshmem_init(dev);
	link->count++;
	__atomic_store_n(&link->ends[device->shmem_dev_id], dev, __ATOMIC_RELEASE);
	dev->next = cell->ivshmem;
	__atomic_store_n(&cell->ivshmem, dev, __ATOMIC_RELEASE);
	return dev;
}

/* Of which its own cell's CPUs look at it until root's have flushed, and others' while they ring.
 */
void link_unlink_end(struct ivshmem *dev)
{
	struct ivshmem **place = &dev->cell->ivshmem;

	ivshmem_reset(dev, true);
	while (*place != dev)
		place = &(*place)->next;
	__atomic_store_n(place, dev->next, __ATOMIC_SEQ_CST);
	__atomic_store_n(&dev->link->ends[dev->device->shmem_dev_id], NULL, __ATOMIC_SEQ_CST);
	if (--dev->link->count == 0)
		remove_link(dev->link);
}

void link_free_end(struct ivshmem *dev)
{
	struct link *link = dev->link;
	uint32_t blob_pages = dev->blob_pages;

	/* A CPU that does not answer may still have it in hand: it stays for ever. */
	if (cpus_end_visits() < 0)
		return;
	page_pool_free(blob_pages ? (void *)dev->desc : NULL, blob_pages);
	page_pool_free(dev, 1);
	if (!link->count)
		page_pool_free(link, 1);
}

static int link_cell_create(struct cell *cell)
{
	for_each_end_of (device, cell->desc) {
		if (!link_create_end(cell, cell->desc, device, 0))
			return -ENOMEM;
	}
	return 0;
}

static void link_cell_destroy(struct cell *cell)
{
	while (cell->ivshmem) {
		struct ivshmem *dev = cell->ivshmem;

		link_unlink_end(dev);
		link_free_end(dev);
	}
}

static void link_cell_reset(struct cell *cell, bool runs)
{
	for (struct ivshmem *dev = cell->ivshmem; dev; dev = dev->next)
		ivshmem_reset(dev, !runs);
}

SUBSYSTEM(15, link_subsystem) = {
	.name = "shared memory",
	.claims = 1u << BLOB_CLAIM_SHARED_MEMORY,
	.cell_create = link_cell_create,
	.cell_destroy = link_cell_destroy,
	.cell_reset = link_cell_reset,
};

void link_zero(const struct ivshmem *dev)
{
	for_each_section (n, dev->device) {
		for (uint64_t done = 0; done < dev->sections[n].size; done += PAGE_SIZE)
			memset(arch_map_page(0, dev->sections[n].phys_start + done, false), 0,
			       PAGE_SIZE);
	}
}

void link_begin(const struct cell *cell)
{
	for (const struct ivshmem *dev = cell->ivshmem; dev; dev = dev->next) {
		if (dev->link->count == 1)
			link_zero(dev);
	}
}
