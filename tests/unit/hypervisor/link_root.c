// SPDX-License-Identifier: GPL-2.0-only
/* Root's ends of links: one that comes and goes, its doors and registers, one that is always there.
 */
#include "linked_cells.h"

#include "arch/arch.h"
#include "tests/lib/tap.h"

#define SHARE BLOB_MEM_ROOTSHARED

static void test_root_end(struct tap *tap)
{
	uint32_t used;

	open_linked();
	used = page_pool_used();
	fill(0x5a);
	tap_is_u64(tap, add_root(BAR_ROOT), 0, "root's end comes");
	tap_ok(tap, filled(0) && rights_of_peer(0),
	       "its memory begins with zeros, root has the rights of its peer");
	tap_ok(tap,
	       !machine_lookup(&root_cell, BAR_ROOT) && !machine_lookup(&root_cell, FUNCTION) &&
		       !machine_lookup(&root_cell, BAR_ROOT + 0x1000) &&
		       machine_lookup(&root_cell, BAR_ROOT + 0x2000) &&
		       machine_lookup(&root_cell, BAR_ROOT - 0x1000) &&
		       machine_lookup(&root_cell, FUNCTION + 0x1000) &&
		       machine_lookup(&root_cell, FUNCTION - 0x1000),
	       "its registers and its function exit, nothing beside them");
	tap_ok(tap,
	       load(0, FUNCTION, 4) == 0x4106110a && load(0, FUNCTION + 0x10, 4) == BAR_ROOT &&
		       load(0, FUNCTION + 0x14, 4) == BAR_ROOT + 0x1000 &&
		       load(0, FUNCTION + 4, 4) == 0x100000,
	       "root sees the device, with its registers where they shall be");
	tap_is_u64(tap, load(0, FUNCTION + 0x58, 4), SHARED, "and its sections where they are");
	store(0, FUNCTION + 4, 2, 6);
	tap_is_u64(tap, load(0, BAR_ROOT + IVSHMEM_MAX_PEERS, 4), PEERS, "it has registers");
	tap_is_u64(tap, add_root(BAR_ROOT), -EEXIST, "a second one there is refused");
	fill(0x77);
	tap_ok(tap, create_linked(ONE, SHARE) == 0 && filled(0x77) && rights_of_peer(1),
	       "a cell joins it");
	tap_ok(tap, create_linked(TWO, 0) == -EINVAL && machine_said("not shared with root"),
	       "but not one that would take the memory from root");
	tap_is_u64(tap, machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0), -EBUSY,
		   "root's end stays while the cell has one");
	tap_is_u64(tap, machine_hypercall(HC_CV_LINK_REMOVE, BDF + 8, 0), -ENOENT, "no such one");
	tap_is_u64(tap, machine_hypercall(HC_CV_LINK_REMOVE, 1ull << 32 | BDF, 0), -EINVAL,
		   "nor can there be one of such a number");
	tap_is_u64(tap, machine_hypercall(HC_CV_LINK_REMOVE, 1 << 16 | BDF, 0), -ENOENT,
		   "nor is it in another domain");
	machine.ram[SHARED] = 0;
	tap_ok(tap,
	       destroy_linked(ONE) == 0 && rights_of_peer(0) && machine.ram[SHARED + 1] == 0x77,
	       "the cell goes, root has what it had");
	tap_is_u64(tap, machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0), 0, "root's end goes");
	tap_ok(tap,
	       filled(0) && root_rights(ROOT_RAM) && machine_lookup(&root_cell, BAR_ROOT) &&
		       machine_lookup(&root_cell, BAR_ROOT + 0x1000) &&
		       machine_lookup(&root_cell, FUNCTION),
	       "root has all of it back");
	tap_ok(tap, !links && page_pool_used() == used, "nothing is left");
}

static void test_root_joins(struct tap *tap)
{
	open_linked();
	create_linked(ONE, SHARE);
	fill(0x77);
	tap_ok(tap,
	       add_root(BAR_ROOT) == 0 && filled(0x77) && rights_of_peer(0) && rights_of_peer(1),
	       "root may come to a link that there is");
	tap_is_u64(tap, machine_hypercall(HC_DISABLE, 0, 0), -EBUSY, "a cell keeps it open");
	open_linked();
	create_linked(ONE, 0);
	tap_ok(tap, add_root(BAR_ROOT) == -EINVAL && machine_said("not shared with root as in one"),
	       "but not where the memory was taken from it");
	tap_is_u64(tap,
		   machine.stale_entries + machine.unacknowledged + machine.released_early +
			   machine.reused_early,
		   0, "no CPU saw too much");
}

static void test_root_bars(struct tap *tap)
{
	static const struct {
		uint64_t address;
		int err;
		const char *what;
	} cases[] = {
		{0, -EINVAL, "nowhere"},
		{BAR_ROOT + 0x800, -EINVAL, "in the middle of a page"},
		{0xfffff000, -EINVAL, "across 4 GiB"},
		{HV_START + 0x1000, -EINVAL, "in the hypervisor"},
		{HV_START - 0x1000, -EINVAL, "across its beginning"},
		{APIC_PAGE - 0x1000, -EINVAL, "across the interrupt controller"},
		{IO_APIC - 0x1000, -EBUSY, "across an IO-APIC"},
		{0x400000, -EBUSY, "in a cell"},
		{SHARED + 0x3000, -EBUSY, "in a link"},
	};

	open_linked();
	tap_ok(tap, add_root(SHARED) == -EINVAL && add_root(SHARED + LINK_SIZE - 0x1000) == -EINVAL,
	       "no registers in the link's own memory");
	create_linked(ONE, SHARE);
	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		tap_is_u64(tap, add_root(cases[n].address), cases[n].err, "no registers %s",
			   cases[n].what);
	tap_ok(tap,
	       links->count == 1 && root_rights(ROOT_RAM) && machine_lookup(&root_cell, FUNCTION),
	       "nothing has come of it");
	tap_is_u64(tap, machine_hypercall_of(cpu_of(ONE), HC_CV_LINK_ADD, BLOB_PHYS, BAR_ROOT),
		   -EPERM, "a cell may not");
	tap_is_u64(tap, machine_hypercall_of(cpu_of(ONE), HC_CV_LINK_REMOVE, BDF, 0), -EPERM,
		   "nor may it take one away");
}

/* Root's doors: what it does by ports is let through, but for its own functions. */
static void test_root_ports(struct tap *tap)
{
	open_linked();
	tap_ok(tap, !(root_cell.arch.io_bitmap[0xcfc / 8] & 0xf0) && !root_cell.io[IO_PORTS],
	       "without virtual functions root has all of PCI's ports");
	add_root(BAR_ROOT);
	tap_ok(tap,
	       (root_cell.arch.io_bitmap[0xcfc / 8] & 0xf0) == 0xf0 &&
		       !(root_cell.arch.io_bitmap[0xcf8 / 8] & 0x0f) &&
		       !(root_cell.arch.io_bitmap[0xd00 / 8] & 0x01),
	       "with one, its data ports exit, and nothing else");
	machine.pci_address = 0x80000000 | BDF << 8;
	machine.pci_data = 0x12345678;
	tap_ok(tap, port_read(0, 0xcfc, 4) == 0x4106110a && machine.pci_accesses == 0,
	       "there it finds the function, and the machine does not hear of it");
	machine.pci_address = 0x80000000 | (BDF + 1) << 8;
	tap_ok(tap,
	       port_read(0, 0xcfc, 4) == 0x12345678 && port_read(0, 0xcfe, 2) == 0x1234 &&
		       port_read(0, 0xcfd, 1) == 0x56,
	       "all others are the machine's");
	port_write(0, 0xcfe, 2, 0xabcd);
	tap_ok(tap, machine.pci_port == 0xcfe && machine.pci_written == 0xabcd,
	       "written as they were");
	create_linked(TWO, SHARE);
	tap_ok(tap, (root_cell.arch.io_bitmap[0xcfc / 8] & 0xf0) == 0xf0, "a cell changes nothing");
	destroy_linked(TWO);
	tap_ok(tap, (root_cell.arch.io_bitmap[0xcfc / 8] & 0xf0) == 0xf0, "nor does its end");
	machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0);
	tap_ok(tap, !(root_cell.arch.io_bitmap[0xcfc / 8] & 0xf0) && !root_cell.io[IO_PORTS],
	       "and in the end it has all of them again");
}

static int remove_end_of_root(uint64_t argument)
{
	return link_remove(0, BDF);
}

/* An access that has exited already is answered, whatever becomes of what it exited for. */
static void test_ports_meanwhile(struct tap *tap)
{
	struct touch touch = {.at = 0xcfc, .width = 4};

	open_linked();
	add_root(BAR_ROOT);
	machine.pci_address = 0x80000000 | (BDF + 1) << 8;
	machine.pci_data = 0x12345678;
	machine_begin(0, remove_end_of_root, 0);
	machine_begin(1, do_port, (uint64_t)&touch);
	machine_end(0);
	machine_end(1);
	tap_ok(tap, touch.verdict == VERDICT_HANDLED && touch.value == 0x12345678,
	       "while an end goes another CPU of root reaches the machine's PCI ports");
	tap_ok(tap,
	       !(root_cell.arch.io_bitmap[0xcfc / 8] & 0xf0) && !root_cell.io[IO_PORTS] && !links,
	       "and the end has gone");
}

/* Root's own configuration may have ends as well. */
static void test_static_root(struct tap *tap)
{
	struct blob_memory memory[LINK_SECTIONS + 3];
	const struct blob_pci_device device = plan_device(0);
	const struct cell_plan root = {
		.name = "RootCell",
		.cpus = (1u << MACHINE_CPUS) - 1,
		.memory = memory,
		.num_memory = LINK_SECTIONS + 3,
		.devices = &device,
		.num_devices = 1,
		.mmconfig = MMCONFIG,
	};

	apic_x2 = true;
	plan_sections(memory, SHARED, 0, 0);
	memory[LINK_SECTIONS] = (struct blob_memory){0, 0, SHARED, RWX};
	memory[LINK_SECTIONS + 1] = (struct blob_memory){SHARED + LINK_SIZE, SHARED + LINK_SIZE,
							 RAM_SIZE - SHARED - LINK_SIZE, RWX};
	memory[LINK_SECTIONS + 2] = (struct blob_memory){DEVICE, DEVICE, DEVICE_SIZE, RW};
	machine_open(&root);
	machine.cpus[0].regs[VCPU_CS_ATTRIBUTES] = 0x0a9b;
	tap_ok(tap,
	       rights_of_peer(0) && load(0, FUNCTION, 4) == 0x4106110a &&
		       load(0, FUNCTION + 0x10, 4) == 0,
	       "an end of root's configuration is there from the start");
	fill(0x77);
	tap_ok(tap,
	       create_linked(ONE, SHARE) == 0 && rights_of_peer(1) && rights_of_peer(0) &&
		       filled(0x77),
	       "a cell joins it, and writes what root cannot");
	machine.ram[SHARED] = 0;
	tap_is_u64(tap, destroy_linked(ONE), 0, "it goes");
	tap_ok(tap, rights_of_peer(0) && machine.ram[SHARED + 1] == 0x77, "root has what it had");
	tap_is_u64(tap, machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0), -EPERM,
		   "and it is not taken away");
	store(0, FUNCTION + 0x10, 4, BAR_ROOT);
	tap_ok(tap, machine_lookup(&root_cell, BAR_ROOT), "a place without decoding says nothing");
	store(0, FUNCTION + 4, 2, 2);
	tap_ok(tap,
	       !machine_lookup(&root_cell, BAR_ROOT) &&
		       machine_lookup(&root_cell, BAR_ROOT + 0x1000) &&
		       load(0, BAR_ROOT + IVSHMEM_MAX_PEERS, 4) == PEERS,
	       "where root places its registers they trap, though it had the page");
	store(0, FUNCTION + 0x10, 4, BAR_ROOT + 0x4000);
	tap_ok(tap,
	       machine_lookup(&root_cell, BAR_ROOT) &&
		       !machine_lookup(&root_cell, BAR_ROOT + 0x4000) &&
		       load(0, BAR_ROOT + 0x4000 + IVSHMEM_MAX_PEERS, 4) == PEERS,
	       "they move, and it has the page again");
	create_linked(ONE, SHARE);
	store(0, FUNCTION + 0x10, 4, 0x400000);
	tap_ok(tap, machine_said("root cell: PCI device 0xf0: no registers at 0x400000"),
	       "not into a cell");
	destroy_linked(ONE);
	tap_is_u64(tap,
		   machine.stale_entries + machine.unacknowledged + machine.released_early +
			   machine.reused_early,
		   0, "no CPU saw too much");
}

/* Whoever is there last: a page that came back before could have become a cell's meanwhile. */
static void test_same_registers(struct tap *tap)
{
	const uint64_t page = 0x400000; /* of cell one's memory */

	open_linked();
	add_root(BAR_ROOT);
	store(0, FUNCTION + 4, 2, 6);
	store(0, FUNCTION + 0x14, 4, page);
	store(0, FUNCTION + 0x10, 4, page);
	store(0, FUNCTION + 0x14, 4, BAR_ROOT);
	tap_ok(tap, !machine_lookup(&root_cell, page) && !machine_lookup(&root_cell, BAR_ROOT),
	       "a page where both BARs were still traps when one has moved to where the other was");
	tap_is_u64(tap, create_linked(ONE, SHARE), -EBUSY, "no cell gets it");
	store(0, FUNCTION + 0x10, 4, BAR_ROOT + 0x1000);
	tap_ok(tap, machine_lookup(&root_cell, page), "root has it back when the other one moves");
	tap_ok(tap, create_linked(ONE, SHARE) == 0 && !machine_lookup(&root_cell, page),
	       "then it may go to a cell");
	store(0, FUNCTION + 0x14, 4, BAR_ROOT + 0x3000);
	tap_ok(tap, !machine_lookup(&root_cell, page), "from which nothing brings it back");
	tap_is_u64(tap, machine.stale_entries + machine.unacknowledged, 0,
		   "no CPU of root went on with a page that traps");

	open_linked();
	add_root(BAR_ROOT);
	tap_is_u64(tap, add_root_end(BDF + 8, LINK_SIZE, BAR_ROOT + 0x1000), 0,
		   "registers of another end may be over those of the first");
	machine_hypercall(HC_CV_LINK_REMOVE, BDF, 0);
	tap_ok(tap,
	       machine_lookup(&root_cell, BAR_ROOT) &&
		       !machine_lookup(&root_cell, BAR_ROOT + 0x1000) &&
		       !machine_lookup(&root_cell, BAR_ROOT + 0x2000),
	       "when that goes the page of both still traps");
	machine_hypercall(HC_CV_LINK_REMOVE, BDF + 8, 0);
	tap_ok(tap,
	       machine_lookup(&root_cell, BAR_ROOT + 0x1000) &&
		       machine_lookup(&root_cell, BAR_ROOT + 0x2000) && root_rights(ROOT_RAM),
	       "root has all of it back in the end");
}

/* As by a CPU of root that has the device in hand still. */
static int write_state_late(uint64_t argument)
{
	struct io_access access = {.width = 4, .write = true, .value = 5};
	struct ivshmem *dev = root_cell.ivshmem;

	link_unlink_end(dev);
	ivshmem_access_register(dev, IVSHMEM_STATE, &access);
	return dev->state;
}

static void test_state_late(struct tap *tap)
{
	open_linked();
	add_root(BAR_ROOT);
	create_linked(ONE, SHARE);
	tap_ok(tap, !machine_call(0, write_state_late, 0) && !*(uint32_t *)(machine.ram + SHARED),
	       "an end that has left its link has no state, whoever still writes one");
}

static struct ivshmem leaving, *end_of_root;

/* Takes root's end away while another CPU of root waits for the lock, to move its registers. */
static int remove_while_another_waits(uint64_t argument)
{
	int err;

	spin_lock(&management_lock);
	for (unsigned int n = 0; n < 50; n++)
		arch_cpu_relax();
	err = link_remove(0, BDF);
	leaving = *end_of_root;
	spin_unlock(&management_lock);
	return err;
}

static void test_moved_too_late(struct tap *tap)
{
	struct touch move = {
		.at = FUNCTION + 0x10, .width = 8, .write = true, .value = BAR_ROOT + 0x2000};

	open_linked();
	add_root(BAR_ROOT);
	store(0, FUNCTION + 4, 2, 6);
	end_of_root = root_cell.ivshmem;
	machine_begin(0, remove_while_another_waits, 0);
	machine_begin(1, do_touch, (uint64_t)&move);
	tap_is_u64(tap, machine_end(0), 0, "an end goes while a CPU of root moves its registers");
	machine_end(1);
	tap_ok(tap,
	       move.verdict == VERDICT_HANDLED && !memcmp(end_of_root, &leaving, sizeof(leaving)),
	       "which writes nothing where the end was");
	tap_ok(tap, root_rights(ROOT_RAM) && machine_lookup(&root_cell, BAR_ROOT + 0x2000),
	       "and takes nothing from root");
}

#define UNIT	     (DEVICE + 0x2000)
#define TABLE_AT     0x300000ull
#define WIDE	     0x800 /* of the register: ids of 32 bits; 256 entries with the 7 below */
#define ENTRY(n)     (*(uint64_t *)(machine.ram + TABLE_AT + (n)*16))
#define TO(id)	     ((uint64_t)(id) << 32)
#define HANDLE(n)    (0xfee00010 | ((n)&0x7fff) << 5)
#define ADDS	     0x8
#define CELL_RINGS() store(cpu_of(ONE), REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(0, 1))

static void set_table(uint64_t value)
{
	memcpy(machine.device + (UNIT - DEVICE) + 0xb8, &value, sizeof(value));
}

/* A cell's vector 1 of root is to be rung by an entry of the table. */
static void open_remapped(void)
{
	struct blob_iommu *units;

	open_linked();
	units = (struct blob_iommu *)system_desc->iommu_units;
	units[1] = (struct blob_iommu){.type = BLOB_IOMMU_INTEL, .base = UNIT, .size = 0x1000};
	set_table(TABLE_AT | WIDE | 7);
	add_root(BAR_ROOT);
	create_linked(ONE, SHARE);
	machine_hypercall(HC_CELL_START, 1, 0);
	set_up(cpu_of(ONE));
	store(0, FUNCTION + 4, 2, 6);
	store(0, FUNCTION + IVSHMEM_MSIX_CAP + 2, 2, 0x8000);
	store(0, BAR_ROOT + 0x1010, 4, HANDLE(5));
	store(0, BAR_ROOT + 0x101c, 4, 0);
	store(0, BAR_ROOT + IVSHMEM_INT_CONTROL, 4, 1);
	machine.on_wrmsr = on_wrmsr;
	num_sent = 0;
}

/* Where an IOMMU remaps interrupts, Linux says in a table where they go, and may change it. */
static void test_remapped(struct tap *tap)
{
	static const struct {
		uint64_t entry;
		unsigned int sent;
		const char *what;
	} entries[] = {
		{TO(0) | 0x410001, 1, "a CPU of root"},
		{TO(0) | 0x410021, 1, "one with the lowest priority"},
		{TO(~0u) | 0x410021, 1, "one of all, with the lowest priority"},
		{TO(1) | 0x410005, 1, "a logical id of root's"},
		{TO(2) | 0x410005, 0, "one of a cell's"},
		{TO(1) | 0x410001, 0, "a cell's CPU"},
		{TO(0) | 0x410000, 0, "an entry that is none"},
		{TO(0) | 0x0f0001, 0, "a vector of exceptions"},
		{TO(0) | 0x410081, 0, "NMI"},
		{TO(0) | 0x4100a1, 0, "INIT"},
		{TO(0) | 0x4100e1, 0, "ExtINT"},
		{TO(0) | 0x410011, 0, "a level"},
		{TO(0) | 0x418001, 0, "a posted one"},
	};

	open_remapped();
	tap_ok(tap, !arch_messages_remapped(), "a unit that does not remap interrupts is none");
	machine.device[UNIT - DEVICE + 0x1f] = 2;
	tap_ok(tap, arch_messages_remapped(), "one that does is known by its status");
	for (unsigned int n = 0; n < sizeof(entries) / sizeof(entries[0]); n++) {
		ENTRY(5) = entries[n].entry;
		CELL_RINGS();
		tap_ok(tap, has_sent(entries[n].sent, 0, 0x41), "remapped, %s: %s",
		       entries[n].sent ? "sent" : "not sent", entries[n].what);
	}
}

static void test_remapped_table(struct tap *tap)
{
	open_remapped();
	ENTRY(12) = TO(0) | 0x420001;
	store(0, BAR_ROOT + 0x1010, 4, HANDLE(5) | ADDS);
	store(0, BAR_ROOT + 0x1018, 4, 7);
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x42), "the data may be added to the entry's number");
	set_table(TABLE_AT | 7);
	ENTRY(12) = 0x420001;
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x42), "ids may have 8 bits");
	store(0, BAR_ROOT + 0x1018, 4, 251);
	memset(machine.ram + TABLE_AT + 256 * 16, 0xff, 16);
	ENTRY(256) = TO(0) | 0x430001;
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "behind the table there is none");
	store(0, BAR_ROOT + 0x1018, 4, 7);
	set_table((HV_START + 0x100000) | 7);
	CELL_RINGS();
	set_table((1ull << 40) | 7);
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "nor where root has no memory");
	set_table(TABLE_AT | WIDE | 15);
	ENTRY(0x8005) = TO(0) | 0x440001;
	store(0, BAR_ROOT + 0x1010, 4, HANDLE(5) | 1 << 2);
	CELL_RINGS();
	tap_ok(tap, has_sent(1, 0, 0x44), "the highest bit of an entry's number is elsewhere");
	store(cpu_of(ONE), TABLE + 16, 4, HANDLE(12));
	set_table(TABLE_AT | WIDE | 7);
	ENTRY(12) = TO(machine_apic_ids[cpu_of(ONE)]) | 0x420001;
	store(cpu_of(ONE), REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(1, 1));
	tap_ok(tap, has_sent(0, 0, 0), "a cell's messages go through no table");
}

/* A CPU that root's device interrupts goes to a cell: what was found out before says nothing. */
static void test_cpu_that_left(struct tap *tap)
{
	const unsigned int cpu = cpu_of(TWO);

	open_remapped();
	((struct blob_iommu *)system_desc->iommu_units)[1].type = BLOB_IOMMU_NONE;
	store(0, BAR_ROOT + 0x1010, 4, MESSAGE_TO(cpu));
	store(0, BAR_ROOT + 0x1018, 4, 0x41);
	CELL_RINGS();
	tap_ok(tap, has_sent(1, cpu, 0x41), "a ring interrupts a CPU of root");
	create_linked(TWO, SHARE);
	num_sent = 0;
	CELL_RINGS();
	tap_ok(tap, has_sent(0, 0, 0), "and no longer when it is a cell's");
}

int main(void)
{
	struct tap tap = {0};

	test_root_end(&tap);
	test_root_joins(&tap);
	test_root_bars(&tap);
	test_root_ports(&tap);
	test_ports_meanwhile(&tap);
	test_static_root(&tap);
	test_same_registers(&tap);
	test_moved_too_late(&tap);
	test_state_late(&tap);
	test_remapped(&tap);
	test_remapped_table(&tap);
	test_cpu_that_left(&tap);
	return tap_done(&tap);
}
