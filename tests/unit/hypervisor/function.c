// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function of the machine that a cell has: configuration space by both doors as its policy says,
 * how it comes and goes, and what root sees of it meanwhile.
 */
#include "function_cell.h"

#include "lib/blob/blob_claims.h"
#include "tests/lib/tap.h"

#define NO_INTX 0x0400u

static void test_header(struct tap *tap)
{
	static const struct {
		unsigned int at;
		uint32_t value;
		const char *what;
	} words[] = {
		{0x00, 0x10d38086, "vendor and device"},
		{0x04, 0x00100000, "status, and a command with nothing on"},
		{0x08, 0x02000003, "class and revision"},
		{0x0c, 0x00800000, "header of type 0"},
		{0x10, GUEST_BAR0, "BAR 0, where the cell has its pages"},
		{0x14, NIC_TABLE | 4, "BAR 1, of 64 bits, which no region has"},
		{0x18, 0, "its upper half"},
		{0x1c, NIC_PORTS | 1, "BAR 3, ports"},
		{0x20, NIC_SMALL, "BAR 4"},
		{0x24, 0, "no BAR 5"},
		{0x2c, 0xa1b2c3d4, "subsystem"},
		{0x30, 0, "no ROM, though there is one"},
		{0x34, CAP_AT_PM, "where capabilities begin"},
		{0x3c, 0, "no pin, as the cell has none"},
		{CAP_AT_PCIE, 0x00029010, "a capability that is not listed"},
		{EXT_AT_AER, 0x14010001, "an extended one"},
		{0xffc, 0, "the end"},
	};

	for (unsigned int n = 0; n < sizeof(words) / sizeof(words[0]); n++) {
		tap_is_u64(tap, load(cpu_of(ONE), NIC_PAGE + words[n].at, 4), words[n].value,
			   "0x%x: %s", words[n].at, words[n].what);
		if (words[n].at < 0x100)
			tap_is_u64(tap,
				   by_port(cpu_of(ONE), 0x80000000u | NIC << 8 | words[n].at, 0xcfc,
					   4),
				   words[n].value, "0x%x by ports", words[n].at);
	}
}

/* What the cell may write, as it reads it; and what of that comes to the hardware. */
static const struct row {
	unsigned int at;
	uint32_t cell, hardware;
} rows[] = {
	{0x04, 0x0407, 0x0007},	      {0x0c, 0xffff, 0xffff},	{0x10, 0xffffe000, 0},
	{0x14, 0xfffff000, 0},	      {0x18, 0xffffffff, 0},	{0x1c, 0xffffffe0, 0},
	{0x20, 0xffffff00, 0},	      {0x3c, 0xff, 0},		{CAP_AT_PM + 4, 0x8003, 0x8003},
	{CAP_AT_MSI, 0x00710000, 0},  {CAP_AT_MSI + 4, ~3u, 0}, {CAP_AT_MSI + 8, ~0u, 0},
	{CAP_AT_MSI + 12, 0xffff, 0}, {CAP_AT_MSI + 16, 3, 3},	{CAP_AT_MSIX, 0xc0000000, 0},
	{EXT_AT_AER + 8, ~0u, ~0u},
};

static struct row row_of(unsigned int at)
{
	for (unsigned int n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		if (rows[n].at == at)
			return rows[n];
	}
	return (struct row){at, 0, 0};
}

static void test_policy(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	unsigned int differ = 0;

	for (unsigned int at = 0; at < 0x1000; at += at < 0x180 ? 4 : 0x3c) {
		const struct row row = row_of(at);
		uint32_t before = load(cpu, NIC_PAGE + at, 4), was = nic_word(at), ones, there;

		store(cpu, NIC_PAGE + at, 4, ~0u);
		ones = load(cpu, NIC_PAGE + at, 4);
		there = nic_word(at);
		store(cpu, NIC_PAGE + at, 4, 0);
		if (ones != (before | row.cell) || (there & ~was & ~row.hardware) ||
		    (there & row.hardware) != row.hardware ||
		    load(cpu, NIC_PAGE + at, 4) != (before & ~row.cell)) {
			tap_note(tap, "0x%x: 0x%x becomes 0x%x, in hardware 0x%x 0x%x", at, before,
				 ones, was, there);
			differ++;
		}
		store(cpu, NIC_PAGE + at, 4, before);
	}
	tap_is_u64(tap, differ, 0, "a cell writes what it may and nothing else");
	tap_is_u64(tap, nic_word(0x04) & 0xffff, NO_INTX, "INTx is off, as the cell has no pin");
	tap_is_u64(tap, nic_word(EXT_AT_IOV + 8), 0,
		   "virtual functions are not to be had, whatever the blob says");
	tap_is_u64(tap, nic_word(CAP_AT_PCIE + 8), 0x2810,
		   "a capability that is not listed is not written; errors are told nobody");
	tap_is_u64(tap, nic_word(CAP_AT_VPD), 3, "nor one that is listed as read-only");
}

static void test_widths(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	const uint32_t enable = 0x80000000u | NIC << 8;

	tap_ok(tap,
	       load(cpu, NIC_PAGE + 2, 2) == 0x10d3 && load(cpu, NIC_PAGE + 1, 2) == 0xd380 &&
		       load(cpu, NIC_PAGE + 3, 1) == 0x10 &&
		       load(cpu, NIC_PAGE + 2, 4) == 0x000010d3 &&
		       load(cpu, NIC_PAGE, 8) == 0x0010000010d38086ull,
	       "every width, aligned or not");
	tap_ok(tap,
	       by_port(cpu, enable, 0xcfe, 2) == 0x10d3 && port_read(cpu, 0xcfd, 2) == 0xd380 &&
		       port_read(cpu, 0xcff, 1) == 0x10,
	       "by ports as well");
	store(cpu, NIC_PAGE + EXT_AT_AER + 9, 1, 0xab);
	tap_is_u64(tap, nic_word(EXT_AT_AER + 8), 0xab00, "a byte is written alone");
	store(cpu, NIC_PAGE + EXT_AT_AER + 9, 2, 0x1234);
	tap_is_u64(tap, nic_word(EXT_AT_AER + 8), 0x123400, "half a word in its middle");
	store(cpu, NIC_PAGE + EXT_AT_AER + 10, 2, 0x5678);
	tap_is_u64(tap, nic_word(EXT_AT_AER + 8), 0x56783400, "its upper half");
	by_port(cpu, enable | (CAP_AT_PM + 4), 0xcfc, 4);
	port_write(cpu, 0xcfd, 1, 0x81);
	tap_is_u64(tap, nic_word(CAP_AT_PM + 4), 0x8000,
		   "and by ports; but for what would wake the machine");
	tap_ok(tap,
	       load(cpu, OTHER_PAGE, 4) == 0xffffffff && store(cpu, OTHER_PAGE + 0x40, 4, 5) &&
		       machine.functions[1].words[0x10] == 0,
	       "of root's functions the cell sees nothing");
	tap_is_u64(tap, machine.pci_accesses, 0, "the machine's ports are untouched by all that");
}

/* The device is there again when the command is written. */
static void come_back(uint64_t phys, unsigned int width)
{
	if (phys != NIC_PAGE + 0x10)
		return;
	set_word(&machine.functions[0], 0x04, 0x00100000, 0x547);
	set_word(&machine.functions[0], 0x10, 0, 0xffffe000);
}

static void test_bars(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);

	store(cpu, NIC_PAGE + 0x10, 4, ~0u);
	tap_is_u64(tap, load(cpu, NIC_PAGE + 0x10, 4), 0xffffe000, "a BAR says how large it is");
	store(cpu, NIC_PAGE + 0x14, 8, ~0ull);
	tap_is_u64(tap, load(cpu, NIC_PAGE + 0x14, 8), 0xfffffffffffff004ull, "one of 64 bits");
	store(cpu, NIC_PAGE + 0x10, 4, 0x12345678);
	tap_ok(tap,
	       load(cpu, NIC_PAGE + 0x10, 4) == 0x12344000 && nic_word(0x10) == NIC_BAR0 &&
		       nic_word(0x14) == (NIC_TABLE | 4),
	       "what the cell writes there is its own affair: the hardware's stay");
	/* As a reset by the cell leaves it. */
	store(cpu, NIC_PAGE + 4, 2, 6);
	set_word(&machine.functions[0], 0x04, 0x00100000, 0x547);
	set_word(&machine.functions[0], 0x10, 0, 0xffffe000);
	tap_is_u64(tap, load(cpu, NIC_PAGE + 4, 2), 0, "the cell sees that nothing is decoded");
	store(cpu, NIC_PAGE + 4, 2, 6);
	tap_ok(tap, nic_word(0x10) == NIC_BAR0 && (nic_word(0x04) & 7) == 6,
	       "after a reset they are back before anything is decoded");
	/* In the middle of one: it reads as all ones, and what is written is lost. */
	set_word(&machine.functions[0], 0x04, ~0u, 0);
	set_word(&machine.functions[0], 0x10, ~0u, 0);
	machine.on_device_write = come_back;
	store(cpu, NIC_PAGE + 4, 2, 6);
	machine.on_device_write = NULL;
	tap_is_u64(tap, nic_word(0x04) & 0x547, NO_INTX,
		   "one that comes back too late for its BARs decodes nothing");
	store(cpu, NIC_PAGE + 4, 2, 6);
	tap_ok(tap, nic_word(0x10) == NIC_BAR0 && (nic_word(0x04) & 0x547) == (NO_INTX | 6),
	       "until it is told once more");
}

static unsigned int on_bits; /* of the command, when a BAR was written */
static unsigned int early;   /* writes before root's CPUs had forgotten that they reach it */
static void look_at_bars(uint64_t phys, unsigned int width)
{
	early += (~machine.flushed & root_cell.cpus.word[0]) != 0;
	if (phys - NIC_PAGE >= 0x10 && phys - NIC_PAGE < 0x28)
		on_bits |= nic_word(4) & 7;
}

/* Nothing is on but what the cell has switched on, while it runs. */
static bool stands_still(void)
{
	return (nic_word(0x04) & 0xffff) == NO_INTX && !(nic_word(CAP_AT_MSI) & 0x10000) &&
	       !(nic_word(CAP_AT_MSIX) & 0x80000000);
}

static void switch_on(void)
{
	const unsigned int cpu = cpu_of(ONE);

	store(cpu, NIC_PAGE + 4, 2, 7);
	store(cpu, NIC_PAGE + 0x10, 4, 0);
	store(cpu, NIC_PAGE + 0x3c, 1, 5);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4, MESSAGE_TO(cpu));
	store(cpu, NIC_PAGE + CAP_AT_MSI + 12, 2, 0x40);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 16, 4, 2);
	store(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2, 1);
	store(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2, 0x8000);
	if ((nic_word(4) & 7) != 7 || !(nic_word(CAP_AT_MSI) & 0x10000) ||
	    !(nic_word(CAP_AT_MSIX) & 0x80000000))
		machine_give_up("the function cannot be switched on");
}

static bool is_fresh(void)
{
	const unsigned int cpu = cpu_of(ONE);

	return load(cpu, NIC_PAGE + 4, 2) == 0 && load(cpu, NIC_PAGE + 0x10, 4) == GUEST_BAR0 &&
	       load(cpu, NIC_PAGE + 0x3c, 1) == 0 && load(cpu, NIC_PAGE + CAP_AT_MSI + 4, 4) == 0 &&
	       load(cpu, NIC_PAGE + CAP_AT_MSI + 2, 2) == 0x182 &&
	       load(cpu, NIC_PAGE + CAP_AT_MSIX + 2, 2) == NIC_VECTORS - 1;
}

static int fail_cell(uint64_t argument)
{
	cell_fail(this_cpu());
	return 0;
}

/* As by an exception in the middle of an access to the function. */
static int fail_in_access(uint64_t argument)
{
	spin_lock(&pci_functions->lock);
	return fail_cell(argument);
}

static void test_ends(struct tap *tap)
{
	const unsigned int cpu = cpu_of(ONE);
	uint64_t clock;

	open_linked();
	build_nic();
	machine.on_device_write = look_at_bars;
	on_bits = early = 0;
	machine.flushed = 0;
	create_nic(ONE);
	tap_is_u64(tap, early, 0, "it is looked at when root does not reach it any more");
	tap_ok(tap, stands_still() && !(nic_word(0x30) & 1),
	       "what Linux has left on is off when a cell gets it, its ROM too");
	tap_ok(tap,
	       on_bits == 0 && nic_word(0x10) == NIC_BAR0 && nic_word(0x14) == (NIC_TABLE | 4) &&
		       nic_word(0x18) == 0 && nic_word(0x20) == NIC_SMALL,
	       "its BARs were looked at while nothing was decoded, and are as they were");
	store(cpu, NIC_PAGE + 4, 2, 7);
	tap_ok(tap, stands_still(), "a cell that does not run switches nothing on");
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	machine_hypercall(HC_CELL_START, 1, 0);
	tap_ok(tap, stands_still() && is_fresh(), "a start gives it a fresh one");
	switch_on();
	machine_call(cpu, fail_cell, 0);
	tap_ok(tap, stands_still(), "when the cell fails it stands still");
	store(cpu, NIC_PAGE + 4, 2, 7);
	store(cpu, NIC_PAGE + EXT_AT_AER + 8, 4, 7);
	tap_ok(tap, stands_still() && nic_word(EXT_AT_AER + 8) == 0,
	       "whatever its CPUs still write");
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	clock = machine.clock;
	machine_call(cpu, fail_in_access, 0);
	tap_ok(tap, stands_still() && machine.clock - clock < 100 * CLOCK_STEP,
	       "at once, also where that CPU had it in hand");
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	machine_hypercall(HC_CV_CELL_KILL, 1, 0);
	tap_ok(tap, stands_still(), "when it is killed as well");
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	cell_by_id(1)->comm->cell_state = CELL_SHUT_DOWN;
	machine_hypercall(HC_CV_CELL_KILL, 1, 0);
	tap_ok(tap, stands_still(), "also where it had ended by itself");
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	machine_hypercall(HC_CELL_SET_LOADABLE, 1, 0);
	tap_ok(tap, stands_still(), "and when it is shut down");
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	destroy_linked(ONE);
	tap_ok(tap, stands_still() && nic_word(0x10) == NIC_BAR0,
	       "and root gets it so back, where it was");
	tap_ok(tap,
	       nic_word(CAP_AT_MSI + 4) == 0 && nic_word(CAP_AT_MSI + 12) == 0 &&
		       nic_word(CAP_AT_MSI + 16) == 0 && !(nic_word(CAP_AT_MSIX) & 0xc0000000),
	       "with nothing of the cell's messages in it");
}

/* Its memory is cleared piece by piece. */
static void test_clearing(struct tap *tap)
{
	struct nic_plan p;

	open_linked();
	build_nic();
	plan_nic(&p, ONE);
	p.memory[0].phys_start = 0x600000;
	p.memory[0].size = 0x200000;
	p.memory[1].virt_start = 0x200000;
	machine_create(&p.plan);
	machine_hypercall(HC_CELL_START, 1, 0);
	switch_on();
	tap_ok(tap, machine_hypercall(HC_CELL_DESTROY, 1, 0) == -EINPROGRESS && stands_still(),
	       "it stands still before any memory of its cell is cleared");
}

/* Memory of the machine that root reaches by itself. */
static bool root_has(uint64_t page)
{
	return machine_lookup(&root_cell, page) != 0;
}

/* It does not reach configuration space by the machine's data port. */
static bool root_exits(void)
{
	return root_cell.arch.io_bitmap[0xcfc / 8] >> 0xcfc % 8 & 1;
}

static void test_root(struct tap *tap)
{
	const uint32_t enable = 0x80000000u | NIC << 8, other = 0x80000000u | OTHER << 8;
	uint64_t view[VIEW_PAGES], after[VIEW_PAGES];
	uint32_t used, refused;

	open_linked();
	build_nic();
	machine_view(&root_cell, view);
	used = page_pool_used();
	tap_ok(tap, root_has(NIC_PAGE) && root_has(NIC_BAR0) && root_has(NIC_TABLE),
	       "control: root has the function");
	machine.pci_data = 0x5555aaaa;
	tap_ok(tap, by_port(0, other, 0xcfc, 4) == 0xffffffff && !root_exits(),
	       "control: root's ports are its own, no exit answers them");
	create_nic(ONE);
	tap_ok(tap, root_exits(), "those of configuration space are not, while a cell has one");
	tap_ok(tap, !root_has(NIC_PAGE) && root_has(OTHER_PAGE), "it loses its page, no other");
	tap_ok(tap,
	       !root_has(NIC_BAR0) && !root_has(NIC_BAR0 + 0x1000) && !root_has(NIC_TABLE) &&
		       root_has(NIC_BAR0 + 0x2000) && root_has(NIC_TABLE + 0x1000),
	       "and all pages of its registers, those too that the cell does not name");
	refused = public_area.root_violations;
	tap_ok(tap,
	       load(0, NIC_PAGE, 4) == 0xffffffff && load(0, NIC_PAGE + 0x40, 1) == 0xff &&
		       store(0, NIC_PAGE + 4, 2, 7) && stands_still(),
	       "root reads all ones there and writes nothing");
	tap_ok(tap,
	       by_port(0, enable, 0xcfc, 4) == 0xffffffff && by_port(0, enable, 0xcfe, 2) == 0xffff,
	       "so by ports");
	machine.pci_address = enable | 4;
	port_write(0, 0xcfc, 2, 7);
	tap_ok(tap, stands_still(), "to which it writes nothing either");
	tap_is_u64(tap, public_area.root_violations - refused, 6, "each is told as refused");
	tap_ok(tap,
	       by_port(0, other, 0xcfc, 4) == 0x12345678 && by_port(0, other, 0xcfd, 2) == 0x3456 &&
		       by_port(0, other, 0xcff, 1) == 0x12,
	       "root's other functions it reaches by ports as ever");
	machine.pci_address = other | 0x40;
	port_write(0, 0xcfd, 2, 0xabcd);
	tap_is_u64(tap, machine.functions[1].words[0x10], 0xabcd00, "and writes them");
	tap_ok(tap, by_port(0, other & 0x7fffffff, 0xcfc, 4) == 0xffffffff,
	       "not by an address that is not enabled");
	tap_is_u64(tap, machine.pci_accesses, 0,
		   "what is at the machine's ports nobody accesses meanwhile");
	destroy_linked(ONE);
	machine_view(&root_cell, after);
	tap_ok(tap,
	       memcmp(view, after, sizeof(view)) == 0 && root_has(NIC_PAGE) &&
		       page_pool_used() == used && !root_cell.io[IO_PORTS] && !root_exits(),
	       "root gets all of it back, and the pool its pages");
	tap_ok(tap, create_nic(TWO) == 0, "another cell may have it then");
}

static void test_few_rights(struct tap *tap)
{
	const struct blob_irqchip pins = {IO_APIC, 0, 0, {4}};
	struct nic_plan p;

	open_linked();
	build_nic();
	plan_nic(&p, ONE);
	p.memory[0].flags &= ~(uint64_t)BLOB_MEM_DMA;
	/* Which is the hypervisor's. */
	p.memory[1].flags |= BLOB_MEM_DMA;
	p.pio.length--;
	machine_create(&p.plan);
	machine_hypercall(HC_CELL_START, 1, 0);
	store(cpu_of(ONE), NIC_PAGE + 4, 2, 0xffff);
	tap_ok(tap, load(cpu_of(ONE), NIC_PAGE + 4, 2) == 0x402 && (nic_word(4) & 0xffff) == 0x402,
	       "no ports without the cell's having all of them, no bus master without its memory "
	       "for DMA");
	open_linked();
	build_nic();
	p.plan.irqchips = &pins;
	p.plan.num_irqchips = 1;
	tap_is_u64(tap, machine_create(&p.plan), 0, "a cell with a pin");
	machine_hypercall(HC_CELL_START, 1, 0);
	store(cpu_of(ONE), NIC_PAGE + 4, 2, 2);
	tap_ok(tap, load(cpu_of(ONE), NIC_PAGE + 0x3d, 1) == 1 && (nic_word(4) & 0xffff) == 2,
	       "may have INTx");
}

/* Whatever page is missing, all is as before. */
static void test_no_pages(struct tap *tap)
{
	uint64_t view[VIEW_PAGES], after[VIEW_PAGES];
	unsigned int left = 0, wrong = 0;
	uint32_t used;
	int err;

	open_linked();
	build_nic();
	create_nic(ONE);
	destroy_linked(ONE);
	machine_view(&root_cell, view);
	used = page_pool_used();
	for (;; left++) {
		machine.pages_until_failure = left;
		err = create_nic(ONE);
		if (!err)
			break;
		machine_view(&root_cell, after);
		wrong += err != -ENOMEM || memcmp(view, after, sizeof(view)) != 0 ||
			 page_pool_used() != used || pci_functions || !root_has(NIC_PAGE);
	}
	machine.pages_until_failure = PAGES_ALL;
	tap_ok(tap, left > 5 && wrong == 0, "without any one page nothing has changed");
	tap_note(tap, "  %u pages", left);
	tap_is_u64(tap, machine.stale_entries + machine.released_early + machine.reused_early, 0,
		   "nobody went on with what was taken");
}

int main(void)
{
	struct tap tap = {0};

	open_nic();
	test_header(&tap);
	test_policy(&tap);
	open_nic();
	test_widths(&tap);
	test_bars(&tap);
	test_ends(&tap);
	test_clearing(&tap);
	test_root(&tap);
	test_few_rights(&tap);
	test_no_pages(&tap);
	return tap_done(&tap);
}
