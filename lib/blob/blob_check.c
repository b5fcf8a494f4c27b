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

int blob_fail(const struct blob_check *c, struct blob_error error)
{
	if (c->error)
		*c->error = error;
	return -EINVAL;
}

int blob_check_address(const struct blob_check *c, struct blob_error error, uint64_t start,
		       uint64_t size)
{
	error.value = start;
	if (start + size < start) {
		error.code = BLOB_WRAPS;
		return blob_fail(c, error);
	}
	if (start + size > (1ull << BLOB_ADDRESS_BITS)) {
		error.code = BLOB_BEYOND_LIMIT;
		error.expected = (1ull << BLOB_ADDRESS_BITS);
		return blob_fail(c, error);
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
		error.code = BLOB_NAME_CHARACTER;
		error.value = (unsigned char)name[n];
		return blob_fail(c, error);
	}
	if (n > 0 && n < BLOB_CELL_NAME_LEN)
		return 0;
	error.code = n ? BLOB_NAME_UNTERMINATED : BLOB_NAME_EMPTY;
	error.value = n;
	return blob_fail(c, error);
}

static int check_cpu_set(const struct blob_check *c)
{
	struct blob_error error = {.part = BLOB_PART_CPU_SET, .index = -1};
	const uint8_t *set = cell_desc_cpu_set(c->cell);

	if (c->cell->cpu_set_size > BLOB_MAX_CPU_SET_SIZE) {
		error.code = BLOB_TOO_LARGE;
		error.field = "cpu_set_size";
		error.value = c->cell->cpu_set_size;
		error.expected = BLOB_MAX_CPU_SET_SIZE;
		return blob_fail(c, error);
	}
	for (unsigned int n = 0; n < c->cell->cpu_set_size; n++)
		if (set[n])
			return 0;
	error.code = BLOB_CPU_SET_EMPTY;
	return blob_fail(c, error);
}

static int check_caches(const struct blob_check *c)
{
	const struct blob_cache *caches = cell_desc_cache(c->cell), *cache;
	struct blob_error error = {.part = BLOB_PART_CACHE};

	for (unsigned int n = 0; n < c->cell->num_cache_regions; n++) {
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
		return blob_fail(c, error);
	}
	return 0;
}

/* One controller may be described by several elements, each with its own range of pins. */
static int check_irqchip(const struct blob_check *c, unsigned int n)
{
	const struct blob_irqchip *chips = cell_desc_irqchips(c->cell), *chip = &chips[n];
	struct blob_error error = {.part = BLOB_PART_IRQCHIP, .index = n, .field = "address"};

	error.value = chip->address;
	if (chip->address == 0) {
		error.code = BLOB_MISSING;
		return blob_fail(c, error);
	}
	if (!is_aligned(chip->address, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = PAGE_BYTES;
		return blob_fail(c, error);
	}
	for (unsigned int m = 0; m < n; m++) {
		error.other = m;
		if (chips[m].address != chip->address)
			continue;
		if (chips[m].id != chip->id || chips[m].pin_base == chip->pin_base) {
			error.code = BLOB_DUPLICATE;
			return blob_fail(c, error);
		}
	}
	error.field = "pin_base";
	if (chip->pin_base > 0xffffffffu - sizeof(chip->pin_bitmap) * 8) {
		error.code = BLOB_WRAPS;
		error.value = chip->pin_base;
		return blob_fail(c, error);
	}
	error.field = "address";
	return blob_check_address(c, error, chip->address, PAGE_BYTES);
}

static int check_irqchips(const struct blob_check *c)
{
	int err;

	for (unsigned int n = 0; n < c->cell->num_irqchips; n++) {
		err = check_irqchip(c, n);
		if (err)
			return err;
	}
	return 0;
}

static int check_pio(const struct blob_check *c)
{
	const struct blob_pio *pio = cell_desc_pio(c->cell);
	struct blob_error error = {.part = BLOB_PART_PIO};

	for (unsigned int n = 0; n < c->cell->num_pio_regions; n++) {
		error.index = n;
		if (pio[n].length == 0) {
			error.code = BLOB_EMPTY_RANGE;
			error.field = "length";
			return blob_fail(c, error);
		}
		if ((uint32_t)pio[n].base + pio[n].length > PORT_LIMIT) {
			error.code = BLOB_BEYOND_LIMIT;
			error.field = "base";
			error.value = pio[n].base;
			error.expected = PORT_LIMIT;
			return blob_fail(c, error);
		}
	}
	return 0;
}

static int check_console(const struct blob_check *c, const struct cell_console *console)
{
	struct blob_error error = {.part = BLOB_PART_CONSOLE, .index = -1};

	if (console->type == CONSOLE_NONE)
		return 0;
	if (console->type > CONSOLE_PL011) {
		error.code = BLOB_UNKNOWN_TYPE;
		error.field = "type";
		error.value = console->type;
		return blob_fail(c, error);
	}
	if (console->flags & ~KNOWN_CONSOLE_FLAGS) {
		error.code = BLOB_UNKNOWN_FLAGS;
		error.field = "flags";
		error.value = console->flags;
		error.expected = KNOWN_CONSOLE_FLAGS;
		return blob_fail(c, error);
	}
	error.field = "address";
	error.value = console->address;
	if (console->address == 0) {
		error.code = BLOB_MISSING;
		return blob_fail(c, error);
	}
	if (console->flags & CONSOLE_FLAG_MMIO)
		return blob_check_address(c, error, console->address, console->size);
	if (console->address >= PORT_LIMIT || console->size > PORT_LIMIT - console->address) {
		error.code = BLOB_BEYOND_LIMIT;
		error.expected = PORT_LIMIT;
		return blob_fail(c, error);
	}
	return 0;
}

static int check_flags(const struct blob_check *c, enum blob_part part, uint32_t flags,
		       uint32_t known)
{
	struct blob_error error = {
		.code = BLOB_UNKNOWN_FLAGS,
		.part = part,
		.index = -1,
		.field = "flags",
		.value = flags,
		.expected = known,
	};

	return (flags & ~known) ? blob_fail(c, error) : 0;
}

/* Everything that the counts reach is inside the blob when this is called. */
static int check_cell(const struct blob_check *c)
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
	err = blob_check_memory(c);
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
	err = blob_check_pci(c);
	if (err)
		return err;
	return check_console(c, &c->cell->console);
}

static int check_iommu(const struct blob_check *c, const struct blob_iommu *unit, unsigned int n)
{
	struct blob_error error = {.part = BLOB_PART_IOMMU, .index = n, .field = "type"};

	if (unit->type == BLOB_IOMMU_NONE)
		return 0;
	error.value = unit->type;
	if (unit->type > BLOB_IOMMU_MMU500) {
		error.code = BLOB_UNKNOWN_TYPE;
		return blob_fail(c, error);
	}
	if (unit->size == 0) {
		error.code = BLOB_EMPTY_RANGE;
		error.field = "size";
		return blob_fail(c, error);
	}
	error.field = "base";
	error.value = unit->base;
	if (unit->base == 0) {
		error.code = BLOB_MISSING;
		return blob_fail(c, error);
	}
	if (!is_aligned(unit->base, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = PAGE_BYTES;
		return blob_fail(c, error);
	}
	return blob_check_address(c, error, unit->base, unit->size);
}

static int check_hypervisor_memory(const struct blob_check *c, const struct blob_memory *memory)
{
	struct blob_error error = {.part = BLOB_PART_SYSTEM, .index = -1};

	error.field = "hypervisor_memory.phys_start";
	error.value = memory->phys_start;
	if (memory->phys_start == 0) {
		error.code = BLOB_MISSING;
		return blob_fail(c, error);
	}
	if (memory->size == 0) {
		error.code = BLOB_EMPTY_RANGE;
		error.field = "hypervisor_memory.size";
		return blob_fail(c, error);
	}
	if (!is_aligned(memory->phys_start | memory->size, PAGE_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = PAGE_BYTES;
		return blob_fail(c, error);
	}
	return blob_check_address(c, error, memory->phys_start, memory->size);
}

static int check_platform(const struct blob_check *c, const struct system_desc *system)
{
	struct blob_error error = {.part = BLOB_PART_SYSTEM, .index = -1};

	error.field = "pci_mmconfig_base";
	error.value = system->pci_mmconfig_base;
	if (!is_aligned(system->pci_mmconfig_base, BUS_BYTES)) {
		error.code = BLOB_UNALIGNED;
		error.expected = BUS_BYTES;
		return blob_fail(c, error);
	}
	if (NATIVE_ARCH == BLOB_ARCH_X86 && system->platform.x86.apic_mode > BLOB_APIC_X2APIC) {
		error.code = BLOB_UNKNOWN_TYPE;
		error.field = "apic_mode";
		error.value = system->platform.x86.apic_mode;
		return blob_fail(c, error);
	}
	return blob_check_address(c, error, system->pci_mmconfig_base,
				  (system->pci_mmconfig_end_bus + 1) * BUS_BYTES);
}

static int check_system(const struct blob_check *c, const struct system_desc *system)
{
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
	for (unsigned int n = 0; n < BLOB_IOMMU_UNITS; n++) {
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

static int check_header(const struct blob_check *c, const struct blob_header *header,
			const char *signature)
{
	struct blob_error error = {.part = BLOB_PART_BLOB, .index = -1};

	if (memcmp(header->signature, signature, BLOB_SIGNATURE_LEN) != 0) {
		error.code = BLOB_SIGNATURE;
		error.field = "signature";
		return blob_fail(c, error);
	}
	/* Before the architecture: older revisions have something else in its place. */
	if (header->revision != BLOB_REVISION) {
		error.code = BLOB_WRONG_REVISION;
		error.field = "revision";
		error.value = header->revision;
		error.expected = BLOB_REVISION;
		return blob_fail(c, error);
	}
	if (header->architecture != NATIVE_ARCH) {
		error.code = BLOB_ARCHITECTURE;
		error.field = "architecture";
		error.value = header->architecture;
		error.expected = NATIVE_ARCH;
		return blob_fail(c, error);
	}
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
	if (size < fixed) {
		error.code = BLOB_TOO_SHORT;
		return blob_fail(c, error);
	}
	error.expected = fixed - sizeof(*c->cell) + cell_desc_size(c->cell);
	if (error.value != error.expected) {
		error.code = BLOB_SIZE_MISMATCH;
		return blob_fail(c, error);
	}
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
