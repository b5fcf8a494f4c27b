// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices and capabilities of a configuration blob, and the shared memory behind them. */
#include "lib/blob/blob_check_parts.h"

#define PCI_MAX_MSI_VECTORS   32u
#define PCI_MAX_MSIX_VECTORS  2048u
#define PCI_MSIX_ENTRY_BYTES  16u
#define PCI_CAPS_START	      0x40u
#define PCI_CONFIG_BYTES      0x100u
#define PCI_EXT_CONFIG_BYTES  0x1000u
#define IVSHMEM_REGISTER_MASK 0xfffff000u

/*
 * A BAR's writable bits are ones from the size upwards, to bit 15 where a port BAR decodes no more.
 * The lowest two are the type's, but in the upper half of a 64-bit BAR, which is never the first.
 */
static bool bar_mask_valid(uint32_t mask, unsigned int bar)
{
	uint32_t top = (mask >> 16) ? 0xffffffffu : 0xffffu;
	uint32_t size_bits = top & ~mask;

	if (mask == 0)
		return true;
	if ((mask & 3) && bar == 0)
		return false;
	return (size_bits & (size_bits + 1)) == 0;
}

static int check_bars(const struct blob_check *c, const struct blob_pci_device *dev,
		      struct blob_error error)
{
	error.field = "bar_mask";
	for (unsigned int bar = 0; bar < 6; bar++) {
		error.value = dev->bar_mask[bar];
		if (!bar_mask_valid(dev->bar_mask[bar], bar))
			return blob_fail(c, error, BLOB_BAR_MASK);
	}
	/* Register pages are mapped and trapped as pages. */
	error.value = dev->bar_mask[0];
	error.expected = IVSHMEM_REGISTER_MASK;
	if (dev->type == BLOB_PCI_IVSHMEM && dev->bar_mask[0] != IVSHMEM_REGISTER_MASK)
		return blob_fail(c, error, BLOB_BAR_MASK);
	return 0;
}

static int check_vectors(const struct blob_check *c, const struct blob_pci_device *dev,
			 struct blob_error error)
{
	if (dev->num_msi_vectors > PCI_MAX_MSI_VECTORS)
		return blob_fail_field(c, error, BLOB_TOO_LARGE, "num_msi_vectors",
				       dev->num_msi_vectors, PCI_MAX_MSI_VECTORS);
	if (dev->num_msix_vectors > PCI_MAX_MSIX_VECTORS)
		return blob_fail_field(c, error, BLOB_TOO_LARGE, "num_msix_vectors",
				       dev->num_msix_vectors, PCI_MAX_MSIX_VECTORS);
	if (dev->msi_flags & ~(BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE))
		return blob_fail_field(c, error, BLOB_UNKNOWN_FLAGS, "msi_flags", dev->msi_flags,
				       BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE);
	/* The table of a virtual device is in its own BAR. */
	if (dev->num_msix_vectors == 0 || dev->type == BLOB_PCI_IVSHMEM)
		return 0;
	error.field = "msix_region_size";
	error.value = dev->msix_region_size;
	error.expected = (uint64_t)dev->num_msix_vectors * PCI_MSIX_ENTRY_BYTES;
	if (!is_aligned(dev->msix_region_size, PAGE_BYTES) || error.value < error.expected)
		return blob_fail(c, error, BLOB_MSIX_TABLE);
	error.field = "msix_address";
	error.value = dev->msix_address;
	error.expected = PAGE_BYTES;
	if (dev->msix_address == 0 || !is_aligned(dev->msix_address, PAGE_BYTES))
		return blob_fail(c, error, BLOB_MSIX_TABLE);
	return blob_check_address(c, error, dev->msix_address, dev->msix_region_size);
}

/* A peer that could write another's section or the state table could speak in its name. */
static bool section_may_write(const struct blob_pci_device *dev, unsigned int section)
{
	return section == SHMEM_READ_WRITE ||
	       section == SHMEM_OUTPUT + (unsigned int)dev->shmem_dev_id;
}

/* The device tells its peer one base address and the sizes: the sections must follow each other. */
static int check_sections(const struct blob_check *c, const struct blob_pci_device *dev,
			  struct blob_error error)
{
	const struct blob_memory *r = cell_desc_memory(c->cell) + dev->shmem_regions_start;
	uint64_t next = r[SHMEM_STATE_TABLE].virt_start + r[SHMEM_STATE_TABLE].size;
	unsigned int sections = SHMEM_OUTPUT + dev->shmem_peers;

	error.field = "shmem_regions_start";
	for (unsigned int n = 0; n < sections; n++) {
		error.other = dev->shmem_regions_start + n;
		error.value = r[n].flags;
		if ((r[n].flags & BLOB_MEM_COMM_REGION) || (r[n].size != 0 && is_subpage(&r[n])))
			return blob_fail(c, error, BLOB_CONFLICTING_FLAGS);
		if (r[n].size != 0 && (r[n].flags & BLOB_MEM_WRITE) && !section_may_write(dev, n))
			return blob_fail(c, error, BLOB_SECTION_WRITE);
		error.value = r[n].size;
		error.expected = r[SHMEM_OUTPUT].size;
		if (n > SHMEM_OUTPUT && error.value != error.expected)
			return blob_fail(c, error, BLOB_SECTION_SIZE);
		if (n == SHMEM_STATE_TABLE || r[n].size == 0)
			continue;
		error.value = r[n].virt_start;
		error.expected = next;
		if (error.value != error.expected)
			return blob_fail(c, error, BLOB_SECTION_GAP);
		next += r[n].size;
	}
	return 0;
}

static int check_ivshmem(const struct blob_check *c, const struct blob_pci_device *dev,
			 struct blob_error error)
{
	const struct blob_memory *table;

	error.field = "shmem_peers";
	if (dev->shmem_peers == 0)
		return blob_fail(c, error, BLOB_MISSING);
	error.value = dev->shmem_dev_id;
	error.expected = dev->shmem_peers;
	if (dev->shmem_dev_id >= dev->shmem_peers)
		return blob_fail_field(c, error, BLOB_PEER_ID, "shmem_dev_id", error.value,
				       error.expected);
	error.value = shmem_end(dev);
	error.expected = c->cell->num_memory_regions;
	if (error.value > error.expected)
		return blob_fail_field(c, error, BLOB_REGIONS_OUTSIDE, "shmem_regions_start",
				       error.value, error.expected);
	table = cell_desc_memory(c->cell) + dev->shmem_regions_start;
	error.value = table->size;
	error.expected = dev->shmem_peers * sizeof(uint32_t);
	if (error.value < error.expected)
		return blob_fail_field(c, error, BLOB_STATE_TABLE, "shmem_regions_start",
				       error.value, error.expected);
	return check_sections(c, dev, error);
}

static int check_pci_device(const struct blob_check *c, unsigned int n)
{
	const struct blob_pci_device *devices = cell_desc_pci_devices(c->cell), *dev = &devices[n];
	struct blob_error error = {.part = BLOB_PART_PCI_DEVICE, .index = n};
	int err;

	if (dev->type < BLOB_PCI_DEVICE || dev->type > BLOB_PCI_IVSHMEM)
		return blob_fail_field(c, error, BLOB_UNKNOWN_TYPE, "type", dev->type, 0);
	if (dev->iommu >= BLOB_IOMMU_UNITS)
		return blob_fail_field(c, error, BLOB_TOO_LARGE, "iommu", dev->iommu,
				       BLOB_IOMMU_UNITS - 1);
	for (unsigned int m = 0; m < n; m++) {
		if (devices[m].domain != dev->domain || devices[m].bdf != dev->bdf)
			continue;
		error.field = "bdf";
		error.value = dev->bdf;
		error.other = m;
		return blob_fail(c, error, BLOB_DUPLICATE);
	}
	error.value = (uint64_t)dev->caps_start + dev->num_caps;
	error.expected = c->cell->num_pci_caps;
	if (error.value > error.expected)
		return blob_fail_field(c, error, BLOB_CAPS_OUTSIDE, "caps_start", error.value,
				       error.expected);
	err = check_bars(c, dev, error);
	if (err)
		return err;
	err = check_vectors(c, dev, error);
	if (err || dev->type != BLOB_PCI_IVSHMEM)
		return err;
	return check_ivshmem(c, dev, error);
}

static int check_pci_cap(const struct blob_check *c, unsigned int n)
{
	const struct blob_pci_capability *cap = &cell_desc_pci_caps(c->cell)[n];
	struct blob_error error = {.part = BLOB_PART_PCI_CAP, .index = n};
	bool extended = cap->id & BLOB_PCI_CAP_EXTENDED;

	if (cap->flags & ~BLOB_PCI_CAP_WRITABLE)
		return blob_fail_field(c, error, BLOB_UNKNOWN_FLAGS, "flags", cap->flags,
				       BLOB_PCI_CAP_WRITABLE);
	if (cap->len == 0)
		return blob_fail_field(c, error, BLOB_EMPTY_RANGE, "len", 0, 0);
	error.field = "start";
	error.value = cap->start;
	error.expected = extended ? PCI_EXT_CONFIG_BYTES : PCI_CONFIG_BYTES;
	if (cap->start < (extended ? PCI_CONFIG_BYTES : PCI_CAPS_START) ||
	    cap->start + (uint64_t)cap->len > error.expected)
		return blob_fail(c, error, BLOB_BEYOND_LIMIT);
	return 0;
}

int blob_check_pci(const struct blob_check *c)
{
	int err = blob_check_each(c, c->cell->num_pci_devices, check_pci_device);

	return err ? err : blob_check_each(c, c->cell->num_pci_caps, check_pci_cap);
}
