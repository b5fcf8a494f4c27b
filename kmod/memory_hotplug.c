// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that comes while the hypervisor is on. Root's tables do not have it: what Linux wrote
 * there would be dropped, and read as ones.
 */
#include <linux/memory.h>
#include <linux/mm.h>

#include "cellvisor.h"

/* Held for moments, with nothing else taken under it. */
static DEFINE_MUTEX(lock);
static const struct system_desc *watched;

void memory_hotplug_watch(const struct system_desc *system)
{
	mutex_lock(&lock);
	watched = system;
	mutex_unlock(&lock);
}

void memory_hotplug_unwatch(const struct system_desc *system)
{
	mutex_lock(&lock);
	if (watched == system)
		watched = NULL;
	mutex_unlock(&lock);
}

/* The kernel holds locks that others wait for with cellvisor_lock in their hands. */
static int memory_event(struct notifier_block *block, unsigned long event, void *data)
{
	const struct memory_notify *change = data;
	u64 start = PFN_PHYS(change->start_pfn), size = PFN_PHYS(change->nr_pages);
	bool refused;

	if (event != MEM_GOING_ONLINE)
		return NOTIFY_DONE;
	mutex_lock(&lock);
	refused = watched && !claims_root_has_ram(watched, start, size);
	mutex_unlock(&lock);
	if (!refused)
		return NOTIFY_DONE;
	pr_cell(err,
		"memory at 0x%llx, size 0x%llx stays offline: it came after the hypervisor was "
		"enabled; disable that, bring the memory online, and enable it again\n",
		start, size);
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block notifier = {.notifier_call = memory_event};

int memory_hotplug_init(void)
{
	return register_memory_notifier(&notifier);
}

void memory_hotplug_exit(void)
{
	unregister_memory_notifier(&notifier);
}
