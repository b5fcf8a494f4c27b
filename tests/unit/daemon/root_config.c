// SPDX-License-Identifier: GPL-2.0-only
#include "lib/blob/blob_check.h"
#include "model_test.h"
#include "model/root_config.h"

#define FLAGS_RAM (BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_EXECUTE | BLOB_MEM_DMA)

/* A copy of the blob's arrays at addresses that C may use. */
struct root {
	struct system_desc system;
	struct blob_memory memory[64];
	size_t num_memory;
	struct blob_pio pio[4];
	struct blob_irqchip irqchips[4];
	uint64_t cpus;
};

static bool build(struct tap *tap, const struct machine *machine, struct address_range hypervisor,
		  struct root *ret)
{
	const struct root_config_options options = {.hypervisor = hypervisor};
	_cleanup_(problems_done) struct problems problems = {0};
	_cleanup_(freep) void *blob = NULL;
	const struct cell_desc *cell;
	size_t size = 0;

	memset(ret, 0, sizeof(*ret));
	if (root_config_build(machine, &options, &problems, &blob, &size) < 0) {
		note_problems(tap, &problems);
		return false;
	}
	if (blob_check_system(blob, size, NULL) < 0)
		return false;
	memcpy(&ret->system, blob, sizeof(ret->system));
	cell = &((const struct system_desc *)blob)->root_cell;
	ret->num_memory = cell->num_memory_regions;
	if (ret->num_memory > ARRAY_SIZE(ret->memory) || cell->num_pio_regions > 4 ||
	    cell->num_irqchips > 4 || cell->cpu_set_size != sizeof(ret->cpus))
		return false;
	memcpy(ret->memory, cell_desc_memory(cell), ret->num_memory * sizeof(ret->memory[0]));
	memcpy(ret->pio, cell_desc_pio(cell), cell->num_pio_regions * sizeof(ret->pio[0]));
	memcpy(ret->irqchips, cell_desc_irqchips(cell),
	       cell->num_irqchips * sizeof(ret->irqchips[0]));
	memcpy(&ret->cpus, cell_desc_cpu_set(cell), sizeof(ret->cpus));
	return true;
}

static uint64_t flags_at(const struct root *root, uint64_t address)
{
	for (size_t i = 0; i < root->num_memory; i++) {
		if (address >= root->memory[i].phys_start &&
		    address - root->memory[i].phys_start < root->memory[i].size)
			return root->memory[i].flags;
	}
	return 0;
}

static const struct {
	uint64_t address;
	uint64_t flags;
	const char *what;
} expected[] = {
	{0x0, FLAGS_RAM & ~BLOB_MEM_DMA, "the first page"},
	{0x1000, FLAGS_RAM, "low RAM"},
	{0x9f000, FLAGS_RAM, "the page that RAM and BIOS data share"},
	{0xb8000, FLAGS_RAM & ~BLOB_MEM_DMA, "VGA"},
	{0xc0000, FLAGS_RAM & ~BLOB_MEM_DMA, "option ROMs"},
	{0xe0000, FLAGS_RAM & ~BLOB_MEM_DMA, "a hole in the BIOS area"},
	{0x100000, FLAGS_RAM, "RAM from 1M"},
	{0x1fffffff, FLAGS_RAM, "the byte before the hypervisor"},
	{0x20000000, 0, "the hypervisor's first byte"},
	{0x20ffffff, 0, "the hypervisor's last byte"},
	{0x21000000, FLAGS_RAM, "the byte behind the hypervisor: the cells' memory"},
	{0x3ffdbfff, FLAGS_RAM, "the last byte of RAM"},
	{0x3ffdc000, FLAGS_RAM & ~BLOB_MEM_DMA, "ACPI tables"},
	{0x40000000, BLOB_MEM_READ | BLOB_MEM_WRITE, "the PCI window"},
	{0xb0000000, BLOB_MEM_READ | BLOB_MEM_WRITE, "the first byte of MMCONFIG"},
	{0xbfffffff, BLOB_MEM_READ | BLOB_MEM_WRITE, "the last byte of MMCONFIG"},
	{0xfebd5000, BLOB_MEM_READ | BLOB_MEM_WRITE, "a BAR"},
	{0xfec00000, BLOB_MEM_READ | BLOB_MEM_WRITE, "IOAPIC"},
	{0xfec01000, 0, "nothing behind IOAPIC"},
	{0xfed00000, BLOB_MEM_READ | BLOB_MEM_WRITE, "HPET"},
	{0xfee00000, 0, "the local APIC"},
	{0xfee00fff, 0, "all of it"},
	{0xffffffff, FLAGS_RAM & ~BLOB_MEM_DMA, "the BIOS flash"},
	{0x100000000, BLOB_MEM_READ | BLOB_MEM_WRITE, "the PCI window above 4G"},
	{0x900000000, 0, "nothing behind it"},
};

static void test_memory(struct tap *tap, const struct root *root)
{
	bool sorted = true, joined = true, identity = true;

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		tap_is_u64(tap, flags_at(root, expected[i].address), expected[i].flags,
			   "root has %s as it shall", expected[i].what);
	for (size_t i = 0; i < root->num_memory; i++) {
		const struct blob_memory *a = &root->memory[i];
		const struct blob_memory *b = a + 1;

		identity &= a->phys_start == a->virt_start && a->phys_start % 4096 == 0 &&
			    a->size % 4096 == 0 && a->size != 0;
		if (i + 1 == root->num_memory)
			break;
		sorted &= a->phys_start + a->size <= b->phys_start;
		joined &= a->phys_start + a->size < b->phys_start || a->flags != b->flags;
	}
	tap_ok(tap, identity, "all regions are whole pages at their own addresses");
	tap_ok(tap, sorted, "regions do not overlap");
	tap_ok(tap, joined, "neighbours of one kind are one region");
	tap_ok(tap, root->num_memory < 24, "there are few regions");
}

static void test_platform(struct tap *tap, const struct root *root)
{
	const struct system_desc *system = &root->system;

	tap_is_str(tap, system->root_cell.name, "root", "the root cell has its name");
	tap_is_u64(tap, root->cpus, 0xf, "root starts with all CPUs");
	tap_ok(tap,
	       system->hypervisor_memory.phys_start == 0x20000000 &&
		       system->hypervisor_memory.size == 16 << 20,
	       "the hypervisor learns its memory");
	tap_ok(tap, system->pci_mmconfig_base == 0xb0000000 && system->pci_mmconfig_end_bus == 255,
	       "MMCONFIG is told");
	tap_is_u64(tap, system->platform.x86.pm_timer_address, 0x608, "so is the PM timer");
	tap_ok(tap, system->platform.x86.tsc_khz == 0 && system->platform.x86.apic_khz > 999000,
	       "and the APIC timer; TSC is the driver's to say");
	tap_ok(tap,
	       system->root_cell.num_pio_regions == 2 && root->pio[0].base == 0 &&
		       root->pio[0].length + root->pio[1].length == 0x10000 &&
		       root->pio[1].base == root->pio[0].length,
	       "root has every port");
	tap_ok(tap,
	       system->root_cell.num_irqchips == 1 && root->irqchips[0].address == 0xfec00000 &&
		       root->irqchips[0].pin_bitmap[0] == 0xffffff &&
		       root->irqchips[0].pin_bitmap[1] == 0,
	       "root has the IOAPIC's 24 pins");
}

static void test_pins(struct tap *tap, struct machine *machine)
{
	struct root root;

	machine->num_ioapics = 3;
	machine->ioapics[1] = (struct machine_ioapic){1, 24 + 40, 0xfec02000, 0};
	machine->ioapics[2] = (struct machine_ioapic){2, 24, 0xfec01000, 0};
	if (!tap_ok(tap, build(tap, machine, (struct address_range){0x20000000, 16 << 20}, &root),
		    "three IOAPICs are fine"))
		return;
	tap_ok(tap,
	       root.irqchips[0].pin_bitmap[0] == 0xffffff &&
		       root.irqchips[2].pin_bitmap[0] == 0xffffffff &&
		       root.irqchips[2].pin_bitmap[1] == 0xff,
	       "pins reach up to the next IOAPIC's first");
	tap_is_u64(tap, flags_at(&root, 0xfec02000), BLOB_MEM_READ | BLOB_MEM_WRITE,
		   "an IOAPIC that iomem does not list is accessible");
}

static void test_remapping(struct tap *tap, struct machine *machine)
{
	const struct blob_iommu *units;
	struct root root;

	machine->remapping_units[0].base = 0xfed80000;
	machine->remapping_units[1].base = 0xfed90000;
	machine->num_remapping_units = 2;
	if (!build(tap, machine, (struct address_range){0x20000000, 16 << 20}, &root))
		return;
	units = root.system.iommu_units;
	tap_ok(tap,
	       units[0].type == BLOB_IOMMU_INTEL && units[0].base == 0xfed80000 &&
		       units[1].type == BLOB_IOMMU_INTEL && units[1].base == 0xfed90000 &&
		       units[1].size == 0x1000 && units[2].type == BLOB_IOMMU_NONE,
	       "units that remap interrupts are told, in their order");
	machine->remapping_units[0] = (struct machine_unit){0xfd200000, true, 0x2, 0x40};
	machine->ioapics[0].bdf = 0xa0;
	if (!build(tap, machine, (struct address_range){0x20000000, 16 << 20}, &root))
		return;
	tap_ok(tap,
	       units[0].type == BLOB_IOMMU_AMD && units[0].base == 0xfd200000 &&
		       units[0].size == 0x4000 && units[0].amd_bdf == 2 &&
		       units[0].amd_base_cap == 0x40 && root.irqchips[0].id == 0xa0,
	       "AMD's with what they call the IOAPIC");
	machine->num_remapping_units = 0;
	machine->ioapics[0].bdf = 0;
}

static void test_bad_hypervisor(struct tap *tap, const struct machine *machine)
{
	static const struct address_range bad[] = {
		{0x20000000, 0},
		{0x20000800, 4096},
		{0x20000000, 4095},
		{0xfffffffffffff000, 8192},
	};
	struct root root;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(tap, !build(tap, machine, bad[i], &root), "hypervisor memory %zu is refused",
		       i);
}

int main(void)
{
	struct tap tap = {0};
	_cleanup_(machine_freep) struct machine *machine = read_q35(&tap);
	struct root root;

	if (!tap_ok(&tap,
		    machine && build(&tap, machine, (struct address_range){0x20000000, 16 << 20},
				     &root),
		    "a real machine gives a system blob that passes the checker"))
		return tap_done(&tap);
	test_memory(&tap, &root);
	test_platform(&tap, &root);
	test_bad_hypervisor(&tap, machine);
	test_remapping(&tap, machine);
	test_pins(&tap, machine);
	return tap_done(&tap);
}
