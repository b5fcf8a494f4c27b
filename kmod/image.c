// SPDX-License-Identifier: GPL-2.0-only
/* The hypervisor's image: from the file into hypervisor memory. */
#include <linux/firmware.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "cellvisor.h"

#define FIRMWARE_NAME  "cellvisor-x86.bin"
#define MIN_POOL_PAGES 64

MODULE_FIRMWARE(FIRMWARE_NAME);

static int check_image(const struct firmware *image)
{
	const struct image_header *header = (const struct image_header *)image->data;

	if (image->size < sizeof(*header) || memcmp(header->magic, IMAGE_MAGIC, IMAGE_MAGIC_LEN)) {
		pr_cell(err, "%s is not a cellvisor image\n", FIRMWARE_NAME);
		return -ENOEXEC;
	}
	if (strncmp(header->release, CELLMGR_RELEASE, IMAGE_RELEASE_LEN)) {
		pr_cell(err,
			"%s is of release %.*s, this module of %s: install both from one build\n",
			FIRMWARE_NAME, IMAGE_RELEASE_LEN, header->release, CELLMGR_RELEASE);
		return -ENOEXEC;
	}
	return 0;
}

/* The second half of the header is the module's to fill. */
static void fill_header(const struct partition *p, u64 blob_offset, u64 pool_offset)
{
	struct image_header *header = p->header;
	unsigned int cpu;

	header->phys_start = p->phys;
	header->size = p->size;
	header->system_blob_offset = blob_offset;
	header->system_blob_size = p->system_size;
	header->page_pool_offset = pool_offset;
	header->trampoline_virt = (u64)trampoline_start & PAGE_MASK;
	header->trampoline_phys = PFN_PHYS(vmalloc_to_pfn(trampoline_start));
	header->trampoline_leave = (u64)trampoline_leave;
	header->num_cpus = cpumask_weight(&p->cpus);
	header->max_cpus = cpumask_last(&p->cpus) + 1;
	for_each_cpu (cpu, &p->cpus) {
		header->hardware_ids[cpu] = machine_apic_id(cpu);
		header->cpu_entering[cpu] = 1;
	}
}

static int copy_image(struct partition *p, const struct firmware *image)
{
	const struct image_header *header = (const struct image_header *)image->data;
	unsigned int max_cpus = cpumask_last(&p->cpus) + 1;
	u64 blob_offset = header->core_size + header->percpu_size * max_cpus;
	u64 pool_offset = PAGE_ALIGN(blob_offset + p->system_size);

	if (image->size > header->core_size || p->size > IMAGE_MAX_SIZE ||
	    pool_offset + MIN_POOL_PAGES * PAGE_SIZE > p->size) {
		pr_cell(err,
			"hypervisor memory of %llu KiB: at least %llu KiB are needed for %u CPUs, "
			"at most %llu\n",
			p->size >> 10, (pool_offset >> 10) + MIN_POOL_PAGES * 4, max_cpus,
			IMAGE_MAX_SIZE >> 10);
		return -E2BIG;
	}
	memset(p->memory, 0, p->size);
	memcpy(p->memory, image->data, image->size);
	memcpy(p->memory + blob_offset, p->system, p->system_size);
	p->header = p->memory;
	p->public = p->memory + p->header->public_offset;
	fill_header(p, blob_offset, pool_offset);
	machine_build_boot_tables(p);
	return 0;
}

int image_load(struct partition *p)
{
	const struct firmware *image;
	int err;

	err = request_firmware(&image, FIRMWARE_NAME, cellvisor_sysfs_device);
	if (err) {
		pr_cell(err, "hypervisor image %s not found in /lib/firmware\n", FIRMWARE_NAME);
		return err;
	}
	err = check_image(image);
	if (!err)
		err = copy_image(p, image);
	release_firmware(image);
	return err;
}
