// SPDX-License-Identifier: GPL-2.0-only
/* ACPI tables (ACPI 6.5, chapter 5.2; PCI Firmware Specification 3.3, 4.1.2 for MCFG; Intel
 * VT-d 4.1, chapter 8 for DMAR). */
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
		if (type == DMAR_UNIT && size >= DMAR_UNIT_SIZE && get16(table + at + 6) == 0 &&
		    machine->num_remapping_units < BLOB_IOMMU_UNITS)
			machine->remapping_units[machine->num_remapping_units++] =
				get64(table + at + 8);
		at += size;
	}
	return 0;
}
