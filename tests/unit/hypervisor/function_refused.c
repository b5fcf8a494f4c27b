// SPDX-License-Identifier: GPL-2.0-only
/* Functions of the machine that no cell gets, or not so: by whose they are, and by what they are.
 */
#include "function_cell.h"

#include "arch/arch.h"
#include "tests/lib/tap.h"

/* What is wrong with a plan, or with the hardware. */

static void is_bridge(struct nic_plan *p)
{
	p->device.type = BLOB_PCI_BRIDGE;
}

static void is_absent(struct nic_plan *p)
{
	p->device.bdf = 0x28;
}

static void has_no_page(struct nic_plan *p)
{
	p->device.bdf = 0x100;
}

static void other_domain(struct nic_plan *p)
{
	p->device.domain = 1;
}

static void has_bridge_header(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x0c, 0x00010000, 0);
}

static void has_bridge_class(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x08, 0x06010000, 0);
}

static void is_iommu(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x08, 0x08060000, 0);
}

static void is_remapped(struct nic_plan *p)
{
	((struct blob_iommu *)system_desc->iommu_units)[0] = (struct blob_iommu){
		.type = BLOB_IOMMU_INTEL, .base = DEVICE + 0xf000, .size = 0x1000};
	machine.device[0xf01f] = 2;
}

static void is_remapped_without_msi(struct nic_plan *p)
{
	is_remapped(p);
	p->device.num_msi_vectors = 0;
}

static void interrupts_by_wire(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x04, 0x00100006, 0x00000147);
}

static void other_capability(struct nic_plan *p)
{
	p->caps[0].id = 9;
}

static void other_extended(struct nic_plan *p)
{
	p->caps[4].id = EXT(11);
}

static void capability_between(struct nic_plan *p)
{
	p->caps[0].start = CAP_AT_PM + 2;
}

static void enhanced_allocation(struct nic_plan *p)
{
	set_word(&machine.functions[0], CAP_AT_VPD, 0x00000014, 0);
	p->device.num_caps = 3;
}

static void bar_nowhere(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x10, 0, 0xffffe000);
}

static void bar_over_cell(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x10, 0x410000, 0xffffe000);
}

static void bar_over_linux(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x10, 0x600000, 0xffffe000);
}

static void bar_over_hypervisor(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x10, HV_START, 0xffffe000);
}

static void bar_over_pins(struct nic_plan *p)
{
	set_word(&machine.functions[0], 0x10, IO_APIC, 0xffffe000);
}

static void small_bar_unnamed(struct nic_plan *p)
{
	p->plan.num_memory = 3;
}

static void small_bar_in_part(struct nic_plan *p)
{
	p->memory[3].size--;
}

static void small_bar_shared(struct nic_plan *p)
{
	p->memory[3].flags |= BLOB_MEM_ROOTSHARED;
}

static void some_bytes(struct nic_plan *p)
{
	p->memory[2] = (struct blob_memory){NIC_BAR0 + 0x1100, GUEST_BAR0 + 0x1100, 0x100,
					    RW | BLOB_MEM_IO};
}

static void no_msix(struct nic_plan *p)
{
	set_word(&machine.functions[0], CAP_AT_MSIX, 0x00020009 | CAP_AT_PCIE << 8, 0);
	p->caps[2].id = 9;
}

static void table_elsewhere(struct nic_plan *p)
{
	p->device.msix_address = NIC_BAR0;
}

static void table_behind_region(struct nic_plan *p)
{
	set_word(&machine.functions[0], CAP_AT_MSIX + 4, 0xfe9, 0);
}

static void table_before_region(struct nic_plan *p)
{
	set_word(&machine.functions[0], CAP_AT_MSIX + 4, 0, 0);
	p->device.msix_address = NIC_BAR0 + 0x1000;
}

static void table_with_less(struct nic_plan *p)
{
	p->device.msix_address = NIC_TABLE - 0x1000;
	p->device.msix_region_size = 0x2000;
}

static void table_with_more(struct nic_plan *p)
{
	p->device.msix_region_size = 0x2000;
}

static void table_in_ports(struct nic_plan *p)
{
	set_word(&machine.functions[0], CAP_AT_MSIX + 4, 3, 0);
}

static void table_in_no_bar(struct nic_plan *p)
{
	set_word(&machine.functions[0], CAP_AT_MSIX + 4, 6, 0);
}

static void table_in_memory(struct nic_plan *p)
{
	p->memory[2] = (struct blob_memory){NIC_TABLE, GUEST_BAR0, 0x1000, RW | BLOB_MEM_IO};
}

static const struct refusal {
	void (*spoil)(struct nic_plan *p);
	int err;
	const char *told, *what;
} refusals[] = {
	{is_bridge, -EINVAL, "PCI device 0x18: no cell has a bridge",
	 "one that is called a bridge"},
	{is_absent, -ENODEV, "PCI device 0x28: there is none", "one that is not there"},
	{has_no_page, -EOPNOTSUPP, "PCI device 0x100: no configuration space in memory",
	 "one beyond the space in memory"},
	{other_domain, -EOPNOTSUPP, "PCI device 0x18: no configuration space in memory",
	 "one in another domain"},
	{has_bridge_header, -EINVAL, "PCI device 0x18: a bridge", "a bridge by its header"},
	{has_bridge_class, -EINVAL, "PCI device 0x18: a bridge", "one by its class"},
	{is_iommu, -EINVAL, "PCI device 0x18: a bridge, or of the machine's own: class 0x806",
	 "an IOMMU"},
	{is_remapped, -EOPNOTSUPP, "interrupts are remapped by an IOMMU",
	 "one whose messages are looked up by root's table"},
	{is_remapped_without_msi, -EOPNOTSUPP, "interrupts are remapped by an IOMMU",
	 "by MSI-X alone"},
	{interrupts_by_wire, -EOPNOTSUPP, "the cell has no pins, but it interrupts by wire 0x1",
	 "one whose interrupt would be Linux'"},
	{other_capability, -EINVAL, "another capability than it says at 0x40",
	 "one with another capability there"},
	{other_extended, -EINVAL, "another capability than it says at 0x100",
	 "one with another extended capability"},
	{capability_between, -EINVAL, "another capability than it says at 0x42",
	 "a capability that is none"},
	{enhanced_allocation, -EOPNOTSUPP, "enhanced allocation fixes where it is: 0x90",
	 "one whose registers are where no base address says"},
	{bar_nowhere, -EINVAL, "its registers are nowhere",
	 "one without a place for its registers"},
	{bar_over_cell, -EBUSY, "over somebody else's memory at 0x410000",
	 "one whose registers are over a cell"},
	{bar_over_linux, -EINVAL, "over somebody else's memory at 0x600000", "over Linux' memory"},
	{bar_over_hypervisor, -EINVAL, "over somebody else's memory at 0x1800000",
	 "over the hypervisor"},
	{bar_over_pins, -EBUSY, "over somebody else's memory at 0xfec00000", "over an IO-APIC"},
	{small_bar_unnamed, -EINVAL, "no memory region has its registers at 0xfd006100",
	 "one that shares a page with root"},
	{small_bar_in_part, -EINVAL, "no memory region has its registers at 0xfd006100",
	 "one of whose registers root keeps one"},
	{small_bar_shared, -EINVAL, "no memory region has its registers at 0xfd006100",
	 "one whose registers root would keep"},
	{some_bytes, -EBUSY, "over somebody else's memory at 0xfd000000",
	 "one of whose pages root would have the rest"},
	{no_msix, -EINVAL, "it has no MSI-X", "one without the vectors"},
	{table_elsewhere, -EINVAL, "its MSI-X table is at 0xfd004000",
	 "another place of the table"},
	{table_behind_region, -EINVAL, "its MSI-X table is at 0xfd004fe8",
	 "a table that is longer than its pages"},
	{table_before_region, -EINVAL, "its MSI-X table is at 0xfd000000",
	 "a table before its pages"},
	{table_with_less, -EINVAL, "not only its registers are beside the MSI-X table",
	 "pages before the registers that have the table"},
	{table_with_more, -EINVAL, "not only its registers are beside the MSI-X table",
	 "pages behind the registers that have the table"},
	{table_in_ports, -EINVAL, "its MSI-X table is in no pages of registers",
	 "a table in ports"},
	{table_in_no_bar, -EINVAL, "its MSI-X table is in no pages of registers",
	 "a table behind the last base address"},
	{table_in_memory, -EINVAL, "a memory region has its MSI-X table",
	 "one whose table the cell would write itself"},
};

/* A neighbour of memory only. */
static int create_neighbour(void)
{
	struct nic_plan p;

	plan_nic(&p, TWO);
	p.plan.num_memory = 2;
	p.plan.num_devices = p.plan.num_caps = p.plan.num_pio = 0;
	return machine_create(&p.plan);
}

static void test_refusals(struct tap *tap)
{
	for (unsigned int n = 0; n < sizeof(refusals) / sizeof(refusals[0]); n++) {
		const struct refusal *r = &refusals[n];
		uint64_t view[VIEW_PAGES], after[VIEW_PAGES];
		struct nic_plan p;
		uint32_t used;

		open_linked();
		build_nic();
		create_neighbour();
		plan_nic(&p, ONE);
		r->spoil(&p);
		machine_view(&root_cell, view);
		used = page_pool_used();
		tap_is_u64(tap, machine_create(&p.plan), r->err, "%s is refused", r->what);
		if (!tap_ok(tap, machine_said(r->told), "and it is told why"))
			tap_note(tap, "%s", (char *)public_area.console.buffer);
		machine_view(&root_cell, after);
		tap_ok(tap,
		       !cell_by_id(1) && !memcmp(view, after, sizeof(view)) && !pci_functions &&
			       page_pool_used() == used && machine_lookup(&root_cell, NIC_PAGE),
		       "root has what it had");
	}
}

static void test_owners(struct tap *tap)
{
	struct blob_memory more = {NIC_TABLE + 0x800, 0x90000800, 0x100, RW | BLOB_MEM_IO};
	struct nic_plan p;

	open_nic();
	plan_nic(&p, TWO);
	p.plan.num_memory = 2;
	p.plan.num_pio = 0;
	tap_is_u64(tap, machine_create(&p.plan), -EBUSY, "another cell's function is refused");
	tap_ok(tap, machine_said("cell two: PCI device 0x18: it belongs to cell one"), "by name");
	p.plan.num_devices = p.plan.num_caps = 0;
	p.memory[2] = more;
	p.plan.num_memory = 3;
	tap_is_u64(tap, machine_create(&p.plan), -EBUSY, "some bytes of its registers as well");
	tap_ok(tap, machine_said("cell two: memory at 0xfd004800 belongs to a cell's PCI device"),
	       "by name");
	tap_is_u64(tap, add_root(NIC_TABLE), -EBUSY, "root places no registers over them");
	p.plan.num_memory = 2;
	tap_is_u64(tap, machine_create(&p.plan), 0, "control: without that there is a cell");
	tap_ok(tap,
	       load(cpu_of(TWO), NIC_PAGE, 4) == 0xffffffff &&
		       store(cpu_of(TWO), NIC_PAGE + 4, 2, 7) && (nic_word(4) & 7) == 0,
	       "which sees nothing where another one has a function, and goes on");
	open_linked();
	build_nic();
	machine.functions[0].page = FUNCTION;
	if (add_root(BAR_ROOT))
		machine_give_up("root gets no link");
	plan_nic(&p, ONE);
	p.device.bdf = BDF;
	tap_is_u64(tap, machine_create(&p.plan), -EBUSY, "what is shared memory of root's is none");
}

static int create_listed(uint16_t bdf, uint8_t type)
{
	const struct blob_pci_device listed = {.type = type, .bdf = bdf};
	struct cell_plan root = *linked_root();

	root.devices = &listed;
	root.num_devices = 1;
	machine_open(&root);
	build_nic();
	return create_nic(ONE);
}

static void test_listed(struct tap *tap)
{
	tap_is_u64(tap, create_listed(NIC, BLOB_PCI_DEVICE), 0,
		   "what root's blob lists a cell gets");
	tap_is_u64(tap, create_listed(OTHER, BLOB_PCI_DEVICE), -EPERM,
		   "what it does not list, not");
	tap_ok(tap, machine_said("PCI device 0x18: it is not of RootCell"), "which is told");
	tap_is_u64(tap, create_listed(NIC, BLOB_PCI_BRIDGE), -EPERM, "nor what it calls a bridge");
}

static void test_link_later(struct tap *tap)
{
	struct nic_plan p;

	open_linked();
	build_nic();
	machine.functions[0].page = FUNCTION;
	plan_nic(&p, ONE);
	p.device.bdf = BDF;
	tap_is_u64(tap, machine_create(&p.plan), 0, "a function where links are");
	tap_is_u64(tap, add_root(BAR_ROOT), -EBUSY, "makes room for no link of root's");
	tap_ok(tap, load(0, FUNCTION, 4) == 0xffffffff, "root sees nothing there");
}

/* As the daemon makes it: with configuration space among the memory. */
static void open_with_config(void)
{
	struct cell_plan root = *linked_root();
	struct blob_memory memory[3] = {
		root.memory[0], root.memory[1], {MMCONFIG, MMCONFIG, 1 << 20, RW | BLOB_MEM_IO}};

	root.memory = memory;
	root.num_memory = 3;
	apic_x2 = true;
	machine_open(&root);
	machine.cpus[0].regs[VCPU_CS_ATTRIBUTES] = 0x0a9b;
	build_nic();
}

/* Registers of root's own that it had placed over what becomes a cell's, and takes away later. */
static void test_came_before(struct tap *tap, uint64_t page, const char *what)
{
	open_with_config();
	tap_ok(tap, !add_root(page) && !machine_lookup(&root_cell, page),
	       "root's link traps where %s", what);
	tap_is_u64(tap, create_nic(ONE), -EBUSY, "meanwhile no cell gets the function");
	tap_ok(tap,
	       !machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0) && machine_lookup(&root_cell, page),
	       "for root has the page when its link goes");
	tap_ok(tap, !create_nic(ONE) && !machine_lookup(&root_cell, page),
	       "then a cell may have it, and root has lost that");
	tap_is_u64(tap, add_root(page), -EBUSY, "now no link comes there");
	machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0);
	add_root(BAR_ROOT);
	store(0, FUNCTION + 4, 2, 6);
	store(0, FUNCTION + 0x10, 4, page);
	store(0, FUNCTION + 0x10, 4, BAR_ROOT);
	tap_ok(tap, !machine_lookup(&root_cell, page),
	       "nor do registers that come and go bring it");
}

/* What of a capability comes to the hardware that its blob says is to be written, all of it. */
static uint32_t written_of(uint16_t id, unsigned int size)
{
	bool extended = id & BLOB_PCI_CAP_EXTENDED;
	const unsigned int at = extended ? EXT_AT_IOV : CAP_AT_VPD;
	uint32_t written = 0;
	struct nic_plan p;

	open_linked();
	build_nic();
	set_word(&machine.functions[0], at, id & 0x7fff, 0);
	for (unsigned int n = 4; n < size; n += 4)
		set_word(&machine.functions[0], at + n, 0, ~0u);
	plan_nic(&p, ONE);
	p.caps[extended ? 5 : 3] =
		(struct blob_pci_capability){id, at, size, BLOB_PCI_CAP_WRITABLE};
	if (machine_create(&p.plan) || machine_hypercall(HC_CELL_START, 1, 0))
		machine_give_up("the cell with a capability cannot be made");
	for (unsigned int n = 4; n < size; n += 4) {
		store(cpu_of(ONE), NIC_PAGE + at + n, 4, ~0u);
		written |= nic_word(at + n);
	}
	return written;
}

/* By the lengths that PCI Express 5.0, 7.8 and 7.9, and PCI Firmware have. */
static void test_never(struct tap *tap)
{
	static const struct {
		uint16_t id;
		unsigned int size;
		const char *what;
	} never[] = {
		{0x08, 0x20, "HyperTransport"},
		{EXT(0x0f), 0x08, "address translation"},
		{EXT(0x10), 0x40, "virtual functions"},
		{EXT(0x11), 0x40, "virtual functions of several roots"},
		{EXT(0x12), 0x30, "multicast"},
		{EXT(0x13), 0x10, "page requests"},
		{EXT(0x15), 0x34, "resizable registers"},
		{EXT(0x1b), 0x08, "address spaces of processes"},
		{EXT(0x24), 0x34, "resizable registers of virtual functions"},
	};

	tap_ok(tap, written_of(0x09, 0x10) == ~0u && written_of(EXT(0x0b), 0x10) == ~0u,
	       "control: capabilities are written where the blob says so");
	for (unsigned int n = 0; n < sizeof(never) / sizeof(never[0]); n++)
		tap_is_u64(tap, written_of(never[n].id, never[n].size), 0, "but never those of %s",
			   never[n].what);
}

int main(void)
{
	struct tap tap = {0};

	test_refusals(&tap);
	test_owners(&tap);
	test_listed(&tap);
	test_link_later(&tap);
	test_came_before(&tap, NIC_PAGE, "the function's configuration space is");
	test_came_before(&tap, NIC_TABLE, "its table of messages is");
	test_never(&tap);
	return tap_done(&tap);
}
