// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86/firmware_tables.h"

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/* Where the entries begin, and what is in one: byte offsets. ACPI 6.5, 5.2.12 and 5.2.12.3. */
#define MADT_ENTRIES	  44
#define MADT_IOAPIC	  1
#define MADT_IOAPIC_SIZE  12
#define MADT_IOAPIC_BASE  4
/* PCI Firmware Specification 3.3, 4.1.2. */
#define MCFG_ENTRIES	  44
#define MCFG_ENTRY_SIZE	  16
#define MCFG_ENTRY_DOMAIN 8
#define MCFG_ENTRY_START  10
#define MCFG_ENTRY_END	  11
/* Intel VT-d, 8.1 and 8.3. */
#define DMAR_ENTRIES	  48
#define DMAR_UNIT	  0
#define DMAR_UNIT_SIZE	  16
#define DMAR_UNIT_BASE	  8
/* AMD I/O Virtualization, 5.2.1 and 5.2.2. */
#define IVRS_ENTRIES	  48
#define IVRS_UNIT_SIZE	  24
#define IVRS_UNIT_BDF	  4
#define IVRS_UNIT_CAP	  6
#define IVRS_UNIT_BASE	  8

struct walk {
	const uint8_t *table;
	uint32_t size;
	uint32_t at; /* the next entry */
};

static uint64_t number(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

/*
 * The next entry, of which so many bytes are there; its length is at an offset, and has so many
 * bytes. NULL behind the last one, and at one that does not lie within.
 */
static const uint8_t *next(struct walk *walk, unsigned int length_at, unsigned int bytes,
			   uint32_t *ret_length)
{
	const uint8_t *entry = walk->table + walk->at;
	uint32_t rest = walk->at < walk->size ? walk->size - walk->at : 0, length;

	if (rest < length_at + bytes)
		return NULL;
	length = number(entry + length_at, bytes);
	if (length < length_at + bytes || length > rest)
		return NULL;
	walk->at += length;
	*ret_length = length;
	return entry;
}

bool madt_has_ioapic(const void *table, uint32_t size, uint64_t address)
{
	struct walk walk = {table, size, MADT_ENTRIES};
	const uint8_t *entry;
	uint32_t length;

	while ((entry = next(&walk, 1, 1, &length))) {
		if (entry[0] == MADT_IOAPIC && length >= MADT_IOAPIC_SIZE &&
		    number(entry + MADT_IOAPIC_BASE, 4) == address)
			return true;
	}
	return false;
}

bool mcfg_has_buses(const void *table, uint32_t size, uint64_t base, uint16_t domain,
		    uint8_t end_bus)
{
	const uint8_t *entry = (const uint8_t *)table + MCFG_ENTRIES;

	for (uint32_t at = MCFG_ENTRIES; at < size && size - at >= MCFG_ENTRY_SIZE;
	     at += MCFG_ENTRY_SIZE, entry += MCFG_ENTRY_SIZE) {
		if (number(entry, 8) == base && number(entry + MCFG_ENTRY_DOMAIN, 2) == domain &&
		    entry[MCFG_ENTRY_START] == 0 && entry[MCFG_ENTRY_END] >= end_bus)
			return true;
	}
	return false;
}

bool dmar_has_unit(const void *table, uint32_t size, const struct blob_iommu *unit)
{
	struct walk walk = {table, size, DMAR_ENTRIES};
	const uint8_t *entry;
	uint32_t length;

	while ((entry = next(&walk, 2, 2, &length))) {
		if (number(entry, 2) == DMAR_UNIT && length >= DMAR_UNIT_SIZE &&
		    number(entry + DMAR_UNIT_BASE, 8) == unit->base)
			return true;
	}
	return false;
}

bool ivrs_has_unit(const void *table, uint32_t size, const struct blob_iommu *unit)
{
	struct walk walk = {table, size, IVRS_ENTRIES};
	const uint8_t *entry;
	uint32_t length;

	while ((entry = next(&walk, 2, 2, &length))) {
		if ((entry[0] == 0x10 || entry[0] == 0x11 || entry[0] == 0x40) &&
		    length >= IVRS_UNIT_SIZE && number(entry + IVRS_UNIT_BASE, 8) == unit->base &&
		    number(entry + IVRS_UNIT_BDF, 2) == unit->amd_bdf &&
		    number(entry + IVRS_UNIT_CAP, 2) == unit->amd_base_cap)
			return true;
	}
	return false;
}
