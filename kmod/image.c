// SPDX-License-Identifier: GPL-2.0-only
/* The hypervisor's image: from the module into hypervisor memory. */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "cellvisor.h"
#include "image_build_id.h"
#include "image_check.h"

extern const u8 image_data[], image_data_end[];

/* The second half of the header is the module's to fill. */
static void fill_header(const struct partition *p, const struct image_layout *layout)
{
	struct image_header *header = p->header;
	unsigned int cpu;

	header->phys_start = p->phys;
	header->size = p->size;
	header->system_blob_offset = layout->blob;
	header->system_blob_size = p->system_size;
	header->page_pool_offset = layout->pool;
	header->trampoline_virt = (u64)trampoline_start & PAGE_MASK;
	header->trampoline_phys = PFN_PHYS(vmalloc_to_pfn(trampoline_start));
	header->trampoline_leave = (u64)trampoline_leave;
	header->num_cpus = cpumask_weight(&p->cpus);
	header->max_cpus = cpumask_last(&p->cpus) + 1;
	for_each_cpu (cpu, &p->cpus) {
		header->hardware_ids[cpu] = machine_apic_id(cpu);
		header->cpu_entering[cpu] = 1;
	}
	for_each_cpu (cpu, &p->left_out) {
		header->hardware_ids[cpu] = machine_apic_id(cpu);
		header->cpu_left_out[cpu] = 1;
	}
}

int image_load(struct partition *p)
{
	const struct image_header *header = (const struct image_header *)image_data;
	unsigned int max_cpus = cpumask_last(&p->cpus) + 1;
	u64 size = image_data_end - image_data;
	const char *fault = image_fault(image_data, size, IMAGE_BUILD_ID);
	struct image_layout layout;

	if (fault) {
		pr_cell(err, "the hypervisor's image in this module is %s: install it anew\n",
			fault);
		return -ENOEXEC;
	}
	layout = image_lay_out(header, p->system_size, max_cpus);
	if (p->size > IMAGE_MAX_SIZE || layout.needed > p->size) {
		pr_cell(err,
			"hypervisor memory of %llu KiB: at least %llu KiB are needed for %u CPUs, "
			"at most %llu\n",
			p->size >> 10, layout.needed >> 10, max_cpus, IMAGE_MAX_SIZE >> 10);
		return -E2BIG;
	}
	trace_tell(p->memory, p->phys);
	memset(p->memory, 0, p->size);
	memcpy(p->memory, image_data, size);
	memcpy(p->memory + layout.blob, p->system, p->system_size);
	p->header = p->memory;
	p->public = p->memory + p->header->public_offset;
	fill_header(p, &layout);
	machine_build_boot_tables(p);
	trace_begin(p);
	return 0;
}
