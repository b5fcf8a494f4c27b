// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sees which page at each step of a cell's life: root's and the cell's second-level tables as a
 * processor walks them, against a flat model.
 */
#include <errno.h>
#include <stdio.h>

#include "plant_cell.h"

#include "tests/lib/tap.h"

static struct root_model model;

static void root_sees(struct tap *tap, const char *when)
{
	tap_is_u64(tap, model_differences(&model), 0, "%s", when);
}

static void test_root(struct tap *tap)
{
	machine_open(NULL);
	model_root_alone(&model);
	root_sees(tap, "root has its memory without the hypervisor's, of which it reads the "
		       "public area");
	tap_is_u64(tap, machine_lookup(&root_cell, APIC_PAGE),
		   APIC_PAGE | PTE_PRESENT | PTE_NX | PTE_PCD,
		   "root reads the APIC's page and cannot write it");
}

/* What the plant's tables shall have for a guest-physical page. */
static uint64_t plant_page(const struct cell *cell, uint64_t guest)
{
	for (unsigned int n = 0; n < PLANT_MEMORY_COUNT; n++) {
		const struct blob_memory *region = &plant_memory[n];
		uint64_t phys = region->phys_start;

		if (n == PLANT_REGISTERS || guest < region->virt_start ||
		    guest >= region->virt_start + region->size)
			continue;
		if (n == PLANT_COMM)
			phys = hv_to_phys(cell->comm);
		return (phys + guest - region->virt_start) | PTE_PRESENT |
		       ((region->flags & BLOB_MEM_WRITE) ? PTE_WRITE : 0) |
		       ((region->flags & BLOB_MEM_EXECUTE) ? 0 : PTE_NX);
	}
	if (guest == APIC_PAGE)
		return APIC_PAGE | PTE_PRESENT | PTE_NX | PTE_PCD;
	return 0;
}

static void plant_sees(struct tap *tap, const char *when)
{
	static const uint64_t areas[][2] = {{0, 0x1000000},
					    {0x3fe00000, 0x40200000},
					    {0x4ffff000, 0x50002000},
					    {DEVICE, DEVICE + DEVICE_SIZE},
					    {APIC_PAGE, APIC_PAGE + PAGE_SIZE}};
	const struct cell *cell = cell_by_id(PLANT_ID);
	uint64_t wrong = 0, mapped = 0, expected;

	for (unsigned int n = 0; n < sizeof(areas) / sizeof(areas[0]); n++) {
		for (uint64_t guest = areas[n][0]; guest < areas[n][1]; guest += PAGE_SIZE) {
			expected = plant_page(cell, guest);
			mapped += expected != 0;
			if (machine_lookup(cell, guest) != expected && wrong++ == 0)
				tap_note(tap, "  first at guest address 0x%llx",
					 (unsigned long long)guest);
		}
	}
	tap_is_u64(tap, wrong, 0, "%s the cell has its regions with the rights of each", when);
	tap_is_u64(tap, machine_mapped_pages(cell), mapped, "%s the cell has nothing else", when);
}

static bool test_create(struct tap *tap)
{
	const struct io_region *window;

	machine_open(NULL);
	if (!tap_is_u64(tap, machine_create(&plant), 0,
			"a cell with memory of each kind is made")) {
		tap_note(tap, "  %s", machine.debug);
		return false;
	}
	model_root_beside_plant(&model);
	root_sees(tap, "root loses what the cell owns and the page with the cell's registers, "
		       "keeps what is shared, and reads the cell's public pages");
	plant_sees(tap, "after create");
	window = io_find(cell_by_id(PLANT_ID)->io[IO_MEMORY], DEVICE + 0x404);
	tap_ok(tap,
	       window && window->start == DEVICE + 0x404 && window->size == 4 &&
		       ((const struct blob_memory *)window->argument)->flags ==
			       plant_memory[PLANT_REGISTERS].flags,
	       "what is byte-granular is answered as far as its bytes go");
	window = io_find(root_cell.io[IO_MEMORY], DEVICE + 0x408);
	tap_ok(tap,
	       window && window->start == DEVICE + 0x408 && window->size == 0xbf8 &&
		       !io_find(root_cell.io[IO_MEMORY], DEVICE + 0x404),
	       "and the rest of the page is to root");
	return true;
}

static uint64_t page_size_at(uint64_t guest)
{
	struct page_table_leaf leaf = {0};

	page_table_walk(&cell_by_id(PLANT_ID)->stage2, guest, &leaf);
	return leaf.page_size;
}

static void test_page_sizes(struct tap *tap)
{
	static const struct blob_memory memory[] = {
		{0x400000, 0x400000, 0x400000, RWX},
		{0x800000, 0x800000, 0x400000, RWX | BLOB_MEM_NO_HUGEPAGES},
	};
	struct cell_plan plan = plant;

	plan.memory = memory;
	plan.num_memory = 2;
	machine_open(NULL);
	tap_is_u64(tap, machine_create(&plan), 0, "a cell with memory of several MiB is made");
	tap_is_u64(tap, page_size_at(0x400000), 0x200000, "it has large pages where they fit");
	tap_is_u64(tap, page_size_at(0x800000), 0x1000, "and none where it does not want them");
}

static void test_load_and_start(struct tap *tap)
{
	tap_is_u64(tap, machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0), 0,
		   "the cell becomes loadable");
	model_give(&model, PLANT_RAM);
	model_give(&model, PLANT_CODE);
	root_sees(tap, "root gets the loadable regions, and only them");
	plant_sees(tap, "while root loads");
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	root_sees(tap, "the second time changes nothing");
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), 0, "the cell starts");
	model_root_beside_plant(&model);
	root_sees(tap, "a cell that runs has its loadable regions for itself");
	plant_sees(tap, "while it runs");
}

static void answer(enum comm_reply_from_cell reply)
{
	cell_by_id(PLANT_ID)->comm->reply_from_cell = reply;
}

static void test_unusual_orders(struct tap *tap)
{
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	root_sees(tap, "a cell that is asked whether it may be loaded keeps its memory");
	answer(COMM_REPLY_APPROVED);
	tap_is_u64(tap, machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0), 0,
		   "when it has agreed it is loaded anew");
	model_give(&model, PLANT_RAM);
	model_give(&model, PLANT_CODE);
	root_sees(tap, "then root has the loadable regions again");
	tap_ok(tap,
	       cell_by_id(PLANT_ID)->loadable && machine.cpus[PLANT_CPU].last_act == PENDING_PARK,
	       "and the cell's CPU stands still");
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	model_root_beside_plant(&model);
	root_sees(tap, "the next start takes them back");
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	answer(COMM_REPLY_APPROVED);
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), 0,
		   "a cell starts anew without a load");
	root_sees(tap, "its memory is root's at no time");

	machine_open(NULL);
	machine_create(&plant);
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), 0,
		   "a cell starts that was never loaded");
	model_root_beside_plant(&model);
	root_sees(tap, "its memory is not root's either");
}

static void test_destroy(struct tap *tap)
{
	static const char *const names[] = {"just created", "loadable", "running", "killed"};

	for (unsigned int n = 0; n < 4; n++) {
		machine_open(NULL);
		machine_create(&plant);
		if (n > 0)
			machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
		if (n > 1)
			machine_hypercall(HC_CELL_START, PLANT_ID, 0);
		if (n > 2)
			machine_hypercall(HC_CV_CELL_KILL, PLANT_ID, 0);
		tap_is_u64(tap, end_plant(), 0, "a cell that is %s can be destroyed", names[n]);
		model_root_alone(&model);
		tap_is_u64(tap, model_differences(&model), 0,
			   "root has back all of one that was %s, and its public pages are hidden",
			   names[n]);
	}
}

/* A page of each owner, its content before and after. */
static void test_scrubbing(struct tap *tap)
{
	struct blob_memory memory[PLANT_MEMORY_COUNT];
	struct cell_plan writer = plant;
	unsigned int calls = 1;
	bool clean = true;

	/* It may write what it shares, too. */
	memcpy(memory, plant_memory, sizeof(memory));
	memory[PLANT_SHARED].flags |= BLOB_MEM_WRITE;
	writer.memory = memory;
	machine_open(NULL);
	memset(machine.ram + 0x3fe000, 0x5a, 0x404000);
	memset(machine.ram + 0xa02000, 0x5a, 0x7000);
	memset(machine.ram + 0xb00000, 0x5a, 0x1000);
	memset(machine.ram + 0xc00000, 0x5a, 0x2000);
	memset(machine.ram + 0xd00000, 0x5a, 0x3000);
	machine_create(&writer);
	while (machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0) == -EINPROGRESS) {
		calls++;
		model_root_beside_plant(&model);
		clean = clean && model_differences(&model) == 0;
		clean = clean && machine_hypercall(HC_CELL_START, PLANT_ID, 0) == -EBUSY;
		clean = clean && machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0) == -EBUSY;
	}
	tap_ok(tap, clean, "until all is scrubbed root has none of it, and nobody starts the cell");
	tap_is_u64(tap, calls, 66, "one call ends it, 64 KiB are scrubbed in each that follows");
	clean = true;
	for (uint64_t n = 0; n < 0x402000; n++)
		clean = clean && machine.ram[0x3ff000 + n] == 0;
	for (uint64_t n = 0; n < 0x5000; n++)
		clean = clean && machine.ram[0xa03000 + n] == 0;
	for (uint64_t n = 0; n < 0x3000; n++)
		clean = clean && machine.ram[0xd00000 + n] == 0;
	tap_ok(tap, clean, "nothing that the cell may have written or root loaded is left");
	tap_ok(tap,
	       machine.ram[0x3fefff] == 0x5a && machine.ram[0x801000] == 0x5a &&
		       machine.ram[0xa02fff] == 0x5a && machine.ram[0xa08000] == 0x5a,
	       "what lies beside it is as it was");
	tap_ok(tap, machine.ram[0xc00000] == 0x5a, "what is shared is root's to clear");
	tap_ok(tap, machine.ram[0xb00000] == 0x5a, "what the cell could only read is as it was");
}

int main(void)
{
	struct tap tap = {0};

	test_root(&tap);
	if (!test_create(&tap))
		return tap_done(&tap);
	test_load_and_start(&tap);
	test_unusual_orders(&tap);
	test_destroy(&tap);
	test_scrubbing(&tap);
	test_page_sizes(&tap);
	return tap_done(&tap);
}
