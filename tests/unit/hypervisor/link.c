// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: whose memory they are while they last and afterwards, what does not fit together, root's
 * end that comes and goes, and failures half way.
 */
#include "linked_cells.h"

#include "arch/x86/setup/setup.h"
#include "tests/lib/tap.h"

#define SECTION(n) (SHARED + ((n) < SHMEM_OUTPUT ? (n)*0x1000 : 0x2000 + ((n)-2) * 0x2000))
#define LINK_SIZE  (LINK_PAGES * 0x1000ull)
#define ROOT_RAM   (PTE_PRESENT | PTE_WRITE)
#define SHARE	   BLOB_MEM_ROOTSHARED

/* The rights of a cell to a section, or of root (NULL) at its own address. */
static uint64_t rights(unsigned int id, unsigned int section)
{
	uint64_t offset = SECTION(section) - SHARED;
	uint64_t entry = machine_lookup(id ? cell_by_id(id) : &root_cell,
					id ? GUEST_SHARED + offset : SHARED + offset);

	if (entry && (entry & PTE_ADDRESS) != SHARED + offset)
		machine_give_up("a section is somewhere else");
	return entry & (PTE_PRESENT | PTE_WRITE);
}

/* That peer's: reads all, writes the common section and its own. */
static bool rights_of_peer(unsigned int id)
{
	for (unsigned int n = 0; n < LINK_SECTIONS; n++) {
		bool write = n == SHMEM_READ_WRITE || n == SHMEM_OUTPUT + id;

		if (rights(id, n) != (PTE_PRESENT | (write ? PTE_WRITE : 0)))
			return false;
	}
	return true;
}

static bool root_rights(uint64_t wanted)
{
	for (unsigned int n = 0; n < LINK_SECTIONS; n++) {
		if (rights(0, n) != wanted)
			return false;
	}
	return true;
}

static void fill(uint8_t byte)
{
	memset(machine.ram + SHARED, byte, LINK_SIZE);
}

static bool filled(uint8_t byte)
{
	for (uint64_t n = 0; n < LINK_SIZE; n++) {
		if (machine.ram[SHARED + n] != byte)
			return false;
	}
	return true;
}

static void test_life(struct tap *tap, uint64_t flags)
{
	const char *what = flags ? "shared with root" : "taken from root";
	const uint64_t left = flags ? ROOT_RAM : 0;
	uint32_t used;

	open_linked();
	used = page_pool_used();
	fill(0x5a);
	tap_is_u64(tap, create_linked(ONE, flags), 0, "%s: the first end comes", what);
	tap_ok(tap, filled(0), "%s: the memory begins with zeros", what);
	tap_ok(tap, rights_of_peer(1) && root_rights(left), "%s: by the rights of its peer", what);
	fill(0x77);
	tap_is_u64(tap, create_linked(TWO, flags), 0, "%s: the second end comes", what);
	tap_ok(tap, filled(0x77), "%s: which changes nothing in it", what);
	tap_ok(tap, rights_of_peer(1) && rights_of_peer(2) && root_rights(left),
	       "%s: with other rights", what);
	machine.ram[SHARED] = 0;
	tap_is_u64(tap, destroy_linked(ONE), 0, "%s: the first end goes", what);
	tap_ok(tap, rights_of_peer(2) && root_rights(left) && machine.ram[SHARED + 0x1000] == 0x77,
	       "%s: the other one has what it had", what);
	tap_is_u64(tap, create_linked(ONE, flags), 0, "%s: it comes back", what);
	tap_ok(tap, rights_of_peer(1) && machine.ram[SHARED + 0x1000] == 0x77,
	       "%s: and finds what there is", what);
	destroy_linked(TWO);
	tap_is_u64(tap, destroy_linked(ONE), 0, "%s: both go", what);
	tap_ok(tap, filled(0) && root_rights(ROOT_RAM), "%s: root has it, with zeros", what);
	tap_ok(tap, !links && page_pool_used() == used, "%s: nothing is left", what);
	tap_is_u64(tap,
		   machine.stale_entries + machine.unacknowledged + machine.released_early +
			   machine.reused_early,
		   0, "%s: no CPU saw too much", what);
}

struct mismatch {
	const char *what, *said;
	int err;
	void (*change)(struct link_plan *p);
};

static void other_memory(struct link_plan *p)
{
	p->memory[3].phys_start = 0xc00000;
}

static void swapped(struct link_plan *p)
{
	uint64_t phys = p->memory[2].phys_start;

	p->memory[2].phys_start = p->memory[4].phys_start;
	p->memory[4].phys_start = phys;
}

static void fewer_peers(struct link_plan *p)
{
	p->device.shmem_peers = 2;
	p->device.shmem_dev_id = 0;
	p->memory[2].flags |= BLOB_MEM_WRITE;
	p->memory[4].flags &= ~(uint64_t)BLOB_MEM_WRITE;
}

static void same_peer(struct link_plan *p)
{
	p->device.shmem_dev_id = 1;
	p->memory[4].flags &= ~(uint64_t)BLOB_MEM_WRITE;
	p->memory[3].flags |= BLOB_MEM_WRITE;
}

static void other_size(struct link_plan *p)
{
	p->memory[1].size = 0x2000;
	for (unsigned int n = 2; n < LINK_SECTIONS; n++) {
		p->memory[n].phys_start += 0x1000;
		p->memory[n].virt_start += 0x1000;
	}
}

static void not_shared(struct link_plan *p)
{
	for (unsigned int n = 0; n < LINK_SECTIONS; n++)
		p->memory[n].flags &= ~(uint64_t)BLOB_MEM_ROOTSHARED;
}

static void other_place(struct link_plan *p)
{
	p->device.bdf += 8;
}

static void other_domain(struct link_plan *p)
{
	p->device.domain = 1;
}

/* The peer's output once more, by which it could be written. */
static void by_another_name(struct link_plan *p)
{
	p->memory[LINK_SECTIONS] = (struct blob_memory){SECTION(3), 0, 0x2000, RW | SHARE};
}

static void no_device(struct link_plan *p)
{
	by_another_name(p);
	p->plan.memory += LINK_SECTIONS;
	p->plan.num_memory = 2;
	p->plan.num_devices = 0;
}

static void test_mismatches(struct tap *tap)
{
	static const struct mismatch cases[] = {
		{"other memory", "not the same memory as in one", -EINVAL, other_memory},
		{"sections in another order", "not the same memory as in one", -EINVAL, swapped},
		{"another number of peers", "another number of peers than in one", -EINVAL,
		 fewer_peers},
		{"a number that somebody has", "this number of peer has one", -EBUSY, same_peer},
		{"sections of another size", "not the same memory as in one", -EINVAL, other_size},
		{"memory that leaves root", "not shared with root as in one", -EINVAL, not_shared},
		{"the same memory elsewhere", "belongs to the link of one", -EBUSY, other_place},
		{"the same in another domain", "belongs to the link of one", -EBUSY, other_domain},
		{"a section by another name", "also named as other memory of two", -EINVAL,
		 by_another_name},
		{"one without any device", "belongs to the link of one", -EBUSY, no_device},
	};
	struct link_plan p;
	uint32_t used;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		open_linked();
		create_linked(ONE, SHARE);
		used = page_pool_used();
		plan_linked(&p, TWO, SHARE);
		cases[n].change(&p);
		tap_ok(tap, machine_create(&p.plan) == cases[n].err && machine_said(cases[n].said),
		       "refused: %s", cases[n].what);
		tap_ok(tap,
		       page_pool_used() == used && rights_of_peer(1) && root_rights(ROOT_RAM) &&
			       links->count == 1 && create_linked(TWO, SHARE) == 0,
		       "and nothing has come of it");
	}
	open_linked();
	plan_linked(&p, TWO, SHARE);
	no_device(&p);
	tap_is_u64(tap, machine_create(&p.plan), 0, "a cell shares memory without a device");
	tap_ok(tap, create_linked(ONE, SHARE) == -EBUSY && machine_said("belongs to cell two"),
	       "of which no link can be made");
}

/* ROOTSHARED never lets a cell have what root has not. */
static void test_root_rights(struct tap *tap)
{
	struct link_plan p;

	open_linked();
	plan_linked(&p, ONE, SHARE);
	for (unsigned int n = 0; n < LINK_SECTIONS; n++)
		p.memory[n].phys_start += DEVICE + 0x9000 - SHARED;
	tap_ok(tap, machine_create(&p.plan) == -EBUSY && machine_said("is not the root cell's"),
	       "no link with memory beyond root's");
	plan_linked(&p, ONE, SHARE);
	for (unsigned int n = 0; n < LINK_SECTIONS; n++)
		p.memory[n].phys_start += HV_START - SHARED;
	tap_ok(tap, machine_create(&p.plan) == -EINVAL && machine_said("belongs to the hypervisor"),
	       "nor with the hypervisor's");
	/* Another cell's. */
	plan_linked(&p, ONE, SHARE);
	p.plan.num_devices = 0;
	p.plan.memory = &p.memory[LINK_SECTIONS];
	p.plan.num_memory = 2;
	p.memory[LINK_SECTIONS].phys_start = SHARED;
	machine_create(&p.plan);
	tap_ok(tap, create_linked(TWO, SHARE) == -EBUSY && machine_said("belongs to cell one"),
	       "nor with a cell's");
}

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
		{0x400000, -EBUSY, "in a cell"},
		{SHARED + 0x3000, -EBUSY, "in a link"},
	};

	open_linked();
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

/* No page at the n-th time that one is needed: nothing is left, and the next try succeeds. */
static void test_pages_missing(struct tap *tap)
{
	unsigned int tries = 0, bad = 0;
	int err = -ENOMEM;

	while (err == -ENOMEM && tries < 100) {
		uint32_t used;

		open_linked();
		create_linked(ONE, SHARE);
		fill(0x77);
		used = page_pool_used();
		machine.pages_until_failure = tries++;
		err = add_root(BAR_ROOT);
		machine.pages_until_failure = PAGES_ALL;
		bad += err < 0 &&
		       (page_pool_used() > used || links->count != 1 || root_cell.ivshmem ||
			!root_rights(ROOT_RAM) || !machine_lookup(&root_cell, FUNCTION) ||
			!filled(0x77) || root_cell.io[IO_PORTS] || add_root(BAR_ROOT) < 0);
	}
	tap_ok(tap, err == 0 && tries > 3, "root's end comes when there are pages: %u tries",
	       tries);
	tap_is_u64(tap, bad, 0, "and where one is missing, nothing has changed");
	for (err = -ENOMEM, tries = bad = 0; err == -ENOMEM && tries < 100;) {
		uint32_t used;

		open_linked();
		create_linked(ONE, 0);
		fill(0x77);
		used = page_pool_used();
		machine.pages_until_failure = tries++;
		err = create_linked(TWO, 0);
		machine.pages_until_failure = PAGES_ALL;
		bad += err < 0 &&
		       (page_pool_used() > used || links->count != 1 || !root_rights(0) ||
			!rights_of_peer(1) || create_linked(TWO, 0) < 0);
	}
	tap_ok(tap, err == 0 && tries > 3, "so with a cell's end: %u tries", tries);
	tap_is_u64(tap, bad, 0, "the other one has what it had, and root nothing of it");
}

/* Who rings holds nobody up; who does not come back from it costs its pages, and no more. */
static void test_visits(struct tap *tap)
{
	uint32_t used;

	open_linked();
	create_linked(ONE, SHARE);
	used = page_pool_used();
	create_linked(TWO, SHARE);
	cpu_by_id(cpu_of(ONE))->visits = 1;
	tap_is_u64(tap, destroy_linked(TWO), 0, "a peer goes while somebody has it in hand");
	tap_is_u64(tap, page_pool_used() - used, 1,
		   "its device stays there, of which nobody knows");
	tap_is_u64(tap, links->count, 1, "the link has one end");
	cpu_by_id(cpu_of(ONE))->visits = 2;
	tap_ok(tap,
	       create_linked(TWO, SHARE) == 0 && destroy_linked(TWO) == 0 &&
		       page_pool_used() == used + 1,
	       "the next time there is nothing to wait for");
}

int main(void)
{
	struct tap tap = {0};

	test_life(&tap, SHARE);
	test_life(&tap, 0);
	test_mismatches(&tap);
	test_root_rights(&tap);
	test_root_end(&tap);
	test_root_joins(&tap);
	test_root_bars(&tap);
	test_root_ports(&tap);
	test_static_root(&tap);
	test_pages_missing(&tap);
	test_visits(&tap);
	return tap_done(&tap);
}
