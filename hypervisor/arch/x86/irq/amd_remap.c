// SPDX-License-Identifier: GPL-2.0-only
/*
 * How AMD's IOMMU remaps messages of root's devices (AMD I/O Virtualization specification 3.05,
 * 2.2.2, 2.2.5 and 3.4). A device's entry in one table names another one, in which the message's
 * data chooses. Both are Linux', which may write in them at any time: they are read where they are
 * root's memory, and nothing is kept of them.
 */
#include "arch/x86/irq/message.h"

#define UNIT_DEVICES	     0x00 /* registers: the devices' table, and */
#define DEVICES_PAGES(table) (((table)&0x1ff) + 1)
#define UNIT_CONTROL	     0x18
#define CONTROL_ON	     (1ull << 0)
#define CONTROL_LONG_ENTRIES (1ull << 17) /* 128 bits, not 32 */
#define CONTROL_WIDE	     (1ull << 50) /* and in those ids of 32 bits */
#define TABLE_ADDRESS	     0x000ffffffffff000ull

#define DEVICE_BYTES		32
#define DEVICE_MESSAGES		16 /* offset of what is about messages in a device's entry */
#define MESSAGES_VALID		(1ull << 0)
#define MESSAGES_ENTRIES(entry) (1u << ((entry) >> 1 & 0xf))
#define MESSAGES_MOST		2048u
#define MESSAGES_TABLE(entry)	((entry)&0x000fffffffffffc0ull)
#define MESSAGES_WHAT(entry)	((entry) >> 60 & 3)
#define MESSAGES_PASS		1
#define MESSAGES_REMAPPED	2

#define ENTRY_VALID	    (1u << 0)
#define ENTRY_MODE(entry)   ((entry) << 6 & ICR_MODE(~0u))
#define ENTRY_LOGICAL	    (1u << 6)
#define ENTRY_TO_GUEST	    (1u << 7) /* of long ones: posted to a virtual APIC */
#define ENTRY_TO(entry)	    ((entry) >> 8)
#define ENTRY_VECTOR(entry) ((entry) >> 16 & 0xff) /* of short ones */

/* The first one: Linux has all units use the same tables, with the devices of all of a segment. */
static const struct blob_iommu *first_unit(void)
{
	const struct blob_iommu *unit = system_desc->iommu_units;

	for (unsigned int n = 0; n < BLOB_IOMMU_UNITS; n++) {
		if (unit[n].type == BLOB_IOMMU_AMD)
			return &unit[n];
	}
	return NULL;
}

static uint64_t unit_register(unsigned int offset)
{
	return *(const volatile uint64_t *)((uint8_t *)arch_map_page(3, first_unit()->base, true) +
					    offset);
}

/* A word of root's memory; false: it is not there. */
static bool read_root(uint64_t phys, uint64_t *ret_word)
{
	const volatile uint32_t *at;
	struct page_table_leaf leaf;

	if (!page_table_walk(&root_cell.stage2, phys, &leaf) || leaf.phys != phys)
		return false;
	at = (const volatile uint32_t *)((uint8_t *)arch_map_page(0, phys & PAGE_MASK, false) +
					 (phys & ~PAGE_MASK));
	/* Entries of 32 bits are read as the half of a word that they are. */
	*ret_word = (phys & 4) ? *at : *(const volatile uint64_t *)at;
	return true;
}

/* What a device's entry says about its messages: where there is none, that they get nowhere. */
static uint64_t about_messages(uint16_t bdf)
{
	uint64_t table = unit_register(UNIT_DEVICES), word;

	if (bdf * DEVICE_BYTES >= DEVICES_PAGES(table) * PAGE_SIZE)
		return MESSAGES_VALID;
	return read_root((table & TABLE_ADDRESS) + bdf * DEVICE_BYTES + DEVICE_MESSAGES, &word)
		       ? word
		       : MESSAGES_VALID;
}

bool amd_remap_is_there(void)
{
	return first_unit() && (unit_register(UNIT_CONTROL) & CONTROL_ON);
}

bool amd_remaps(uint16_t bdf)
{
	uint64_t about;

	if (!amd_remap_is_there())
		return false;
	about = about_messages(bdf);
	return (about & MESSAGES_VALID) && MESSAGES_WHAT(about) != MESSAGES_PASS;
}

static bool read_long(uint64_t at, bool wide, struct ipi *ret_ipi)
{
	uint64_t low, high;

	if (!read_root(at, &low) || !read_root(at + 8, &high) || !(low & ENTRY_VALID) ||
	    (low & ENTRY_TO_GUEST))
		return false;
	ret_ipi->command =
		(high & 0xff) | ENTRY_MODE(low) | ((low & ENTRY_LOGICAL) ? ICR_LOGICAL : 0);
	ret_ipi->destination = (ENTRY_TO(low) & 0xffffff) | (uint32_t)(high >> 56) << 24;
	if (!wide)
		ret_ipi->destination &= 0xff;
	ret_ipi->wide = wide;
	return true;
}

static bool read_short(uint64_t at, struct ipi *ret_ipi)
{
	uint64_t entry;

	if (!read_root(at, &entry) || !(entry & ENTRY_VALID))
		return false;
	ret_ipi->command = ENTRY_VECTOR(entry) | ENTRY_MODE(entry) |
			   ((entry & ENTRY_LOGICAL) ? ICR_LOGICAL : 0);
	ret_ipi->destination = ENTRY_TO(entry) & 0xff;
	return true;
}

bool amd_remap(uint16_t bdf, struct ipi *ipi)
{
	uint32_t index = ipi->command & AMD_REMAP_DATA;
	uint64_t about, control;

	if (!amd_remaps(bdf))
		return true;
	about = about_messages(bdf);
	control = unit_register(UNIT_CONTROL);
	if (MESSAGES_WHAT(about) != MESSAGES_REMAPPED || index >= MESSAGES_ENTRIES(about) ||
	    MESSAGES_ENTRIES(about) > MESSAGES_MOST)
		return false;
	return (control & CONTROL_LONG_ENTRIES)
		       ? read_long(MESSAGES_TABLE(about) + index * 16, control & CONTROL_WIDE, ipi)
		       : read_short(MESSAGES_TABLE(about) + index * 4, ipi);
}
