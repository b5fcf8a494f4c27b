// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupt pins: whom root and cells may interrupt by them, whose they are, and what the machine's
 * controllers have at every moment.
 */
#include <string.h>

#include "arch/x86/exit/exit.h"
#include "arch/x86/irq/apic.h"
#include "pin_cells.h"
#include "tests/lib/tap.h"

static unsigned int broken;

/* No unmasked entry ever reaches a CPU of the other side, not even half written. */
static void look(const struct fake_ioapic *ioapic, unsigned int pin)
{
	uint64_t entry = ioapic->entries[pin];
	unsigned int n = pin + (ioapic - machine.ioapics) * IO_APIC_PINS;
	bool cells = n == PIN || n == PIN2, to_cell = entry >> 56 == 1 || entry >> 56 == 0x12;

	if (!(entry & IOAPIC_MASKED) && (to_cell != cells || entry >> 56 == 0xff))
		broken++;
}

static void open_with_plant(void)
{
	machine_open(&root);
	create_plant();
	broken = 0;
	machine.on_ioapic = look;
}

static void test_launch(struct tap *tap)
{
	unsigned int held = 0;

	machine_ioapics_at_launch[0].entries[2] = IOAPIC_TO(1) | 0x30;
	machine_ioapics_at_launch[0].entries[PIN] =
		IOAPIC_TO(3) | IOAPIC_LEVEL | IOAPIC_REMOTE_IRR | 0x32;
	machine_ioapics_at_launch[1].entries[7] = 0xff00000000000000 | ICR_NMI;
	machine_open(&root);
	tap_ok(tap, !memcmp(machine.ioapics, machine_ioapics_at_launch, sizeof(machine.ioapics)),
	       "what Linux has programmed stays when the hypervisor opens");
	tap_ok(tap,
	       entry(0, 2) == (IOAPIC_TO(1) | 0x30) &&
		       entry(0, PIN) == machine_ioapics_at_launch[0].entries[PIN] &&
		       entry(3, 24 + 7) == (0xff00000000000000 | ICR_NMI),
	       "and is read by every CPU, with what is in service");
	tap_ok(tap, !machine_lookup(&root_cell, IO_APIC) && !machine_lookup(&root_cell, IO_APIC2),
	       "but not by memory, though the blob says so");
	tap_ok(tap, machine_lookup(&root_cell, IO_APIC2 + PAGE_SIZE), "control: what is behind is");
	for (unsigned int mode = 0; mode < 8; mode++) {
		program(0, 9, IOAPIC_TO(mode) | mode << 8 | 0x33);
		held += hardware(9) != (IOAPIC_TO(mode) | mode << 8 | 0x33);
	}
	tap_is_u64(tap, held, 0, "without cells root may write what it likes");
	set(0, IO_APIC, IOAPIC_ID, 5 << 24);
	tap_ok(tap,
	       machine.ioapics[0].id == 5 << 24 && get(0, IO_APIC, IOAPIC_ID) == 5 << 24 &&
		       get(0, IO_APIC, IOAPIC_VERSION) == 0x170020,
	       "the id as well; the version is the machine's");
	tap_ok(tap,
	       get(0, IO_APIC, 2) == 0 && get(0, IO_APIC, IOAPIC_ENTRY + 2 * IO_APIC_PINS) == 0 &&
		       touch(0, IO_APIC + 0x20, false, 0x55) == 0,
	       "elsewhere it reads 0");
	touch(0, IO_APIC + IOAPIC_EOI, true, 0x32);
	tap_is_u64(tap, machine.ioapics[0].ended, 0x32, "it ends its interrupts");
	machine.ioapics[0].ended = 0;
	touch(0, IO_APIC + IOAPIC_EOI, true, 0x33);
	tap_is_u64(tap, machine.ioapics[0].ended, 0, "those by the level");
	memset(machine_ioapics_at_launch, 0, sizeof(machine_ioapics_at_launch));
}

/* The cell has CPUs 1 and 2, which are APICs 1 and 0x12. */
static const struct {
	uint64_t entry;
	bool stays;
	const char *what;
} roots_entries[] = {
	{IOAPIC_TO(0) | 0x31, true, "fixed, to a CPU of root"},
	{IOAPIC_TO(1) | 0x31, false, "fixed, to the cell's first CPU"},
	{IOAPIC_TO(0x12) | 0x31, false, "fixed, to its second one"},
	{IOAPIC_TO(0xff) | 0x31, false, "fixed, to all"},
	{IOAPIC_TO(0x12) | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE | 0x31, false, "by a level"},
	{IOAPIC_TO(0) | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE | 0x31, true, "by a level to root"},
	{IOAPIC_TO(1) | IOAPIC_MASKED | 0x31, true, "masked, to the cell's CPU"},
	{IOAPIC_TO(1) | ICR_LOWEST | 0x31, false, "lowest priority"},
	{IOAPIC_TO(0) | ICR_LOWEST | 0x31, true, "lowest priority to root"},
	{IOAPIC_TO(1) | ICR_SMI, false, "SMI"},
	{IOAPIC_TO(0) | ICR_SMI, true, "SMI to root"},
	{IOAPIC_TO(1) | ICR_NMI, false, "NMI"},
	{IOAPIC_TO(0) | ICR_NMI, true, "NMI to root"},
	{IOAPIC_TO(1) | ICR_INIT, false, "INIT"},
	{IOAPIC_TO(0) | ICR_INIT, true, "INIT to root"},
	{IOAPIC_TO(1) | ICR_EXTINT, false, "ExtINT"},
	{IOAPIC_TO(0) | ICR_EXTINT, true, "ExtINT to root, as of the legacy controller"},
	{IOAPIC_TO(0) | ICR_RESERVED, false, "the reserved mode"},
	{IOAPIC_TO(0) | ICR_STARTUP, false, "the other reserved mode"},
	{IOAPIC_TO(2) | IOAPIC_LOGICAL | 0x31, true, "logical: the cell has no such id"},
	{IOAPIC_TO(0xff) | IOAPIC_LOGICAL | 0x31, false, "logical, to all"},
	{IOAPIC_TO(0xff) | IOAPIC_LOGICAL | ICR_NMI, false, "logical NMI to all"},
};

static void test_roots_entries(struct tap *tap)
{
	uint64_t told;

	open_with_plant();
	for (unsigned int n = 0; n < sizeof(roots_entries) / sizeof(*roots_entries); n++) {
		uint64_t wanted = roots_entries[n].entry, violations;
		bool stays = roots_entries[n].stays;

		program(0, 9, IOAPIC_MASKED);
		violations = public_area.root_violations;
		program(0, 9, wanted);
		tap_ok(tap,
		       hardware(9) == (stays ? wanted : HELD(wanted)) && entry(0, 9) == wanted &&
			       (public_area.root_violations > violations) == !stays,
		       "root's entry %s: %s", stays ? "stays" : "is masked", roots_entries[n].what);
	}
	tap_ok(tap, machine_said("cell RootCell: IO-APIC 0xfec00000, pin 9: masked"), "it is told");
	program(0, 9, IOAPIC_MASKED);
	told = public_area.console.head;
	program(0, 9, CELLS);
	tap_is_u64(tap, public_area.console.head, told, "once");
	program(0, 9, ROOTS);
	tap_is_u64(tap, hardware(9), ROOTS, "a good entry after a bad one is in effect");
	set(0, IO_APIC, index_of(9) + 1, CELLS >> 32);
	tap_is_u64(tap, hardware(9) & IOAPIC_MASKED, IOAPIC_MASKED,
		   "nor is it turned to a cell while it is not masked");
	set(0, IO_APIC, index_of(9) + 1, ROOTS >> 32);
	tap_is_u64(tap, hardware(9), ROOTS, "and is back when it is turned back");
	tap_is_u64(tap, broken, 0, "at no moment a CPU of the cell could be reached");
}

static void test_x2apic(struct tap *tap)
{
	open_with_plant();
	apic_x2 = true;
	program(0, 9, IOAPIC_TO(1 << 1) | IOAPIC_LOGICAL | 0x31);
	tap_ok(tap, hardware(9) & IOAPIC_MASKED, "in x2APIC mode logical ids follow from the ids");
	program(0, 9, IOAPIC_TO(1) | IOAPIC_LOGICAL | 0x31);
	tap_ok(tap, !(hardware(9) & IOAPIC_MASKED), "control: that of a CPU of root");
	program(0, 9, IOAPIC_TO(0xff) | 0x31);
	tap_ok(tap, hardware(9) & IOAPIC_MASKED, "all are all");
	apic_x2 = false;
}

static void test_cpus_go(struct tap *tap)
{
	machine_open(&root);
	program(0, 9, CELLS);
	program(0, 10, ROOTS);
	program(0, 11, IOAPIC_TO(0xff) | ICR_NMI);
	create_with(1, CELL_CPUS, NULL, 0);
	tap_ok(tap, hardware(9) == HELD(CELLS) && hardware(11) == HELD(IOAPIC_TO(0xff) | ICR_NMI),
	       "what Linux forgot is masked when its CPU becomes a cell's");
	tap_is_u64(tap, hardware(10), ROOTS, "others are not");
	tap_is_u64(tap, entry(0, 9), CELLS, "Linux does not see it");
	program(0, 10, CELLS | ICR_INIT);
	destroy(1);
	tap_ok(tap,
	       hardware(9) == CELLS && hardware(10) == (CELLS | ICR_INIT) &&
		       hardware(11) == (IOAPIC_TO(0xff) | ICR_NMI),
	       "all is as Linux has it when the CPU is back");
	tap_ok(tap,
	       create_with(1, CELL_CPUS, (struct blob_irqchip[]){{IO_APIC, 0, 24, {1}}}, 1) ==
			       -EINVAL &&
		       hardware(9) == CELLS,
	       "nothing is masked for a cell that is refused");
	machine.pages_until_failure = 12;
	tap_ok(tap,
	       create_with(1, CELL_CPUS, two_pins, 2) == -ENOMEM && hardware(9) == CELLS &&
		       hardware(PIN) == 0,
	       "nor, in the end, for one that fails half way");
}

static const struct {
	uint64_t entry, hardware;
	const char *what;
} cells_entries[] = {
	{IOAPIC_TO(1) | 0x41, IOAPIC_TO(1) | 0x41, "to its first CPU"},
	{IOAPIC_TO(0x12) | 0x41, IOAPIC_TO(0x12) | 0x41, "to its second CPU"},
	{IOAPIC_TO(0x12) | ICR_LOWEST | 0x41, IOAPIC_TO(0x12) | 0x41, "lowest priority is fixed"},
	{IOAPIC_TO(0xff) | 0x41, IOAPIC_TO(1) | 0x41, "to all: to one"},
	{IOAPIC_TO(2) | IOAPIC_LOGICAL | 0x41, IOAPIC_TO(0x12) | 0x41,
	 "a logical id becomes a physical one"},
	{IOAPIC_TO(1) | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE | 0x41,
	 IOAPIC_TO(1) | IOAPIC_LEVEL | IOAPIC_LOW_ACTIVE | 0x41, "by a level that is low"},
	{IOAPIC_TO(0) | 0x41, 0, "to a CPU of root"},
	{IOAPIC_TO(0x13) | 0x41, 0, "to the lower half of an id"},
	{IOAPIC_TO(4) | IOAPIC_LOGICAL | 0x41, 0, "to a logical id of root's"},
	{IOAPIC_TO(1) | 0xf, 0, "a vector of exceptions"},
	{IOAPIC_TO(1) | ICR_SMI, 0, "SMI"},
	{IOAPIC_TO(1) | ICR_RESERVED | 0x41, 0, "the reserved mode"},
	{IOAPIC_TO(1) | ICR_NMI, 0, "NMI"},
	{IOAPIC_TO(1) | ICR_INIT, 0, "INIT"},
	{IOAPIC_TO(1) | ICR_STARTUP | 0x41, 0, "a start-up"},
	{IOAPIC_TO(1) | ICR_EXTINT, 0, "ExtINT"},
	{REMAPPED | 0x41, 0, "the IOMMU's format"},
};

static void test_cells_entries(struct tap *tap)
{
	open_with_plant();
	cpu_by_id(1)->arch.apic_ldr = 1 << 24;
	cpu_by_id(2)->arch.apic_ldr = 2 << 24;
	cpu_by_id(0)->arch.apic_ldr = 4 << 24;
	cpu_by_id(1)->arch.apic_dfr = cpu_by_id(2)->arch.apic_dfr = ~0u;
	cpu_by_id(0)->arch.apic_dfr = ~0u;
	for (unsigned int n = 0; n < sizeof(cells_entries) / sizeof(*cells_entries); n++) {
		uint64_t wanted = cells_entries[n].entry, expected = cells_entries[n].hardware;

		program(CELL_CPU, PIN2, IOAPIC_MASKED);
		program(CELL_CPU, PIN2, wanted);
		tap_ok(tap,
		       (expected ? hardware(PIN2) == expected : hardware(PIN2) & IOAPIC_MASKED) &&
			       entry(CELL_CPU, PIN2) == wanted,
		       "a cell's entry %s: %s", expected ? "is in effect" : "is masked",
		       cells_entries[n].what);
	}
	tap_is_u64(tap, broken, 0, "at no moment a CPU of root could be reached");
	tap_is_u64(tap, public_area.root_violations, 0, "none of that is said of root");
	program(CELL_CPU, PIN, IOAPIC_MASKED | IOAPIC_LEVEL | CELLS);
	tap_is_u64(tap, hardware(PIN), IOAPIC_MASKED | IOAPIC_LEVEL, "a masked one says no more");
	program(CELL_CPU, PIN, IOAPIC_LEVEL | CELLS);
	machine.ioapics[0].entries[PIN] |= IOAPIC_REMOTE_IRR;
	tap_is_u64(tap, entry(CELL_CPU, PIN), IOAPIC_REMOTE_IRR | IOAPIC_LEVEL | CELLS,
		   "it sees what is in service");
	touch(CELL_CPU, IO_APIC + IOAPIC_EOI, true, 0x41);
	tap_is_u64(tap, machine.ioapics[0].ended, 0x41, "and ends it");
	touch(CELL_CPU, IO_APIC + IOAPIC_EOI, true, 0x31);
	tap_is_u64(tap, machine.ioapics[0].ended, 0x41, "not what is not its own");
}

static void test_whose(struct tap *tap)
{
	machine_open(&root);
	program(0, PIN, ROOTS | IOAPIC_LEVEL);
	program(0, 5, ROOTS);
	machine.ioapics[0].entries[PIN] |= IOAPIC_REMOTE_IRR;
	create_plant();
	tap_is_u64(tap, hardware(PIN), IOAPIC_MASKED, "a pin comes to a cell masked");
	tap_is_u64(tap, entry(0, PIN), HELD(ROOTS | IOAPIC_LEVEL), "and root sees it so");
	tap_ok(tap, entry(CELL_CPU, PIN) == IOAPIC_MASKED && entry(CELL_CPU, 5) == IOAPIC_MASKED,
	       "the cell sees nothing of root's");
	program(CELL_CPU, 5, CELLS);
	set(CELL_CPU, IO_APIC, IOAPIC_ID, 7);
	tap_ok(tap, hardware(5) == ROOTS && machine.ioapics[0].id == 0,
	       "and changes nothing of it");
	program(CELL_CPU, PIN, CELLS);
	program(0, PIN, ROOTS | 1);
	tap_is_u64(tap, hardware(PIN), CELLS, "nor does root at the cell's pin");
	touch(0, IO_APIC, true, 0x11);
	get(CELL_CPU, IO_APIC, IOAPIC_VERSION);
	tap_is_u64(tap, touch(0, IO_APIC, false, 0), 0x11, "each has a register number of its own");
	tap_ok(tap,
	       create_with(2, 1 << 3, two_pins, 1) == -EBUSY &&
		       machine_said("cell other: a pin is another cell's"),
	       "no pin is two cells'");
	machine_hypercall(HC_CELL_SET_LOADABLE, 1, 0);
	tap_is_u64(tap, hardware(PIN), IOAPIC_MASKED, "a cell that does not run has none");
	machine_hypercall(HC_CELL_START, 1, 0);
	tap_is_u64(tap, entry(CELL_CPU, PIN), IOAPIC_MASKED, "and starts as after power-on");
	program(CELL_CPU, PIN, CELLS);
	destroy(1);
	tap_ok(tap, hardware(PIN) == (ROOTS | 1) && entry(0, PIN) == (ROOTS | 1),
	       "root has what it wrote when the cell is gone");
	tap_is_u64(tap, create_with(2, 1 << 3, two_pins, 1), 0, "then another one may have it");
	tap_is_u64(tap, touch(3, IO_APIC, false, 0), 0, "with no register chosen");
}

/* Pins of one controller, of two cells. */
static void test_two_cells(struct tap *tap)
{
	static const struct blob_irqchip pin_6 = {.address = IO_APIC, .pin_bitmap = {1 << 6}};

	machine_open(&root);
	create_plant();
	create_with(2, 1 << 3, &pin_6, 1);
	machine_hypercall(HC_CELL_START, 2, 0);
	program(CELL_CPU, PIN, CELLS);
	tap_is_u64(tap, entry(3, PIN), IOAPIC_MASKED, "of another cell's pin a cell sees nothing");
	program(3, PIN, IOAPIC_TO(0x12) | 0x66);
	tap_ok(tap, entry(CELL_CPU, PIN) == CELLS && hardware(PIN) == CELLS,
	       "and changes nothing of it");
	set(CELL_CPU, IO_APIC, index_of(PIN), (uint32_t)(CELLS | IOAPIC_LEVEL));
	tap_is_u64(tap, hardware(PIN), CELLS | IOAPIC_LEVEL, "not even later");
	touch(3, IO_APIC + IOAPIC_EOI, true, 0x41);
	tap_is_u64(tap, machine.ioapics[0].ended, 0, "nor does it end what is in service there");
	program(CELL_CPU, PIN, CELLS | IOAPIC_SENDING | IOAPIC_REMOTE_IRR);
	tap_ok(tap, entry(CELL_CPU, PIN) == CELLS && hardware(PIN) == CELLS,
	       "what is only read is not written");
	program(3, 6, IOAPIC_TO(0xff) | 0x55);
	tap_ok(tap, hardware(6) & IOAPIC_MASKED, "a CPU that no message can name gets none");
}

/* A controller that root's blob has in two pieces, the upper one first. */
static void test_pieces(struct tap *tap)
{
	static const struct blob_irqchip pieces[] = {
		{.address = IO_APIC2, .id = 2, .pin_base = 40, .pin_bitmap = {0xff}},
		{.address = IO_APIC2, .id = 2, .pin_base = 24, .pin_bitmap = {0xffff}},
	};
	struct cell_plan in_pieces = root;

	in_pieces.irqchips = pieces;
	machine_open(&in_pieces);
	tap_is_u64(tap, create_with(1, CELL_CPUS, &two_pins[1], 1), 0,
		   "a pin counts from the lowest of a controller");
	machine_hypercall(HC_CELL_START, 1, 0);
	program(CELL_CPU, PIN2, CELLS);
	tap_is_u64(tap, hardware(PIN2), CELLS, "and is the one that is meant");
}

static void test_refused(struct tap *tap)
{
	static const struct blob_irqchip bad[] = {
		{.address = IO_APIC, .pin_bitmap = {0x1000000}},
		{.address = IO_APIC, .pin_bitmap = {0, 0, 0, 0x80000000}},
		{.address = IO_APIC2, .pin_bitmap = {1}}, /* of the first one */
		{.address = IO_APIC2 + PAGE_SIZE, .pin_bitmap = {1}},
	};
	const struct blob_irqchip overlaid = {.address = IO_APIC, .pin_bitmap = {1}};
	const struct blob_memory memory = {0x400000, IO_APIC, 0x1000, RWX};
	const struct cell_plan plan = {
		.name = "over",
		.id = 3,
		.cpus = 1 << 3,
		.memory = &memory,
		.num_memory = 1,
		.irqchips = &overlaid,
		.num_irqchips = 1,
	};
	struct touch narrow = {IO_APIC, 0, false, 1, IO_DONE};
	struct blob_iommu *unit;

	machine_open(&root);
	for (unsigned int n = 0; n < sizeof(bad) / sizeof(*bad); n++)
		tap_ok(tap,
		       create_with(1, CELL_CPUS, &bad[n], 1) == -EINVAL &&
			       machine_said("there is no such pin"),
		       "a pin that is none is refused (%u)", n);
	tap_ok(tap, machine_create(&plan) == -EINVAL && machine_said("where the IO-APIC is"),
	       "so is memory in its place");
	unit = (struct blob_iommu *)system_desc->iommu_units;
	*unit = (struct blob_iommu){.type = BLOB_IOMMU_INTEL, .base = DEVICE, .size = 0x1000};
	*(uint32_t *)(machine.device + 0x1c) = 1 << 25;
	tap_is_u64(tap, create_with(1, CELL_CPUS, two_pins, 1), -EOPNOTSUPP,
		   "and pins where an IOMMU lets no such message pass");
	*(uint32_t *)(machine.device + 0x1c) = 0;
	tap_is_u64(tap, create_with(1, CELL_CPUS, two_pins, 1), 0, "control: it does not");
	machine_call(0, do_touch, (uint64_t)&narrow);
	tap_is_u64(tap, narrow.answer, IO_REFUSED, "registers have 32 bits");
	create_with(2, 1 << 3, NULL, 0);
	narrow.width = 4;
	machine_call(3, do_touch, (uint64_t)&narrow);
	tap_is_u64(tap, narrow.answer, IO_REFUSED, "a cell without pins has no controller");
}

#define TABLE	    0x300000ull
#define TABLE_ENTRY (*(uint64_t *)(machine.ram + TABLE + 5 * 16))
#define REMAPPED    (5ull << 49 | 1ull << 48)
#define TO_WIDE(id) ((uint64_t)(id) << 32)

static void test_remapped(struct tap *tap)
{
	static const struct {
		uint64_t entry;
		bool stays;
		const char *what;
	} entries[] = {
		{TO_WIDE(0) | 0x310001, true, "to a CPU of root"},
		{TO_WIDE(0x113) | 0x310011, true, "to another one, by a level"},
		{TO_WIDE(1) | 0x310001, false, "to a CPU of the cell"},
		{TO_WIDE(1) | 0x310081, false, "NMI"},
		{TO_WIDE(0) | 0x310081, true, "NMI to root"},
		{TO_WIDE(1) | 0x3100e1, false, "ExtINT"},
		{TO_WIDE(0x10004) | 0x310005, false, "to a logical id of the cell's"},
		{TO_WIDE(0x110008) | 0x310005, true, "to one of root's"},
		{TO_WIDE(~0u) | 0x310001, false, "to all"},
		{TO_WIDE(0xff) | 0x310001, true, "to 255, which is one of many"},
		{0x318001, false, "a posted one"},
		{0x310000, false, "none at all"},
	};
	struct blob_iommu *unit;
	uint64_t table = TABLE | 0x800 | 7;

	open_with_plant();
	machine.on_ioapic = NULL;
	apic_x2 = true;
	unit = (struct blob_iommu *)system_desc->iommu_units;
	*unit = (struct blob_iommu){.type = BLOB_IOMMU_INTEL, .base = DEVICE, .size = 0x1000};
	memcpy(machine.device + 0xb8, &table, sizeof(table));
	for (unsigned int n = 0; n < sizeof(entries) / sizeof(*entries); n++) {
		TABLE_ENTRY = entries[n].entry;
		program(0, 9, IOAPIC_MASKED);
		program(0, 9, REMAPPED | 9);
		tap_ok(tap, hardware(9) == (REMAPPED | 9 | (entries[n].stays ? 0 : IOAPIC_MASKED)),
		       "remapped, %s: %s", entries[n].stays ? "stays" : "is masked",
		       entries[n].what);
	}
	apic_x2 = false;
}

/* By AMD's tables: the controller is a device like others, with its number as the blob's id. */
static void test_remapped_by_amd(struct tap *tap)
{
	const uint64_t devices = 0x310000, two_pages = devices | 1;
	uint64_t *about, on = 1;
	uint32_t *entry_12;

	open_with_plant();
	about = (uint64_t *)(machine.ram + devices + CHIP_BDF * 32 + 16);
	entry_12 = (uint32_t *)(machine.ram + TABLE + 12 * 4);
	*(struct blob_iommu *)system_desc->iommu_units =
		(struct blob_iommu){.type = BLOB_IOMMU_AMD, .base = DEVICE, .size = 0x4000};
	memcpy(machine.device, &two_pages, sizeof(two_pages));
	memcpy(machine.device + 0x18, &on, sizeof(on));
	*about = 2ull << 60 | TABLE | 8 << 1 | 1;
	*entry_12 = 0x410001;
	program(0, 9, 12);
	tap_is_u64(tap, hardware(9), 12, "remapped by AMD's tables, to root");
	program(0, 9, IOAPIC_MASKED);
	*entry_12 = 0x410101;
	program(0, 9, 12);
	tap_is_u64(tap, hardware(9), HELD(12), "to a CPU of the cell");
	*about = 0;
	program(0, 9, ROOTS);
	tap_is_u64(tap, hardware(9), ROOTS, "not remapped");
}

int main(void)
{
	struct tap tap = {0};

	test_launch(&tap);
	test_roots_entries(&tap);
	test_x2apic(&tap);
	test_cpus_go(&tap);
	test_cells_entries(&tap);
	test_whose(&tap);
	test_two_cells(&tap);
	test_pieces(&tap);
	test_refused(&tap);
	test_remapped(&tap);
	test_remapped_by_amd(&tap);
	return tap_done(&tap);
}
