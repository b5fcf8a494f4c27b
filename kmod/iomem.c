// SPDX-License-Identifier: GPL-2.0-only
/* Memory that is taken, in the kernel's list of who has what. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "cellvisor.h"

/* Page by page, because the kernel tells only whether a range has any such memory. */
int iomem_check_reserved(u64 start, u64 size, u64 *ret_page)
{
	for (u64 page = start & PAGE_MASK; page < start + size; page += PAGE_SIZE) {
		if (!machine_is_reserved(page)) {
			*ret_page = page;
			return -EINVAL;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* A zero written to anything else could be a device's register, or a table of the firmware's. */
static int check_reserved(u64 start, u64 size)
{
	u64 page;
	int err = iomem_check_reserved(start, size, &page);

	if (err == -EINVAL)
		pr_cell(err,
			"memory at 0x%llx, size 0x%llx: 0x%llx is not reserved at boot; "
			"memmap=SIZE$ADDRESS on the kernel's command line reserves\n",
			start, size, page);
	return err;
}

int iomem_hold(struct iomem_piece *piece, u64 start, u64 size, const char *name)
{
	piece->resource = request_mem_region(start, size, name);
	if (!piece->resource) {
		pr_cell(err,
			"memory at 0x%llx, size 0x%llx belongs to somebody; /proc/iomem says to "
			"whom\n",
			start, size);
		return -EBUSY;
	}
	piece->claimed = true;
	return 0;
}

/* Root's ends of links ask for their parts. */
void iomem_share(struct iomem_piece *piece)
{
	if (piece->resource)
		piece->resource->flags &= ~IORESOURCE_BUSY;
}

int iomem_claim(struct iomem_piece *piece, u64 start, u64 size, const char *name)
{
	int err;

	/* The kernel would give parts of it, as they are shared. */
	if (pool_meets(start, size)) {
		pr_cell(err, "memory at 0x%llx, size 0x%llx: some is the pool's%s\n", start, size,
			pool_is_moving(start, size) ? ", or on its way there or back: try again"
						    : "");
		return -EBUSY;
	}
	if (start + size < start || region_intersects(start, size, IORESOURCE_SYSTEM_RAM,
						      IORES_DESC_NONE) != REGION_DISJOINT) {
		pr_cell(err,
			"memory at 0x%llx, size 0x%llx is in use by Linux, not reserved at boot\n",
			start, size);
		return -EBUSY;
	}
	err = check_reserved(start, size);
	return err ? err : iomem_hold(piece, start, size, name);
}

void iomem_show(struct iomem_piece *piece, u64 start, u64 size, const char *name)
{
	struct resource *resource = kzalloc(sizeof(*resource), GFP_KERNEL);

	if (!resource)
		return;
	*resource = (struct resource)DEFINE_RES_MEM_NAMED(start, size, name);
	/* Where all of a piece of Linux' memory was taken that would come to lie within. */
	if (insert_resource(&iomem_resource, resource)) {
		kfree(resource);
	} else if (resource->child) {
		remove_resource(resource);
		kfree(resource);
	} else {
		piece->resource = resource;
		piece->claimed = false;
	}
}

bool iomem_is_clear(u64 start, u64 end)
{
	struct resource probe = DEFINE_RES_MEM_NAMED(start, end - start, "cellvisor");
	bool clear;

	if (start >= end)
		return true;
	/* What is within comes to lie in it, and goes back to where it was. */
	if (insert_resource(&iomem_resource, &probe))
		return false;
	clear = !probe.child;
	remove_resource(&probe);
	return clear;
}

int iomem_resize(struct iomem_piece *piece, u64 size)
{
	if (!piece->resource)
		return 0;
	return adjust_resource(piece->resource, piece->resource->start, size) ? -EBUSY : 0;
}

void iomem_release(struct iomem_piece *piece)
{
	struct resource *resource = piece->resource;

	piece->resource = NULL;
	if (!resource)
		return;
	if (piece->claimed) {
		resource->flags |= IORESOURCE_BUSY;
		release_mem_region(resource->start, resource_size(resource));
		return;
	}
	remove_resource(resource);
	kfree(resource);
}
