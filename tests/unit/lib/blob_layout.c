// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of revision-14 blobs as the published tables give it, field by field, and where the
 * accessors of blob.h find the arrays. The header pins some of it at compile time; this is the
 * rest, and it names the field that moved.
 */
#include <stdlib.h>

#include "sample_blob.h"
#include "tests/lib/tap.h"

struct layout {
	const char *field;
	size_t offset, size, expected_offset, expected_size;
};

#define AT(type, member, at, bytes)                                   \
	{                                                             \
#type "." #member, offsetof(struct type, member),     \
			sizeof(((struct type *)0)->member), at, bytes \
	}

static const struct layout layouts[] = {
	AT(cell_console, address, 0, 8),
	AT(cell_console, size, 8, 4),
	AT(cell_console, type, 12, 2),
	AT(cell_console, flags, 14, 2),
	AT(cell_console, divider, 16, 4),
	AT(cell_console, gate_nr, 20, 4),
	AT(cell_console, clock_reg, 24, 8),

	AT(cell_desc, signature, 0, 5),
	AT(cell_desc, architecture, 5, 1),
	AT(cell_desc, revision, 6, 2),
	AT(cell_desc, name, 8, 32),
	AT(cell_desc, id, 40, 4),
	AT(cell_desc, flags, 44, 4),
	AT(cell_desc, cpu_set_size, 48, 4),
	AT(cell_desc, num_memory_regions, 52, 4),
	AT(cell_desc, num_cache_regions, 56, 4),
	AT(cell_desc, num_irqchips, 60, 4),
	AT(cell_desc, num_pio_regions, 64, 4),
	AT(cell_desc, num_pci_devices, 68, 4),
	AT(cell_desc, num_pci_caps, 72, 4),
	AT(cell_desc, num_stream_ids, 76, 4),
	AT(cell_desc, vpci_irq_base, 80, 4),
	AT(cell_desc, cpu_reset_address, 84, 8),
	AT(cell_desc, msg_reply_timeout, 92, 8),
	AT(cell_desc, console, 100, 32),

	AT(blob_memory, phys_start, 0, 8),
	AT(blob_memory, virt_start, 8, 8),
	AT(blob_memory, size, 16, 8),
	AT(blob_memory, flags, 24, 8),

	AT(blob_cache, start, 0, 4),
	AT(blob_cache, size, 4, 4),
	AT(blob_cache, type, 8, 1),
	AT(blob_cache, padding, 9, 1),
	AT(blob_cache, flags, 10, 2),

	AT(blob_irqchip, address, 0, 8),
	AT(blob_irqchip, id, 8, 4),
	AT(blob_irqchip, pin_base, 12, 4),
	AT(blob_irqchip, pin_bitmap, 16, 16),

	AT(blob_pio, base, 0, 2),
	AT(blob_pio, length, 2, 2),

	AT(blob_pci_device, type, 0, 1),
	AT(blob_pci_device, iommu, 1, 1),
	AT(blob_pci_device, domain, 2, 2),
	AT(blob_pci_device, bdf, 4, 2),
	AT(blob_pci_device, bar_mask, 6, 24),
	AT(blob_pci_device, caps_start, 30, 2),
	AT(blob_pci_device, num_caps, 32, 2),
	AT(blob_pci_device, num_msi_vectors, 34, 1),
	AT(blob_pci_device, msi_flags, 35, 1),
	AT(blob_pci_device, num_msix_vectors, 36, 2),
	AT(blob_pci_device, msix_region_size, 38, 2),
	AT(blob_pci_device, msix_address, 40, 8),
	AT(blob_pci_device, shmem_regions_start, 48, 4),
	AT(blob_pci_device, shmem_dev_id, 52, 1),
	AT(blob_pci_device, shmem_peers, 53, 1),
	AT(blob_pci_device, shmem_protocol, 54, 2),

	AT(blob_pci_capability, id, 0, 2),
	AT(blob_pci_capability, start, 2, 2),
	AT(blob_pci_capability, len, 4, 2),
	AT(blob_pci_capability, flags, 6, 2),

	AT(blob_iommu, type, 0, 4),
	AT(blob_iommu, base, 4, 8),
	AT(blob_iommu, size, 12, 4),
	AT(blob_iommu, amd_bdf, 16, 2),
	AT(blob_iommu, amd_base_cap, 18, 1),
	AT(blob_iommu, amd_msi_cap, 19, 1),
	AT(blob_iommu, amd_features, 20, 4),

	AT(system_desc, signature, 0, 5),
	AT(system_desc, architecture, 5, 1),
	AT(system_desc, revision, 6, 2),
	AT(system_desc, flags, 8, 4),
	AT(system_desc, hypervisor_memory, 12, 32),
	AT(system_desc, debug_console, 44, 32),
	AT(system_desc, pci_mmconfig_base, 76, 8),
	AT(system_desc, pci_mmconfig_end_bus, 84, 1),
	AT(system_desc, pci_is_virtual, 85, 1),
	AT(system_desc, pci_domain, 86, 2),
	AT(system_desc, iommu_units, 88, 224),
	AT(system_desc, platform.x86.pm_timer_address, 312, 2),
	AT(system_desc, platform.x86.apic_mode, 314, 1),
	AT(system_desc, platform.x86.vtd_interrupt_limit, 316, 4),
	AT(system_desc, platform.x86.tsc_khz, 320, 4),
	AT(system_desc, platform.x86.apic_khz, 324, 4),
	AT(system_desc, platform.arm.maintenance_irq, 312, 1),
	AT(system_desc, platform.arm.gic_version, 313, 1),
	AT(system_desc, platform.arm.gicd_base, 316, 8),
	AT(system_desc, platform.arm.gicc_base, 324, 8),
	AT(system_desc, platform.arm.gich_base, 332, 8),
	AT(system_desc, platform.arm.gicv_base, 340, 8),
	AT(system_desc, platform.arm.gicr_base, 348, 8),
	AT(system_desc, root_cell, 356, 132),
};

static void test_structures(struct tap *tap)
{
	tap_is_u64(tap, sizeof(struct cell_console), 32, "size of a console");
	tap_is_u64(tap, sizeof(struct cell_desc), 132, "size of a cell descriptor");
	tap_is_u64(tap, sizeof(struct blob_memory), 32, "size of a memory region");
	tap_is_u64(tap, sizeof(struct blob_cache), 12, "size of a cache region");
	tap_is_u64(tap, sizeof(struct blob_irqchip), 32, "size of an interrupt controller");
	tap_is_u64(tap, sizeof(struct blob_pio), 4, "size of a port range");
	tap_is_u64(tap, sizeof(struct blob_pci_device), 56, "size of a PCI device");
	tap_is_u64(tap, sizeof(struct blob_pci_capability), 8, "size of a PCI capability");
	tap_is_u64(tap, sizeof(struct blob_iommu), 28, "size of an IOMMU");
	tap_is_u64(tap, sizeof(struct system_desc), 488, "size of a system");
}

/* By hand from the counts of the sample, not by the accessors' own arithmetic. */
static void test_arrays(struct tap *tap)
{
	const uint32_t last_stream_id = SAMPLE_STREAM_COUNT;
	size_t at = 132, size;
	uint8_t *blob = sample_cell(&size);
	const struct cell_desc *cell = (const struct cell_desc *)blob;

	tap_ok(tap, (const uint8_t *)cell_desc_cpu_set(cell) == blob + at, "place of the CPU set");
	at += SAMPLE_CPU_SET_SIZE;
	tap_ok(tap, (const uint8_t *)cell_desc_memory(cell) == blob + at,
	       "place of memory regions");
	at += SAMPLE_MEMORY_COUNT * 32;
	tap_ok(tap, (const uint8_t *)cell_desc_cache(cell) == blob + at, "place of cache regions");
	at += SAMPLE_CACHE_COUNT * 12;
	tap_ok(tap, (const uint8_t *)cell_desc_irqchips(cell) == blob + at,
	       "place of interrupt controllers");
	at += SAMPLE_CHIP_COUNT * 32;
	tap_ok(tap, (const uint8_t *)cell_desc_pio(cell) == blob + at, "place of port ranges");
	at += SAMPLE_PIO_COUNT * 4;
	tap_ok(tap, (const uint8_t *)cell_desc_pci_devices(cell) == blob + at,
	       "place of PCI devices");
	at += SAMPLE_DEVICE_COUNT * 56;
	tap_ok(tap, (const uint8_t *)cell_desc_pci_caps(cell) == blob + at,
	       "place of PCI capabilities");
	at += SAMPLE_CAP_COUNT * 8;
	tap_ok(tap, (const uint8_t *)cell_desc_stream_ids(cell) == blob + at,
	       "place of stream ids");
	at += SAMPLE_STREAM_COUNT * 4;
	tap_is_u64(tap, cell_desc_size(cell), at, "size of the whole");
	tap_is_u64(tap, size, at, "size of the sample");
	tap_ok(tap, memcmp(blob + at - 4, &last_stream_id, 4) == 0, "the last array ends the blob");
	free(blob);
}

static void test_largest_counts(struct tap *tap)
{
	struct cell_desc cell;

	memset(&cell, 0xff, sizeof(cell));
	tap_is_u64(tap, cell_desc_size(&cell),
		   132 + 0xffffffffull * (1 + 32 + 12 + 32 + 4 + 56 + 8 + 4),
		   "the size of the largest counts does not wrap");
}

int main(void)
{
	struct tap tap = {0};

	for (size_t n = 0; n < sizeof(layouts) / sizeof(layouts[0]); n++)
		tap_ok(&tap,
		       layouts[n].offset == layouts[n].expected_offset &&
			       layouts[n].size == layouts[n].expected_size,
		       "%s is at %zu, %zu bytes", layouts[n].field, layouts[n].expected_offset,
		       layouts[n].expected_size);
	test_structures(&tap);
	test_arrays(&tap);
	test_largest_counts(&tap);
	return tap_done(&tap);
}
