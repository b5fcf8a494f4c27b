// SPDX-License-Identifier: GPL-2.0-only
/* What is read in the firmware's tables, whatever they are: whole, cut off at any byte, nonsense.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/x86/firmware_tables.h"
#include "tests/lib/tap.h"

#define SIZE 160

struct table {
	uint8_t bytes[SIZE];
	uint32_t size;
};

static void add(struct table *table, const void *bytes, uint32_t size)
{
	memcpy(table->bytes + table->size, bytes, size);
	table->size += size;
}

/* As an address behind which nothing may be read. */
static bool ask(const struct table *table, uint32_t size,
		bool (*has)(const void *table, uint32_t size, const void *what), const void *what)
{
	uint8_t *copy = malloc(size ? size : 1);
	bool found;

	memcpy(copy, table->bytes, size);
	found = has(copy, size, what);
	free(copy);
	return found;
}

/* It is there in the whole table, and not where the last byte of its entry is missing. */
static void found_from(struct tap *tap, const struct table *table, uint32_t end,
		       bool (*has)(const void *table, uint32_t size, const void *what),
		       const void *what, const char *name)
{
	bool right = true;

	for (uint32_t size = 0; size <= table->size; size++)
		right &= ask(table, size, has, what) == (size >= end);
	tap_ok(tap, right, "%s", name);
}

static bool has_ioapic(const void *table, uint32_t size, const void *what)
{
	return madt_has_ioapic(table, size, *(const uint64_t *)what);
}

static void test_madt(struct tap *tap)
{
	static const uint8_t cpu[] = {0, 8, 0, 0, 1, 0, 0, 0},
			     ioapic[] = {1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0},
			     none[] = {9, 0, 0, 0};
	struct table table = {.size = 44};
	uint64_t there = 0xfec00000, elsewhere = 0xfec01000, above = there | 1ull << 32;

	add(&table, cpu, sizeof(cpu));
	add(&table, ioapic, sizeof(ioapic));
	found_from(tap, &table, 44 + 8 + 12, has_ioapic, &there, "an IO-APIC behind a CPU");
	tap_ok(tap,
	       !ask(&table, table.size, has_ioapic, &elsewhere) &&
		       !ask(&table, table.size, has_ioapic, &above),
	       "none elsewhere, nor 4 GiB above it");
	memset(table.bytes, 0, sizeof(table.bytes));
	table.size = 44;
	add(&table, none, sizeof(none));
	add(&table, ioapic, sizeof(ioapic));
	tap_ok(tap, !ask(&table, table.size, has_ioapic, &there),
	       "an entry without a length is the last one");
}

struct buses {
	uint64_t base;
	uint16_t domain;
	uint8_t end;
};

static bool has_buses(const void *table, uint32_t size, const void *what)
{
	const struct buses *buses = what;

	return mcfg_has_buses(table, size, buses->base, buses->domain, buses->end);
}

static void test_mcfg(struct tap *tap)
{
	static const uint8_t entries[] = {0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0, 0,
					  0, 0, 0, 0xc0, 0, 0, 0, 0, 1, 0, 4, 0xff, 0, 0, 0, 0};
	const struct buses all = {0xb0000000, 0, 0x3f}, some = {0xb0000000, 0, 0},
			   more = {0xb0000000, 0, 0x40}, other = {0xb0000000, 1, 0x3f},
			   part = {0xc0000000, 1, 0xff};
	struct table table = {.size = 44};

	add(&table, entries, sizeof(entries));
	found_from(tap, &table, 44 + 16, has_buses, &all, "configuration space of all its buses");
	found_from(tap, &table, 44 + 16, has_buses, &some, "of some of them");
	tap_ok(tap,
	       !ask(&table, table.size, has_buses, &more) &&
		       !ask(&table, table.size, has_buses, &other),
	       "not of more, nor of another domain");
	tap_ok(tap, !ask(&table, table.size, has_buses, &part),
	       "none that does not begin with bus 0");
}

static bool has_dmar(const void *table, uint32_t size, const void *what)
{
	return dmar_has_unit(table, size, what);
}

static bool has_ivrs(const void *table, uint32_t size, const void *what)
{
	return ivrs_has_unit(table, size, what);
}

static void test_units(struct tap *tap)
{
	static const uint8_t reserved[] = {1, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0},
			     unit[] = {0, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0xd9, 0xfe, 0, 0, 0, 0};
	static const uint8_t amd[24] = {0x10, 0, 24, 0, 2, 0, 0x40, 0, 0, 0, 8, 0xfe};
	struct blob_iommu wanted = {.type = BLOB_IOMMU_INTEL, .base = 0xfed90000};
	struct table table = {.size = 48};

	add(&table, reserved, sizeof(reserved));
	tap_ok(tap, !ask(&table, table.size, has_dmar, &wanted), "reserved memory is no unit");
	add(&table, unit, sizeof(unit));
	found_from(tap, &table, 48 + 32, has_dmar, &wanted, "a unit of Intel's behind it");
	table = (struct table){.size = 48};
	add(&table, amd, sizeof(amd));
	wanted = (struct blob_iommu){
		.type = BLOB_IOMMU_AMD, .base = 0xfe080000, .amd_bdf = 2, .amd_base_cap = 0x40};
	found_from(tap, &table, 48 + 24, has_ivrs, &wanted, "a unit of AMD's");
	wanted.amd_bdf = 3;
	tap_ok(tap, !ask(&table, table.size, has_ivrs, &wanted), "not as another function");
	wanted.amd_bdf = 2;
	wanted.amd_base_cap = 0x44;
	tap_ok(tap, !ask(&table, table.size, has_ivrs, &wanted), "nor by another capability");
}

int main(void)
{
	struct tap tap = {0};

	test_madt(&tap);
	test_mcfg(&tap);
	test_units(&tap);
	return tap_done(&tap);
}
