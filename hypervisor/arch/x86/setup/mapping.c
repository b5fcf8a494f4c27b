// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/setup/setup.h"

#include "arch/arch.h"
#include "arch/x86/asm.h"
#include "core/page_pool.h"
#include "core/state.h"

/* From the linker script. */
extern const char text_start[], text_end[], rodata_end[];

static struct page_table host_table;
static uint64_t *temporary_entries;

/* The page table behind TEMPORARY_BASE, so that a temporary mapping is one store. */
static uint64_t *find_page_table(uint64_t virt)
{
	uint64_t *entries = host_table.root;

	for (unsigned int shift = 39; shift > 12; shift -= 9)
		entries = hv_to_virt(entries[(virt >> shift) & 511] & PTE_ADDRESS);
	return entries;
}

/* Everything that the hypervisor sees, but for what it maps for a moment. */
static int map_own(void)
{
	uint64_t text = (uint64_t)text_start, rodata = (uint64_t)text_end;
	uint64_t data = (uint64_t)rodata_end, end = IMAGE_BASE + image_header.size;
	const struct {
		uint64_t virt, phys, size;
		unsigned int attributes;
	} pieces[] = {
		/* Nobody writes the header any more, but its page also belongs to the data. */
		{IMAGE_BASE, image_header.phys_start, text - IMAGE_BASE, PT_READ | PT_WRITE},
		{text, hv_to_phys(text_start), rodata - text, PT_READ | PT_EXECUTE},
		{rodata, hv_to_phys(text_end), data - rodata, PT_READ},
		{data, hv_to_phys(rodata_end), end - data, PT_READ | PT_WRITE},
		/* The trampoline: executed only on the way back, when all is Linux'. */
		{image_header.trampoline_virt & 0xffffffffffffull, image_header.trampoline_phys,
		 PAGE_SIZE, PT_READ | PT_EXECUTE},
		{APIC_VIRT, rdmsr(MSR_APIC_BASE) & PTE_ADDRESS, PAGE_SIZE,
		 PT_READ | PT_WRITE | PT_DEVICE},
		{TEMPORARY_BASE, 0, PAGE_SIZE, PT_READ},
	};
	int err = 0;

	for (unsigned int n = 0; n < sizeof(pieces) / sizeof(pieces[0]) && !err; n++)
		err = page_table_map(&host_table, pieces[n].virt, pieces[n].phys, pieces[n].size,
				     pieces[n].attributes, false);
	return err;
}

int mapping_init(void)
{
	int err = page_table_init(&host_table, &paging_host_format, 2, hv_to_phys(0));

	if (!err)
		err = map_own();
	/* A stack that runs over ends there, before it has changed anything. */
	for (unsigned int n = 0; n < image_header.max_cpus && !err; n++)
		err = page_table_unmap(&host_table,
				       IMAGE_BASE + image_header.core_size +
					       n * (uint64_t)CPU_BLOCK_SIZE + CPU_GUARD,
				       PAGE_SIZE);
	if (err)
		return err;
	temporary_entries = find_page_table(TEMPORARY_BASE);
	temporary_entries[0] = 0;
	page_pool_release_deferred();
	return 0;
}

uint64_t mapping_cr3(void)
{
	return hv_to_phys(host_table.root);
}

void *arch_map_page(unsigned int slot, uint64_t phys, bool device)
{
	void *virt = mapping_of_page(this_cpu(), slot);
	uint64_t *there = &temporary_entries[((uint64_t)virt - TEMPORARY_BASE) / PAGE_SIZE];
	uint64_t entry = page_table_leaf_entry(&paging_host_format, phys & PAGE_MASK,
					       PT_READ | PT_WRITE | (device ? PT_DEVICE : 0), 1);

	if (*there != entry) {
		*there = entry;
		invlpg(virt);
	}
	return virt;
}
