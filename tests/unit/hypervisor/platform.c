// SPDX-License-Identifier: GPL-2.0-only
/*
 * What blobs made elsewhere leave out or do not call by its name: pages of the platform that are
 * root's without being told, and devices that are told without saying so.
 */
#include <errno.h>

#include "fake_machine.h"

#include "arch/x86/setup/setup.h"
#include "io/io.h"
#include "tests/lib/tap.h"

#define IO_APIC2	      (IO_APIC + 0x1000)
#define MMCONFIG	      0xe0000000ull
#define BUS		      0x100000ull
#define HPET		      0xfed00000ull
#define DEVICE_ENTRY(address) ((address) | PTE_PRESENT | PTE_WRITE | PTE_NX)

static const struct blob_irqchip chips[] = {
	{.address = IO_APIC, .id = 1, .pin_bitmap = {0xffffff}},
	{.address = IO_APIC2, .id = 2, .pin_base = 24, .pin_bitmap = {0xff}},
};
/* Nothing says that the device is one: it cannot be executed. */
static const struct blob_memory memory[] = {
	{0, 0, RAM_SIZE, RWX},
	{DEVICE, DEVICE, DEVICE_SIZE, RW},
	{HPET, HPET, 0, RW},
};
static const struct cell_plan root = {
	.name = "RootCell",
	.cpus = 0xf,
	.memory = memory,
	.num_memory = 3,
	.irqchips = chips,
	.num_irqchips = 2,
	.mmconfig = MMCONFIG,
};

static void test_root(struct tap *tap)
{
	bool all = true;

	machine_open(&root);
	tap_ok(tap,
	       !machine_lookup(&root_cell, IO_APIC) && io_find(root_cell.io[IO_MEMORY], IO_APIC) &&
		       io_find(root_cell.io[IO_MEMORY], IO_APIC2 + 0xffc),
	       "root's interrupt controllers, which its blob leaves out, are answered");
	for (uint64_t at = MMCONFIG; at < MMCONFIG + BUS; at += PAGE_SIZE)
		all = all && machine_lookup(&root_cell, at) == DEVICE_ENTRY(at);
	tap_ok(tap, all, "and PCI configuration space");
	tap_ok(tap,
	       !machine_lookup(&root_cell, MMCONFIG - PAGE_SIZE) &&
		       !machine_lookup(&root_cell, MMCONFIG + BUS) &&
		       !io_find(root_cell.io[IO_MEMORY], IO_APIC2 + PAGE_SIZE) &&
		       !machine_lookup(&root_cell, HPET),
	       "nothing beside them, nothing where a region has no size");
	tap_ok(tap, !machine_said("not served"), "all that root asks for is served");
	machine_open(NULL);
	tap_ok(tap,
	       !io_find(root_cell.io[IO_MEMORY], IO_APIC) && !machine_lookup(&root_cell, MMCONFIG),
	       "what a machine has not root has not either");
}

static int create_with(struct blob_memory region)
{
	const struct blob_memory regions[] = {
		{0x400000, 0, 0x2000, RWX | BLOB_MEM_LOADABLE},
		{0x500000, 0x500000, 0, RW},
		{0x600000, 0x600000, 0x1000, RW | BLOB_MEM_IO},
		region,
	};
	const struct cell_plan plan = {
		.name = "cell",
		.id = 1,
		.cpus = 1 << 3,
		.memory = regions,
		.num_memory = 4,
	};

	machine_open(&root);
	memset(machine.ram + 0x400000, 0x5a, 0x400000);
	return machine_create(&plan);
}

static void test_cells(struct tap *tap)
{
	static const struct {
		struct blob_memory region;
		const char *what;
	} refused[] = {
		{{IO_APIC, IO_APIC, 0x1000, RW | BLOB_MEM_IO}, "an interrupt controller"},
		{{IO_APIC2, 0x10000, 0x1000, RW | BLOB_MEM_ROOTSHARED}, "one shared with root"},
		{{IO_APIC + 0x10, IO_APIC + 0x10, 4, RW | BLOB_MEM_IO}, "a register of one"},
		{{MMCONFIG, MMCONFIG, BUS, RW}, "PCI configuration space"},
		{{MMCONFIG + BUS - 4, MMCONFIG + BUS - 4, 4, RW | BLOB_MEM_IO},
		 "the last register of it"},
	};
	int err;

	for (unsigned int n = 0; n < sizeof(refused) / sizeof(refused[0]); n++) {
		err = create_with(refused[n].region);
		tap_ok(tap,
		       err == -EBUSY && (machine_said("is the platform's") ||
					 machine_said("is not the root cell's")),
		       "no cell gets %s", refused[n].what);
	}
	err = create_with((struct blob_memory){DEVICE + 0x1000, 0x10000, 0x2000, RW});
	if (!tap_is_u64(tap, err, 0, "a device of root's need not be called one"))
		return;
	tap_ok(tap,
	       machine_lookup(cell_by_id(1), 0x10000) == DEVICE_ENTRY(DEVICE + 0x1000) &&
		       !machine_lookup(&root_cell, DEVICE + 0x1000),
	       "then the cell has it, and root has not");
	tap_ok(tap, !machine_lookup(cell_by_id(1), 0x500000),
	       "a region of no size gives it nothing");
	/* The fake machine ends where something maps a device as memory. */
	while ((err = machine_hypercall(HC_CELL_DESTROY, 1, 0)) == -EINPROGRESS)
		;
	tap_is_u64(tap, err, 0, "nobody scrubs its registers");
	tap_ok(tap,
	       machine_lookup(&root_cell, DEVICE + 0x1000) == DEVICE_ENTRY(DEVICE + 0x1000) &&
		       machine.ram[0x400000] == 0 && machine.ram[0x401fff] == 0 &&
		       machine.ram[0x500000] == 0x5a,
	       "root has it back, and the memory beside it is scrubbed");
	tap_is_u64(tap, machine.ram[0x600000], 0x5a, "what a cell has for I/O is not either");
}

int main(void)
{
	struct tap tap = {0};

	test_root(&tap);
	test_cells(&tap);
	return tap_done(&tap);
}
