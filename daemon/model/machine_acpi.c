// SPDX-License-Identifier: GPL-2.0-only
/* ACPI tables (ACPI 6.5, chapter 5.2; PCI Firmware Specification 3.3, 4.1.2 for MCFG; Intel
 * VT-d 4.1, chapter 8 for DMAR; AMD I/O Virtualization specification 3.05, chapter 5 for IVRS). */
#include <errno.h>
#include <string.h>

#include "model/machine.h"

enum {
	HEADER_SIZE = 36,
	HEADER_LENGTH = 4,

	MCFG_ENTRIES = 44,
	MCFG_ENTRY_SIZE = 16,

	FADT_PM_TIMER_BLOCK = 76,
	FADT_X_PM_TIMER_BLOCK = 208,
	FADT_X_PM_TIMER_END = 220,
	GAS_ADDRESS = 4,
	GAS_SYSTEM_IO = 1,

	MADT_ENTRIES = 44,
	MADT_IOAPIC = 1,
	MADT_IOAPIC_SIZE = 12,

	DMAR_ENTRIES = 48,
	DMAR_UNIT = 0,
	DMAR_UNIT_SIZE = 16,

	IVRS_BLOCKS = 48,
	IVRS_UNIT = 0x10, /* and two newer forms, which are longer */
	IVRS_UNIT_EXTENDED = 0x11,
	IVRS_UNIT_NAMED = 0x40,
	IVRS_UNIT_SIZE = 24,
	IVRS_UNIT_EXTENDED_SIZE = 40,
	IVRS_SPECIAL = 0x48, /* a device that is no PCI function */
	IVRS_NAMED = 240,    /* one by a name */
	IVRS_NAMED_SIZE = 22,
	IVRS_IOAPIC = 1,
};

static uint16_t get16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* Checks header and checksum; sets length to what the table says of itself. */
static int check_table(const uint8_t *table, size_t *length, const char *signature)
{
	uint32_t claimed;
	uint8_t sum = 0;

	if (*length < HEADER_SIZE || memcmp(table, signature, 4) != 0)
		return -EINVAL;
	claimed = get32(table + HEADER_LENGTH);
	if (claimed < HEADER_SIZE || claimed > *length)
		return -EINVAL;
	for (uint32_t i = 0; i < claimed; i++)
		sum += table[i];
	if (sum != 0)
		return -EINVAL;
	*length = claimed;
	return 0;
}

int machine_parse_mcfg(const void *data, size_t length, struct machine *machine)
{
	const uint8_t *table = data;
	int r = check_table(table, &length, "MCFG");

	if (r < 0)
		return r;
	for (size_t at = MCFG_ENTRIES; at + MCFG_ENTRY_SIZE <= length; at += MCFG_ENTRY_SIZE) {
		uint16_t segment = get16(table + at + 8);
		uint8_t first_bus = table[at + 10];

		/* A blob has room for one window; it starts at bus 0. */
		if (segment != 0 || first_bus != 0)
			continue;
		machine->has_mmconfig = true;
		machine->mmconfig_base = get64(table + at);
		machine->mmconfig_domain = segment;
		machine->mmconfig_end_bus = table[at + 11];
		break;
	}
	return 0;
}

int machine_parse_facp(const void *data, size_t length, struct machine *machine)
{
	const uint8_t *table = data;
	int r = check_table(table, &length, "FACP");
	uint64_t port = 0;

	if (r < 0)
		return r;
	if (length >= FADT_X_PM_TIMER_END && table[FADT_X_PM_TIMER_BLOCK] == GAS_SYSTEM_IO)
		port = get64(table + FADT_X_PM_TIMER_BLOCK + GAS_ADDRESS);
	if (port == 0 && length >= FADT_PM_TIMER_BLOCK + 4)
		port = get32(table + FADT_PM_TIMER_BLOCK);
	if (port > UINT16_MAX)
		return -EINVAL;
	machine->pm_timer_port = port;
	return 0;
}

int machine_parse_madt(const void *data, size_t length, struct machine *machine)
{
	const uint8_t *table = data;
	int r = check_table(table, &length, "APIC");
	size_t at = MADT_ENTRIES;

	if (r < 0)
		return r;
	while (at + 2 <= length) {
		uint8_t type = table[at];
		uint8_t size = table[at + 1];

		if (size < 2 || size > length - at)
			return -EINVAL;
		if (type == MADT_IOAPIC && size >= MADT_IOAPIC_SIZE &&
		    machine->num_ioapics < MACHINE_MAX_IOAPICS)
			machine->ioapics[machine->num_ioapics++] = (struct machine_ioapic){
				.id = table[at + 2],
				.address = get32(table + at + 4),
				.gsi_base = get32(table + at + 8),
			};
		at += size;
	}
	return 0;
}

static void add_unit(struct machine *machine, struct machine_unit unit)
{
	/* One may be told in several forms, for old and new systems. */
	for (size_t i = 0; i < machine->num_remapping_units; i++) {
		if (machine->remapping_units[i].base == unit.base)
			return;
	}
	if (machine->num_remapping_units < BLOB_IOMMU_UNITS)
		machine->remapping_units[machine->num_remapping_units++] = unit;
}

int machine_parse_dmar(const void *data, size_t length, struct machine *machine)
{
	const uint8_t *table = data;
	int r = check_table(table, &length, "DMAR");
	size_t at = DMAR_ENTRIES;

	if (r < 0)
		return r;
	while (at + 4 <= length) {
		uint16_t type = get16(table + at), size = get16(table + at + 2);

		if (size < 4 || size > length - at)
			return -EINVAL;
		/* Those of other segments have nothing to do with what a blob can name. */
		if (type == DMAR_UNIT && size >= DMAR_UNIT_SIZE && get16(table + at + 6) == 0)
			add_unit(machine, (struct machine_unit){.base = get64(table + at + 8)});
		at += size;
	}
	return 0;
}

/* The entries of a unit: which device is which IO-APIC. */
static int parse_special(const uint8_t *entries, size_t length, struct machine *machine)
{
	size_t size;

	for (size_t at = 0; at < length; at += size) {
		const uint8_t *entry = entries + at;

		/* 4 to 32 bytes, by the upper bits of the kind. */
		size = 4u << (entry[0] >> 6);
		if (entry[0] == IVRS_NAMED && length - at >= IVRS_NAMED_SIZE)
			size = IVRS_NAMED_SIZE + entry[IVRS_NAMED_SIZE - 1];
		if (size > length - at)
			return -EINVAL;
		for (size_t i = 0; i < machine->num_ioapics; i++) {
			if (entry[0] == IVRS_SPECIAL && entry[7] == IVRS_IOAPIC &&
			    machine->ioapics[i].id == entry[4])
				machine->ioapics[i].bdf = get16(entry + 5);
		}
	}
	return 0;
}

int machine_parse_ivrs(const void *data, size_t length, struct machine *machine)
{
	const uint8_t *table = data;
	int r = check_table(table, &length, "IVRS");

	for (size_t at = IVRS_BLOCKS, size; r == 0 && at + 4 <= length; at += size) {
		const uint8_t *block = table + at;
		size_t head = block[0] == IVRS_UNIT ? IVRS_UNIT_SIZE : IVRS_UNIT_EXTENDED_SIZE;

		size = get16(block + 2);
		if (size < 4 || size > length - at)
			return -EINVAL;
		if (block[0] != IVRS_UNIT && block[0] != IVRS_UNIT_EXTENDED &&
		    block[0] != IVRS_UNIT_NAMED)
			continue;
		if (size < head)
			return -EINVAL;
		/* Those of other segments have nothing to do with what a blob can name. */
		if (get16(block + 16) != 0)
			continue;
		add_unit(machine, (struct machine_unit){.base = get64(block + 8),
							.amd = true,
							.bdf = get16(block + 4),
							.capability = get16(block + 6)});
		r = parse_special(block + head, size - head, machine);
	}
	return r;
}
