/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration blobs, revision 14: the binary form of a cell's or the whole system's
 * configuration, as Jailhouse's driver and tools use it. Written by the daemon, read by the module
 * and the hypervisor.
 *
 * A cell blob is struct cell_desc followed by the arrays counted in it, in the order of the num_*
 * fields (the CPU bitmap of cpu_set_size bytes first). A system blob is struct system_desc, whose
 * last member is the root cell's descriptor, followed by the root cell's arrays. Everything is
 * little-endian and packed.
 */
#ifndef BLOB_H
#define BLOB_H

#include "cell_abi.h"

#define BLOB_REVISION	      14
#define BLOB_SYSTEM_SIGNATURE "JHSYS"
#define BLOB_CELL_SIGNATURE   "JHCLL"
#define BLOB_SIGNATURE_LEN    5
#define BLOB_CELL_NAME_LEN    32 /* with the terminating zero */
#define BLOB_IOMMU_UNITS      8

enum blob_arch {
	BLOB_ARCH_X86 = 0,
	BLOB_ARCH_ARM = 1,
	BLOB_ARCH_ARM64 = 2,
};

/* Flags of a cell. */
#define BLOB_CELL_PASSIVE_COMMREG   0x00000001u /* never asked before shutdown */
#define BLOB_CELL_TEST_DEVICE	    0x00000002u
#define BLOB_CELL_CONSOLE_PERMITTED 0x40000000u /* HC_CONSOLE_PUTC allowed */
#define BLOB_CELL_CONSOLE_ACTIVE    0x80000000u /* HC_CONSOLE_PUTC is the console */

/* Flags of the system. */
#define BLOB_SYS_CONSOLE_READABLE 0x00000001u /* root may read the hypervisor's console */

/* Flags of a memory region. */
#define BLOB_MEM_READ	      0x0001u
#define BLOB_MEM_WRITE	      0x0002u
#define BLOB_MEM_EXECUTE      0x0004u
#define BLOB_MEM_DMA	      0x0008u
#define BLOB_MEM_IO	      0x0010u
#define BLOB_MEM_COMM_REGION  0x0020u
#define BLOB_MEM_LOADABLE     0x0040u
#define BLOB_MEM_ROOTSHARED   0x0080u
#define BLOB_MEM_NO_HUGEPAGES 0x0100u
#define BLOB_MEM_IO_UNALIGNED 0x8000u
#define BLOB_MEM_IO_8	      0x10000u
#define BLOB_MEM_IO_16	      0x20000u
#define BLOB_MEM_IO_32	      0x40000u
#define BLOB_MEM_IO_64	      0x80000u
#define BLOB_MEM_ALL_FLAGS    0xf81ffu

struct blob_memory {
	uint64_t phys_start;
	uint64_t virt_start; /* guest-physical */
	uint64_t size;
	uint64_t flags;
} __attribute__((packed));

/* Bits of a cache region's type. */
#define BLOB_CACHE_CODE 1u
#define BLOB_CACHE_DATA 2u

struct blob_cache {
	uint32_t start;
	uint32_t size;
	uint8_t type;
	uint8_t padding;
	uint16_t flags;
} __attribute__((packed));

struct blob_irqchip {
	uint64_t address;
	uint32_t id;
	uint32_t pin_base;
	uint32_t pin_bitmap[4];
} __attribute__((packed));

struct blob_pio {
	uint16_t base;
	uint16_t length;
} __attribute__((packed));

enum blob_pci_type {
	BLOB_PCI_DEVICE = 1,
	BLOB_PCI_BRIDGE = 2,
	BLOB_PCI_IVSHMEM = 3,
};

#define BLOB_PCI_MSI_64BIT    0x1u /* msi_flags */
#define BLOB_PCI_MSI_MASKABLE 0x2u

struct blob_pci_device {
	uint8_t type;
	uint8_t iommu;
	uint16_t domain;
	uint16_t bdf;
	uint32_t bar_mask[6];
	uint16_t caps_start;
	uint16_t num_caps;
	uint8_t num_msi_vectors;
	uint8_t msi_flags;
	uint16_t num_msix_vectors;
	uint16_t msix_region_size;
	uint64_t msix_address;
	uint32_t shmem_regions_start;
	uint8_t shmem_dev_id;
	uint8_t shmem_peers;
	uint16_t shmem_protocol;
} __attribute__((packed));

#define BLOB_PCI_CAP_EXTENDED 0x8000u /* in id */
#define BLOB_PCI_CAP_WRITABLE 0x0001u /* in flags */

struct blob_pci_capability {
	uint16_t id;
	uint16_t start;
	uint16_t len;
	uint16_t flags;
} __attribute__((packed));

enum blob_iommu_type {
	BLOB_IOMMU_NONE = 0,
	BLOB_IOMMU_AMD = 1,
	BLOB_IOMMU_INTEL = 2,
	BLOB_IOMMU_SMMUV3 = 3,
	BLOB_IOMMU_PVU = 4,
	BLOB_IOMMU_MMU500 = 5,
};

struct blob_iommu {
	uint32_t type;
	uint64_t base;
	uint32_t size;
	uint16_t amd_bdf;
	uint8_t amd_base_cap;
	uint8_t amd_msi_cap;
	uint32_t amd_features;
	uint32_t reserved;
} __attribute__((packed));

struct cell_desc {
	char signature[BLOB_SIGNATURE_LEN];
	uint8_t architecture;
	uint16_t revision;
	char name[BLOB_CELL_NAME_LEN];
	uint32_t id; /* set by the driver */
	uint32_t flags;
	uint32_t cpu_set_size; /* bytes */
	uint32_t num_memory_regions;
	uint32_t num_cache_regions;
	uint32_t num_irqchips;
	uint32_t num_pio_regions;
	uint32_t num_pci_devices;
	uint32_t num_pci_caps;
	uint32_t num_stream_ids;
	uint32_t vpci_irq_base;
	uint64_t cpu_reset_address;
	uint64_t msg_reply_timeout;
	struct cell_console console;
} __attribute__((packed));

enum blob_apic_mode {
	BLOB_APIC_AUTO = 0,
	BLOB_APIC_XAPIC = 1,
	BLOB_APIC_X2APIC = 2,
};

struct blob_platform_x86 {
	uint16_t pm_timer_address;
	uint8_t apic_mode;
	uint8_t padding;
	uint32_t vtd_interrupt_limit;
	uint32_t tsc_khz;
	uint32_t apic_khz;
} __attribute__((packed));

struct blob_platform_arm {
	uint8_t maintenance_irq;
	uint8_t gic_version;
	uint8_t padding[2];
	uint64_t gicd_base;
	uint64_t gicc_base;
	uint64_t gich_base;
	uint64_t gicv_base;
	uint64_t gicr_base;
} __attribute__((packed));

struct system_desc {
	char signature[BLOB_SIGNATURE_LEN];
	uint8_t architecture;
	uint16_t revision;
	uint32_t flags;
	struct blob_memory hypervisor_memory;
	struct cell_console debug_console;
	uint64_t pci_mmconfig_base;
	uint8_t pci_mmconfig_end_bus;
	uint8_t pci_is_virtual;
	uint16_t pci_domain;
	struct blob_iommu iommu_units[BLOB_IOMMU_UNITS];
	union {
		struct blob_platform_x86 x86;
		struct blob_platform_arm arm;
	} __attribute__((packed)) platform;
	struct cell_desc root_cell;
} __attribute__((packed));

_Static_assert(sizeof(struct blob_memory) == 32, "blob layout");
_Static_assert(sizeof(struct blob_cache) == 12, "blob layout");
_Static_assert(offsetof(struct blob_cache, flags) == 10, "blob layout");
_Static_assert(sizeof(struct blob_irqchip) == 32, "blob layout");
_Static_assert(sizeof(struct blob_pio) == 4, "blob layout");
_Static_assert(sizeof(struct blob_pci_device) == 56, "blob layout");
_Static_assert(offsetof(struct blob_pci_device, caps_start) == 30, "blob layout");
_Static_assert(offsetof(struct blob_pci_device, msi_flags) == 35, "blob layout");
_Static_assert(offsetof(struct blob_pci_device, msix_address) == 40, "blob layout");
_Static_assert(offsetof(struct blob_pci_device, shmem_protocol) == 54, "blob layout");
_Static_assert(sizeof(struct blob_pci_capability) == 8, "blob layout");
_Static_assert(sizeof(struct blob_iommu) == 28, "blob layout");
_Static_assert(offsetof(struct blob_iommu, amd_features) == 20, "blob layout");
_Static_assert(sizeof(struct cell_desc) == 132, "blob layout");
_Static_assert(offsetof(struct cell_desc, id) == 40, "blob layout");
_Static_assert(offsetof(struct cell_desc, num_memory_regions) == 52, "blob layout");
_Static_assert(offsetof(struct cell_desc, vpci_irq_base) == 80, "blob layout");
_Static_assert(offsetof(struct cell_desc, cpu_reset_address) == 84, "blob layout");
_Static_assert(offsetof(struct cell_desc, console) == 100, "blob layout");
_Static_assert(sizeof(struct system_desc) == 488, "blob layout");
_Static_assert(offsetof(struct system_desc, hypervisor_memory) == 12, "blob layout");
_Static_assert(offsetof(struct system_desc, debug_console) == 44, "blob layout");
_Static_assert(offsetof(struct system_desc, pci_mmconfig_base) == 76, "blob layout");
_Static_assert(offsetof(struct system_desc, iommu_units) == 88, "blob layout");
_Static_assert(offsetof(struct system_desc, platform) == 312, "blob layout");
_Static_assert(offsetof(struct system_desc, platform.x86.tsc_khz) == 320, "blob layout");
_Static_assert(offsetof(struct system_desc, platform.arm.gicr_base) == 348, "blob layout");
_Static_assert(offsetof(struct system_desc, root_cell) == 356, "blob layout");

/*
 * The arrays behind a cell descriptor, in order. They take a pointer to the descriptor so that the
 * place of an array is said once; whoever calls them has had the blob checked by blob_check_*()
 * before (blob_check.h).
 */
static inline const uint8_t *cell_desc_cpu_set(const struct cell_desc *cell)
{
	return (const uint8_t *)(cell + 1);
}

static inline const struct blob_memory *cell_desc_memory(const struct cell_desc *cell)
{
	return (const struct blob_memory *)(cell_desc_cpu_set(cell) + cell->cpu_set_size);
}

static inline const struct blob_cache *cell_desc_cache(const struct cell_desc *cell)
{
	return (const struct blob_cache *)(cell_desc_memory(cell) + cell->num_memory_regions);
}

static inline const struct blob_irqchip *cell_desc_irqchips(const struct cell_desc *cell)
{
	return (const struct blob_irqchip *)(cell_desc_cache(cell) + cell->num_cache_regions);
}

static inline const struct blob_pio *cell_desc_pio(const struct cell_desc *cell)
{
	return (const struct blob_pio *)(cell_desc_irqchips(cell) + cell->num_irqchips);
}

static inline const struct blob_pci_device *cell_desc_pci_devices(const struct cell_desc *cell)
{
	return (const struct blob_pci_device *)(cell_desc_pio(cell) + cell->num_pio_regions);
}

static inline const struct blob_pci_capability *cell_desc_pci_caps(const struct cell_desc *cell)
{
	return (const struct blob_pci_capability *)(cell_desc_pci_devices(cell) +
						    cell->num_pci_devices);
}

static inline const uint32_t *cell_desc_stream_ids(const struct cell_desc *cell)
{
	return (const uint32_t *)(cell_desc_pci_caps(cell) + cell->num_pci_caps);
}

/* Size in bytes of descriptor and arrays together; exact for any counts (computed in 64 bits). */
static inline uint64_t cell_desc_size(const struct cell_desc *cell)
{
	return sizeof(*cell) + (uint64_t)cell->cpu_set_size +
	       (uint64_t)cell->num_memory_regions * sizeof(struct blob_memory) +
	       (uint64_t)cell->num_cache_regions * sizeof(struct blob_cache) +
	       (uint64_t)cell->num_irqchips * sizeof(struct blob_irqchip) +
	       (uint64_t)cell->num_pio_regions * sizeof(struct blob_pio) +
	       (uint64_t)cell->num_pci_devices * sizeof(struct blob_pci_device) +
	       (uint64_t)cell->num_pci_caps * sizeof(struct blob_pci_capability) +
	       (uint64_t)cell->num_stream_ids * sizeof(uint32_t);
}

#endif /* BLOB_H */
