// SPDX-License-Identifier: GPL-2.0-only
#include "blob_check.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#ifdef __aarch64__
#define NATIVE_ARCH BLOB_ARCH_ARM64
#else
#define NATIVE_ARCH BLOB_ARCH_X86
#endif

#define PAGE_BYTES    4096ull
#define ADDRESS_LIMIT (1ull << BLOB_ADDRESS_BITS)
#define PORT_LIMIT    0x10000u
#define BUS_BYTES     (1ull << 20) /* configuration space of one PCI bus in MMCONFIG */

#define KNOWN_CELL_FLAGS                                                                   \
	(BLOB_CELL_PASSIVE_COMMREG | BLOB_CELL_TEST_DEVICE | BLOB_CELL_CONSOLE_PERMITTED | \
	 BLOB_CELL_CONSOLE_ACTIVE)
#define KNOWN_CONSOLE_FLAGS (CONSOLE_FLAG_MMIO | CONSOLE_FLAG_REG_DIST_4 | CONSOLE_FLAG_FB_1080P)
#define CACHE_ROOTSHARED    0x0001u

#define PCI_MAX_MSI_VECTORS   32u
#define PCI_MAX_MSIX_VECTORS  2048u
#define PCI_MSIX_ENTRY_BYTES  16u
#define PCI_CAPS_START	      0x40u
#define PCI_CONFIG_BYTES      0x100u
#define PCI_EXT_CONFIG_BYTES  0x1000u
#define IVSHMEM_REGISTER_MASK 0xfffff000u

struct check {
	const struct cell_desc *cell;
	bool is_root;
	struct blob_error *error;
};

/* Where the sections of an ivshmem device are among the memory regions. */
enum shmem_section { SHMEM_STATE_TABLE, SHMEM_READ_WRITE, SHMEM_OUTPUT };

static int fail(const struct check *c, struct blob_error error)
{
	if (c->error)
		*c->error = error;
	return -EINVAL;
}

static bool is_aligned(uint64_t value, uint64_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

static bool ranges_meet(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool is_subpage(const struct blob_memory *r)
{
	return !is_aligned(r->phys_start | r->virt_start | r->size, PAGE_BYTES);
}

/* One past the last memory region that belongs to an ivshmem device. */
static uint64_t shmem_end(const struct blob_pci_device *dev)
{
	return (uint64_t)dev->shmem_regions_start + SHMEM_OUTPUT + dev->shmem_peers;
}

/* Only sections of ivshmem devices other than the state table exist without a size. */
static bool may_be_empty(const struct cell_desc *cell, unsigned int index)
{
	const struct blob_pci_device *dev = cell_desc_pci_devices(cell);
	unsigned int n;

	for (n = 0; n < cell->num_pci_devices; n++)
		if (dev[n].type == BLOB_PCI_IVSHMEM && index > dev[n].shmem_regions_start &&
		    index < shmem_end(&dev[n]))
			return true;
	return false;
}

static int check_address(const struct check *c, struct blob_error error, uint64_t start,
			 uint64_t size)
{
	error.value = start;
	if (start + size < start) {
		error.code = BLOB_WRAPS;
		return fail(c, error);
	}
	if (start + size > ADDRESS_LIMIT) {
		error.code = BLOB_BEYOND_LIMIT;
		error.expected = ADDRESS_LIMIT;
		return fail(c, error);
	}
	return 0;
}

static int check_comm_region(const struct check *c, const struct blob_memory *r,
			     struct blob_error error)
{
	error.field = "flags";
	error.value = r->flags;
	if (c->is_root) {
		error.code = BLOB_COMM_IN_ROOT;
		return fail(c, error);
	}
	/* The page is the hypervisor's: no device memory, nothing to load, nothing of root's. */
	if (r->flags & (BLOB_MEM_IO | BLOB_MEM_LOADABLE | BLOB_MEM_ROOTSHARED)) {
		error.code = BLOB_CONFLICTING_FLAGS;
		return fail(c, error);
	}
	error.field = "size";
	error.value = r->size;
	error.expected = PAGE_BYTES;
	if (r->size != PAGE_BYTES) {
		error.code = BLOB_COMM_SIZE;
		return fail(c, error);
	}
	error.field = "virt_start";
	error.value = r->virt_start;
	if (!is_aligned(r->virt_start, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		return fail(c, error);
	}
	return check_address(c, error, r->virt_start, r->size);
}

/* Byte-granular regions are for device registers: every access to them traps. */
static int check_subpage(const struct check *c, const struct blob_memory *r,
			 struct blob_error error)
{
	error.value = r->virt_start & (PAGE_BYTES - 1);
	error.expected = r->phys_start & (PAGE_BYTES - 1);
	if (!(r->flags & BLOB_MEM_IO)) {
		error.code = BLOB_SUBPAGE_RAM;
		return fail(c, error);
	}
	/* Else an aligned access of the guest could be one across two pages. */
	if (error.value != error.expected) {
		error.code = BLOB_SUBPAGE_OFFSET;
		error.field = "virt_start";
		return fail(c, error);
	}
	return 0;
}

static int check_memory_region(const struct check *c, unsigned int n)
{
	const struct blob_memory *r = &cell_desc_memory(c->cell)[n];
	struct blob_error error = {.part = BLOB_PART_MEMORY, .index = n, .field = "flags"};
	int err;

	error.value = r->flags;
	if (r->flags & ~(uint64_t)BLOB_MEM_ALL_FLAGS) {
		error.code = BLOB_UNKNOWN_FLAGS;
		error.expected = BLOB_MEM_ALL_FLAGS;
		return fail(c, error);
	}
	if (r->size == 0 && may_be_empty(c->cell, n))
		return 0;
	if (r->flags & BLOB_MEM_COMM_REGION)
		return check_comm_region(c, r, error);
	if (r->size == 0) {
		error.code = BLOB_EMPTY_RANGE;
		error.field = "size";
		return fail(c, error);
	}
	error.field = "phys_start";
	err = check_address(c, error, r->phys_start, r->size);
	if (err)
		return err;
	error.field = "virt_start";
	err = check_address(c, error, r->virt_start, r->size);
	if (err)
		return err;
	error.field = "flags";
	if (is_subpage(r))
		return check_subpage(c, r, error);
	/* Second-level tables have no such pages; a silently added right would be a surprise. */
	if ((r->flags & (BLOB_MEM_WRITE | BLOB_MEM_EXECUTE)) && !(r->flags & BLOB_MEM_READ)) {
		error.code = BLOB_NOT_READABLE;
		return fail(c, error);
	}
	return 0;
}

/*
 * The root cell may say the same translation twice (RAM, and shared memory inside it). Elsewhere a
 * second translation of a guest address would depend on the order of the regions, and a whole-page
 * mapping of a page that is filtered byte by byte would undo the filter.
 */
static bool same_translation(const struct check *c, const struct blob_memory *a,
			     const struct blob_memory *b)
{
	return c->is_root && !is_subpage(a) && !is_subpage(b) &&
	       a->phys_start - a->virt_start == b->phys_start - b->virt_start;
}

static bool may_share_phys(const struct blob_memory *a, const struct blob_memory *b)
{
	if (a->flags & b->flags & BLOB_MEM_ROOTSHARED)
		return true;
	return a->phys_start == b->phys_start && a->size == b->size;
}

static int check_memory_pair(const struct check *c, unsigned int n, unsigned int m)
{
	const struct blob_memory *r = cell_desc_memory(c->cell), *a = &r[n], *b = &r[m];
	struct blob_error error = {.part = BLOB_PART_MEMORY, .index = n, .other = m};

	if (a->size == 0 || b->size == 0 || same_translation(c, a, b))
		return 0;
	if (a->flags & b->flags & BLOB_MEM_COMM_REGION) {
		error.code = BLOB_COMM_TWICE;
		return fail(c, error);
	}
	if (ranges_meet(a->virt_start, a->size, b->virt_start, b->size)) {
		error.code = BLOB_GUEST_OVERLAP;
		error.field = "virt_start";
		error.value = a->virt_start;
		return fail(c, error);
	}
	if ((a->flags | b->flags) & BLOB_MEM_COMM_REGION)
		return 0;
	if (ranges_meet(a->phys_start, a->size, b->phys_start, b->size) && !may_share_phys(a, b)) {
		error.code = BLOB_PHYS_OVERLAP;
		error.field = "phys_start";
		error.value = a->phys_start;
		return fail(c, error);
	}
	return 0;
}

static int check_memory(const struct check *c)
{
	unsigned int n, m;
	int err;

	for (n = 0; n < c->cell->num_memory_regions; n++) {
		err = check_memory_region(c, n);
		if (err)
			return err;
		for (m = 0; m < n; m++) {
			err = check_memory_pair(c, n, m);
			if (err)
				return err;
		}
	}
	return 0;
}

static int check_name(const struct check *c)
{
	struct blob_error error = {.part = BLOB_PART_CELL, .index = -1, .field = "name"};
	const char *name = c->cell->name;
	unsigned int n;

	for (n = 0; n < BLOB_CELL_NAME_LEN && name[n]; n++) {
		if (name[n] >= ' ' && name[n] <= '~')
			continue;
		error.code = BLOB_NAME_CHARACTER;
		error.value = (unsigned char)name[n];
		return fail(c, error);
	}
	if (n > 0 && n < BLOB_CELL_NAME_LEN)
		return 0;
	error.code = n ? BLOB_NAME_UNTERMINATED : BLOB_NAME_EMPTY;
	error.value = n;
	return fail(c, error);
}

static int check_cpu_set(const struct check *c)
{
	struct blob_error error = {.part = BLOB_PART_CPU_SET, .index = -1};
	const uint8_t *set = cell_desc_cpu_set(c->cell);
	unsigned int n;

	if (c->cell->cpu_set_size > BLOB_MAX_CPU_SET_SIZE) {
		error.code = BLOB_TOO_LARGE;
		error.field = "cpu_set_size";
		error.value = c->cell->cpu_set_size;
		error.expected = BLOB_MAX_CPU_SET_SIZE;
		return fail(c, error);
	}
	for (n = 0; n < c->cell->cpu_set_size; n++)
		if (set[n])
			return 0;
	error.code = BLOB_CPU_SET_EMPTY;
	return fail(c, error);
}

static int check_caches(const struct check *c)
{
	const struct blob_cache *caches = cell_desc_cache(c->cell), *cache;
	struct blob_error error = {.part = BLOB_PART_CACHE};
	unsigned int n;

	for (n = 0; n < c->cell->num_cache_regions; n++) {
		cache = &caches[n];
		error.index = n;
		if (cache->type > BLOB_CACHE_DATA) {
			error.code = BLOB_UNKNOWN_TYPE;
			error.field = "type";
			error.value = cache->type;
		} else if (cache->flags & ~CACHE_ROOTSHARED) {
			error.code = BLOB_UNKNOWN_FLAGS;
			error.field = "flags";
			error.value = cache->flags;
			error.expected = CACHE_ROOTSHARED;
		} else if (cache->size == 0) {
			error.code = BLOB_EMPTY_RANGE;
			error.field = "size";
		} else if (cache->start + cache->size < cache->start) {
			error.code = BLOB_WRAPS;
			error.field = "start";
			error.value = cache->start;
		} else {
			continue;
		}
		return fail(c, error);
	}
	return 0;
}

/* One controller may be described by several elements, each with its own range of pins. */
static int check_irqchip(const struct check *c, unsigned int n)
{
	const struct blob_irqchip *chips = cell_desc_irqchips(c->cell), *chip = &chips[n];
	struct blob_error error = {.part = BLOB_PART_IRQCHIP, .index = n, .field = "address"};
	unsigned int m;

	error.value = chip->address;
	if (chip->address == 0) {
		error.code = BLOB_MISSING;
		return fail(c, error);
	}
	if (!is_aligned(chip->address, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = PAGE_BYTES;
		return fail(c, error);
	}
	for (m = 0; m < n; m++) {
		error.other = m;
		if (chips[m].address != chip->address)
			continue;
		if (chips[m].id != chip->id || chips[m].pin_base == chip->pin_base) {
			error.code = BLOB_DUPLICATE;
			return fail(c, error);
		}
	}
	error.field = "pin_base";
	if (chip->pin_base > 0xffffffffu - sizeof(chip->pin_bitmap) * 8) {
		error.code = BLOB_WRAPS;
		error.value = chip->pin_base;
		return fail(c, error);
	}
	error.field = "address";
	return check_address(c, error, chip->address, PAGE_BYTES);
}

static int check_irqchips(const struct check *c)
{
	unsigned int n;
	int err;

	for (n = 0; n < c->cell->num_irqchips; n++) {
		err = check_irqchip(c, n);
		if (err)
			return err;
	}
	return 0;
}

static int check_pio(const struct check *c)
{
	const struct blob_pio *pio = cell_desc_pio(c->cell);
	struct blob_error error = {.part = BLOB_PART_PIO};
	unsigned int n;

	for (n = 0; n < c->cell->num_pio_regions; n++) {
		error.index = n;
		if (pio[n].length == 0) {
			error.code = BLOB_EMPTY_RANGE;
			error.field = "length";
			return fail(c, error);
		}
		if ((uint32_t)pio[n].base + pio[n].length > PORT_LIMIT) {
			error.code = BLOB_BEYOND_LIMIT;
			error.field = "base";
			error.value = pio[n].base;
			error.expected = PORT_LIMIT;
			return fail(c, error);
		}
	}
	return 0;
}

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

static int check_bars(const struct check *c, const struct blob_pci_device *dev,
		      struct blob_error error)
{
	unsigned int bar;

	error.code = BLOB_BAR_MASK;
	error.field = "bar_mask";
	for (bar = 0; bar < 6; bar++) {
		error.value = dev->bar_mask[bar];
		if (!bar_mask_valid(dev->bar_mask[bar], bar))
			return fail(c, error);
	}
	/* Register pages are mapped and trapped as pages. */
	error.value = dev->bar_mask[0];
	error.expected = IVSHMEM_REGISTER_MASK;
	if (dev->type == BLOB_PCI_IVSHMEM && dev->bar_mask[0] != IVSHMEM_REGISTER_MASK)
		return fail(c, error);
	return 0;
}

static int check_vectors(const struct check *c, const struct blob_pci_device *dev,
			 struct blob_error error)
{
	error.code = BLOB_TOO_LARGE;
	if (dev->num_msi_vectors > PCI_MAX_MSI_VECTORS) {
		error.field = "num_msi_vectors";
		error.value = dev->num_msi_vectors;
		error.expected = PCI_MAX_MSI_VECTORS;
		return fail(c, error);
	}
	if (dev->num_msix_vectors > PCI_MAX_MSIX_VECTORS) {
		error.field = "num_msix_vectors";
		error.value = dev->num_msix_vectors;
		error.expected = PCI_MAX_MSIX_VECTORS;
		return fail(c, error);
	}
	if (dev->msi_flags & ~(BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE)) {
		error.code = BLOB_UNKNOWN_FLAGS;
		error.field = "msi_flags";
		error.value = dev->msi_flags;
		error.expected = BLOB_PCI_MSI_64BIT | BLOB_PCI_MSI_MASKABLE;
		return fail(c, error);
	}
	/* The table of a virtual device is in its own BAR. */
	if (dev->num_msix_vectors == 0 || dev->type == BLOB_PCI_IVSHMEM)
		return 0;
	error.code = BLOB_MSIX_TABLE;
	error.field = "msix_region_size";
	error.value = dev->msix_region_size;
	error.expected = (uint64_t)dev->num_msix_vectors * PCI_MSIX_ENTRY_BYTES;
	if (!is_aligned(dev->msix_region_size, PAGE_BYTES) || error.value < error.expected)
		return fail(c, error);
	error.field = "msix_address";
	error.value = dev->msix_address;
	error.expected = PAGE_BYTES;
	if (dev->msix_address == 0 || !is_aligned(dev->msix_address, PAGE_BYTES))
		return fail(c, error);
	return check_address(c, error, dev->msix_address, dev->msix_region_size);
}

/* A peer that could write another's section or the state table could speak in its name. */
static bool section_may_write(const struct blob_pci_device *dev, unsigned int section)
{
	return section == SHMEM_READ_WRITE ||
	       section == SHMEM_OUTPUT + (unsigned int)dev->shmem_dev_id;
}

/* The device tells its peer one base address and the sizes: the sections must follow each other. */
static int check_sections(const struct check *c, const struct blob_pci_device *dev,
			  struct blob_error error)
{
	const struct blob_memory *r = cell_desc_memory(c->cell) + dev->shmem_regions_start;
	uint64_t next = r[SHMEM_STATE_TABLE].virt_start + r[SHMEM_STATE_TABLE].size;
	unsigned int n, sections = SHMEM_OUTPUT + dev->shmem_peers;

	error.field = "shmem_regions_start";
	for (n = 0; n < sections; n++) {
		error.other = dev->shmem_regions_start + n;
		error.value = r[n].flags;
		if ((r[n].flags & BLOB_MEM_COMM_REGION) || (r[n].size != 0 && is_subpage(&r[n]))) {
			error.code = BLOB_CONFLICTING_FLAGS;
			return fail(c, error);
		}
		if (r[n].size != 0 && (r[n].flags & BLOB_MEM_WRITE) && !section_may_write(dev, n)) {
			error.code = BLOB_SECTION_WRITE;
			return fail(c, error);
		}
		error.value = r[n].size;
		error.expected = r[SHMEM_OUTPUT].size;
		if (n > SHMEM_OUTPUT && error.value != error.expected) {
			error.code = BLOB_SECTION_SIZE;
			return fail(c, error);
		}
		if (n == SHMEM_STATE_TABLE || r[n].size == 0)
			continue;
		error.value = r[n].virt_start;
		error.expected = next;
		if (error.value != error.expected) {
			error.code = BLOB_SECTION_GAP;
			return fail(c, error);
		}
		next += r[n].size;
	}
	return 0;
}

static int check_ivshmem(const struct check *c, const struct blob_pci_device *dev,
			 struct blob_error error)
{
	const struct blob_memory *table;

	error.field = "shmem_peers";
	if (dev->shmem_peers == 0) {
		error.code = BLOB_MISSING;
		return fail(c, error);
	}
	error.value = dev->shmem_dev_id;
	error.expected = dev->shmem_peers;
	if (dev->shmem_dev_id >= dev->shmem_peers) {
		error.code = BLOB_PEER_ID;
		error.field = "shmem_dev_id";
		return fail(c, error);
	}
	error.value = shmem_end(dev);
	error.expected = c->cell->num_memory_regions;
	if (error.value > error.expected) {
		error.code = BLOB_REGIONS_OUTSIDE;
		error.field = "shmem_regions_start";
		return fail(c, error);
	}
	table = cell_desc_memory(c->cell) + dev->shmem_regions_start;
	error.value = table->size;
	error.expected = dev->shmem_peers * sizeof(uint32_t);
	if (error.value < error.expected) {
		error.code = BLOB_STATE_TABLE;
		error.field = "shmem_regions_start";
		return fail(c, error);
	}
	return check_sections(c, dev, error);
}

static int check_pci_device(const struct check *c, unsigned int n)
{
	const struct blob_pci_device *devices = cell_desc_pci_devices(c->cell), *dev = &devices[n];
	struct blob_error error = {.part = BLOB_PART_PCI_DEVICE, .index = n};
	unsigned int m;
	int err;

	if (dev->type < BLOB_PCI_DEVICE || dev->type > BLOB_PCI_IVSHMEM) {
		error.code = BLOB_UNKNOWN_TYPE;
		error.field = "type";
		error.value = dev->type;
		return fail(c, error);
	}
	if (dev->iommu >= BLOB_IOMMU_UNITS) {
		error.code = BLOB_TOO_LARGE;
		error.field = "iommu";
		error.value = dev->iommu;
		error.expected = BLOB_IOMMU_UNITS - 1;
		return fail(c, error);
	}
	for (m = 0; m < n; m++) {
		if (devices[m].domain != dev->domain || devices[m].bdf != dev->bdf)
			continue;
		error.code = BLOB_DUPLICATE;
		error.field = "bdf";
		error.value = dev->bdf;
		error.other = m;
		return fail(c, error);
	}
	error.value = (uint64_t)dev->caps_start + dev->num_caps;
	error.expected = c->cell->num_pci_caps;
	if (error.value > error.expected) {
		error.code = BLOB_CAPS_OUTSIDE;
		error.field = "caps_start";
		return fail(c, error);
	}
	err = check_bars(c, dev, error);
	if (err)
		return err;
	err = check_vectors(c, dev, error);
	if (err || dev->type != BLOB_PCI_IVSHMEM)
		return err;
	return check_ivshmem(c, dev, error);
}

static int check_pci_cap(const struct check *c, unsigned int n)
{
	const struct blob_pci_capability *cap = &cell_desc_pci_caps(c->cell)[n];
	struct blob_error error = {.part = BLOB_PART_PCI_CAP, .index = n};
	bool extended = cap->id & BLOB_PCI_CAP_EXTENDED;

	if (cap->flags & ~BLOB_PCI_CAP_WRITABLE) {
		error.code = BLOB_UNKNOWN_FLAGS;
		error.field = "flags";
		error.value = cap->flags;
		error.expected = BLOB_PCI_CAP_WRITABLE;
		return fail(c, error);
	}
	if (cap->len == 0) {
		error.code = BLOB_EMPTY_RANGE;
		error.field = "len";
		return fail(c, error);
	}
	error.field = "start";
	error.value = cap->start;
	error.expected = extended ? PCI_EXT_CONFIG_BYTES : PCI_CONFIG_BYTES;
	if (cap->start < (extended ? PCI_CONFIG_BYTES : PCI_CAPS_START) ||
	    cap->start + (uint64_t)cap->len > error.expected) {
		error.code = BLOB_BEYOND_LIMIT;
		return fail(c, error);
	}
	return 0;
}

static int check_pci(const struct check *c)
{
	unsigned int n;
	int err;

	for (n = 0; n < c->cell->num_pci_devices; n++) {
		err = check_pci_device(c, n);
		if (err)
			return err;
	}
	for (n = 0; n < c->cell->num_pci_caps; n++) {
		err = check_pci_cap(c, n);
		if (err)
			return err;
	}
	return 0;
}

static int check_console(const struct check *c, const struct cell_console *console)
{
	struct blob_error error = {.part = BLOB_PART_CONSOLE, .index = -1};

	if (console->type == CONSOLE_NONE)
		return 0;
	if (console->type > CONSOLE_PL011) {
		error.code = BLOB_UNKNOWN_TYPE;
		error.field = "type";
		error.value = console->type;
		return fail(c, error);
	}
	if (console->flags & ~KNOWN_CONSOLE_FLAGS) {
		error.code = BLOB_UNKNOWN_FLAGS;
		error.field = "flags";
		error.value = console->flags;
		error.expected = KNOWN_CONSOLE_FLAGS;
		return fail(c, error);
	}
	error.field = "address";
	error.value = console->address;
	if (console->address == 0) {
		error.code = BLOB_MISSING;
		return fail(c, error);
	}
	if (console->flags & CONSOLE_FLAG_MMIO)
		return check_address(c, error, console->address, console->size);
	if (console->address >= PORT_LIMIT || console->size > PORT_LIMIT - console->address) {
		error.code = BLOB_BEYOND_LIMIT;
		error.expected = PORT_LIMIT;
		return fail(c, error);
	}
	return 0;
}

static int check_flags(const struct check *c, enum blob_part part, uint32_t flags, uint32_t known)
{
	struct blob_error error = {
		.code = BLOB_UNKNOWN_FLAGS,
		.part = part,
		.index = -1,
		.field = "flags",
		.value = flags,
		.expected = known,
	};

	return (flags & ~known) ? fail(c, error) : 0;
}

/* Everything that the counts reach is inside the blob when this is called. */
static int check_cell(const struct check *c)
{
	int err;

	err = check_name(c);
	if (err)
		return err;
	err = check_flags(c, BLOB_PART_CELL, c->cell->flags, KNOWN_CELL_FLAGS);
	if (err)
		return err;
	err = check_cpu_set(c);
	if (err)
		return err;
	err = check_memory(c);
	if (err)
		return err;
	err = check_caches(c);
	if (err)
		return err;
	err = check_irqchips(c);
	if (err)
		return err;
	err = check_pio(c);
	if (err)
		return err;
	err = check_pci(c);
	if (err)
		return err;
	return check_console(c, &c->cell->console);
}

static int check_iommu(const struct check *c, const struct blob_iommu *unit, unsigned int n)
{
	struct blob_error error = {.part = BLOB_PART_IOMMU, .index = n, .field = "type"};

	if (unit->type == BLOB_IOMMU_NONE)
		return 0;
	error.value = unit->type;
	if (unit->type > BLOB_IOMMU_MMU500) {
		error.code = BLOB_UNKNOWN_TYPE;
		return fail(c, error);
	}
	if (unit->size == 0) {
		error.code = BLOB_EMPTY_RANGE;
		error.field = "size";
		return fail(c, error);
	}
	error.field = "base";
	error.value = unit->base;
	if (unit->base == 0) {
		error.code = BLOB_MISSING;
		return fail(c, error);
	}
	if (!is_aligned(unit->base, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = PAGE_BYTES;
		return fail(c, error);
	}
	return check_address(c, error, unit->base, unit->size);
}

static int check_hypervisor_memory(const struct check *c, const struct blob_memory *memory)
{
	struct blob_error error = {.part = BLOB_PART_SYSTEM, .index = -1};

	error.field = "hypervisor_memory.phys_start";
	error.value = memory->phys_start;
	if (memory->phys_start == 0) {
		error.code = BLOB_MISSING;
		return fail(c, error);
	}
	if (memory->size == 0) {
		error.code = BLOB_EMPTY_RANGE;
		error.field = "hypervisor_memory.size";
		return fail(c, error);
	}
	if (!is_aligned(memory->phys_start | memory->size, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = PAGE_BYTES;
		return fail(c, error);
	}
	return check_address(c, error, memory->phys_start, memory->size);
}

static int check_platform(const struct check *c, const struct system_desc *system)
{
	struct blob_error error = {.part = BLOB_PART_SYSTEM, .index = -1};

	error.field = "pci_mmconfig_base";
	error.value = system->pci_mmconfig_base;
	if (!is_aligned(system->pci_mmconfig_base, BUS_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = BUS_BYTES;
		return fail(c, error);
	}
	if (NATIVE_ARCH == BLOB_ARCH_X86 && system->platform.x86.apic_mode > BLOB_APIC_X2APIC) {
		error.code = BLOB_UNKNOWN_TYPE;
		error.field = "apic_mode";
		error.value = system->platform.x86.apic_mode;
		return fail(c, error);
	}
	return check_address(c, error, system->pci_mmconfig_base,
			     (system->pci_mmconfig_end_bus + 1) * BUS_BYTES);
}

static int check_system(const struct check *c, const struct system_desc *system)
{
	unsigned int n;
	int err;

	err = check_flags(c, BLOB_PART_SYSTEM, system->flags, BLOB_SYS_CONSOLE_READABLE);
	if (err)
		return err;
	err = check_hypervisor_memory(c, &system->hypervisor_memory);
	if (err)
		return err;
	err = check_console(c, &system->debug_console);
	if (err)
		return err;
	err = check_platform(c, system);
	if (err)
		return err;
	for (n = 0; n < BLOB_IOMMU_UNITS; n++) {
		err = check_iommu(c, &system->iommu_units[n], n);
		if (err)
			return err;
	}
	return check_cell(c);
}

/* What both kinds of blob begin with. */
struct blob_header {
	char signature[BLOB_SIGNATURE_LEN];
	uint8_t architecture;
	uint16_t revision;
} __attribute__((packed));

static int check_header(const struct check *c, const struct blob_header *header,
			const char *signature)
{
	struct blob_error error = {.part = BLOB_PART_BLOB, .index = -1};

	if (memcmp(header->signature, signature, BLOB_SIGNATURE_LEN) != 0) {
		error.code = BLOB_SIGNATURE;
		error.field = "signature";
		return fail(c, error);
	}
	/* Before the architecture: older revisions have something else in its place. */
	if (header->revision != BLOB_REVISION) {
		error.code = BLOB_WRONG_REVISION;
		error.field = "revision";
		error.value = header->revision;
		error.expected = BLOB_REVISION;
		return fail(c, error);
	}
	if (header->architecture != NATIVE_ARCH) {
		error.code = BLOB_ARCHITECTURE;
		error.field = "architecture";
		error.value = header->architecture;
		error.expected = NATIVE_ARCH;
		return fail(c, error);
	}
	return 0;
}

/* The header is checked before the size, so that a blob of another revision is called that. */
static int check_frame(const struct check *c, const void *blob, size_t size, size_t fixed,
		       const char *signature)
{
	struct blob_error error = {.part = BLOB_PART_BLOB, .index = -1, .value = size};
	int err;

	if (size >= sizeof(struct blob_header)) {
		err = check_header(c, blob, signature);
		if (err)
			return err;
	}
	error.expected = fixed;
	if (size < fixed) {
		error.code = BLOB_TOO_SHORT;
		return fail(c, error);
	}
	error.expected = fixed - sizeof(*c->cell) + cell_desc_size(c->cell);
	if (error.value != error.expected) {
		error.code = BLOB_SIZE_MISMATCH;
		return fail(c, error);
	}
	return 0;
}

int blob_check_cell(const void *blob, size_t size, struct blob_error *ret_error)
{
	struct check c = {.cell = blob, .error = ret_error};
	int err;

	err = check_frame(&c, blob, size, sizeof(struct cell_desc), BLOB_CELL_SIGNATURE);
	if (err)
		return err;
	return check_cell(&c);
}

int blob_check_system(const void *blob, size_t size, struct blob_error *ret_error)
{
	const struct system_desc *system = blob;
	struct check c = {.is_root = true, .error = ret_error};
	int err;

	c.cell = (const void *)((const uint8_t *)blob + offsetof(struct system_desc, root_cell));
	err = check_frame(&c, blob, size, sizeof(*system), BLOB_SYSTEM_SIGNATURE);
	if (err)
		return err;
	/* The root cell's own signature and revision say nothing: tools leave them empty. */
	return check_system(&c, system);
}

static const char *const texts[BLOB_ERROR_COUNT] = {
	[BLOB_OK] = "no error",
	[BLOB_TOO_SHORT] = "shorter than its fixed part",
	[BLOB_SIGNATURE] = "not a configuration of this kind",
	[BLOB_ARCHITECTURE] = "made for another architecture",
	[BLOB_WRONG_REVISION] = "made for another revision of the format",
	[BLOB_SIZE_MISMATCH] = "size does not match the counts in it",
	[BLOB_NAME_EMPTY] = "name is empty",
	[BLOB_NAME_UNTERMINATED] = "name is not terminated",
	[BLOB_NAME_CHARACTER] = "name has an unprintable character",
	[BLOB_UNKNOWN_FLAGS] = "unknown flags",
	[BLOB_CONFLICTING_FLAGS] = "flags contradict each other or the use of the region",
	[BLOB_CPU_SET_EMPTY] = "CPU set is empty",
	[BLOB_TOO_LARGE] = "larger than can be",
	[BLOB_EMPTY_RANGE] = "size is zero",
	[BLOB_WRAPS] = "address and size wrap around",
	[BLOB_BEYOND_LIMIT] = "reaches outside the addresses that exist",
	[BLOB_UNALIGNED] = "not aligned",
	[BLOB_SUBPAGE_RAM] = "not whole pages, and not I/O",
	[BLOB_SUBPAGE_OFFSET] = "guest and physical address differ within the page",
	[BLOB_NOT_READABLE] = "writable or executable without being readable",
	[BLOB_COMM_SIZE] = "communication region is not one page",
	[BLOB_COMM_TWICE] = "second communication region",
	[BLOB_COMM_IN_ROOT] = "communication region in the root cell",
	[BLOB_GUEST_OVERLAP] = "guest addresses overlap those of another region",
	[BLOB_PHYS_OVERLAP] = "physical addresses overlap those of another region",
	[BLOB_UNKNOWN_TYPE] = "unknown type",
	[BLOB_DUPLICATE] = "is there twice",
	[BLOB_CAPS_OUTSIDE] = "capabilities outside the list of capabilities",
	[BLOB_REGIONS_OUTSIDE] = "shared-memory sections outside the list of memory regions",
	[BLOB_BAR_MASK] = "impossible BAR mask",
	[BLOB_MSIX_TABLE] = "MSI-X table is not whole pages that hold all vectors",
	[BLOB_PEER_ID] = "peer id is not below the number of peers",
	[BLOB_STATE_TABLE] = "state table is smaller than the number of peers needs",
	[BLOB_SECTION_GAP] = "shared-memory sections do not follow each other",
	[BLOB_SECTION_SIZE] = "output sections differ in size",
	[BLOB_SECTION_WRITE] = "state table or another peer's section is writable",
	[BLOB_MISSING] = "must not be zero",
};

const char *blob_error_text(enum blob_error_code code)
{
	if ((unsigned int)code >= BLOB_ERROR_COUNT || !texts[code])
		return "unknown error";
	return texts[code];
}
