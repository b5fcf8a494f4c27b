// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of a function that a cell has. After each write to the hardware it is looked at: at no
 * moment it may send what is not a fixed interrupt of the cell's own CPU.
 */
#include "function_cell.h"

#include "tests/lib/tap.h"

#define MSI_ON	(nic_word(CAP_AT_MSI) & 0x10000)
#define MSIX_ON ((nic_word(CAP_AT_MSIX) & 0xc0000000) == 0x80000000)
#define ENTRY	NIC_TABLE

static unsigned int astray;

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

static void look_at_messages(uint64_t phys, unsigned int width)
{
	if (MSI_ON)
		astray += !is_own(nic_word(CAP_AT_MSI + 4), nic_word(CAP_AT_MSI + 8),
				  nic_word(CAP_AT_MSI + 12));
	for (unsigned int n = 0; MSIX_ON && n < NIC_VECTORS; n++) {
		if (!(table_word(n, 3) & 1))
			astray += !is_own(table_word(n, 0), table_word(n, 1), table_word(n, 2));
	}
}

static void open_messages(void)
{
	open_nic();
	/* What somebody has left there. */
	memset(machine.device + (NIC_TABLE - DEVICE), 0x40, 0x800);
	machine.on_device_write = look_at_messages;
	store(cpu_of(ONE), NIC_PAGE + 4, 2, 6);
	astray = 0;
}

static const struct message {
	uint32_t address, upper, data;
	bool sent;
	const char *what;
} messages[] = {
	{0xfee01000, 0, 0x41, true, "its own CPU"},
	{0xfee01000, 0, 0x4141, true, "asserted"},
	{0xfee01003, 0, 0x41, true, "with reserved bits"},
	{0xfee01000, 0, 0x10, true, "the lowest vector"},
	{0xfeeff000, 0, 0x41, true, "all, which is its own"},
	{0xfee01000, 0, 0x141, true, "the lowest priority"},
	{0xfee20004, 0, 0x41, true, "a logical id that it has"},
	{0xfee12000, 0, 0x41, false, "another cell's CPU"},
	{0xfee00000, 0, 0x41, false, "a CPU of Linux"},
	{0xfee40004, 0, 0x41, false, "a logical id that it has not"},
	{0xfee01000, 1, 0x41, false, "an address beyond"},
	{0x00401000, 0, 0x41, false, "memory"},
	{0xfee01010, 0, 0x41, false, "a message to be remapped"},
	{0xfee01000, 0, 0x0e, false, "a vector of exceptions"},
	{0xfee01000, 0, 0x241, false, "SMI"},
	{0xfee01000, 0, 0x441, false, "NMI"},
	{0xfee01000, 0, 0x541, false, "INIT"},
	{0xfee01000, 0, 0x741, false, "ExtINT"},
	{0xfee01000, 0, 0x8041, false, "a level"},
};
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static void test_msi(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	cpu_by_id(cpu)->arch.apic_ldr = 0x20u << 24;
	for (unsigned int n = 0; n < MESSAGES; n++) {
		const struct message *m = &messages[n];

		store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 0);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4, m->address);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 8, 4, m->upper);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, m->data);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
		tap_ok(tap,
		       !MSI_ON == !m->sent &&
			       (!m->sent || nic_word(CAP_AT_MSI + 12) == (m->data & 0xff)),
		       "MSI: %s is %s", m->what, m->sent ? "sent" : "not sent");
		tap_ok(tap,
		       load(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4) == (m->address & ~3u) &&
			       load(cpu, NIC_PAGE + CAP_AT_MSI + 8, 4) == m->upper &&
			       load(cpu, NIC_PAGE + CAP_AT_MSI + 12, 4) == m->data &&
			       (load(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2) & 1),
		       "the cell reads what it wrote");
	}
	tap_ok(tap, machine_said("cell one: PCI device 0x18: message 0x"), "what is none is told");
}

/* While it is on. */
static void test_msi_changes(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 8, MESSAGE_TO(cpu));
	store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, 0x51);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	tap_ok(tap, MSI_ON && nic_word(CAP_AT_MSI + 12) == 0x51, "MSI is on");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4, MESSAGE_TO(0));
	tap_ok(tap, !MSI_ON, "it is not while it would interrupt Linux");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 5, 1, MESSAGE_TO(cpu) >> 8 & 0xff);
	tap_ok(tap, MSI_ON, "it is again, by the byte that says who");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 0x11);
	tap_ok(tap,
	       MSI_ON && nic_word(CAP_AT_MSI + 12) == 0x50 &&
		       (nic_word(CAP_AT_MSI) & 0x700000) == 0x100000,
	       "of two vectors the first is even");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 0x21);
	tap_ok(tap, !MSI_ON, "there are not four");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 16, 4, 1);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 20, 4, 2);
	tap_is_u64(tap, nic_word(CAP_AT_MSI + 16), 1, "one of them is masked");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	/* A reset by the cell. */
	set_word(&machine.functions[0], CAP_AT_MSI, 0x01820005 | CAP_AT_MSIX << 8, 0x00710000);
	set_word(&machine.functions[0], CAP_AT_MSI + 4, 0, ~3u);
	set_word(&machine.functions[0], CAP_AT_MSI + 12, 0, 0xffff);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 8, MESSAGE_TO(cpu));
	store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, 0x51);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	tap_ok(tap, MSI_ON && nic_word(CAP_AT_MSI + 12) == 0x51,
	       "after a reset the same message is written anew");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 0);
	tap_ok(tap, !MSI_ON && (load(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2) & 1) == 0, "MSI is off");
	tap_is_u64(tap, astray, 0, "at no moment a message went astray");
}

static void write_entry(unsigned int n, const struct message *m)
{
	const unsigned int cpu = cpu_of(ONE);

	store(cpu, ENTRY + n * 16 + 12, 4, 1);
	store(cpu, ENTRY + n * 16, 4, m->address);
	store(cpu, ENTRY + n * 16 + 4, 4, m->upper);
	store(cpu, ENTRY + n * 16 + 8, 4, m->data);
	store(cpu, ENTRY + n * 16 + 12, 4, 0);
}

static void test_msix(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	cpu_by_id(cpu)->arch.apic_ldr = 0x20u << 24;
	tap_ok(tap,
	       load(cpu, ENTRY, 8) == 0 && load(cpu, ENTRY + 8, 8) == 0x100000000ull &&
		       table_word(0, 0) == 0x40404040,
	       "the table is the cell's own, and fresh");
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	tap_ok(tap,
	       MSIX_ON && (table_word(0, 3) & 1) && (table_word(1, 3) & 1) &&
		       (table_word(2, 3) & 1),
	       "what was in the hardware's is masked before MSI-X is on");
	for (unsigned int n = 0; n < MESSAGES; n++) {
		const struct message *m = &messages[n];

		write_entry(1, m);
		tap_ok(tap,
		       (table_word(1, 3) & 1) == !m->sent &&
			       (!m->sent || table_word(1, 2) == (m->data & 0xff)),
		       "MSI-X: %s is %s", m->what, m->sent ? "sent" : "not sent");
		tap_ok(tap,
		       load(cpu, ENTRY + 16, 4) == (m->address & ~3u) &&
			       load(cpu, ENTRY + 20, 4) == m->upper &&
			       load(cpu, ENTRY + 24, 8) == m->data,
		       "the cell reads what it wrote");
	}
}

static void test_msix_changes(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	unsigned int others = 0;

	write_entry(2, &messages[0]);
	tap_ok(tap, !(table_word(2, 3) & 1) && !MSIX_ON, "off, an entry waits in the table");
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0xc000);
	tap_ok(tap, (nic_word(CAP_AT_MSIX) & 0xc0000000) == 0xc0000000,
	       "all can be masked at once");
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	tap_ok(tap, MSIX_ON && !(table_word(2, 3) & 1), "with MSI-X on it is there");
	store(cpu, ENTRY + 32, 4, MESSAGE_TO(2));
	tap_ok(tap, table_word(2, 3) & 1, "changed to another's CPU it is masked");
	store(cpu, ENTRY + 32, 8, MESSAGE_TO(cpu));
	tap_ok(tap, !(table_word(2, 3) & 1), "and comes back");
	store(cpu, ENTRY + 32 + 12, 4, ~0u);
	tap_ok(tap, (table_word(2, 3) & 1) && load(cpu, ENTRY + 32 + 12, 4) == 1,
	       "the cell masks it by one bit, the others are nothing");
	store(cpu, ENTRY + 32 + 12, 4, 0);
	store(cpu, NIC_PAGE + 4, 2, 4);
	tap_ok(tap, !MSIX_ON, "no MSI-X without memory decoding: nobody could change the table");
	store(cpu, NIC_PAGE + 4, 2, 6);
	tap_ok(tap, MSIX_ON && !(table_word(2, 3) & 1), "with it there is");
	/* A reset by the cell. */
	memset(machine.device + (NIC_TABLE - DEVICE), 0x77, 0x30);
	machine.functions[0].words[CAP_AT_MSIX / 4] &= 0x3fffffff;
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	tap_ok(tap, MSIX_ON && !(table_word(2, 3) & 1) && (table_word(0, 3) & 1),
	       "after a reset the table is written anew");
	/* Another one, after which it is switched on before the table can be reached. */
	set_word(&machine.functions[0], 0x04, 0x00100000, 0x547);
	machine.functions[0].words[CAP_AT_MSIX / 4] &= 0x3fffffff;
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	memset(machine.device + (NIC_TABLE - DEVICE), 0x77, 0x30);
	store(cpu, NIC_PAGE + 4, 2, 6);
	tap_ok(tap, MSIX_ON && !(table_word(2, 3) & 1) && (table_word(0, 3) & 1),
	       "as well where the cell has switched it on too early");
	store(cpu, ENTRY, 1, 5);
	store(cpu, ENTRY + 2, 4, 5);
	store(cpu, ENTRY + 4, 8, 5);
	tap_is_u64(tap, load(cpu, ENTRY, 8), 0, "no access that is narrow or not aligned");
	memset(machine.device + (NIC_TABLE - DEVICE) + 0x800, 0xa5, 4);
	memset(machine.device + (NIC_TABLE - DEVICE) + 0x30, 0xa5, 0x10);
	for (unsigned int at = 0x30; at < 0x1000; at += at < 0x80 ? 4 : 0x3c) {
		uint32_t was = load(cpu, NIC_TABLE + at, 4);

		store(cpu, NIC_TABLE + at, 4, ~was);
		others += load(cpu, NIC_TABLE + at, 4) != was;
	}
	tap_ok(tap, others == 0 && load(cpu, NIC_TABLE + 0x800, 4) == 0xa5a5a5a5,
	       "beside it pending bits are read, and nothing written");
	tap_ok(tap,
	       load(cpu, ENTRY + 0x30, 8) == 0xa5a5a5a5a5a5a5a5ull &&
		       load(cpu, ENTRY + 0x38, 8) == 0xa5a5a5a5a5a5a5a5ull,
	       "nor in what would be the next entry");
	tap_is_u64(tap, astray, 0, "at no moment a message went astray");
}

/* What the blob does not give. */
static void test_none(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	struct nic_plan p;

	open_linked();
	build_nic();
	plan_nic(&p, ONE);
	p.device.num_msi_vectors = p.device.num_msix_vectors = 0;
	if (machine_create(&p.plan) || machine_hypercall(HC_CELL_START, 1, 0))
		machine_give_up("the cell cannot be made");
	machine.on_device_write = look_at_messages;
	store(cpu, NIC_PAGE + 4, 2, 6);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 8, MESSAGE_TO(cpu));
	store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, 0x51);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	tap_ok(tap,
	       !MSI_ON && !(nic_word(CAP_AT_MSIX) & 0x80000000) &&
		       !(load(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2) & 1),
	       "without vectors of its own a cell has none");
	tap_ok(tap, !store(cpu, NIC_TABLE, 4, 0), "nor a table of them");
}

/* MSI as its words are here, and as many vectors as the blob gives. */
static void open_msi(uint32_t control, unsigned int len, unsigned int vectors)
{
	struct nic_plan p;

	open_linked();
	build_nic();
	set_word(&machine.functions[0], CAP_AT_MSI, control | 5 | CAP_AT_MSIX << 8, 0x00710000);
	plan_nic(&p, ONE);
	p.caps[1].len = len;
	p.device.num_msi_vectors = vectors;
	if (!(control & 0x01000000))
		set_word(&machine.functions[0], CAP_AT_MSI + 12, 0x12345678, ~0u);
	if (machine_create(&p.plan) || machine_hypercall(HC_CELL_START, 1, 0))
		machine_give_up("the cell cannot be made");
}

/* Entries beyond those that the blob tells are the cell's as well: the hardware's number counts. */
static void test_more_entries(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	struct nic_plan p;

	open_linked();
	build_nic();
	plan_nic(&p, ONE);
	p.device.num_msix_vectors = 1;
	if (machine_create(&p.plan) || machine_hypercall(HC_CELL_START, 1, 0))
		machine_give_up("the cell cannot be made");
	store(cpu, NIC_PAGE + 4, 2, 6);
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	tap_ok(tap, MSIX_ON && (table_word(2, 3) & 1), "an entry that is not told of is masked");
	write_entry(2, &messages[0]);
	tap_ok(tap, !(table_word(2, 3) & 1), "and the cell's");
}

/* More vectors than the hardware has, or than the cell. */
static void test_too_many(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	for (unsigned int vectors = 1; vectors <= 32; vectors += 31) {
		open_msi(0x01820000, 0x18, vectors);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 8, MESSAGE_TO(cpu));
		store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, 0x54);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 0x01);
		tap_ok(tap, MSI_ON, "control: of %u vectors one is on", vectors);
		store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, vectors == 1 ? 0x11 : 0x21);
		tap_ok(tap, !MSI_ON, "more than there are, are not");
	}
}

/* An address of 32 bits, behind which the data come, and no mask: what is behind is something else.
 */
static void test_narrow(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	open_msi(0x00020000, 10, 2);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4, MESSAGE_TO(cpu));
	store(cpu, NIC_PAGE + CAP_AT_MSI + 8, 4, 0x52);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	tap_ok(tap,
	       MSI_ON && nic_word(CAP_AT_MSI + 4) == MESSAGE_TO(cpu) &&
		       nic_word(CAP_AT_MSI + 8) == 0x52 &&
		       load(cpu, NIC_PAGE + CAP_AT_MSI + 8, 4) == 0x52,
	       "MSI with an address of 32 bits");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4, MESSAGE_TO(0));
	tap_ok(tap, !MSI_ON, "which is off while it would interrupt Linux");
	tap_is_u64(tap, nic_word(CAP_AT_MSI + 12), 0x12345678, "what is behind stays as it is");
}

/* MSI of ten bytes, and at once behind it something else that the cell may write. */
static void test_close_behind(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE), behind = CAP_AT_MSI + 12;
	struct fake_function *nic = &machine.functions[0];
	struct nic_plan p;

	open_linked();
	build_nic();
	set_word(nic, CAP_AT_MSI, 0x00020005 | behind << 8, 0x00710000);
	set_word(nic, CAP_AT_MSI + 8, 0, 0xffff);
	set_word(nic, behind, 0x00080009 | CAP_AT_MSIX << 8, 0);
	set_word(nic, behind + 4, 0, ~0u);
	plan_nic(&p, ONE);
	p.device.msi_flags = 0;
	p.caps[1].len = 10;
	p.caps[3] = (struct blob_pci_capability){9, behind, 8, BLOB_PCI_CAP_WRITABLE};
	if (machine_create(&p.plan) || machine_hypercall(HC_CELL_START, 1, 0))
		machine_give_up("the cell cannot be made");
	store(cpu, NIC_PAGE + behind + 4, 4, 0x12345678);
	tap_is_u64(tap, nic_word(behind + 4), 0x12345678,
		   "what is close behind an MSI without masks is written");
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4, MESSAGE_TO(cpu));
	store(cpu, NIC_PAGE + CAP_AT_MSI + 8, 2, 0x51);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	tap_ok(tap, MSI_ON && nic_word(CAP_AT_MSI + 8) == 0x51, "and such a one is switched on");
}

int main(void)
{
	struct tap tap = {0};

	open_messages();
	test_msi(&tap);
	open_messages();
	test_msi_changes(&tap);
	open_messages();
	test_msix(&tap);
	tap_is_u64(&tap, astray, 0, "at no moment a message went astray");
	open_messages();
	test_msix_changes(&tap);
	test_none(&tap);
	test_more_entries(&tap);
	test_too_many(&tap);
	test_narrow(&tap);
	test_close_behind(&tap);
	return tap_done(&tap);
}
