// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which memory of the pool is full of zeros and nobody's: what Linux gave and was zeroed, and what
 * the hypervisor has scrubbed, as long as neither Linux nor a cell could write it since.
 */
#include "clean.h"

#include <linux/io.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>

#include "cellvisor.h"

#define CHUNK SZ_1M

static struct clean_set clean;
static DEFINE_SPINLOCK(clean_lock);

bool clean_has(u64 start, u64 end)
{
	bool has;

	spin_lock(&clean_lock);
	has = clean_set_has(&clean, start, end);
	spin_unlock(&clean_lock);
	return has;
}

void clean_add(u64 start, u64 end)
{
	spin_lock(&clean_lock);
	clean_set_add(&clean, start, end);
	spin_unlock(&clean_lock);
}

void clean_forget(u64 start, u64 end)
{
	spin_lock(&clean_lock);
	clean_set_remove(&clean, start, end);
	spin_unlock(&clean_lock);
}

void clean_pool(const struct cellvisor_pool *pool)
{
	u64 start, end = pool->phys_start + pool->size;
	void *memory;

	for (start = pool->phys_start; start < end; start += CHUNK) {
		memory = memremap(start, CHUNK, MEMREMAP_WB);
		/* Then it is done when a cell gets it. */
		if (!memory)
			break;
		memset(memory, 0, CHUNK);
		machine_write_back(memory, CHUNK);
		memunmap(memory);
		clean_add(start, start + CHUNK);
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
}
