// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the hooks of subsystems promise: whoever keeps tables of his own by them, as an IOMMU does,
 * has the same as the processors at every step, may fail at any call, and serves what he claims.
 */
#include <errno.h>
#include <stdio.h>

#include "core/page_pool.h"
#include "core/subsystem.h"
#include "lib/blob/blob_claims.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

#define CALL_NEVER 0xffffffffu

/* Two that keep tables: one is called before, one after all of the product's. */
static struct recorder {
	uint64_t root[VIEW_PAGES]; /* by page: its address and flags */
	uint64_t plant_pages;	   /* of the cell */
	uint64_t plant_dma;	   /* those that devices reach */
	uint64_t plant_comm;	   /* how its communication region was given to it: flags */
	uint64_t uncommitted;	   /* pages that root has lost since the last commit */
} recorders[2];

static unsigned int calls, fail_at = CALL_NEVER, fail_commit_at = CALL_NEVER, commits;
static unsigned int wrong; /* calls that must not be */

static bool fails_now(void)
{
	return calls++ == fail_at;
}

static bool in_view(uint64_t address)
{
	return address < RAM_SIZE || (address >= DEVICE && address < DEVICE + DEVICE_SIZE);
}

static int record_map(struct recorder *recorder, struct cell *cell,
		      const struct blob_memory *region)
{
	if (fails_now())
		return -ENOMEM;
	wrong += (region->phys_start | region->virt_start | region->size) & ~PAGE_MASK;
	wrong += region->size == 0;
	if (cell != &root_cell) {
		recorder->plant_pages += region->size / PAGE_SIZE;
		if (region->flags & BLOB_MEM_DMA)
			recorder->plant_dma += region->size / PAGE_SIZE;
		if (region->flags & BLOB_MEM_COMM_REGION)
			recorder->plant_comm = region->flags;
		return 0;
	}
	wrong += region->phys_start != region->virt_start;
	for (uint64_t at = region->virt_start; at < region->virt_start + region->size;
	     at += PAGE_SIZE) {
		if (in_view(at))
			recorder->root[view_index(at)] =
				at | (region->flags & (RWX | BLOB_MEM_DMA));
	}
	return 0;
}

static int record_unmap(struct recorder *recorder, struct cell *cell,
			const struct blob_memory *region)
{
	if (fails_now())
		return -ENOMEM;
	if (cell != &root_cell) {
		recorder->plant_pages -= region->size / PAGE_SIZE;
		return 0;
	}
	for (uint64_t at = region->virt_start; at < region->virt_start + region->size;
	     at += PAGE_SIZE) {
		if (in_view(at))
			recorder->root[view_index(at)] = 0;
	}
	recorder->uncommitted += region->size / PAGE_SIZE;
	return 0;
}

static int record_commit(struct recorder *recorder, struct cell *cell)
{
	wrong += cell != &root_cell;
	if (commits++ == fail_commit_at)
		return -EIO;
	recorder->uncommitted = 0;
	return 0;
}

static void record_destroy(struct recorder *recorder)
{
	recorder->plant_pages = recorder->plant_dma = 0;
}

#define RECORDER(n)                                                               \
	static int map_##n(struct cell *cell, const struct blob_memory *region)   \
	{                                                                         \
		return record_map(&recorders[n], cell, region);                   \
	}                                                                         \
	static int unmap_##n(struct cell *cell, const struct blob_memory *region) \
	{                                                                         \
		return record_unmap(&recorders[n], cell, region);                 \
	}                                                                         \
	static int commit_##n(struct cell *cell)                                  \
	{                                                                         \
		return record_commit(&recorders[n], cell);                        \
	}                                                                         \
	static void destroy_##n(struct cell *cell)                                \
	{                                                                         \
		record_destroy(&recorders[n]);                                    \
	}

RECORDER(0)
RECORDER(1)

/* Sorted before the product's, by the letter before its digits. */
SUBSYSTEM(-first, first_recorder) = {
	.name = "first recorder",
	.claims = 1u << BLOB_CLAIM_CACHES,
	.memory_map = map_0,
	.memory_unmap = unmap_0,
	.memory_commit = commit_0,
	.cell_destroy = destroy_0,
};

SUBSYSTEM(99, last_recorder) = {
	.name = "last recorder",
	.claims = 1u << BLOB_CLAIM_STREAM_IDS,
	.memory_map = map_1,
	.memory_unmap = unmap_1,
	.memory_commit = commit_1,
	.cell_destroy = destroy_1,
};

static void open_with(const struct cell_plan *root)
{
	memset(recorders, 0, sizeof(recorders));
	fail_at = fail_commit_at = CALL_NEVER;
	wrong = 0;
	machine_open(root);
	/* Nobody has run yet who could have seen what root does not have. */
	recorders[0].uncommitted = recorders[1].uncommitted = 0;
	calls = commits = 0;
}

static void open_machine(void)
{
	open_with(NULL);
}

/* Pages of root where a recorder and the processors' tables do not say the same. */
static unsigned int differences(const struct recorder *recorder)
{
	static uint64_t view[VIEW_PAGES];
	unsigned int count = 0;
	uint64_t expected;

	machine_view(&root_cell, view);
	for (unsigned int n = 0; n < VIEW_PAGES; n++) {
		uint64_t page = recorder->root[n];

		expected = page ? (page & PAGE_MASK) | PTE_PRESENT |
					   ((page & BLOB_MEM_WRITE) ? PTE_WRITE : 0) |
					   ((page & BLOB_MEM_EXECUTE) ? 0 : PTE_NX)
				: 0;
		if (view[n] != expected && count++ == 0)
			printf("# first at page 0x%x: 0x%llx, recorded 0x%llx\n", n,
			       (unsigned long long)view[n], (unsigned long long)page);
	}
	return count;
}

static void in_step(struct tap *tap, const char *when)
{
	tap_ok(tap, differences(&recorders[0]) == 0 && differences(&recorders[1]) == 0,
	       "%s root has the same by all tables", when);
	tap_ok(tap, recorders[0].uncommitted == 0 && recorders[1].uncommitted == 0,
	       "%s nothing that root lost is only on its way", when);
}

static void test_life(struct tap *tap)
{
	uint64_t pages;

	open_machine();
	in_step(tap, "at launch");
	tap_ok(tap, recorders[1].root[view_index(0x800000)] & BLOB_MEM_DMA,
	       "root's devices reach its memory");
	machine_create(&plant);
	in_step(tap, "after create");
	pages = machine_mapped_pages(cell_by_id(PLANT_ID)) - 1; /* less the APIC's */
	tap_ok(tap, recorders[0].plant_pages == pages && recorders[1].plant_pages == pages,
	       "a cell has the same by all tables");
	tap_is_u64(tap, recorders[1].plant_dma, 0x402,
		   "its devices reach the region that says so, no other");
	tap_is_u64(tap, recorders[1].plant_comm & (BLOB_MEM_DMA | RW), RW,
		   "the communication region is for processors");
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	in_step(tap, "after a load");
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	in_step(tap, "after a start");
	end_plant();
	in_step(tap, "after destroy");
	tap_is_u64(tap, recorders[1].plant_pages, 0, "the cell's tables are gone");
	tap_ok(tap, recorders[1].root[view_index(0x800000)] & BLOB_MEM_DMA,
	       "root's devices reach again what comes back");
	tap_is_u64(tap, wrong, 0, "regions are whole pages, root's at their own addresses");
}

struct before {
	struct recorder recorders[2];
	struct root_model model;
	uint32_t used;
	unsigned int acts;
};

static void remember(struct before *before)
{
	memcpy(before->recorders, recorders, sizeof(recorders));
	machine_view(&root_cell, before->model.pages);
	before->used = page_pool_used();
	before->acts = machine.cpus[PLANT_CPU].acts;
}

static bool as_before(const struct before *before)
{
	return memcmp(before->recorders[0].root, recorders[0].root, sizeof(recorders[0].root)) ==
		       0 &&
	       memcmp(before->recorders[1].root, recorders[1].root, sizeof(recorders[1].root)) ==
		       0 &&
	       model_differences(&before->model) == 0 && page_pool_used() == before->used &&
	       recorders[0].plant_pages == 0 && recorders[1].plant_pages == 0 &&
	       root_cell.cpus.word[0] == 0xf && cell_count() == 1 &&
	       cpu_by_id(PLANT_CPU)->cell == &root_cell;
}

/* Any hook may fail at any call. */
static void test_create_fails(struct tap *tap)
{
	static struct before before;
	unsigned int step, undone = 0, errors = 0;
	int err;

	for (step = 0;; step++) {
		open_machine();
		remember(&before);
		fail_at = step;
		err = machine_create(&plant);
		if (err == 0)
			break;
		errors += err == -ENOMEM;
		undone += as_before(&before) && machine.cpus[PLANT_CPU].acts == before.acts;
	}
	tap_ok(tap, step > 20, "a create calls hooks for each region (%u)", step);
	tap_is_u64(tap, errors, step, "one that fails is told");
	tap_is_u64(tap, undone, step, "and what the others did is undone, whichever it was");
	for (step = 0;; step++) {
		open_machine();
		remember(&before);
		fail_commit_at = step;
		err = machine_create(&plant);
		if (err == 0)
			break;
		if (err != -EIO || !as_before(&before))
			break;
	}
	tap_ok(tap, err == 0 && step == 2,
	       "a create whose change is not known to be in force is undone, CPUs and all");
}

/*
 * Between it and the plant they leave root nothing of two large pages, so that root's tables for
 * them are gone, and needed again.
 */
static const struct blob_memory neighbour_memory[] = {
	{0x200000, 0, 0x1ff000, RWX},
	{0x801000, 0x400000, 0x1ff000, RWX},
};
static const struct cell_plan neighbour = {
	.name = "neighbour",
	.id = 1,
	.cpus = 1 << 2,
	.memory = neighbour_memory,
	.num_memory = 2,
};

/* The processors' tables are short of a page: they keep nothing of what the others gave back. */
static void test_pages_missing(struct tap *tap)
{
	unsigned int step, same = 0;
	int err;

	for (step = 0;; step++) {
		open_machine();
		machine_create(&neighbour);
		machine_create(&plant);
		machine_drain(step);
		err = machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
		if (err == 0)
			break;
		same += differences(&recorders[0]) == 0 && differences(&recorders[1]) == 0;
	}
	tap_ok(tap, step > 1 && same == step,
	       "want of pages in the middle of a region leaves all tables the same");
}

static void test_load_fails(struct tap *tap)
{
	static struct root_model model;
	unsigned int step, mended = 0;
	int err;

	for (step = 0;; step++) {
		open_machine();
		machine_create(&plant);
		model_root_beside_plant(&model);
		calls = 0;
		fail_at = step;
		err = machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
		fail_at = CALL_NEVER;
		if (err == 0)
			break;
		err = machine_hypercall(HC_CELL_START, PLANT_ID, 0);
		mended += err == 0 && model_differences(&model) == 0 &&
			  differences(&recorders[0]) == 0 && differences(&recorders[1]) == 0;
	}
	tap_ok(tap, step >= 4, "a load calls hooks for each loadable region");
	tap_is_u64(tap, mended, step, "what one that failed gave to root the next start takes");
	open_machine();
	machine_create(&plant);
	machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0);
	commits = 0;
	fail_commit_at = 0;
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), -EIO,
		   "a cell does not start while root may still reach its memory");
	tap_ok(tap, machine.cpus[PLANT_CPU].last_act != PENDING_START, "none of its CPUs does");
	tap_is_u64(tap, machine_hypercall(HC_CELL_START, PLANT_ID, 0), 0,
		   "it does when that has been made sure");
}

/* State table, no common section, one output section. */
static const struct blob_memory shared_memory[] = {
	{0xb00000, 0x40010000, 0x1000, BLOB_MEM_READ | BLOB_MEM_ROOTSHARED},
	{0, 0, 0, 0},
	{0xb01000, 0x40011000, 0x1000, RW | BLOB_MEM_ROOTSHARED},
	{0, 0x50000000, 0x1000, RW | BLOB_MEM_COMM_REGION},
};

/* A blob that asks for one thing. */
static int create_asking(enum blob_claim claim)
{
	struct cell_plan plan = plant;
	struct cell_desc *desc = (void *)(machine.ram + BLOB_PHYS);
	struct blob_pci_device *device;
	struct blob_irqchip *chip;
	struct blob_cache *cache;
	uint8_t *end;

	plan.num_pio = 0;
	plan.memory = shared_memory;
	plan.num_memory = 4;
	end = (uint8_t *)desc + plan_write(&plan, desc);
	memset(end, 0, 256);
	device = (void *)end;
	chip = (void *)end;
	cache = (void *)end;
	switch (claim) {
	case BLOB_CLAIM_PCI_DEVICES:
		desc->num_pci_devices = 1;
		device->type = BLOB_PCI_DEVICE;
		break;
	case BLOB_CLAIM_SHARED_MEMORY:
		desc->num_pci_devices = 1;
		*device = (struct blob_pci_device){.type = BLOB_PCI_IVSHMEM,
						   .bar_mask = {0xfffff000, 0xfffff000},
						   .shmem_peers = 1};
		break;
	case BLOB_CLAIM_INTERRUPT_PINS:
		desc->num_irqchips = 1;
		chip->address = IO_APIC;
		chip->pin_bitmap[0] = 1 << (IO_APIC_PINS - 1);
		break;
	case BLOB_CLAIM_CACHES:
		desc->num_cache_regions = 1;
		*cache = (struct blob_cache){.size = 1, .type = BLOB_CACHE_CODE | BLOB_CACHE_DATA};
		break;
	case BLOB_CLAIM_STREAM_IDS:
		desc->num_stream_ids = 1;
		break;
	case BLOB_CLAIM_TEST_DEVICE:
		desc->flags |= BLOB_CELL_TEST_DEVICE;
		break;
	default:
		machine_give_up("no cell asks for that");
	}
	return machine_hypercall(HC_CELL_CREATE, BLOB_PHYS, 0);
}

static const struct blob_memory root_memory[] = {{0, 0, RAM_SIZE, RWX | BLOB_MEM_DMA}};
static const struct blob_irqchip root_pins = {.address = IO_APIC, .pin_bitmap = {0xffffff}};
static const struct cell_plan root_with_pins = {
	.name = "RootCell",
	.cpus = 0xf,
	.memory = root_memory,
	.num_memory = 1,
	.irqchips = &root_pins,
	.num_irqchips = 1,
};

/* What that blob does ask for. */
static uint32_t asked(void)
{
	return blob_claims_cell((const struct cell_desc *)(machine.ram + BLOB_PHYS));
}

static void test_claims(struct tap *tap)
{
	static uint8_t blob[sizeof(struct system_desc) + sizeof(struct blob_irqchip)];
	struct system_desc *system = (struct system_desc *)blob;
	struct blob_irqchip *chip = (struct blob_irqchip *)(system + 1);
	static struct before before;

	for (unsigned int claim = 0; claim < BLOB_CLAIM_IOMMUS; claim++) {
		char line[80];

		open_with(&root_with_pins);
		remember(&before);
		machine.debug_size = 0;
		if (public_area.served & (1u << claim)) {
			/* There is no such device in this machine. */
			int none = claim == BLOB_CLAIM_PCI_DEVICES ? -EOPNOTSUPP : 0;

			tap_ok(tap,
			       create_asking(claim) == none && asked() == 1u << claim &&
				       !machine_said("not served"),
			       "a cell may ask for %s", blob_claim_text(claim));
			continue;
		}
		snprintf(line, sizeof(line), "cell plant: not served: %s\n",
			 blob_claim_text(claim));
		tap_ok(tap,
		       create_asking(claim) == -EOPNOTSUPP && asked() == 1u << claim &&
			       machine_said(line) && as_before(&before),
		       "no cell with %s, which nobody claims", blob_claim_text(claim));
	}
	tap_ok(tap,
	       (public_area.served & (1u << BLOB_CLAIM_STREAM_IDS)) &&
		       (public_area.served & (1u << BLOB_CLAIM_CACHES)),
	       "root reads all that is served");
	system->iommu_units[BLOB_IOMMU_UNITS - 1].type = BLOB_IOMMU_AMD;
	tap_is_u64(tap, blob_claims_system(system), 1u << BLOB_CLAIM_IOMMUS,
		   "IOMMUs are asked for by the system");
	chip->address = 0xfec00000;
	system->root_cell.num_irqchips = 1;
	tap_is_u64(tap, blob_claims_system(system), 1u << BLOB_CLAIM_IOMMUS,
		   "a controller without a pin asks for none");
}

int main(void)
{
	struct tap tap = {0};

	test_life(&tap);
	test_create_fails(&tap);
	test_load_fails(&tap);
	test_pages_missing(&tap);
	test_claims(&tap);
	return tap_done(&tap);
}
