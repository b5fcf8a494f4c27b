// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hypervisor itself refuses to create, whatever the module before it lets through: each
 * blob is correct, and asks for what is not to be had. Nothing may have changed afterwards.
 */
#include <errno.h>
#include <stdio.h>

#include "core/page_pool.h"
#include "fake_machine.h"
#include "lib/blob/blob_check.h"

#include "tests/lib/tap.h"

static const struct blob_memory neighbour_memory[] = {
	{0x400000, 0, 0x10000, RWX | BLOB_MEM_LOADABLE},
	{0x500000, 0x500000, 0x2000, RW | BLOB_MEM_ROOTSHARED},
	{DEVICE + 0x100, DEVICE + 0x100, 0x10, RW | BLOB_MEM_IO},
	{DEVICE + 0xf100, DEVICE + 0xf100, 0x10, BLOB_MEM_READ | BLOB_MEM_IO},
	{0xb00000, 0x600000, 0x1000, RW | BLOB_MEM_COMM_REGION},
};
static const struct cell_plan neighbour = {
	.name = "neighbour",
	.id = 1,
	.cpus = 1 << 3,
	.memory = neighbour_memory,
	.num_memory = sizeof(neighbour_memory) / sizeof(neighbour_memory[0]),
};

/* Root may read some of its memory only, and some lies elsewhere. */
static const struct blob_memory root_memory[] = {
	{0, 0, 0x700000, RWX},
	{0x700000, 0x700000, 0x100000, BLOB_MEM_READ},
	{0x900000, 0x900000, 0x1600000 - 0x900000, RWX},
	{0x1601000, 0x1601000, RAM_SIZE - 0x1601000, RWX},
	{DEVICE, DEVICE, DEVICE_SIZE - 0x1000, RW | BLOB_MEM_IO},
	{DEVICE + 0xf000, DEVICE + 0xf000, 0x1000, BLOB_MEM_READ | BLOB_MEM_IO},
};
static const struct cell_plan root = {
	.name = "RootCell",
	.cpus = 0xf,
	.memory = root_memory,
	.num_memory = sizeof(root_memory) / sizeof(root_memory[0]),
};

static const struct blob_memory good_memory = {0xa00000, 0, 0x10000, RWX | BLOB_MEM_LOADABLE};

static struct cell_plan good_plan(void)
{
	struct cell_plan plan = {
		.name = "second",
		.id = 2,
		.cpus = 1 << 2,
		.memory = &good_memory,
		.num_memory = 1,
	};

	return plan;
}

static uint64_t before[VIEW_PAGES], after[VIEW_PAGES];

static void open_machine(void)
{
	machine_open(&root);
	if (machine_create(&neighbour) < 0)
		machine_give_up("the neighbour cannot be made");
	machine_view(&root_cell, before);
	machine.debug_size = 0;
	memset(machine.debug, 0, sizeof(machine.debug));
}

static void refuses(struct tap *tap, const struct cell_plan *plan, int error, const char *what)
{
	unsigned int acts = machine.cpus[2].acts;
	uint32_t used = page_pool_used();
	int err = machine_create(plan);

	machine_view(&root_cell, after);
	if (!tap_ok(tap,
		    err == error && cell_count() == 2 && page_pool_used() == used &&
			    memcmp(before, after, sizeof(before)) == 0 &&
			    root_cell.cpus.word[0] == 0x7 && machine.cpus[2].acts == acts,
		    "no cell with %s", what))
		tap_note(tap, "  %d, expected %d; %u cells, %d pages more; %s", err, error,
			 cell_count(), page_pool_used() - used, machine.debug);
}

static void refuses_memory(struct tap *tap, const struct blob_memory *memory, int error,
			   const char *what)
{
	struct cell_plan plan = good_plan();

	plan.memory = memory;
	plan.num_memory = memory[1].size ? 2 : 1;
	refuses(tap, &plan, error, what);
}

#define PAGE(address)                  \
	{                              \
		address, 0, 0x1000, RW \
	}
#define BYTES(address)                                \
	{                                             \
		address, address, 4, RW | BLOB_MEM_IO \
	}
#define IO(address)                                        \
	{                                                  \
		address, address, 0x1000, RW | BLOB_MEM_IO \
	}
#define SHARED(address)                                      \
	{                                                    \
		address, 0, 0x1000, RW | BLOB_MEM_ROOTSHARED \
	}
#define RANGE(start, size)         \
	{                          \
		start, 0, size, RW \
	}

static void test_memory(struct tap *tap)
{
	static const struct {
		int error;
		struct blob_memory memory[2];
		const char *what;
	} cases[] = {
		{-EINVAL, {PAGE(HV_START)}, "the hypervisor's first page"},
		{-EINVAL, {PAGE(HV_START + HV_SIZE - 0x1000)}, "the hypervisor's last page"},
		{-EINVAL, {RANGE(HV_START - 0x1000, 0x2000)}, "memory that reaches into its start"},
		{-EINVAL, {RANGE(HV_START - 0x1000, HV_SIZE + 0x2000)}, "memory around it"},
		{-EINVAL, {SHARED(HV_START + 0x5000)}, "its memory as shared memory"},
		{-EINVAL, {BYTES(HV_START + 0x100)}, "bytes of it as registers"},
		{-EINVAL,
		 {{HV_START - 4, HV_START - 4, 8, RW | BLOB_MEM_IO}},
		 "bytes that reach into it"},
		{-EINVAL, {{APIC_PAGE, 0, 0x1000, BLOB_MEM_READ | BLOB_MEM_IO}}, "the APIC"},
		{-EINVAL,
		 {{APIC_PAGE + 0x300, 0x300, 4, BLOB_MEM_READ | BLOB_MEM_IO}},
		 "one register of the APIC"},
		{-EINVAL,
		 {{0xa00000, APIC_PAGE, 0x1000, RW}},
		 "memory where a cell finds its APIC"},
		{-EBUSY, {PAGE(0x400000)}, "a neighbour's first page"},
		{-EBUSY, {PAGE(0x40f000)}, "a neighbour's last page"},
		{-EBUSY, {RANGE(0x3ff000, 0x2000)}, "memory that reaches into a neighbour's"},
		{-EBUSY, {SHARED(0x400000)}, "a neighbour's memory as shared memory"},
		{-EBUSY, {PAGE(0x501000)}, "for itself what a neighbour shares"},
		{-EBUSY, {IO(DEVICE)}, "the page of a neighbour's registers"},
		{-EBUSY, {BYTES(DEVICE + 0x10c)}, "bytes of a neighbour's registers"},
		{-EBUSY, {PAGE(0x800000)}, "memory that root has not"},
		{-EBUSY, {RANGE(0x8ff000, 0x2000)}, "memory of which root has a part"},
		{-EBUSY, {RANGE(0x15ff000, 0x3000)}, "memory with a hole behind a large page"},
		{-EBUSY, {RANGE(0x6ff000, 0x2000)}, "more rights to a page than root has"},
		{-EBUSY, {BYTES(0xe0000000)}, "registers that root has not"},
		{-EBUSY,
		 {BYTES(DEVICE + 0xf200)},
		 "more rights than root has to what is left of a page"},
		{-EBUSY, {PAGE(0xa00000), {0x400000, 0x1000, 0x1000, RW}}, "one bad region of two"},
	};

	open_machine();
	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		refuses_memory(tap, cases[n].memory, cases[n].error, cases[n].what);
}

/* The same, one step to the side: it is not for something else that those were refused. */
static void accepts(struct tap *tap, const struct blob_memory *memory, const char *what)
{
	struct cell_plan plan = good_plan();

	plan.memory = memory;
	plan.num_memory = 1;
	open_machine();
	if (!tap_is_u64(tap, machine_create(&plan), 0, "a cell can have %s", what))
		tap_note(tap, "  %s", machine.debug);
}

static void test_accepted(struct tap *tap)
{
	static const struct {
		struct blob_memory memory;
		const char *what;
	} cases[] = {
		{PAGE(HV_START - 0x1000), "the page before the hypervisor's memory"},
		{PAGE(HV_START + HV_SIZE), "the one behind it"},
		{PAGE(0x3ff000), "the page before a neighbour's memory"},
		{PAGE(0x410000), "the one behind it"},
		{SHARED(0x501000), "what a neighbour shares, as shared memory"},
		{BYTES(DEVICE + 0x110), "registers beside a neighbour's in one page"},
		{BYTES(DEVICE + 0x0fc), "those before them"},
		{{DEVICE + 0xf200, DEVICE + 0xf200, 4, BLOB_MEM_READ | BLOB_MEM_IO},
		 "what is left of a page, as root has it"},
		{PAGE(0xb00000), "what a neighbour's communication region only names"},
		{{0x700000, 0, 0x1000, BLOB_MEM_READ}, "memory to read that root can only read"},
		{{0x700000, 0, 0x1000, BLOB_MEM_READ | BLOB_MEM_EXECUTE}, "and execute it"},
	};

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		accepts(tap, &cases[n].memory, cases[n].what);
}

static void test_names_and_cpus(struct tap *tap)
{
	static const struct {
		int error;
		uint32_t id;
		const char *name;
		uint64_t cpus;
		const char *what;
	} cases[] = {
		{-EEXIST, 1, "second", 4, "a neighbour's id"},
		{-EEXIST, 0, "second", 4, "root's id"},
		{-EEXIST, 2, "neighbour", 4, "a neighbour's name"},
		{-EEXIST, 2, "RootCell", 4, "root's name"},
		{-EINVAL, 2, "second", 1, "the CPU that the order comes from"},
		{-EINVAL, 2, "second", 5, "that CPU and another one"},
		{-EBUSY, 2, "second", 8, "a neighbour's CPU"},
		{-EBUSY, 2, "second", 12, "a neighbour's CPU and a free one"},
		{-EINVAL, 2, "second", 16, "a CPU that there is not"},
		{-EINVAL, 2, "second", 1ull << 63 | 4, "the last CPU that there might be"},
		{-EINVAL, 2, "second", 0, "no CPU"},
	};

	open_machine();
	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct cell_plan plan = good_plan();

		plan.id = cases[n].id;
		plan.name = cases[n].name;
		plan.cpus = cases[n].cpus;
		refuses(tap, &plan, cases[n].error, cases[n].what);
	}
}

/* A set is as long as its blob says, and may name CPUs that the hypervisor cannot have. */
static void test_long_set(struct tap *tap)
{
	static struct {
		struct cell_desc desc;
		uint64_t set[CPU_SET_WORDS + 1];
	} __attribute__((packed)) wide = {.desc.cpu_set_size = sizeof(wide.set), .set = {1 << 3}};
	struct cpu_set cpus;

	tap_is_u64(tap, cell_desc_cpus(&wide.desc).word[0], 1 << 3,
		   "a set may be longer than it need be");
	wide.set[3] = 1 << 8;
	wide.desc.cpu_set_size = 3 * sizeof(uint64_t) + 2;
	cpus = cell_desc_cpus(&wide.desc);
	tap_ok(tap, cpu_set_next(&cpus, 4) == 200 && cpu_set_next(&cpus, 201) == IMAGE_MAX_CPUS,
	       "it may have more than a word");
	wide.desc.cpu_set_size = sizeof(wide.set);
	wide.set[CPU_SET_WORDS] = 1;
	tap_is_u64(tap, cell_desc_cpus(&wide.desc).word[0], 0,
		   "one with CPUs beyond the last is none");
}

/* As many as a blob can have that is not too large. */
static void test_windows(struct tap *tap)
{
	static struct blob_memory memory[120];
	const unsigned int count = sizeof(memory) / sizeof(memory[0]);
	struct cell_plan plan = good_plan();

	for (unsigned int n = 0; n < count; n++)
		memory[n] = (struct blob_memory)BYTES(DEVICE + 0x1000 + n * 8);
	plan.memory = memory;
	plan.num_memory = count;
	open_machine();
	if (!tap_is_u64(tap, machine_create(&plan), 0,
			"byte-granular regions are not counted out")) {
		tap_note(tap, "  %s", machine.debug);
		return;
	}
	tap_is_u64(tap, cell_by_id(2)->io[IO_MEMORY]->count, count + 1,
		   "each of them is answered, and the APIC");
}

static int create_from(uint64_t phys)
{
	return machine_hypercall(HC_CELL_CREATE, phys, 0);
}

static void test_blobs(struct tap *tap)
{
	struct cell_plan plan = good_plan();
	uint32_t used;
	struct cell_desc *desc;

	open_machine();
	used = page_pool_used();
	plan_write(&plan, machine.ram + BLOB_PHYS);
	desc = (struct cell_desc *)(machine.ram + BLOB_PHYS);
	tap_is_u64(tap, create_from(HV_START + 0x200000), -EINVAL,
		   "no blob is read out of the hypervisor's memory");
	tap_is_u64(tap, create_from(0x800000), -EINVAL, "nor where root has nothing");
	tap_is_u64(tap, create_from(0x401000), -EINVAL, "nor out of a neighbour's memory");
	memcpy(machine.ram + 0x7ffff0, desc, 16);
	tap_is_u64(tap, create_from(0x7ffff0), -EINVAL, "nor half out of root's");
	tap_is_u64(tap, create_from(~0ull), -EINVAL, "nor at the end of all addresses");
	desc->num_memory_regions = 0x10000;
	tap_is_u64(tap, create_from(BLOB_PHYS), -E2BIG, "a blob has a size that is still sane");
	desc->num_memory_regions = 2048;
	tap_is_u64(tap, create_from(BLOB_PHYS), -E2BIG, "one of a little more than 64 KiB has not");
	desc->num_memory_regions = 0xffffffff;
	tap_is_u64(tap, create_from(BLOB_PHYS), -E2BIG, "counts do not overflow");
	desc->num_memory_regions = 1;
	desc->revision++;
	tap_is_u64(tap, create_from(BLOB_PHYS), -EINVAL, "a blob that is not correct is refused");
	tap_ok(tap,
	       machine_said("refused: error 4, part 0, element -1") && BLOB_WRONG_REVISION == 4,
	       "with what is wrong on the console");
	tap_is_u64(tap, page_pool_used(), used, "none of these costs a page");
	desc->revision--;
	tap_is_u64(tap, create_from(BLOB_PHYS), 0, "a blob may lie across pages");
	desc->cpu_reset_address = 0x1234;
	tap_ok(tap, cell_by_id(2)->desc->cpu_reset_address == 0,
	       "what root writes into it afterwards changes nothing");
}

#define LIST_PHYS  0x31ff8ull /* its second entry is on another page */
#define FIRST_PAGE 0x40000ull
#define NEXT_PAGE  0x38000ull
#define CAPS	   1700u

/* A blob of several pages, which are anywhere. */
static void write_pages(uint64_t *list)
{
	static struct blob_pci_capability caps[CAPS];
	static uint8_t blob[4 * PAGE_SIZE];
	struct cell_plan plan = good_plan();
	const uint8_t *end = (const uint8_t *)blob + sizeof(blob);

	/* Of no device: they cost nothing but room. */
	for (unsigned int n = 0; n < CAPS; n++)
		caps[n] = (struct blob_pci_capability){.id = 1, .start = 0x40, .len = 1 + n % 64};
	plan.caps = caps;
	plan.num_caps = CAPS;
	memset(blob, 0, sizeof(blob));
	plan_write(&plan, blob);
	for (const uint8_t *from = blob; from < end; from += PAGE_SIZE, list++) {
		*list = from == blob ? FIRST_PAGE : NEXT_PAGE - (from - blob);
		memcpy(machine.ram + *list, from, PAGE_SIZE);
	}
}

static void test_blob_in_pages(struct tap *tap)
{
	static const struct {
		const char *name;
		uint64_t page;
	} bad[] = {
		{"of the hypervisor's", HV_START + 0x200000},
		{"where root has nothing", 0x800000},
		{"of a neighbour's", 0x401000},
		{"at the end of all addresses", ~0ull & PAGE_MASK},
		{"that does not begin as one", NEXT_PAGE - PAGE_SIZE + 8},
	};
	uint64_t *list, good;
	uint32_t used;

	open_machine();
	used = page_pool_used();
	list = (uint64_t *)(machine.ram + LIST_PHYS);
	write_pages(list);
	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		for (unsigned int at = 0; at < 3; at += 2) {
			good = list[at];
			list[at] = bad[n].page;
			tap_is_u64(tap, create_from(LIST_PHYS | HC_BLOB_IN_PAGES), -EINVAL,
				   "no page %u is read %s", at, bad[n].name);
			list[at] = good;
		}
	}
	tap_is_u64(tap, create_from((HV_START + 0x200000) | HC_BLOB_IN_PAGES), -EINVAL,
		   "no list is read out of the hypervisor's memory");
	tap_is_u64(tap, create_from(0x7ffff8 | HC_BLOB_IN_PAGES), -EINVAL,
		   "nor one that begins in root's and ends elsewhere");
	tap_is_u64(tap, create_from(~0ull), -EINVAL, "nor at the end of all addresses");
	tap_is_u64(tap, page_pool_used(), used, "none of these costs a page");
	tap_is_u64(tap, create_from(LIST_PHYS | HC_BLOB_IN_PAGES), 0,
		   "a blob may be in pages that are anywhere");
	tap_ok(tap,
	       cell_by_id(2) && cell_by_id(2)->desc->num_pci_caps == CAPS &&
		       cell_desc_pci_caps(cell_by_id(2)->desc)[CAPS - 1].len == 1 + (CAPS - 1) % 64,
	       "all of it has come");
}

int main(void)
{
	struct tap tap = {0};

	test_memory(&tap);
	test_accepted(&tap);
	test_names_and_cpus(&tap);
	test_long_set(&tap);
	test_windows(&tap);
	test_blobs(&tap);
	test_blob_in_pages(&tap);
	return tap_done(&tap);
}
