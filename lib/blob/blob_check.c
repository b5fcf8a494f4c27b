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

int blob_fail(const struct blob_check *c, struct blob_error error, enum blob_error_code code)
{
	error.code = code;
	if (c->error)
		*c->error = error;
	return -EINVAL;
}

int blob_fail_field(const struct blob_check *c, struct blob_error error, enum blob_error_code code,
		    const char *field, uint64_t value, uint64_t expected)
{
	error.field = field;
	error.value = value;
	error.expected = expected;
	return blob_fail(c, error, code);
}

int blob_check_each(const struct blob_check *c, unsigned int count,
		    int (*check)(const struct blob_check *c, unsigned int n))
{
	int err = 0;

	for (unsigned int n = 0; n < count && !err; n++)
		err = check(c, n);
	return err;
}

int blob_check_address(const struct blob_check *c, struct blob_error error, uint64_t start,
		       uint64_t size)
{
	error.value = start;
	if (start + size < start)
		return blob_fail(c, error, BLOB_WRAPS);
	if (start + size > (1ull << BLOB_ADDRESS_BITS)) {
		error.expected = (1ull << BLOB_ADDRESS_BITS);
		return blob_fail(c, error, BLOB_BEYOND_LIMIT);
	}
	return 0;
}

static int check_name(const struct blob_check *c)
{
	struct blob_error error = {.part = BLOB_PART_CELL, .index = -1, .field = "name"};
	const char *name = c->cell->name;
	unsigned int n;

	for (n = 0; n < BLOB_CELL_NAME_LEN && name[n]; n++) {
		if (name[n] >= ' ' && name[n] <= '~')
			continue;
		error.value = (unsigned char)name[n];
		return blob_fail(c, error, BLOB_NAME_CHARACTER);
	}
	if (n > 0 && n < BLOB_CELL_NAME_LEN)
		return 0;
	error.value = n;
	return blob_fail(c, error, n ? BLOB_NAME_UNTERMINATED : BLOB_NAME_EMPTY);
}

static int check_cpu_set(const struct blob_check *c)
{
	struct blob_error error = {.part = BLOB_PART_CPU_SET, .index = -1};
	const uint8_t *set = cell_desc_cpu_set(c->cell);

	if (c->cell->cpu_set_size > BLOB_MAX_CPU_SET_SIZE)
		return blob_fail_field(c, error, BLOB_TOO_LARGE, "cpu_set_size",
				       c->cell->cpu_set_size, BLOB_MAX_CPU_SET_SIZE);
	for (unsigned int n = 0; n < c->cell->cpu_set_size; n++)
		if (set[n])
			return 0;
	return blob_fail(c, error, BLOB_CPU_SET_EMPTY);
}

static int check_cache(const struct blob_check *c, unsigned int n)
{
	const struct blob_cache *cache = &cell_desc_cache(c->cell)[n];
	struct blob_error error = {.part = BLOB_PART_CACHE, .index = n};

	if (cache->type > BLOB_CACHE_DATA)
		return blob_fail_field(c, error, BLOB_UNKNOWN_TYPE, "type", cache->type, 0);
	if (cache->flags & ~CACHE_ROOTSHARED)
		return blob_fail_field(c, error, BLOB_UNKNOWN_FLAGS, "flags", cache->flags,
				       CACHE_ROOTSHARED);
	if (cache->size == 0)
		return blob_fail_field(c, error, BLOB_EMPTY_RANGE, "size", 0, 0);
	if (cache->start + cache->size < cache->start)
		return blob_fail_field(c, error, BLOB_WRAPS, "start", cache->start, 0);
	return 0;
}

/* One controller may be described by several elements, each with its own range of pins. */
static int check_irqchip(const struct blob_check *c, unsigned int n)
{
	const struct blob_irqchip *chips = cell_desc_irqchips(c->cell), *chip = &chips[n];
	struct blob_error error = {.part = BLOB_PART_IRQCHIP, .index = n, .field = "address"};

	error.value = chip->address;
	if (chip->address == 0)
		return blob_fail(c, error, BLOB_MISSING);
	if (!is_aligned(chip->address, PAGE_BYTES)) {
		error.expected = PAGE_BYTES;
		return blob_fail(c, error, BLOB_UNALIGNED);
	}
	for (unsigned int m = 0; m < n; m++) {
		error.other = m;
		if (chips[m].address != chip->address)
			continue;
		if (chips[m].id != chip->id || chips[m].pin_base == chip->pin_base)
			return blob_fail(c, error, BLOB_DUPLICATE);
	}
	error.field = "pin_base";
	if (chip->pin_base > 0xffffffffu - sizeof(chip->pin_bitmap) * 8) {
		error.value = chip->pin_base;
		return blob_fail(c, error, BLOB_WRAPS);
	}
	error.field = "address";
	return blob_check_address(c, error, chip->address, PAGE_BYTES);
}

static int check_pio(const struct blob_check *c, unsigned int n)
{
	const struct blob_pio *pio = &cell_desc_pio(c->cell)[n];
	struct blob_error error = {.part = BLOB_PART_PIO, .index = n};

	if (pio->length == 0)
		return blob_fail_field(c, error, BLOB_EMPTY_RANGE, "length", 0, 0);
	if ((uint32_t)pio->base + pio->length > PORT_LIMIT)
		return blob_fail_field(c, error, BLOB_BEYOND_LIMIT, "base", pio->base, PORT_LIMIT);
	return 0;
}

static int check_console(const struct blob_check *c, const struct cell_console *console)
{
	struct blob_error error = {.part = BLOB_PART_CONSOLE, .index = -1};

	if (console->type == CONSOLE_NONE)
		return 0;
	if (console->type > CONSOLE_PL011)
		return blob_fail_field(c, error, BLOB_UNKNOWN_TYPE, "type", console->type, 0);
	if (console->flags & ~KNOWN_CONSOLE_FLAGS)
		return blob_fail_field(c, error, BLOB_UNKNOWN_FLAGS, "flags", console->flags,
				       KNOWN_CONSOLE_FLAGS);
	error.field = "address";
	error.value = console->address;
	if (console->address == 0)
		return blob_fail(c, error, BLOB_MISSING);
	if (console->flags & CONSOLE_FLAG_MMIO)
		return blob_check_address(c, error, console->address, console->size);
	if (console->address >= PORT_LIMIT || console->size > PORT_LIMIT - console->address) {
		error.expected = PORT_LIMIT;
		return blob_fail(c, error, BLOB_BEYOND_LIMIT);
	}
	return 0;
}

static int check_flags(const struct blob_check *c, enum blob_part part, uint32_t flags,
		       uint32_t known)
{
	struct blob_error error = {.part = part, .index = -1};

	if (flags & ~known)
		return blob_fail_field(c, error, BLOB_UNKNOWN_FLAGS, "flags", flags, known);
	return 0;
}

/* Everything that the counts reach is inside the blob when this is called. */
static int check_cell(const struct blob_check *c)
{
	const struct cell_desc *cell = c->cell;
	int err;

	err = check_name(c);
	if (!err)
		err = check_flags(c, BLOB_PART_CELL, cell->flags, KNOWN_CELL_FLAGS);
	if (!err)
		err = check_cpu_set(c);
	if (!err)
		err = blob_check_memory(c);
	if (!err)
		err = blob_check_each(c, cell->num_cache_regions, check_cache);
	if (!err)
		err = blob_check_each(c, cell->num_irqchips, check_irqchip);
	if (!err)
		err = blob_check_each(c, cell->num_pio_regions, check_pio);
	if (!err)
		err = blob_check_pci(c);
	return err ? err : check_console(c, &cell->console);
}

/* The descriptor of the root cell is a member of it. */
static const struct system_desc *system_of(const struct blob_check *c)
{
	return (const void *)((const uint8_t *)c->cell - offsetof(struct system_desc, root_cell));
}

static int check_iommu(const struct blob_check *c, unsigned int n)
{
	const struct blob_iommu *unit = &system_of(c)->iommu_units[n];
	struct blob_error error = {.part = BLOB_PART_IOMMU, .index = n, .field = "type"};

	if (unit->type == BLOB_IOMMU_NONE)
		return 0;
	error.value = unit->type;
	if (unit->type > BLOB_IOMMU_MMU500)
		return blob_fail(c, error, BLOB_UNKNOWN_TYPE);
	if (unit->size == 0)
		return blob_fail_field(c, error, BLOB_EMPTY_RANGE, "size", 0, 0);
	error.field = "base";
	error.value = unit->base;
	if (unit->base == 0)
		return blob_fail(c, error, BLOB_MISSING);
	if (!is_aligned(unit->base, PAGE_BYTES)) {
		error.expected = PAGE_BYTES;
		return blob_fail(c, error, BLOB_UNALIGNED);
	}
	return blob_check_address(c, error, unit->base, unit->size);
}

static int check_hypervisor_memory(const struct blob_check *c, const struct blob_memory *memory)
{
	struct blob_error error = {.part = BLOB_PART_SYSTEM, .index = -1};

	error.field = "hypervisor_memory.phys_start";
	error.value = memory->phys_start;
	if (memory->phys_start == 0)
		return blob_fail(c, error, BLOB_MISSING);
	if (memory->size == 0)
		return blob_fail_field(c, error, BLOB_EMPTY_RANGE, "hypervisor_memory.size", 0, 0);
	if (!is_aligned(memory->phys_start | memory->size, PAGE_BYTES)) {
		error.expected = PAGE_BYTES;
		return blob_fail(c, error, BLOB_UNALIGNED);
	}
	return blob_check_address(c, error, memory->phys_start, memory->size);
}

static int check_platform(const struct blob_check *c, const struct system_desc *system)
{
	struct blob_error error = {.part = BLOB_PART_SYSTEM, .index = -1};

	error.field = "pci_mmconfig_base";
	error.value = system->pci_mmconfig_base;
	if (!is_aligned(system->pci_mmconfig_base, BUS_BYTES)) {
		error.expected = BUS_BYTES;
		return blob_fail(c, error, BLOB_UNALIGNED);
	}
	if (NATIVE_ARCH == BLOB_ARCH_X86 && system->platform.x86.apic_mode > BLOB_APIC_X2APIC)
		return blob_fail_field(c, error, BLOB_UNKNOWN_TYPE, "apic_mode",
				       system->platform.x86.apic_mode, 0);
	return blob_check_address(c, error, system->pci_mmconfig_base,
				  (system->pci_mmconfig_end_bus + 1) * BUS_BYTES);
}

static int check_system(const struct blob_check *c, const struct system_desc *system)
{
	int err;

	err = check_flags(c, BLOB_PART_SYSTEM, system->flags, BLOB_SYS_CONSOLE_READABLE);
	if (!err)
		err = check_hypervisor_memory(c, &system->hypervisor_memory);
	if (!err)
		err = check_console(c, &system->debug_console);
	if (!err)
		err = check_platform(c, system);
	if (!err)
		err = blob_check_each(c, BLOB_IOMMU_UNITS, check_iommu);
	return err ? err : check_cell(c);
}

/* What both kinds of blob begin with. */
struct blob_header {
	char signature[BLOB_SIGNATURE_LEN];
	uint8_t architecture;
	uint16_t revision;
} __attribute__((packed));

static int check_header(const struct blob_check *c, const struct blob_header *header,
			const char *signature)
{
	struct blob_error error = {.part = BLOB_PART_BLOB, .index = -1};

	if (memcmp(header->signature, signature, BLOB_SIGNATURE_LEN) != 0)
		return blob_fail_field(c, error, BLOB_SIGNATURE, "signature", 0, 0);
	/* Before the architecture: older revisions have something else in its place. */
	if (header->revision != BLOB_REVISION)
		return blob_fail_field(c, error, BLOB_WRONG_REVISION, "revision", header->revision,
				       BLOB_REVISION);
	if (header->architecture != NATIVE_ARCH)
		return blob_fail_field(c, error, BLOB_ARCHITECTURE, "architecture",
				       header->architecture, NATIVE_ARCH);
	return 0;
}

/* The header is checked before the size, so that a blob of another revision is called that. */
static int check_frame(const struct blob_check *c, const void *blob, size_t size, size_t fixed,
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
	if (size < fixed)
		return blob_fail(c, error, BLOB_TOO_SHORT);
	error.expected = fixed - sizeof(*c->cell) + cell_desc_size(c->cell);
	if (error.value != error.expected)
		return blob_fail(c, error, BLOB_SIZE_MISMATCH);
	return 0;
}

int blob_check_cell(const void *blob, size_t size, struct blob_error *ret_error)
{
	struct blob_check c = {.cell = blob, .error = ret_error};
	int err;

	err = check_frame(&c, blob, size, sizeof(struct cell_desc), BLOB_CELL_SIGNATURE);
	if (err)
		return err;
	return check_cell(&c);
}

int blob_check_system(const void *blob, size_t size, struct blob_error *ret_error)
{
	const struct system_desc *system = blob;
	struct blob_check c = {.is_root = true, .error = ret_error};
	int err;

	c.cell = (const void *)((const uint8_t *)blob + offsetof(struct system_desc, root_cell));
	err = check_frame(&c, blob, size, sizeof(*system), BLOB_SYSTEM_SIGNATURE);
	if (err)
		return err;
	/* The root cell's own signature and revision say nothing: tools leave them empty. */
	return check_system(&c, system);
}
