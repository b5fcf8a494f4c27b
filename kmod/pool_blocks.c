// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second way to have memory from running Linux: memory blocks, which go offline and then out of
 * it, with their page structs and what is mapped of them. Hence /proc/kcore, crash dumps and
 * hibernation have nothing of them. They are large, and Linux moves more out of the way for them
 * than for contiguous pages.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "pool_parts.h"

/* For one attempt: a page that somebody holds on to would take all of the time. */
#define ATTEMPT_MS 3000

/* A thread of its own does it: Linux goes on trying as long as nobody kills who has asked. */
struct offlining {
	u64 start, size;
	struct completion done;
	int err;
};

static int offline(void *data)
{
	struct offlining *offlining = data;

	allow_signal(SIGKILL);
	offlining->err = offline_and_remove_memory(offlining->start, offlining->size);
	/* The last that it does of this module's. */
	kthread_complete_and_exit(&offlining->done, 0);
	return 0;
}

/* 0, or all of it is online as before: -ETIMEDOUT, -EINTR, or what Linux says. */
static int take_away(u64 start, u64 size, unsigned long end)
{
	struct offlining offlining = {
		.start = start,
		.size = size,
		.done = COMPLETION_INITIALIZER_ONSTACK(offlining.done),
	};
	long left = (long)(end - jiffies);
	struct task_struct *task;

	task = kthread_create(offline, &offlining, "cellvisor-pool");
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	wake_up_process(task);
	left = wait_for_completion_killable_timeout(&offlining.done, max(left, 1l));
	if (left <= 0) {
		send_sig(SIGKILL, task, 1);
		wait_for_completion(&offlining.done);
	}
	put_task_struct(task);
	if (offlining.err && left <= 0)
		return left ? -EINTR : -ETIMEDOUT;
	return offlining.err;
}

static int bring_back(const struct pool_memory *memory)
{
	return add_memory(memory->node, memory->piece.start, memory->piece.size, MHP_NONE);
}

static int take(struct pool_memory *memory, unsigned long pfn, u64 size, unsigned long end)
{
	const struct page *first = pfn_to_page(pfn);
	int err;

	memory->piece.start = PFN_PHYS(pfn);
	memory->piece.size = size;
	memory->node = page_to_nid(first);
	memory->source = page_zonenum(first) == ZONE_MOVABLE ? CELLVISOR_POOL_MOVABLE
							     : CELLVISOR_POOL_BLOCKS;
	/* Before it is nobody's: a cell could claim it then. */
	pool_list(memory);
	err = take_away(memory->piece.start, size, end);
	if (!err) {
		err = iomem_hold(&memory->iomem, memory->piece.start, size, CELLVISOR_POOL_NAME);
		iomem_share(&memory->iomem);
		if (!err)
			return 0;
		if (bring_back(memory))
			pr_cell(err,
				"memory blocks at 0x%llx, size 0x%llx are lost until the machine "
				"starts again\n",
				memory->piece.start, size);
	}
	pool_unlist(memory);
	return err;
}

/*
 * Linux cannot take what goes out of its list of who has what where the rest, above, has parts with
 * a name: its own code, memory for a crash, pieces of this pool.
 */
static bool can_be_cut_out(const struct pool_search *search)
{
	const struct pool_span *blocks = &search->candidate, *ram = &search->ram;

	return blocks->start == ram->start ||
	       iomem_is_clear(PFN_PHYS(blocks->end), PFN_PHYS(ram->end));
}

int pool_take_blocks(struct pool_memory *memory, u64 size, int node)
{
	const u64 block = memory_block_size_bytes();
	/* What Linux has in two pieces it does not let go as one. */
	struct linux_view machine = linux_view_begin(false);
	struct pool_search search = {
		.view = &machine.view,
		.pages = PHYS_PFN(roundup(size, block)),
		.align = PHYS_PFN(block),
		.node = node,
	};
	unsigned long pfn, end;
	int err;

	for (;;) {
		err = pool_search_next(&search, &pfn);
		if (err)
			return err == -ENOENT ? -ENOMEM : err;
		end = jiffies + msecs_to_jiffies(ATTEMPT_MS);
		err = can_be_cut_out(&search)
			      ? take(memory, pfn, PFN_PHYS(search.pages), min(end, machine.end))
			      : -EBUSY;
		if (!err || err == -EINTR)
			return err;
		pool_search_failed(&search);
		err = machine.view.pause(&machine.view);
		if (err)
			return err;
	}
}

int pool_give_blocks(const struct pool_memory *memory)
{
	int err = bring_back(memory);

	if (err)
		pr_cell(err,
			"memory blocks at 0x%llx, size 0x%llx: Linux does not take them back: "
			"error %d\n",
			memory->piece.start, memory->piece.size, err);
	else
		pr_cell(info,
			"memory blocks at 0x%llx, size 0x%llx are Linux' again; those that it "
			"leaves offline come with \"online\" in "
			"/sys/devices/system/memory/memory*/state\n",
			memory->piece.start, memory->piece.size);
	return err;
}

bool pool_is_of_blocks(u64 start, u64 size)
{
	return IS_ALIGNED(start | size, memory_block_size_bytes());
}
