// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hypervisor has left in memory that did not end in order: the machine stood still or was
 * reset. A warm reset keeps memory, and hypervisor memory is filled with zeros where it is left. It
 * is found again by its header, which names its own place and has a checksum, wherever the next
 * Linux has not put something else there meanwhile.
 */
#include <linux/cacheflush.h>
#include <linux/cc_platform.h>
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/io.h>

#include "cellvisor.h"
#include "image_build_id.h"
#include "image_check.h"

#define STEP_BY SZ_2M /* as the pool is aligned, whose start is the hypervisor's */

static const char *const steps[] = {
	[IMAGE_STEP_SWITCHING] = "on the way in",
	[IMAGE_STEP_INSIDE] = "inside, while another CPU set everything up",
	[IMAGE_STEP_CHECKING] = "looking at the configuration",
	[IMAGE_STEP_MACHINE] = "setting up memory and virtualization",
	[IMAGE_STEP_SUBSYSTEMS] = "setting up what it guards",
	[IMAGE_STEP_ROOT_CELL] = "setting up the root cell",
	[IMAGE_STEP_CPU] = "setting up the CPU",
	[IMAGE_STEP_WAITING] = "waiting for the other CPUs",
	[IMAGE_STEP_OPEN] = "open",
};

void trace_begin(struct partition *p)
{
	struct image_header *header = p->header;

	for (unsigned int cpu = 0; cpu < IMAGE_MAX_CPUS; cpu++)
		header->cpu_step[cpu] =
			header->cpu_entering[cpu] ? IMAGE_STEP_SWITCHING : IMAGE_STEP_NONE;
	header->trace_checksum = image_trace_checksum(header);
	/* A reset forgets what is only in caches. */
	clflush_cache_range(p->memory, p->header->core_size);
}

static bool read_header(const void *at, u64 phys, struct image_header *header)
{
	char magic[IMAGE_MAGIC_LEN];

	/* Memory may be out of the direct map, or broken. */
	return !copy_from_kernel_nofault(magic, at, sizeof(magic)) &&
	       !memcmp(magic, IMAGE_MAGIC, sizeof(magic)) &&
	       !copy_from_kernel_nofault(header, at, sizeof(*header)) &&
	       image_is_trace(header, phys, IMAGE_BUILD_ID);
}

static bool is_open(const struct image_header *header)
{
	for (unsigned int cpu = 0; cpu < IMAGE_MAX_CPUS; cpu++) {
		if (header->cpu_step[cpu] != IMAGE_STEP_NONE &&
		    header->cpu_step[cpu] != IMAGE_STEP_OPEN)
			return false;
	}
	return true;
}

/* A line for each step that some have come to. */
static void tell_steps(const struct image_header *header, const char *level)
{
	DECLARE_BITMAP(cpus, IMAGE_MAX_CPUS);

	for (unsigned int step = IMAGE_STEP_SWITCHING; step < ARRAY_SIZE(steps); step++) {
		bitmap_zero(cpus, IMAGE_MAX_CPUS);
		for (unsigned int cpu = 0; cpu < IMAGE_MAX_CPUS; cpu++) {
			if (header->cpu_step[cpu] == step)
				__set_bit(cpu, cpus);
		}
		if (!bitmap_empty(cpus, IMAGE_MAX_CPUS))
			printk("%scellvisor: the last it came to, CPUs %*pbl: %s\n", level,
			       IMAGE_MAX_CPUS, cpus, steps[step]);
	}
}

static void tell_console(const void *at, const struct image_header *header, const char *level)
{
	const struct public_area *public = at + header->public_offset;
	const struct system_desc *system = at + header->system_blob_offset;
	struct public_ring *ring = kvmalloc(sizeof(*ring), GFP_KERNEL);
	u32 flags;

	if (!ring)
		return;
	/* Of a configuration that keeps it from root it stays kept. */
	if (!copy_from_kernel_nofault(&flags, &system->flags, sizeof(flags)) &&
	    (flags & BLOB_SYS_CONSOLE_READABLE) &&
	    !copy_from_kernel_nofault(ring, &public->console, sizeof(*ring)))
		console_print(ring, 0, level);
	kvfree(ring);
}

/*
 * Where all CPUs were in it was on, and the machine may have been restarted in order. Returns
 * whether there was something to tell.
 */
static bool tell(const void *at, u64 phys, struct image_header *header)
{
	const char *level = KERN_ERR;

	if (!read_header(at, phys, header))
		return false;
	if (is_open(header))
		level = KERN_INFO;
	printk("%scellvisor: the machine was reset with a hypervisor in it, which was at 0x%llx\n",
	       level, phys);
	tell_steps(header, level);
	tell_console(at, header, level);
	return true;
}

/*
 * It is told once. What was told may lie in a page of somebody who has not written there yet: such
 * a page is left alone, unless it can be moved away.
 */
static void forget(u64 phys)
{
	unsigned long pfn = PHYS_PFN(phys);

	if (alloc_contig_range(pfn, pfn + 1, MIGRATE_MOVABLE, GFP_KERNEL | __GFP_NOWARN))
		return;
	clear_page(phys_to_virt(phys));
	free_contig_range(pfn, 1);
}

void trace_tell(const void *at, u64 phys)
{
	struct image_header *header = kmalloc(sizeof(*header), GFP_KERNEL);

	if (header)
		tell(at, phys, header);
	kfree(header);
}

/* What is broken, or was given back to who lends the memory, is not to be read. */
static bool may_be_read(u64 phys)
{
	struct page *page = pfn_to_online_page(PHYS_PFN(phys));

	return page && !PageOffline(page) && !PageHWPoison(page);
}

static int look(struct resource *res, void *data)
{
	for (u64 phys = ALIGN(res->start, STEP_BY); phys < res->end; phys += STEP_BY) {
		if (may_be_read(phys) && tell(phys_to_virt(phys), phys, data))
			forget(phys);
		cond_resched();
	}
	return 0;
}

void trace_look(void)
{
	struct image_header *header;

	/* Such a machine ends where it looks at memory that it has not accepted yet. */
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return;
	header = kmalloc(sizeof(*header), GFP_KERNEL);
	if (header)
		walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
				    U64_MAX, header, look);
	kfree(header);
}
