// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random writes to interrupt controllers by root and by a cell that comes and goes, with tables of
 * an IOMMU, or without, in which there is anything: at no moment the machine's entries have one
 * that would interrupt a CPU of the other side.
 */
#include <stdio.h>

#include "arch/x86/irq/apic.h"
#include "pin_cells.h"
#include "mutate.h"
#include "tests/lib/tap.h"

#define TRIES	1500
#define TABLE	0x300000ull
#define DEVICES 0x310000ull

static unsigned int broken, unmasked, to_root, to_cell;
static bool there; /* the cell */
static enum blob_iommu_type unit;

/* Where a message with this command and destination goes: bits of CPUs. */
static unsigned int reached(uint64_t mode_and_logical, uint64_t destination)
{
	unsigned int cpus = 0;

	if (destination == 0xff)
		return 0xf;
	/* Logical ids are none of the cell's; root's are what Linux made them. */
	if (mode_and_logical & IOAPIC_LOGICAL)
		return 0;
	for (unsigned int cpu = 0; cpu < MACHINE_CPUS; cpu++)
		cpus |= (machine_apic_ids[cpu] == destination) << cpu;
	return cpus;
}

/* As hardware reads it at this moment. */
static unsigned int reached_by(uint64_t entry)
{
	uint64_t remapped;

	if (unit != BLOB_IOMMU_INTEL || !(entry >> 48 & 1))
		return reached(entry, entry >> 56);
	memcpy(&remapped, machine.ram + TABLE + ((entry >> 49) % 256) * 16, 8);
	if (!(remapped & 1) || (entry >> 49) >= 256 || (entry & IOAPIC_LOGICAL))
		return 0;
	return reached((remapped & 4) ? IOAPIC_LOGICAL : 0, remapped >> 40 & 0xff);
}

static void look(const struct fake_ioapic *ioapic, unsigned int pin)
{
	uint64_t entry = ioapic->entries[pin];
	unsigned int n = pin + (ioapic - machine.ioapics) * IO_APIC_PINS, cpus;

	if (entry & IOAPIC_MASKED)
		return;
	cpus = reached_by(entry);
	unmasked++;
	to_root += (cpus & ~CELL_CPUS) != 0;
	to_cell += (cpus & CELL_CPUS) != 0;
	/* What AMD's tables make of an entry the test of them says; here they may be anything. */
	if (unit == BLOB_IOMMU_AMD || !there ||
	    !(cpus & ((n == PIN || n == PIN2) ? ~CELL_CPUS : CELL_CPUS)))
		return;
	if (broken++ < 10)
		printf("# pin %u: 0x%llx reaches 0x%x\n", n, (unsigned long long)entry, cpus);
}

/* All that is in force, as some of it may have been written when the cell was not there. */
static void look_at_all(void)
{
	for (unsigned int n = 0; n < IO_APICS * IO_APIC_PINS; n++)
		look(&machine.ioapics[n / IO_APIC_PINS], n % IO_APIC_PINS);
}

/* Modes and destinations of interest, and everything else now and then. */
static uint32_t random_half(struct mutator *mutator, bool high)
{
	static const uint8_t destinations[] = {0, 1, 2, 0x12, 0x13, 0xff};
	uint64_t random = mutator_next(mutator);

	if (random % 16 == 0)
		return random >> 32;
	if (high && random % 4 == 0)
		return (random >> 8 & 0x1ff) << 17 | 1u << 16;
	if (high)
		return (uint32_t)destinations[(random >> 8) % sizeof(destinations)] << 24;
	return (random >> 8 & 0xa7ff) | (random % 3 ? 0 : (uint32_t)IOAPIC_MASKED);
}

static void write_something(struct mutator *mutator)
{
	uint64_t random = mutator_next(mutator);
	unsigned int cpu = there && random % 3 == 0 ? CELL_CPU : 0;
	unsigned int pin = random >> 8 & 1 ? PIN : (random >> 9) % (IO_APICS * IO_APIC_PINS + 8);
	uint64_t page = page_of(pin % (IO_APICS * IO_APIC_PINS));
	bool high = random >> 20 & 1;

	if (random >> 21 & 1)
		touch(cpu, IO_APIC + (random >> 24 & 0x1ffc), random >> 40 & 1,
		      mutator_next(mutator));
	else
		set(cpu, page, index_of(pin) + high, random_half(mutator, high));
}

/* What AMD's device table has about the first controller, and the kind of entries there are. */
static void change_the_tables(struct mutator *mutator)
{
	uint64_t random = mutator_next(mutator), about = TABLE | (random & 0x3000000000003fffull);

	if (random >> 32 & 1)
		about = random;
	memcpy(machine.ram + DEVICES + CHIP_BDF * 32 + 16, &about, sizeof(about));
	if (unit == BLOB_IOMMU_AMD)
		machine.device[0x18 + 2] = random >> 40 & 2;
}

static void change_the_cell(void)
{
	machine.on_ioapic = NULL;
	if (there)
		destroy(1);
	else
		create_plant();
	there = !there && cell_by_id(1);
	machine.on_ioapic = look;
	look_at_all();
}

static void open_machine_with(struct mutator *mutator, enum blob_iommu_type type)
{
	uint64_t table = TABLE | 7;

	unit = type;
	there = false;
	machine_open(&root);
	mutator_fill(mutator, machine.ram + TABLE, 256 * 16);
	for (unsigned int n = 0; n < 256; n++)
		machine.ram[TABLE + n * 16 + 5] = mutator_next(mutator) % 4;
	*(struct blob_iommu *)system_desc->iommu_units =
		(struct blob_iommu){.type = type, .base = DEVICE, .size = 0x4000};
	memcpy(machine.device + 0xb8, &table, sizeof(table));
	/* Of AMD's: on, with two pages of devices. */
	if (type == BLOB_IOMMU_AMD) {
		table = DEVICES | 1;
		memcpy(machine.device, &table, sizeof(table));
		machine.device[0x18] = 1;
	}
	machine.on_ioapic = look;
}

static void run(struct tap *tap, struct mutator *mutator, enum blob_iommu_type type,
		const char *what)
{
	unsigned int cells = 0;

	broken = unmasked = to_root = to_cell = 0;
	open_machine_with(mutator, type);
	for (unsigned int n = 0; n < TRIES; n++) {
		if (mutator_next(mutator) % 64 == 0) {
			change_the_cell();
			cells += there;
			change_the_tables(mutator);
		}
		write_something(mutator);
	}
	tap_is_u64(tap, broken, 0, "%u random writes, %s: nobody reaches the other's CPUs", TRIES,
		   what);
	tap_ok(tap,
	       unmasked > TRIES / 40 && to_root > TRIES / 30 && to_cell > TRIES / 30 && cells > 5,
	       "%u entries in force, %u to root, %u to the cell, which came %u times", unmasked,
	       to_root, to_cell, cells);
}

int main(void)
{
	struct mutator mutator = {0x243f6a8885a308d3};
	struct tap tap = {0};

	run(&tap, &mutator, BLOB_IOMMU_NONE, "without an IOMMU");
	run(&tap, &mutator, BLOB_IOMMU_INTEL, "with one of Intel's");
	/* What its tables make of an entry the test of them says; here that they may be anything.
	 */
	run(&tap, &mutator, BLOB_IOMMU_AMD, "with one of AMD's");
	return tap_done(&tap);
}
