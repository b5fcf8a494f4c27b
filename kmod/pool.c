// SPDX-License-Identifier: GPL-2.0-only
/* The memory pool: one contiguous piece, out of running Linux and back. */
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "cellvisor.h"

#define POOL_ALIGN     SZ_2M
#define MAX_RAM_RANGES 64
#define MAX_CANDIDATES 256

static struct cellvisor_pool pool;

struct ram_ranges {
	unsigned int count;
	struct {
		u64 start, end;
	} range[MAX_RAM_RANGES];
};

static int collect_ram(struct resource *res, void *data)
{
	struct ram_ranges *ranges = data;

	if (ranges->count == MAX_RAM_RANGES)
		return 1;
	ranges->range[ranges->count].start = res->start;
	ranges->range[ranges->count].end = res->end + 1;
	ranges->count++;
	return 0;
}

static bool in_one_zone(u64 start, u64 size)
{
	unsigned long end = PHYS_PFN(start + size);
	struct zone *zone;

	if (!pfn_valid(PHYS_PFN(start)))
		return false;
	zone = page_zone(pfn_to_page(PHYS_PFN(start)));
	for (unsigned long pfn = PHYS_PFN(start); pfn < end; pfn += pageblock_nr_pages) {
		if (!pfn_valid(pfn) || page_zone(pfn_to_page(pfn)) != zone)
			return false;
	}
	return page_zone(pfn_to_page(end - 1)) == zone;
}

/*
 * Pages that were taken by allocation stay in the direct map. PageOffline makes /proc/kcore, crash
 * dumps and hibernation keep off them.
 */
static void mark_offline(bool offline)
{
	unsigned long end = PHYS_PFN(pool.phys_start + pool.size);

	for (unsigned long pfn = PHYS_PFN(pool.phys_start); pfn < end; pfn++) {
		if (offline)
			__SetPageOffline(pfn_to_page(pfn));
		else
			__ClearPageOffline(pfn_to_page(pfn));
	}
}

/*
 * Tries pieces from the end of memory downwards: what is in use there is mostly movable, and
 * devices with narrow addresses want the rest.
 */
static int take_from_linux(u64 size)
{
	unsigned int candidates = 0;
	struct ram_ranges *ranges;
	int err = -ENOMEM;
	u64 start;

	ranges = kzalloc(sizeof(*ranges), GFP_KERNEL);
	if (!ranges)
		return -ENOMEM;
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, U64_MAX,
			    ranges, collect_ram);
	for (int n = ranges->count - 1; n >= 0 && err; n--) {
		if (ranges->range[n].end < size)
			continue;
		start = ALIGN_DOWN(ranges->range[n].end - size, POOL_ALIGN);
		while (start >= ranges->range[n].start && candidates++ < MAX_CANDIDATES) {
			if (in_one_zone(start, size))
				err = alloc_contig_range(PHYS_PFN(start), PHYS_PFN(start + size),
							 MIGRATE_MOVABLE,
							 GFP_KERNEL | __GFP_NOWARN);
			if (!err || start < POOL_ALIGN)
				break;
			start -= POOL_ALIGN;
			if (fatal_signal_pending(current)) {
				err = -EINTR;
				goto out;
			}
		}
	}
	if (!err) {
		pool.phys_start = start;
		pool.size = size;
		pool.source = CELLVISOR_POOL_LINUX;
		mark_offline(true);
	}
out:
	kfree(ranges);
	return err == -EINTR ? err : err ? -ENOMEM : 0;
}

static int adopt_reserved(u64 start, u64 size)
{
	if (start + size < start || region_intersects(start, size, IORESOURCE_SYSTEM_RAM,
						      IORES_DESC_NONE) != REGION_DISJOINT) {
		pr_cell(err,
			"memory at 0x%llx, size 0x%llx is in use by Linux, not reserved at boot\n",
			start, size);
		return -EBUSY;
	}
	pool.phys_start = start;
	pool.size = size;
	pool.source = CELLVISOR_POOL_BOOT;
	return 0;
}

int pool_reserve(struct cellvisor_pool *request)
{
	int err;

	if (request->size == 0 || !IS_ALIGNED(request->size, POOL_ALIGN) ||
	    !IS_ALIGNED(request->phys_start, PAGE_SIZE) || request->reserved)
		return -EINVAL;
	if (pool.source != CELLVISOR_POOL_NONE)
		return -EBUSY;
	switch (request->source) {
	case CELLVISOR_POOL_LINUX:
		err = take_from_linux(request->size);
		if (err)
			pr_cell(err,
				"no %llu MiB of contiguous memory to be had from running Linux; "
				"free some, ask for less, or reserve it at boot\n",
				request->size >> 20);
		break;
	case CELLVISOR_POOL_BOOT:
		err = adopt_reserved(request->phys_start, request->size);
		break;
	default:
		err = -EINVAL;
	}
	if (!err)
		*request = pool;
	return err;
}

int pool_release(void)
{
	if (pool.source == CELLVISOR_POOL_NONE)
		return -ENOENT;
	if (partition)
		return -EBUSY;
	if (pool.source == CELLVISOR_POOL_LINUX) {
		mark_offline(false);
		free_contig_range(PHYS_PFN(pool.phys_start), PHYS_PFN(pool.size));
	}
	memset(&pool, 0, sizeof(pool));
	return 0;
}

void pool_info(struct cellvisor_pool *info)
{
	*info = pool;
}
