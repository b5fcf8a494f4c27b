// SPDX-License-Identifier: GPL-2.0-only
/* Where in running Linux memory can be had, and the first way to have it: contiguous pages. */
#include <linux/gfp.h>
#include <linux/ioport.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/migrate.h>
#include <linux/page-flags.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "pool_parts.h"

/* No new attempt to have a piece from then on. Who asks for two nodes has an answer within 30 s. */
#define SEARCH_MAX_MS 12000

struct ram_search {
	unsigned long below;
	bool joined;
	struct pool_span found;
};

static int note_ram(struct resource *res, void *data)
{
	struct ram_search *search = data;

	/* They come in ascending order. */
	if (PFN_UP(res->start) >= search->below)
		return 1;
	if (search->joined && PFN_UP(res->start) == search->found.end)
		search->found.end = PHYS_PFN(res->end + 1);
	else
		search->found = (struct pool_span){PFN_UP(res->start), PHYS_PFN(res->end + 1)};
	return 0;
}

static bool ram_below(const struct pool_view *view, unsigned long pfn, struct pool_span *ret)
{
	const struct linux_view *machine = container_of(view, struct linux_view, view);
	struct ram_search search = {.below = pfn, .joined = machine->joined};

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, U64_MAX,
			    &search, note_ram);
	*ret = search.found;
	return search.found.end != 0;
}

/*
 * Nothing holds the page in the meantime: what is seen may be over, and an order nonsense. Who then
 * wants the piece finds out.
 */
static struct pool_page look(const struct pool_view *view, unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn), *head;
	struct pool_page found = {.count = 1};
	unsigned long order;

	if (!page)
		return found;
	found.node = page_to_nid(page);
	found.zone = found.node * MAX_NR_ZONES + page_zonenum(page);
	found.flags = POOL_PAGE_THERE;
	if (PageBuddy(page)) {
		order = READ_ONCE(page->private);
		if (order <= pageblock_order + 1)
			found.count = (1ul << order) - (pfn & ((1ul << order) - 1));
		return found;
	}
	head = compound_head(page);
	if (PageReserved(page) || PageOffline(page) || PageTable(page) || PageSlab(head) ||
	    PageHuge(head))
		found.flags |= POOL_PAGE_FIXED;
	if (page_count(head) != 0)
		found.flags |= POOL_PAGE_USED;
	/* What is on its way to the lists of what can be moved is not in them yet. */
	if (PageLRU(head) || __PageMovable(head) || page_zonenum(page) == ZONE_MOVABLE)
		found.flags |= POOL_PAGE_MOVABLE;
	return found;
}

static int pause(const struct pool_view *view)
{
	const struct linux_view *machine = container_of(view, struct linux_view, view);

	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;
	return time_after(jiffies, machine->end) ? -ETIMEDOUT : 0;
}

struct linux_view linux_view_begin(bool joined)
{
	return (struct linux_view){
		.view = {ram_below, look, pause},
		.joined = joined,
		.end = jiffies + msecs_to_jiffies(SEARCH_MAX_MS),
	};
}

/*
 * Pages that were taken by allocation stay in the direct map. PageOffline makes /proc/kcore, crash
 * dumps and hibernation keep off them; who is reading a page just now is waited for. Linux counts
 * them no more.
 */
static void mark_offline(u64 phys_start, u64 size, bool offline)
{
	unsigned long start = PHYS_PFN(phys_start), count = PHYS_PFN(size);

	page_offline_begin();
	for (unsigned long pfn = start; pfn < start + count; pfn++) {
		if (offline)
			__SetPageOffline(pfn_to_page(pfn));
		else
			__ClearPageOffline(pfn_to_page(pfn));
		if (pfn % pageblock_nr_pages == 0)
			cond_resched();
	}
	page_offline_end();
	adjust_managed_page_count(pfn_to_page(start), offline ? -count : count);
}

int pool_take_contiguous(struct pool_memory *memory, u64 size, int node)
{
	struct linux_view machine = linux_view_begin(true);
	struct pool_search search = {
		.view = &machine.view,
		.pages = PHYS_PFN(size),
		.align = PHYS_PFN(POOL_ALIGN),
		.node = node,
	};
	unsigned long pfn;
	int err;

	for (;;) {
		err = pool_search_next(&search, &pfn);
		if (err)
			return err == -ENOENT ? -ENOMEM : err;
		err = alloc_contig_range(pfn, pfn + search.pages, MIGRATE_MOVABLE,
					 GFP_KERNEL | __GFP_NOWARN);
		if (!err)
			break;
		pool_search_failed(&search);
		err = pause(&machine.view);
		if (err)
			return err;
	}
	memory->piece.start = PFN_PHYS(pfn);
	memory->piece.size = size;
	memory->source = CELLVISOR_POOL_LINUX;
	memory->node = page_to_nid(pfn_to_page(pfn));
	mark_offline(memory->piece.start, size, true);
	iomem_show(&memory->iomem, memory->piece.start, size, CELLVISOR_POOL_NAME);
	pool_list(memory);
	return 0;
}

void pool_give_contiguous(u64 start, u64 size)
{
	mark_offline(start, size, false);
	for (u64 at = start; at < start + size; at += POOL_ALIGN) {
		free_contig_range(PHYS_PFN(at), PHYS_PFN(POOL_ALIGN));
		cond_resched();
	}
}
