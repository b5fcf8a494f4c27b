// SPDX-License-Identifier: GPL-2.0-only
#include "sample_blob.h"

#include <stdlib.h>
#include <string.h>

#define RW  (BLOB_MEM_READ | BLOB_MEM_WRITE)
#define RWX (RW | BLOB_MEM_EXECUTE)

static const struct blob_memory cell_memory[SAMPLE_MEMORY_COUNT] = {
	[SAMPLE_RAM] = {0x3a000000, 0, 0x100000, RWX | BLOB_MEM_LOADABLE | BLOB_MEM_DMA},
	[SAMPLE_COMM] = {0, 0x100000, 0x1000, RW | BLOB_MEM_COMM_REGION},
	[SAMPLE_REGISTERS] = {0xfed1f404, 0xfed1f404, 4, RW | BLOB_MEM_IO | BLOB_MEM_IO_32},
	[SAMPLE_STATE_TABLE] = {0x3b000000, 0x80000000, 0x1000,
				BLOB_MEM_READ | BLOB_MEM_ROOTSHARED},
	[SAMPLE_READ_WRITE] = {0x3b001000, 0x80001000, 0x9000, RW | BLOB_MEM_ROOTSHARED},
	[SAMPLE_OUTPUT_0] = {0x3b00a000, 0x8000a000, 0x2000, BLOB_MEM_READ | BLOB_MEM_ROOTSHARED},
	[SAMPLE_OUTPUT_1] = {0x3b00c000, 0x8000c000, 0x2000, RW | BLOB_MEM_ROOTSHARED},
};

/* The shared memory lies within what the root cell has as RAM anyway. */
static const struct blob_memory root_memory[SAMPLE_MEMORY_COUNT] = {
	[SAMPLE_RAM] = {0x100000, 0x100000, 0x3bf00000, RWX | BLOB_MEM_DMA},
	[SAMPLE_COMM] = {0xb0000000, 0xb0000000, 0x40000000, RW | BLOB_MEM_IO},
	[SAMPLE_REGISTERS] = {0xfed00000, 0xfed00000, 0x1000, RW | BLOB_MEM_IO},
	[SAMPLE_STATE_TABLE] = {0x3b000000, 0x3b000000, 0x1000, BLOB_MEM_READ},
	[SAMPLE_READ_WRITE] = {0x3b001000, 0x3b001000, 0x9000, RW},
	[SAMPLE_OUTPUT_0] = {0x3b00a000, 0x3b00a000, 0x2000, RW},
	[SAMPLE_OUTPUT_1] = {0x3b00c000, 0x3b00c000, 0x2000, BLOB_MEM_READ},
};

static const struct blob_cache caches[SAMPLE_CACHE_COUNT] = {
	{.start = 0, .size = 2, .type = BLOB_CACHE_CODE | BLOB_CACHE_DATA},
	{.start = 2, .size = 1, .type = BLOB_CACHE_DATA, .flags = 1},
};

static const struct blob_irqchip chips[SAMPLE_CHIP_COUNT] = {
	{.address = 0xfec00000, .id = 0x1f0ff, .pin_base = 0, .pin_bitmap = {0xffffff}},
	{.address = 0xfec00000, .id = 0x1f0ff, .pin_base = 128, .pin_bitmap = {1}},
};

static const struct blob_pio ports[SAMPLE_PIO_COUNT] = {
	{.base = 0x3f8, .length = 8},
	{.base = 0xfff8, .length = 8},
};

static const struct blob_pci_device devices[SAMPLE_DEVICE_COUNT] = {
	[SAMPLE_NIC] =
		{
			.type = BLOB_PCI_DEVICE,
			.bdf = 0x0010,
			.bar_mask = {0xfffe0000, 0xffffffff, 0xffffffe0, 0xffffc000, 0xffffffff, 0},
			.caps_start = 0,
			.num_caps = SAMPLE_CAP_COUNT,
			.num_msi_vectors = 1,
			.msi_flags = BLOB_PCI_MSI_64BIT,
			.num_msix_vectors = 5,
			.msix_region_size = 0x1000,
			.msix_address = 0xfebd0000,
		},
	[SAMPLE_IVSHMEM] =
		{
			.type = BLOB_PCI_IVSHMEM,
			.bdf = 0x0070,
			.bar_mask = {0xfffff000, 0xfffff000, 0, 0, 0, 0},
			.num_msix_vectors = 2,
			.shmem_regions_start = SAMPLE_STATE_TABLE,
			.shmem_dev_id = 1,
			.shmem_peers = 2,
			.shmem_protocol = 0x4000,
		},
	[SAMPLE_BRIDGE] =
		{
			.type = BLOB_PCI_BRIDGE,
			.bdf = 0x00f0,
			.caps_start = 1,
			.num_caps = 1,
		},
};

static const struct blob_pci_capability caps[SAMPLE_CAP_COUNT] = {
	[SAMPLE_CAP_MSI] = {.id = 5, .start = 0x50, .len = 14, .flags = BLOB_PCI_CAP_WRITABLE},
	[SAMPLE_CAP_EXTENDED] = {.id = 0x8001, .start = 0x100, .len = 0x48},
};

static const uint32_t stream_ids[SAMPLE_STREAM_COUNT] = {1, 2, 3};

static struct blob_pci_device *ivshmem_of(struct cell_desc *cell)
{
	return (struct blob_pci_device *)cell_desc_pci_devices(cell) + SAMPLE_IVSHMEM;
}

static void fill_cell(struct cell_desc *cell, const struct blob_memory *memory)
{
	uint8_t *at = (uint8_t *)(cell + 1);

	cell->architecture = BLOB_ARCH_X86;
	cell->cpu_set_size = SAMPLE_CPU_SET_SIZE;
	cell->num_memory_regions = SAMPLE_MEMORY_COUNT;
	cell->num_cache_regions = SAMPLE_CACHE_COUNT;
	cell->num_irqchips = SAMPLE_CHIP_COUNT;
	cell->num_pio_regions = SAMPLE_PIO_COUNT;
	cell->num_pci_devices = SAMPLE_DEVICE_COUNT;
	cell->num_pci_caps = SAMPLE_CAP_COUNT;
	cell->num_stream_ids = SAMPLE_STREAM_COUNT;
	at[0] = 0x08;
	at = mempcpy(at + SAMPLE_CPU_SET_SIZE, memory, sizeof(cell_memory));
	at = mempcpy(at, caches, sizeof(caches));
	at = mempcpy(at, chips, sizeof(chips));
	at = mempcpy(at, ports, sizeof(ports));
	at = mempcpy(at, devices, sizeof(devices));
	at = mempcpy(at, caps, sizeof(caps));
	memcpy(at, stream_ids, sizeof(stream_ids));
}

static size_t arrays_size(void)
{
	return SAMPLE_CPU_SET_SIZE + sizeof(cell_memory) + sizeof(caches) + sizeof(chips) +
	       sizeof(ports) + sizeof(devices) + sizeof(caps) + sizeof(stream_ids);
}

void *sample_cell(size_t *ret_size)
{
	size_t size = sizeof(struct cell_desc) + arrays_size();
	struct cell_desc *cell = calloc(1, size);

	if (!cell)
		abort();
	memcpy(cell->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	cell->revision = BLOB_REVISION;
	strcpy(cell->name, "turbine");
	cell->flags = BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE;
	cell->msg_reply_timeout = 1000;
	cell->console.type = CONSOLE_8250;
	cell->console.address = 0x3f8;
	cell->console.size = 8;
	fill_cell(cell, cell_memory);
	*ret_size = size;
	return cell;
}

void *sample_system(size_t *ret_size)
{
	size_t size = sizeof(struct system_desc) + arrays_size();
	struct system_desc *system = calloc(1, size);

	if (!system)
		abort();
	memcpy(system->signature, BLOB_SYSTEM_SIGNATURE, BLOB_SIGNATURE_LEN);
	system->architecture = BLOB_ARCH_X86;
	system->revision = BLOB_REVISION;
	system->flags = BLOB_SYS_CONSOLE_READABLE;
	system->hypervisor_memory.phys_start = 0x3c000000;
	system->hypervisor_memory.size = 0x600000;
	system->debug_console.type = CONSOLE_8250;
	system->debug_console.flags = CONSOLE_FLAG_MMIO;
	system->debug_console.address = 0xfe034000;
	system->debug_console.size = 0x1000;
	system->pci_mmconfig_base = 0xb0000000;
	system->pci_mmconfig_end_bus = 0xff;
	system->iommu_units[0].type = BLOB_IOMMU_AMD;
	system->iommu_units[0].base = 0xfed80000;
	system->iommu_units[0].size = 0x80000;
	strcpy(system->root_cell.name, "RootCell");
	fill_cell(&system->root_cell, root_memory);
	ivshmem_of(&system->root_cell)->shmem_dev_id = 0;
	*ret_size = size;
	return system;
}

void *sample_link(size_t *ret_size)
{
	const struct blob_memory *sections = &root_memory[SAMPLE_STATE_TABLE];
	size_t sections_size = (SAMPLE_MEMORY_COUNT - SAMPLE_STATE_TABLE) * sizeof(*sections);
	size_t size = sizeof(struct cell_desc) + sections_size + sizeof(struct blob_pci_device);
	struct cell_desc *link = calloc(1, size);
	struct blob_pci_device device = devices[SAMPLE_IVSHMEM];

	if (!link)
		abort();
	memcpy(link->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	link->architecture = BLOB_ARCH_X86;
	link->revision = BLOB_REVISION;
	strcpy(link->name, "turbine-plant");
	link->num_memory_regions = SAMPLE_MEMORY_COUNT - SAMPLE_STATE_TABLE;
	link->num_pci_devices = 1;
	device.shmem_regions_start = 0;
	device.shmem_dev_id = 0;
	memcpy(mempcpy(link + 1, sections, sections_size), &device, sizeof(device));
	*ret_size = size;
	return link;
}
