// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a configuration may name where the kernel is locked down, by bare ioctls: each thing by
 * which its author could reach the kernel's memory is refused, and what cannot be used for that is
 * not. Prints "ok WHAT" and "not ok WHAT: WHY". The daemon must not run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "results.h"

#define CPU(n)	      (1u << (n))
#define KERNEL	      0x1000000ull    /* where every Linux has something */
#define FIRMWARE      0xfffc0000ull   /* its own code, which e820 has as reserved */
#define RESERVED      0xfd00000000ull /* by it, and no memory */
#define REGISTERS     0xfed00000ull   /* of the HPET */
#define PCI_PORTS     0xcf8
#define INVENTED_UNIT 0xfed90000ull

static struct system_desc *system_of(const struct abi *abi)
{
	/* Behind the last of its arrays that is not empty is room for one more element. */
	struct system_desc *blob = root_blob(abi, ROOT_OURS);
	size_t size = offsetof(struct system_desc, root_cell) + cell_desc_size(&blob->root_cell);

	blob = realloc(blob, size + sizeof(struct blob_pci_device));
	if (!blob)
		broken("out of memory");
	memset((uint8_t *)blob + size, 0, sizeof(struct blob_pci_device));
	return blob;
}

static struct blob_irqchip *irqchips(struct system_desc *system)
{
	return (struct blob_irqchip *)cell_desc_irqchips(&system->root_cell);
}

static void move_irqchip(struct system_desc *system)
{
	irqchips(system)[0].address = KERNEL;
}

static void move_config_space(struct system_desc *system)
{
	system->pci_mmconfig_base = KERNEL;
}

static void other_domain(struct system_desc *system)
{
	system->pci_domain++;
}

static void move_timer(struct system_desc *system)
{
	system->platform.x86.pm_timer_address = PCI_PORTS;
}

static void console_at_pci(struct system_desc *system)
{
	system->debug_console =
		(struct cell_console){.address = PCI_PORTS, .size = 8, .type = CONSOLE_8250};
}

static void invent_unit(struct system_desc *system)
{
	system->iommu_units[0] = (struct blob_iommu){
		.type = BLOB_IOMMU_INTEL, .base = INVENTED_UNIT, .size = 0x1000};
}

static void invent_amd_unit(struct system_desc *system)
{
	system->iommu_units[0] = (struct blob_iommu){
		.type = BLOB_IOMMU_AMD, .base = INVENTED_UNIT, .size = 0x4000, .amd_bdf = 2};
}

static void add_device(struct system_desc *system)
{
	struct blob_pci_device *device = (void *)cell_desc_pci_devices(&system->root_cell);

	system->root_cell.num_pci_devices = 1;
	*device = (struct blob_pci_device){.type = BLOB_PCI_DEVICE, .bdf = 0xf8};
}

static const struct {
	void (*change)(struct system_desc *system);
	int result;
	const char *what;
} systems[] = {
	{move_irqchip, -EPERM, "an IO-APIC that the firmware does not have"},
	{move_config_space, -EPERM, "configuration space that the firmware does not have"},
	{other_domain, -EPERM, "that of another domain"},
	{move_timer, -EPERM, "a PM timer at the ports of PCI"},
	{console_at_pci, -EPERM, "a console at the ports of PCI"},
	{invent_unit, -EPERM, "an IOMMU of Intel's that is not there"},
	{invent_amd_unit, -EPERM, "one of AMD's"},
	{add_device, -EPERM, "a device of root's"},
};

static void open_wrongly(const struct abi *abi)
{
	for (size_t n = 0; n < sizeof(systems) / sizeof(systems[0]); n++) {
		struct system_desc *system = system_of(abi);

		systems[n].change(system);
		gives(systems[n].what, abi_call(abi, JAILHOUSE_ENABLE, system), systems[n].result);
		free(system);
	}
}

/* It is cleared when it is adopted. */
static void adopt_firmware(const struct abi *abi)
{
	struct cellvisor_pool pool = {
		.phys_start = RESERVED, .size = 0x200000, .source = CELLVISOR_POOL_BOOT};

	gives("a pool in what the firmware has reserved",
	      abi_call(abi, CELLVISOR_POOL_RESERVE, &pool), -EINVAL);
}

static void create(const struct abi *abi, const char *what, const struct wish *wish, int result)
{
	gives(what, abi_create(abi, wish), result);
	if (!result)
		gives("it goes again", abi_destroy(abi, wish->name), 0);
}

static void make_cells(const struct abi *abi)
{
	const struct blob_memory registers = {REGISTERS, RIGHTS_ADDRESS, 4096, READ | WRITE},
				 firmware = {FIRMWARE, RIGHTS_ADDRESS, 4096, READ | WRITE},
				 kernel = {KERNEL, RIGHTS_ADDRESS, 4096, READ | WRITE},
				 word = {REGISTERS, RIGHTS_ADDRESS, 8,
					 READ | WRITE | BLOB_MEM_IO | BLOB_MEM_IO_32};
	const struct blob_pio ports = {PCI_PORTS, 8}, uart = {CONSOLE_PORT, 8};
	const struct blob_irqchip pin = {.address = 0xfec00000, .pin_bitmap = {0x100}};
	const struct blob_irqchip nowhere = {.address = KERNEL, .pin_bitmap = {0x100}};
	const struct blob_pci_device device = {.type = BLOB_PCI_DEVICE, .bdf = 0xfef8};
	struct wish wish = {.name = "locked", .cpus = CPU(2)};

	create(abi, "a cell of memory and a CPU", &wish, 0);
	wish.ports = &uart;
	create(abi, "one with a serial port", &wish, 0);
	wish.ports = &ports;
	create(abi, "one with the ports of PCI", &wish, -EPERM);
	wish.ports = NULL;
	wish.irqchip = &pin;
	create(abi, "one with a pin", &wish, 0);
	wish.irqchip = &nowhere;
	create(abi, "one with a pin of nothing", &wish, -EPERM);
	wish.irqchip = NULL;
	wish.device = &device;
	create(abi, "one with a PCI device", &wish, -EPERM);
	wish.device = NULL;
	wish.memory = &registers;
	create(abi, "one with a page of registers", &wish, -EPERM);
	wish.memory = &word;
	create(abi, "one with a register", &wish, -EPERM);
	wish.memory = &firmware;
	create(abi, "one with memory of the firmware's", &wish, -EPERM);
	wish.memory = &kernel;
	create(abi, "one with memory of the kernel's", &wish, -EPERM);
}

int main(void)
{
	struct abi abi;

	setvbuf(stdout, NULL, _IOLBF, 0);
	abi_open(&abi);
	gives("the hypervisor opens", abi_enable(&abi, ROOT_OURS), 0);
	make_cells(&abi);
	gives("it closes", abi_disable(&abi), 0);
	open_wrongly(&abi);
	gives("it opens still", abi_enable(&abi, ROOT_OURS), 0);
	gives("it closes again", abi_disable(&abi), 0);
	gives("its memory goes back to Linux", abi_release(&abi), 0);
	adopt_firmware(&abi);
	return 0;
}
