// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: whose memory they are while they last and afterwards, what does not fit together, and
 * failures half way.
 */
#include "linked_cells.h"

#include "arch/arch.h"
#include "tests/lib/tap.h"

#define SHARE BLOB_MEM_ROOTSHARED

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

/* Loading is of the cell's own memory: what a section says of it opens no link to root. */
static void test_loadable(struct tap *tap)
{
	struct link_plan p;

	open_linked();
	plan_linked(&p, ONE, BLOB_MEM_LOADABLE);
	machine_create(&p.plan);
	create_linked(TWO, 0);
	fill(0x77);
	tap_is_u64(tap, machine_hypercall(HC_CELL_SET_LOADABLE, ONE + 1, 0), 0,
		   "a cell is loadable whose sections say that, too");
	tap_ok(tap,
	       machine_lookup(&root_cell, p.memory[LINK_SECTIONS].phys_start) && root_rights(0) &&
		       filled(0x77),
	       "root reaches its memory, and not the link");
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

/* Less of each, from the same places on. */
static void smaller(struct link_plan *p)
{
	for (unsigned int n = SHMEM_OUTPUT; n < LINK_SECTIONS; n++) {
		p->memory[n].size = 0x1000;
		p->memory[n].virt_start = GUEST_SHARED + n * 0x1000;
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

static void other_domain_and_memory(struct link_plan *p)
{
	other_domain(p);
	for (unsigned int n = 0; n < LINK_SECTIONS; n++)
		p->memory[n].phys_start += 0x100000;
}

/* The peer's output once more, by which it could be written. */
static void by_another_name(struct link_plan *p)
{
	p->memory[LINK_SECTIONS] = (struct blob_memory){SECTION(3), 0, 0x2000, RW | SHARE};
}

static void table_by_another_name(struct link_plan *p)
{
	p->memory[LINK_SECTIONS] =
		(struct blob_memory){SECTION(SHMEM_STATE_TABLE), 0, 0x1000, RW | SHARE};
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
		{"smaller sections", "not the same memory as in one", -EINVAL, smaller},
		{"memory that leaves root", "not shared with root as in one", -EINVAL, not_shared},
		{"the same memory elsewhere", "belongs to the link of one", -EBUSY, other_place},
		{"the same in another domain", "another PCI domain than in one", -EINVAL,
		 other_domain},
		{"another domain and other memory", "another PCI domain than in one", -EINVAL,
		 other_domain_and_memory},
		{"a section by another name", "also named as other memory of two", -EINVAL,
		 by_another_name},
		{"the state table by another name", "also named as other memory of two", -EINVAL,
		 table_by_another_name},
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
	open_linked();
	create_linked(ONE, SHARE);
	plan_linked(&p, TWO, SHARE);
	p.memory[LINK_SECTIONS + 1].phys_start = SHARED;
	tap_is_u64(tap, machine_create(&p.plan), 0,
		   "where a communication region is in the machine its blob cannot say");
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
		used = page_pool_used();
		machine.pages_until_failure = tries++;
		err = create_linked(ONE, 0);
		machine.pages_until_failure = PAGES_ALL;
		bad += err < 0 && (page_pool_used() > used || links || !root_rights(ROOT_RAM));
	}
	tap_ok(tap, err == 0 && tries > 3 && bad == 0, "so with the first end: %u tries", tries);
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

static int visit_for_a_while(uint64_t argument)
{
	cpu_visit_begin(this_cpu());
	for (unsigned int n = 0; n < 500; n++)
		arch_cpu_relax();
	cpu_visit_end(this_cpu());
	return 0;
}

/* A cell's CPU that rings root reads root's tables, and does not flush for them. */
static void test_visit_of_root(struct tap *tap)
{
	struct link_plan p;

	open_linked();
	create_linked(ONE, SHARE);
	plan_linked(&p, TWO, 0);
	p.plan.memory += LINK_SECTIONS;
	p.plan.num_memory = 2;
	p.plan.num_devices = 0;
	machine_begin(cpu_of(ONE), visit_for_a_while, 0);
	tap_is_u64(tap, machine_create(&p.plan), 0, "a cell comes while another one rings");
	machine_end(cpu_of(ONE));
	machine_begin(cpu_of(ONE), visit_for_a_while, 0);
	tap_is_u64(tap, destroy_linked(TWO), 0, "and goes");
	machine_end(cpu_of(ONE));
	tap_is_u64(tap, machine.released_early, 0, "what root's tables were stays until it has");
}

/* The CPU that a cell gives back is not root's before rings of the cell are over. */
static int suspended_at_end;

static int look_at_end(uint64_t argument)
{
	struct cpu *other = cpu_by_id(cpu_of(TWO));

	cpu_visit_begin(this_cpu());
	while (other->cell != &root_cell)
		arch_cpu_relax();
	for (unsigned int n = 0; n < 500; n++)
		arch_cpu_relax();
	suspended_at_end = other->pending & PENDING_SUSPENDED;
	cpu_visit_end(this_cpu());
	return 0;
}

static void test_visit_of_cpu(struct tap *tap)
{
	open_linked();
	create_linked(ONE, SHARE);
	create_linked(TWO, SHARE);
	machine_begin(cpu_of(ONE), look_at_end, 0);
	tap_is_u64(tap, destroy_linked(TWO), 0, "a cell goes while another one rings it");
	machine_end(cpu_of(ONE));
	tap_ok(tap, suspended_at_end, "its CPU runs nothing of root's before that is over");
}

/* What a driver writes, and whether somebody was on a visit still when that had been done. */
static struct touch quiet_touch;

static int touch_and_look(uint64_t argument)
{
	do_touch((uint64_t)&quiet_touch);
	return cpu_by_id(cpu_of(ONE))->visits & 1;
}

/* Rings late, when the device has begun anew. */
static int ring_late(uint64_t argument)
{
	struct ivshmem *end = links->ends[TWO + 1];

	cpu_visit_begin(this_cpu());
	while (end->vectors[1].route)
		arch_cpu_relax();
	for (unsigned int n = 0; n < 500; n++)
		arch_cpu_relax();
	ivshmem_remember(end, 1);
	cpu_visit_end(this_cpu());
	return 0;
}

/* When interrupts have been switched off, or the vector has been masked, none comes any more. */
static void test_quiet(struct tap *tap)
{
	static const struct {
		struct touch touch;
		const char *what;
	} cases[] = {
		{{REGISTERS + IVSHMEM_INT_CONTROL, 4, true, 0, 0}, "interrupts off"},
		{{TABLE + 16 + 12, 4, true, 1, 0}, "a vector masked"},
		{{FUNCTION + IVSHMEM_MSIX_CAP + 2, 2, true, 0xc000, 0}, "all masked"},
		{{FUNCTION + 4, 2, true, 2, 0}, "messages off"},
	};

	open_linked();
	create_linked(ONE, SHARE);
	create_linked(TWO, SHARE);
	machine_hypercall(HC_CELL_START, ONE + 1, 0);
	machine_hypercall(HC_CELL_START, TWO + 1, 0);
	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		set_up(cpu_of(TWO));
		quiet_touch = cases[n].touch;
		machine_begin(cpu_of(ONE), visit_for_a_while, 0);
		machine_begin(cpu_of(TWO), touch_and_look, 0);
		tap_is_u64(tap, machine_end(cpu_of(TWO)), 0, "%s: and who rings has gone",
			   cases[n].what);
	}
	set_up(cpu_of(TWO));
	machine_begin(cpu_of(ONE), ring_late, 0);
	machine_hypercall(HC_CELL_START, TWO + 1, 0);
	machine_end(cpu_of(ONE));
	tap_is_u64(tap, links->ends[TWO + 1]->pending, 0,
		   "nothing is pending of who rang while the device began anew");
}

/* Who rings holds nobody up; who does not come back from it costs its pages, and no more. */
static void test_visits(struct tap *tap)
{
	const struct ivshmem *end;
	uint32_t used;

	open_linked();
	create_linked(ONE, SHARE);
	used = page_pool_used();
	create_linked(TWO, SHARE);
	end = links->ends[TWO + 1];
	cpu_by_id(cpu_of(ONE))->visits = 1;
	tap_is_u64(tap, destroy_linked(TWO), 0, "a peer goes while somebody has it in hand");
	tap_is_u64(tap, links->count, 1, "the link has one end");
	cpu_by_id(cpu_of(ONE))->visits = 2;
	tap_ok(tap, create_linked(TWO, SHARE) == 0 && destroy_linked(TWO) == 0,
	       "the next time there is nothing to wait for");
	create_linked(THREE, SHARE);
	tap_ok(tap,
	       end->cell->id == TWO + 1 && end->desc->id == TWO + 1 && end->cell->desc == end->desc,
	       "the device stays as it was, and what it points to");
	destroy_linked(THREE);
	tap_is_u64(tap, page_pool_used() - used, 3,
		   "that is its page, the cell's and the configuration's, of which nobody knows");
}

int main(void)
{
	struct tap tap = {0};

	test_life(&tap, SHARE);
	test_life(&tap, 0);
	test_loadable(&tap);
	test_mismatches(&tap);
	test_root_rights(&tap);
	test_pages_missing(&tap);
	test_visit_of_root(&tap);
	test_visit_of_cpu(&tap);
	test_quiet(&tap);
	test_visits(&tap);
	return tap_done(&tap);
}
