// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random accesses of a cell and of root to a function of the machine that the cell has, and random
 * blobs for random hardware: at no moment it sends what is no interrupt of the cell's, decodes at
 * other addresses, or has anything switched on that is nobody's to switch.
 */
#include "function_cell.h"
#include "mutate.h"
#include "tests/lib/tap.h"

#define ACCESSES 4000
#define CELLS	 60

static unsigned int broken;
static struct mutator mutator = {0x5eedf00d};

static void wrong(struct tap *tap, const char *what)
{
	if (broken++ < 10)
		tap_note(tap, "%s", what);
}

static uint32_t table_word(unsigned int n, unsigned int word)
{
	uint32_t value;

	memcpy(&value, machine.device + (NIC_TABLE - DEVICE) + n * 16 + word * 4, sizeof(value));
	return value;
}

static bool is_own(uint32_t address, uint32_t upper, uint32_t data)
{
	return address == MESSAGE_TO(cpu_of(ONE)) && !upper && data >= 16 && data < 256;
}

/* After each write to the hardware. */
static unsigned int astray, misplaced;
static void look(uint64_t phys, unsigned int width)
{
	const uint32_t bars[] = {NIC_BAR0, NIC_TABLE | 4, 0, NIC_PORTS | 1, NIC_SMALL, 0};

	if (nic_word(CAP_AT_MSI) & 0x10000)
		astray += !is_own(nic_word(CAP_AT_MSI + 4), nic_word(CAP_AT_MSI + 8),
				  nic_word(CAP_AT_MSI + 12));
	for (unsigned int n = 0; (nic_word(CAP_AT_MSIX) >> 30) == 2 && n < NIC_VECTORS; n++) {
		if (!(table_word(n, 3) & 1))
			astray += !is_own(table_word(n, 0), table_word(n, 1), table_word(n, 2));
	}
	for (unsigned int n = 0; (nic_word(4) & 3) && n < FUNCTION_BARS; n++)
		misplaced += nic_word(0x10 + 4 * n) != bars[n];
	misplaced += (nic_word(4) & 0xffff & ~0x407u) || nic_word(EXT_AT_IOV + 8) ||
		     nic_word(CAP_AT_PCIE + 8) != 0x2810;
}

/* Mostly where something is. */
static unsigned int make_offset(void)
{
	static const uint16_t places[] = {0x04,		  0x10,
					  0x14,		  0x3c,
					  CAP_AT_MSI,	  CAP_AT_MSI + 4,
					  CAP_AT_MSI + 8, CAP_AT_MSI + 12,
					  CAP_AT_MSIX,	  CAP_AT_PCIE + 8,
					  EXT_AT_IOV + 8, EXT_AT_AER};
	uint64_t choice = mutator_next(&mutator);

	if (choice % 8 == 0)
		return choice >> 8 & 0xfff;
	return places[(choice >> 8) % 12] + (choice >> 16) % 4;
}

/* Often a message, or a part of one. */
static uint64_t make_value(void)
{
	static const uint64_t values[] = {0,	      ~0ull,   0xfee01000, 0xfee00000, 0xfee12000,
					  0x41,	      0x441,   0x8041,	   6,	       7,
					  0x80000000, 0x10001, 0x8000,	   1,	       0xfee0100c};
	uint64_t choice = mutator_next(&mutator);

	return choice % 4 ? values[(choice >> 8) % 15] : mutator_next(&mutator);
}

static void reset_by_device(void)
{
	struct fake_function *nic = &machine.functions[0];

	nic->words[1] &= ~0xffffu;
	nic->words[4] = 0;
	nic->words[5] = 4;
	nic->words[CAP_AT_MSI / 4] &= ~0x710000u;
	nic->words[CAP_AT_MSIX / 4] &= 0x3fffffff;
	mutator_fill(&mutator, machine.device + (NIC_TABLE - DEVICE), 0x30);
}

/* As a driver does, but for one of the steps now and then. */
static void set_up_message(void)
{
	const unsigned int cpu = cpu_of(ONE);
	uint64_t skip = mutator_next(&mutator), entry = NIC_TABLE + skip % NIC_VECTORS * 16;

	store(cpu, NIC_PAGE + 4, 2, 6);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 8, skip >> 8 & 7 ? MESSAGE_TO(cpu) : make_value());
	store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, skip >> 16 & 7 ? 0x41 : make_value());
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, skip >> 24 & 7 ? 1 : make_value());
	store(cpu, entry, 8, skip >> 32 & 7 ? MESSAGE_TO(cpu) : make_value());
	store(cpu, entry + 8, 8, skip >> 40 & 7 ? 0x42 : make_value());
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, skip >> 48 & 7 ? 0x8000 : make_value());
}

static void one_access(void)
{
	uint64_t choice = mutator_next(&mutator);
	unsigned int cpu = choice % 8 ? cpu_of(ONE) : 0, width = 1u << (choice >> 8) % 4;
	unsigned int offset = make_offset();

	switch ((choice >> 16) % 5) {
	case 0:
		by_port(cpu, 0x80000000u | NIC << 8 | (offset & 0xfc), 0xcfc, 4);
		if (width < 8)
			port_write(cpu, 0xcfc + offset % 4, width, make_value());
		break;
	case 1:
		store(cpu, NIC_TABLE + (choice >> 24) % 0x34, width, make_value());
		break;
	case 2:
		load(cpu, NIC_PAGE + offset, width);
		load(cpu, NIC_TABLE + (choice >> 24) % 0x1000, width);
		break;
	default:
		store(cpu, NIC_PAGE + offset, width, make_value());
	}
	if ((choice >> 40) % 64 == 3)
		set_up_message();
	if ((choice >> 40) % 256 == 0)
		reset_by_device();
	if ((choice >> 40) % 1024 == 1)
		machine_hypercall(HC_CELL_START, 1, 0);
}

static void test_accesses(struct tap *tap)
{
	unsigned int on = 0;

	open_nic();
	machine.on_device_write = look;
	for (unsigned int n = 0; n < ACCESSES; n++) {
		one_access();
		on += nic_word(CAP_AT_MSI) >> 16 & 1;
		on += nic_word(CAP_AT_MSIX) >> 31;
	}
	tap_is_u64(tap, astray, 0, "no message went astray");
	tap_is_u64(tap, misplaced, 0, "nothing was switched on or decoded that is not the cell's");
	tap_ok(tap, on > ACCESSES / 100, "messages were on now and then");
	tap_note(tap, "  %u of %u", on, 2 * ACCESSES);
}

/* Where a cell has come of it, it can be used and goes again. */
static bool try_cell(struct tap *tap)
{
	struct fake_function *nic = &machine.functions[0];
	uint64_t view[VIEW_PAGES], after[VIEW_PAGES];
	struct nic_plan p;
	uint32_t used;
	bool made;

	open_linked();
	build_nic();
	plan_nic(&p, ONE);
	for (uint64_t n = mutator_next(&mutator) % 3; n > 0; n--)
		nic->words[make_offset() / 4] = mutator_next(&mutator);
	if (mutator_next(&mutator) % 4 == 0)
		mutator_damage(&mutator, (uint8_t *)&p.device, sizeof(p.device), sizeof(p.device));
	if (mutator_next(&mutator) % 4 == 0)
		mutator_damage(&mutator, (uint8_t *)p.caps, sizeof(p.caps), sizeof(p.caps));
	machine_view(&root_cell, view);
	used = page_pool_used();
	made = machine_create(&p.plan) == 0;
	if (made) {
		machine_hypercall(HC_CELL_START, 1, 0);
		for (unsigned int n = 0; n < 50; n++)
			one_access();
		if (pci_functions && machine_lookup(&root_cell, pci_functions->config))
			wrong(tap, "root reaches configuration space of a cell's function");
		if (destroy_linked(ONE))
			wrong(tap, "a cell does not go");
	}
	machine_view(&root_cell, after);
	if (memcmp(view, after, sizeof(view)) || used != page_pool_used() || pci_functions)
		wrong(tap, "root has not got back what it had");
	if (machine.stale_entries || machine.released_early || machine.reused_early)
		wrong(tap, "somebody went on with what had been taken");
	return made;
}

static void test_cells(struct tap *tap)
{
	unsigned int made = 0;

	for (unsigned int n = 0; n < CELLS; n++)
		made += try_cell(tap);
	tap_is_u64(tap, broken, 0, "whatever blob and hardware say, root has all of it afterwards");
	tap_ok(tap, made > CELLS / 20 && made < CELLS, "some of them are cells");
	tap_note(tap, "  %u of %u", made, CELLS);
}

int main(void)
{
	struct tap tap = {0};

	test_accesses(&tap);
	test_cells(&tap);
	return tap_done(&tap);
}
