// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices and capabilities of a configuration blob, and the shared memory behind them. */
#include "lib/blob/blob_check_parts.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#define PCI_MAX_MSI_VECTORS   32u
#define PCI_MAX_MSIX_VECTORS  2048u
#define PCI_MSIX_ENTRY_BYTES  16u
#define PCI_CAPS_START	      0x40u
#define PCI_CONFIG_BYTES      0x100u
#define PCI_EXT_CONFIG_BYTES  0x1000u
#define IVSHMEM_REGISTER_MASK 0xfffff000u
#define KNOWN_MSI_FLAGS	      (BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE)

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

static int check_bars(struct blob_check *c, const struct blob_pci_device *dev)
{
	for (unsigned int bar = 0; bar < 6; bar++) {
		if (!bar_mask_valid(dev->bar_mask[bar], bar))
			return blob_fail(c, BLOB_BAR_MASK, "bar_mask", dev->bar_mask[bar], 0);
	}
	/* Register pages are mapped and trapped as pages. */
	if (dev->type == BLOB_PCI_IVSHMEM && dev->bar_mask[0] != IVSHMEM_REGISTER_MASK)
		return blob_fail(c, BLOB_BAR_MASK, "bar_mask", dev->bar_mask[0],
				 IVSHMEM_REGISTER_MASK);
	return 0;
}

static int check_vectors(struct blob_check *c, const struct blob_pci_device *dev)
{
	uint64_t table_size = (uint64_t)dev->num_msix_vectors * PCI_MSIX_ENTRY_BYTES;

	if (dev->num_msi_vectors > PCI_MAX_MSI_VECTORS)
		return blob_fail(c, BLOB_TOO_LARGE, "num_msi_vectors", dev->num_msi_vectors,
				 PCI_MAX_MSI_VECTORS);
	if (dev->num_msix_vectors > PCI_MAX_MSIX_VECTORS)
		return blob_fail(c, BLOB_TOO_LARGE, "num_msix_vectors", dev->num_msix_vectors,
				 PCI_MAX_MSIX_VECTORS);
	if (dev->msi_flags & ~KNOWN_MSI_FLAGS)
		return blob_fail(c, BLOB_UNKNOWN_FLAGS, "msi_flags", dev->msi_flags,
				 KNOWN_MSI_FLAGS);
	/* The table of a virtual device is in its own BAR. */
	if (dev->num_msix_vectors == 0 || dev->type == BLOB_PCI_IVSHMEM)
		return 0;
	if (!is_aligned(dev->msix_region_size, PAGE_BYTES) || dev->msix_region_size < table_size)
		return blob_fail(c, BLOB_MSIX_TABLE, "msix_region_size", dev->msix_region_size,
				 table_size);
	if (dev->msix_address == 0 || !is_aligned(dev->msix_address, PAGE_BYTES))
		return blob_fail(c, BLOB_MSIX_TABLE, "msix_address", dev->msix_address, PAGE_BYTES);
	return blob_check_address(c, "msix_address", dev->msix_address, dev->msix_region_size);
}

/* A peer that could write another's section or the state table could speak in its name. */
static bool section_may_write(const struct blob_pci_device *dev, unsigned int section)
{
	return section == SHMEM_READ_WRITE ||
	       section == SHMEM_OUTPUT + (unsigned int)dev->shmem_dev_id;
}

/* What two sections had in common would have the rights of both. */
static int check_apart(struct blob_check *c, const struct blob_memory *first, unsigned int n)
{
	for (unsigned int m = 0; m < n; m++) {
		if (first[m].size && first[n].size &&
		    ranges_overlap(first[m].phys_start, first[m].size, first[n].phys_start,
				   first[n].size))
			return blob_fail(c, BLOB_PHYS_OVERLAP, "shmem_regions_start",
					 first[n].phys_start, 0);
	}
	return 0;
}

/* The device tells its peer one base address and the sizes: the sections must follow each other. */
static int check_sections(struct blob_check *c, const struct blob_pci_device *dev)
{
	static const char field[] = "shmem_regions_start";
	const struct blob_memory *first = cell_desc_memory(c->cell) + dev->shmem_regions_start, *r;
	uint64_t next = first->virt_start + first->size, output_size = first[SHMEM_OUTPUT].size;

	for (unsigned int n = 0; n < shmem_sections(dev); n++) {
		r = &first[n];
		c->error.other = dev->shmem_regions_start + n;
		if ((r->flags & BLOB_MEM_COMM_REGION) || (r->size != 0 && is_subpage(r)))
			return blob_fail(c, BLOB_CONFLICTING_FLAGS, field, r->flags, 0);
		if (r->size != 0 && (r->flags & BLOB_MEM_WRITE) && !section_may_write(dev, n))
			return blob_fail(c, BLOB_SECTION_WRITE, field, r->flags, 0);
		if (n > SHMEM_OUTPUT && r->size != output_size)
			return blob_fail(c, BLOB_SECTION_SIZE, field, r->size, output_size);
		if (check_apart(c, first, n) < 0)
			return -EINVAL;
		c->shared_bytes += r->size;
		if (n == SHMEM_STATE_TABLE || r->size == 0)
			continue;
		if (r->virt_start != next)
			return blob_fail(c, BLOB_SECTION_GAP, field, r->virt_start, next);
		next += r->size;
	}
	if (c->shared_bytes > BLOB_MAX_SHARED_BYTES)
		return blob_fail(c, BLOB_TOO_LARGE, "size", c->shared_bytes, BLOB_MAX_SHARED_BYTES);
	return 0;
}

static int check_ivshmem(struct blob_check *c, const struct blob_pci_device *dev)
{
	static const char regions[] = "shmem_regions_start";
	uint64_t end = shmem_end(dev), table_size, needed = dev->shmem_peers * sizeof(uint32_t);

	if (dev->shmem_peers == 0)
		return blob_fail(c, BLOB_MISSING, "shmem_peers", 0, 0);
	if (dev->shmem_dev_id >= dev->shmem_peers)
		return blob_fail(c, BLOB_PEER_ID, "shmem_dev_id", dev->shmem_dev_id,
				 dev->shmem_peers);
	if (end > c->cell->num_memory_regions)
		return blob_fail(c, BLOB_REGIONS_OUTSIDE, regions, end,
				 c->cell->num_memory_regions);
	table_size = cell_desc_memory(c->cell)[dev->shmem_regions_start].size;
	if (table_size < needed)
		return blob_fail(c, BLOB_STATE_TABLE, regions, table_size, needed);
	return check_sections(c, dev);
}

/* Peers of a link find each other by the number alone. */
static bool is_same_place(const struct blob_pci_device *one, const struct blob_pci_device *other)
{
	return one->bdf == other->bdf &&
	       (one->domain == other->domain ||
		(one->type == BLOB_PCI_IVSHMEM && other->type == BLOB_PCI_IVSHMEM));
}

/* Each section is of one link: another one would begin over what the first has in use. */
static bool shares_sections(const struct blob_pci_device *one, const struct blob_pci_device *other)
{
	return one->type == BLOB_PCI_IVSHMEM && other->type == BLOB_PCI_IVSHMEM &&
	       ranges_overlap(one->shmem_regions_start, shmem_sections(one),
			      other->shmem_regions_start, shmem_sections(other));
}

static int check_pci_device(struct blob_check *c, unsigned int n)
{
	const struct blob_pci_device *devices = cell_desc_pci_devices(c->cell), *dev = &devices[n];
	uint64_t caps_end = (uint64_t)dev->caps_start + dev->num_caps;
	int err;

	if (dev->type < BLOB_PCI_DEVICE || dev->type > BLOB_PCI_IVSHMEM)
		return blob_fail(c, BLOB_UNKNOWN_TYPE, "type", dev->type, 0);
	if (dev->iommu >= BLOB_IOMMU_UNITS)
		return blob_fail(c, BLOB_TOO_LARGE, "iommu", dev->iommu, BLOB_IOMMU_UNITS - 1);
	for (unsigned int m = 0; m < n; m++) {
		c->error.other = m;
		if (is_same_place(&devices[m], dev))
			return blob_fail(c, BLOB_DUPLICATE, "bdf", dev->bdf, 0);
		if (shares_sections(&devices[m], dev))
			return blob_fail(c, BLOB_DUPLICATE, "shmem_regions_start",
					 dev->shmem_regions_start, 0);
	}
	if (caps_end > c->cell->num_pci_caps)
		return blob_fail(c, BLOB_CAPS_OUTSIDE, "caps_start", caps_end,
				 c->cell->num_pci_caps);
	err = check_bars(c, dev);
	if (!err)
		err = check_vectors(c, dev);
	if (err || dev->type != BLOB_PCI_IVSHMEM)
		return err;
	return check_ivshmem(c, dev);
}

static int check_pci_cap(struct blob_check *c, unsigned int n)
{
	const struct blob_pci_capability *cap = &cell_desc_pci_caps(c->cell)[n];
	bool extended = cap->id & BLOB_PCI_CAP_EXTENDED;
	uint32_t first = extended ? PCI_CONFIG_BYTES : PCI_CAPS_START;
	uint32_t end = extended ? PCI_EXT_CONFIG_BYTES : PCI_CONFIG_BYTES;

	if (cap->flags & ~BLOB_PCI_CAP_WRITABLE)
		return blob_fail(c, BLOB_UNKNOWN_FLAGS, "flags", cap->flags, BLOB_PCI_CAP_WRITABLE);
	if (cap->len == 0)
		return blob_fail(c, BLOB_EMPTY_RANGE, "len", 0, 0);
	if (cap->start < first || cap->start + (uint64_t)cap->len > end)
		return blob_fail(c, BLOB_BEYOND_LIMIT, "start", cap->start, end);
	return 0;
}

int blob_check_pci(struct blob_check *c)
{
	int err = blob_check_each(c, BLOB_PART_PCI_DEVICE, c->cell->num_pci_devices,
				  check_pci_device);

	return err ? err
		   : blob_check_each(c, BLOB_PART_PCI_CAP, c->cell->num_pci_caps, check_pci_cap);
}
