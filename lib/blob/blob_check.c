// SPDX-License-Identifier: GPL-2.0-only
#include "lib/blob/blob_check_parts.h"

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

#define PORT_LIMIT 0x10000u
#define BUS_BYTES  (1ull << 20) /* configuration space of one PCI bus in MMCONFIG */

#define KNOWN_CELL_FLAGS                                                                   \
	(BLOB_CELL_PASSIVE_COMMREG | BLOB_CELL_TEST_DEVICE | BLOB_CELL_CONSOLE_PERMITTED | \
	 BLOB_CELL_CONSOLE_ACTIVE)
#define KNOWN_CONSOLE_FLAGS (CONSOLE_FLAG_MMIO | CONSOLE_FLAG_REG_DIST_4 | CONSOLE_FLAG_FB_1080P)
#define CACHE_ROOTSHARED    0x0001u

int blob_fail(struct blob_check *c, enum blob_error_code code, const char *field, uint64_t value,
	      uint64_t expected)
{
	c->error.code = code;
	c->error.field = field;
	c->error.value = value;
	c->error.expected = expected;
	return -EINVAL;
}

/* Goes to a part, or to an element of an array (else index is -1). */
static void go_to(struct blob_check *c, enum blob_part part, int index)
{
	c->error = (struct blob_error){.part = part, .index = index};
}

int blob_check_each(struct blob_check *c, enum blob_part part, unsigned int count,
		    int (*check)(struct blob_check *c, unsigned int n))
{
	int err = 0;

	for (unsigned int n = 0; n < count && !err; n++) {
		go_to(c, part, n);
		err = check(c, n);
	}
	return err;
}

int blob_check_address(struct blob_check *c, const char *field, uint64_t start, uint64_t size)
{
	const uint64_t limit = 1ull << BLOB_ADDRESS_BITS;

	if (start + size < start)
		return blob_fail(c, BLOB_WRAPS, field, start, 0);
	if (start + size > limit)
		return blob_fail(c, BLOB_BEYOND_LIMIT, field, start, limit);
	return 0;
}

static int check_name(struct blob_check *c)
{
	const char *name = c->cell->name;
	unsigned int n;

	for (n = 0; n < BLOB_CELL_NAME_LEN && name[n]; n++) {
		if (name[n] < ' ' || name[n] > '~')
			return blob_fail(c, BLOB_NAME_CHARACTER, "name", (unsigned char)name[n], 0);
	}
	if (n == 0)
		return blob_fail(c, BLOB_NAME_EMPTY, "name", 0, 0);
	if (n == BLOB_CELL_NAME_LEN)
		return blob_fail(c, BLOB_NAME_UNTERMINATED, "name", n, 0);
	return 0;
}

static int check_cpu_set(struct blob_check *c)
{
	const uint8_t *set = cell_desc_cpu_set(c->cell);
	uint32_t size = c->cell->cpu_set_size;

	go_to(c, BLOB_PART_CPU_SET, -1);
	if (size > BLOB_MAX_CPU_SET_SIZE)
		return blob_fail(c, BLOB_TOO_LARGE, "cpu_set_size", size, BLOB_MAX_CPU_SET_SIZE);
	for (unsigned int n = 0; n < size; n++) {
		if (set[n])
			return 0;
	}
	return blob_fail(c, BLOB_CPU_SET_EMPTY, NULL, 0, 0);
}

static int check_cache(struct blob_check *c, unsigned int n)
{
	const struct blob_cache *cache = &cell_desc_cache(c->cell)[n];

	if (cache->type == 0 || (cache->type & ~(BLOB_CACHE_CODE | BLOB_CACHE_DATA)))
		return blob_fail(c, BLOB_UNKNOWN_TYPE, "type", cache->type, 0);
	if (cache->flags & ~CACHE_ROOTSHARED)
		return blob_fail(c, BLOB_UNKNOWN_FLAGS, "flags", cache->flags, CACHE_ROOTSHARED);
	if (cache->size == 0)
		return blob_fail(c, BLOB_EMPTY_RANGE, "size", 0, 0);
	if (cache->start + cache->size < cache->start)
		return blob_fail(c, BLOB_WRAPS, "start", cache->start, 0);
	return 0;
}

/* One controller may be described by several elements, each with its own range of pins. */
static int check_irqchip(struct blob_check *c, unsigned int n)
{
	const struct blob_irqchip *chips = cell_desc_irqchips(c->cell), *chip = &chips[n];

	if (chip->address == 0)
		return blob_fail(c, BLOB_MISSING, "address", 0, 0);
	if (!is_aligned(chip->address, PAGE_BYTES))
		return blob_fail(c, BLOB_UNALIGNED, "address", chip->address, PAGE_BYTES);
	for (unsigned int m = 0; m < n; m++) {
		c->error.other = m;
		if (chips[m].address != chip->address)
			continue;
		if (chips[m].id != chip->id || chips[m].pin_base == chip->pin_base)
			return blob_fail(c, BLOB_DUPLICATE, "address", chip->address, 0);
	}
	if (chip->pin_base > 0xffffffffu - sizeof(chip->pin_bitmap) * 8)
		return blob_fail(c, BLOB_WRAPS, "pin_base", chip->pin_base, 0);
	return blob_check_address(c, "address", chip->address, PAGE_BYTES);
}

static int check_pio(struct blob_check *c, unsigned int n)
{
	const struct blob_pio *pio = &cell_desc_pio(c->cell)[n];

	if (pio->length == 0)
		return blob_fail(c, BLOB_EMPTY_RANGE, "length", 0, 0);
	if ((uint32_t)pio->base + pio->length > PORT_LIMIT)
		return blob_fail(c, BLOB_BEYOND_LIMIT, "base", pio->base, PORT_LIMIT);
	return 0;
}

static int check_console(struct blob_check *c, const struct cell_console *console)
{
	uint64_t address = console->address;

	go_to(c, BLOB_PART_CONSOLE, -1);
	if (console->type == CONSOLE_NONE)
		return 0;
	if (console->type > CONSOLE_PL011)
		return blob_fail(c, BLOB_UNKNOWN_TYPE, "type", console->type, 0);
	if (console->flags & ~KNOWN_CONSOLE_FLAGS)
		return blob_fail(c, BLOB_UNKNOWN_FLAGS, "flags", console->flags,
				 KNOWN_CONSOLE_FLAGS);
	if (address == 0)
		return blob_fail(c, BLOB_MISSING, "address", 0, 0);
	if (console->flags & CONSOLE_FLAG_MMIO)
		return blob_check_address(c, "address", address, console->size);
	if (address >= PORT_LIMIT || console->size > PORT_LIMIT - address)
		return blob_fail(c, BLOB_BEYOND_LIMIT, "address", address, PORT_LIMIT);
	return 0;
}

static int check_flags(struct blob_check *c, enum blob_part part, uint32_t flags, uint32_t known)
{
	go_to(c, part, -1);
	return (flags & ~known) ? blob_fail(c, BLOB_UNKNOWN_FLAGS, "flags", flags, known) : 0;
}

/*
 * What is compared with each of its kind, here and with those of other cells. Every machine's root
 * has fewer: about a hundred regions, two hundred PCI devices in the largest.
 */
static int check_counts(struct blob_check *c)
{
	const struct cell_desc *cell = c->cell;
	const uint32_t limit = c->is_root ? BLOB_MAX_ROOT_ELEMENTS : BLOB_MAX_CELL_ELEMENTS;
	const struct {
		const char *field;
		uint32_t count;
	} counts[] = {
		{"num_memory_regions", cell->num_memory_regions},
		{"num_irqchips", cell->num_irqchips},
		{"num_pio_regions", cell->num_pio_regions},
		{"num_pci_devices", cell->num_pci_devices},
	};

	for (unsigned int n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
		if (counts[n].count > limit)
			return blob_fail(c, BLOB_TOO_LARGE, counts[n].field, counts[n].count,
					 limit);
	}
	return 0;
}

/* Everything that the counts reach is inside the blob when this is called. */
static int check_cell(struct blob_check *c)
{
	const struct cell_desc *cell = c->cell;
	int err;

	go_to(c, BLOB_PART_CELL, -1);
	err = check_name(c);
	if (!err)
		err = check_counts(c);
	if (!err)
		err = check_flags(c, BLOB_PART_CELL, cell->flags, KNOWN_CELL_FLAGS);
	if (!err)
		err = check_cpu_set(c);
	if (!err)
		err = blob_check_memory(c);
	if (!err)
		err = blob_check_each(c, BLOB_PART_CACHE, cell->num_cache_regions, check_cache);
	if (!err)
		err = blob_check_each(c, BLOB_PART_IRQCHIP, cell->num_irqchips, check_irqchip);
	if (!err)
		err = blob_check_each(c, BLOB_PART_PIO, cell->num_pio_regions, check_pio);
	if (!err)
		err = blob_check_pci(c);
	return err ? err : check_console(c, &cell->console);
}

/* The descriptor of the root cell is a member of it. */
static const struct system_desc *system_of(const struct blob_check *c)
{
	return (const void *)((const uint8_t *)c->cell - offsetof(struct system_desc, root_cell));
}

static int check_iommu(struct blob_check *c, unsigned int n)
{
	const struct blob_iommu *unit = &system_of(c)->iommu_units[n];

	if (unit->type == BLOB_IOMMU_NONE)
		return 0;
	if (unit->type > BLOB_IOMMU_MMU500)
		return blob_fail(c, BLOB_UNKNOWN_TYPE, "type", unit->type, 0);
	if (unit->size == 0)
		return blob_fail(c, BLOB_EMPTY_RANGE, "size", 0, 0);
	if (unit->base == 0)
		return blob_fail(c, BLOB_MISSING, "base", 0, 0);
	if (!is_aligned(unit->base, PAGE_BYTES))
		return blob_fail(c, BLOB_UNALIGNED, "base", unit->base, PAGE_BYTES);
	return blob_check_address(c, "base", unit->base, unit->size);
}

static int check_hypervisor_memory(struct blob_check *c, const struct blob_memory *memory)
{
	static const char start[] = "hypervisor_memory.phys_start";

	if (memory->phys_start == 0)
		return blob_fail(c, BLOB_MISSING, start, 0, 0);
	if (memory->size == 0)
		return blob_fail(c, BLOB_EMPTY_RANGE, "hypervisor_memory.size", 0, 0);
	if (!is_aligned(memory->phys_start | memory->size, PAGE_BYTES))
		return blob_fail(c, BLOB_UNALIGNED, start, memory->phys_start, PAGE_BYTES);
	return blob_check_address(c, start, memory->phys_start, memory->size);
}

static int check_platform(struct blob_check *c, const struct system_desc *system)
{
	uint64_t base = system->pci_mmconfig_base;
	uint8_t apic_mode = system->platform.x86.apic_mode;

	go_to(c, BLOB_PART_SYSTEM, -1);
	if (!is_aligned(base, BUS_BYTES))
		return blob_fail(c, BLOB_UNALIGNED, "pci_mmconfig_base", base, BUS_BYTES);
	if (NATIVE_ARCH == BLOB_ARCH_X86 && apic_mode > BLOB_APIC_X2APIC)
		return blob_fail(c, BLOB_UNKNOWN_TYPE, "apic_mode", apic_mode, 0);
	return blob_check_address(c, "pci_mmconfig_base", base,
				  (system->pci_mmconfig_end_bus + 1) * BUS_BYTES);
}

static int check_system(struct blob_check *c, const struct system_desc *system)
{
	int err = check_flags(c, BLOB_PART_SYSTEM, system->flags, BLOB_SYS_CONSOLE_READABLE);

	if (!err)
		err = check_hypervisor_memory(c, &system->hypervisor_memory);
	if (!err)
		err = check_console(c, &system->debug_console);
	if (!err)
		err = check_platform(c, system);
	if (!err)
		err = blob_check_each(c, BLOB_PART_IOMMU, BLOB_IOMMU_UNITS, check_iommu);
	return err ? err : check_cell(c);
}

/* What both kinds of blob begin with. */
struct blob_header {
	char signature[BLOB_SIGNATURE_LEN];
	uint8_t architecture;
	uint16_t revision;
} __attribute__((packed));

static int check_header(struct blob_check *c, const struct blob_header *header,
			const char *signature)
{
	if (memcmp(header->signature, signature, BLOB_SIGNATURE_LEN) != 0)
		return blob_fail(c, BLOB_SIGNATURE, "signature", 0, 0);
	/* Before the architecture: older revisions have something else in its place. */
	if (header->revision != BLOB_REVISION)
		return blob_fail(c, BLOB_WRONG_REVISION, "revision", header->revision,
				 BLOB_REVISION);
	if (header->architecture != NATIVE_ARCH)
		return blob_fail(c, BLOB_ARCHITECTURE, "architecture", header->architecture,
				 NATIVE_ARCH);
	return 0;
}

/* The header is checked before the size, so that a blob of another revision is called that. */
static int check_frame(struct blob_check *c, const void *blob, size_t size, size_t fixed,
		       const char *signature)
{
	uint64_t expected;
	int err;

	go_to(c, BLOB_PART_BLOB, -1);
	if (size >= sizeof(struct blob_header)) {
		err = check_header(c, blob, signature);
		if (err)
			return err;
	}
	if (size < fixed)
		return blob_fail(c, BLOB_TOO_SHORT, NULL, size, fixed);
	expected = fixed - sizeof(*c->cell) + cell_desc_size(c->cell);
	/* Blobs of the field have something behind it: it says nothing. */
	if (size < expected)
		return blob_fail(c, BLOB_SIZE_MISMATCH, NULL, size, expected);
	return 0;
}

/* Tells of the error that there is, if the caller wants to know. */
static int finish(const struct blob_check *c, int err, struct blob_error *ret_error)
{
	if (err && ret_error)
		*ret_error = c->error;
	return err;
}

static int check_desc(const void *blob, size_t size, int (*check)(struct blob_check *c),
		      struct blob_error *ret_error)
{
	struct blob_check c = {.cell = blob};
	int err = check_frame(&c, blob, size, sizeof(struct cell_desc), BLOB_CELL_SIGNATURE);

	if (!err)
		err = check(&c);
	return finish(&c, err, ret_error);
}

int blob_check_cell(const void *blob, size_t size, struct blob_error *ret_error)
{
	return check_desc(blob, size, check_cell, ret_error);
}

/* A number of something that links have none of, or so many. */
static int check_number(struct blob_check *c, const char *field, uint64_t value, uint64_t expected)
{
	if (value < expected)
		return blob_fail(c, BLOB_MISSING, field, value, expected);
	return value > expected ? blob_fail(c, BLOB_NOT_OF_LINK, field, value, expected) : 0;
}

static int check_link_counts(struct blob_check *c)
{
	const struct cell_desc *desc = c->cell;
	const struct {
		const char *field;
		uint32_t value, expected;
	} numbers[] = {
		{"num_pci_devices", desc->num_pci_devices, 1},
		{"cpu_set_size", desc->cpu_set_size, 0},
		{"flags", desc->flags, 0},
		{"num_cache_regions", desc->num_cache_regions, 0},
		{"num_irqchips", desc->num_irqchips, 0},
		{"num_pio_regions", desc->num_pio_regions, 0},
		{"num_pci_caps", desc->num_pci_caps, 0},
		{"num_stream_ids", desc->num_stream_ids, 0},
	};
	int err = 0;

	for (unsigned int n = 0; n < sizeof(numbers) / sizeof(numbers[0]) && !err; n++)
		err = check_number(c, numbers[n].field, numbers[n].value, numbers[n].expected);
	return err;
}

/* Root sees memory where it is, and shares what is there with itself. */
static int check_link_region(struct blob_check *c, unsigned int n)
{
	const uint64_t rights = BLOB_MEM_READ | BLOB_MEM_WRITE | BLOB_MEM_DMA | BLOB_MEM_ROOTSHARED;
	const struct blob_memory *r = &cell_desc_memory(c->cell)[n];

	if (r->size && (r->flags & ~rights))
		return blob_fail(c, BLOB_CONFLICTING_FLAGS, "flags", r->flags, rights);
	if (r->size && r->phys_start != r->virt_start)
		return blob_fail(c, BLOB_NOT_IDENTITY, "virt_start", r->virt_start, r->phys_start);
	return 0;
}

static int check_link(struct blob_check *c)
{
	const struct blob_pci_device *dev = cell_desc_pci_devices(c->cell);
	int err;

	go_to(c, BLOB_PART_CELL, -1);
	err = check_name(c);
	if (!err)
		err = check_counts(c);
	if (!err)
		err = check_link_counts(c);
	if (!err)
		err = blob_check_memory(c);
	if (!err)
		err = blob_check_pci(c);
	if (err)
		return err;
	go_to(c, BLOB_PART_PCI_DEVICE, 0);
	if (dev->type != BLOB_PCI_IVSHMEM)
		return blob_fail(c, BLOB_UNKNOWN_TYPE, "type", dev->type, BLOB_PCI_IVSHMEM);
	if (dev->shmem_regions_start != 0)
		return blob_fail(c, BLOB_NOT_OF_LINK, "shmem_regions_start",
				 dev->shmem_regions_start, 0);
	err = check_number(c, "num_memory_regions", c->cell->num_memory_regions,
			   shmem_sections(dev));
	return err ? err
		   : blob_check_each(c, BLOB_PART_MEMORY, c->cell->num_memory_regions,
				     check_link_region);
}

int blob_check_link(const void *blob, size_t size, struct blob_error *ret_error)
{
	return check_desc(blob, size, check_link, ret_error);
}

int blob_check_system(const void *blob, size_t size, struct blob_error *ret_error)
{
	const struct system_desc *system = blob;
	struct blob_check c = {.is_root = true};
	int err;

	c.cell = (const void *)((const uint8_t *)blob + offsetof(struct system_desc, root_cell));
	err = check_frame(&c, blob, size, sizeof(*system), BLOB_SYSTEM_SIGNATURE);
	/* The root cell's own signature and revision say nothing: tools leave them empty. */
	if (!err)
		err = check_system(&c, system);
	return finish(&c, err, ret_error);
}
