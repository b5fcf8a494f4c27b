// SPDX-License-Identifier: GPL-2.0-only
/* The blob checker: correct blobs, and correct ones broken in one place. */
#include "lib/blob/blob_check.h"
#include "lib/blob_error/blob_error.h"

#include <errno.h>
#include <stdlib.h>

#include "sample_blob.h"
#include "tests/lib/tap.h"

/* What of a blob an edit goes into. */
enum where {
	NOTHING,
	SYSTEM, /* struct system_desc, makes it a test of a system blob */
	CELL,
	CPU_SET,
	MEMORY,
	CACHE,
	IRQCHIP,
	PIO,
	DEVICE,
	CAP,
	IOMMU,
	DEBUG_CONSOLE,
	CONSOLE,
};

struct edit {
	enum where where;
	unsigned int index;
	size_t offset, size;
	uint64_t value;
};

#define FIELD(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)

#define SET_SYSTEM(member, value)                            \
	{                                                    \
		SYSTEM, 0, FIELD(system_desc, member), value \
	}
#define SET_CELL(member, value)                          \
	{                                                \
		CELL, 0, FIELD(cell_desc, member), value \
	}
#define SET_CPUS(n, value)              \
	{                               \
		CPU_SET, n, 0, 1, value \
	}
#define SET_MEMORY(n, member, value)                         \
	{                                                    \
		MEMORY, n, FIELD(blob_memory, member), value \
	}
#define SET_CACHE(n, member, value)                        \
	{                                                  \
		CACHE, n, FIELD(blob_cache, member), value \
	}
#define SET_CHIP(n, member, value)                             \
	{                                                      \
		IRQCHIP, n, FIELD(blob_irqchip, member), value \
	}
#define SET_PIO(n, member, value)                      \
	{                                              \
		PIO, n, FIELD(blob_pio, member), value \
	}
#define SET_DEVICE(n, member, value)                             \
	{                                                        \
		DEVICE, n, FIELD(blob_pci_device, member), value \
	}
#define SET_CAP(n, member, value)                                 \
	{                                                         \
		CAP, n, FIELD(blob_pci_capability, member), value \
	}
#define SET_IOMMU(n, member, value)                        \
	{                                                  \
		IOMMU, n, FIELD(blob_iommu, member), value \
	}
#define SET_CONSOLE(member, value)                             \
	{                                                      \
		CONSOLE, 0, FIELD(cell_console, member), value \
	}
#define SET_DEBUG(member, value)                                     \
	{                                                            \
		DEBUG_CONSOLE, 0, FIELD(cell_console, member), value \
	}

struct blob_case {
	const char *title;
	enum blob_error_code code;
	enum blob_part part;
	int index;
	struct edit edits[6];
	bool system, link;
	uint64_t value, expected; /* compared where either is not 0 */
};

#define RW (BLOB_MEM_READ | BLOB_MEM_WRITE)

static const struct blob_case cases[] = {
#include "blob_cases.inc"
};

static uint8_t *place(struct cell_desc *cell, struct system_desc *system, const struct edit *edit)
{
	switch (edit->where) {
	case SYSTEM:
		return (uint8_t *)system;
	case CELL:
		return (uint8_t *)cell;
	case CPU_SET:
		return (uint8_t *)cell_desc_cpu_set(cell) + edit->index;
	case MEMORY:
		return (uint8_t *)(cell_desc_memory(cell) + edit->index);
	case CACHE:
		return (uint8_t *)(cell_desc_cache(cell) + edit->index);
	case IRQCHIP:
		return (uint8_t *)(cell_desc_irqchips(cell) + edit->index);
	case PIO:
		return (uint8_t *)(cell_desc_pio(cell) + edit->index);
	case DEVICE:
		return (uint8_t *)(cell_desc_pci_devices(cell) + edit->index);
	case CAP:
		return (uint8_t *)(cell_desc_pci_caps(cell) + edit->index);
	case IOMMU:
		return (uint8_t *)&system->iommu_units[edit->index];
	case DEBUG_CONSOLE:
		return (uint8_t *)&system->debug_console;
	case CONSOLE:
		return (uint8_t *)&cell->console;
	case NOTHING:
		break;
	}
	abort();
}

static void test_case(struct tap *tap, const struct blob_case *c)
{
	struct blob_error error, untouched;
	struct system_desc *system = NULL;
	struct cell_desc *cell;
	size_t size;
	void *blob;
	bool passed;
	int err;

	blob = c->system ? sample_system(&size) : c->link ? sample_link(&size) : sample_cell(&size);
	if (c->system) {
		system = blob;
		cell = &system->root_cell;
	} else {
		cell = blob;
	}
	for (size_t n = 0; n < 6 && c->edits[n].where != NOTHING; n++)
		memcpy(place(cell, system, &c->edits[n]) + c->edits[n].offset, &c->edits[n].value,
		       c->edits[n].size);
	memset(&error, 0x5a, sizeof(error));
	untouched = error;
	err = c->system ? blob_check_system(blob, size, &error)
	      : c->link ? blob_check_link(blob, size, &error)
			: blob_check_cell(blob, size, &error);
	if (c->code == BLOB_OK)
		passed = err == 0 && memcmp(&error, &untouched, sizeof(error)) == 0;
	else
		passed = err == -EINVAL && error.code == c->code && error.part == c->part &&
			 error.index == c->index &&
			 ((!c->value && !c->expected) ||
			  (error.value == c->value && error.expected == c->expected));
	if (!tap_ok(tap, passed, "%s: %s",
		    c->system ? "system"
		    : c->link ? "link"
			      : "cell",
		    c->title) &&
	    err)
		tap_note(tap,
			 "  code %d (%s), part %d, index %d, field %s, value 0x%llx, expected "
			 "0x%llx",
			 error.code, blob_error_text(error.code), error.part, error.index,
			 error.field ? error.field : "-", (unsigned long long)error.value,
			 (unsigned long long)error.expected);
	free(blob);
}

typedef int check_fn(const void *blob, size_t size, struct blob_error *ret_error);

/* The check of the first size bytes in memory that ends there. */
static int check_exact(check_fn *check, const void *blob, size_t size, struct blob_error *ret_error)
{
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	if (!copy)
		abort();
	memcpy(copy, blob, size);
	err = check(size ? copy : copy + 1, size, ret_error);
	free(copy);
	return err;
}

static void test_lengths(struct tap *tap, const char *kind, check_fn *check, const uint8_t *blob,
			 size_t size)
{
	struct blob_error error = {0};
	size_t refused = 0;
	uint8_t *longer;

	for (size_t n = 0; n < size; n++)
		refused += check_exact(check, blob, n, &error) == -EINVAL &&
			   (error.code == BLOB_TOO_SHORT || error.code == BLOB_SIZE_MISMATCH);
	tap_is_u64(tap, refused, size, "%s: cut anywhere it is refused for its size", kind);
	longer = calloc(1, size + 1);
	if (!longer)
		abort();
	memcpy(longer, blob, size);
	longer[size] = 0xff;
	tap_ok(tap, check(longer, size + 1, &error) == 0, "%s: a trailing byte says nothing", kind);
	free(longer);
	tap_ok(tap, check(blob, size, NULL) == 0, "%s: correct, without asking for the error",
	       kind);
	tap_ok(tap, check(blob, 0, NULL) == -EINVAL, "%s: empty, without asking for the error",
	       kind);
}

/* Counts that make a larger blob than this, chosen so that 32-bit sums would come out right. */
static void test_counts(struct tap *tap)
{
	static const struct {
		const char *name;
		size_t offset;
		uint32_t element;
	} counts[] = {
		{"cpu_set_size", offsetof(struct cell_desc, cpu_set_size), 1},
		{"num_memory_regions", offsetof(struct cell_desc, num_memory_regions), 32},
		{"num_cache_regions", offsetof(struct cell_desc, num_cache_regions), 12},
		{"num_irqchips", offsetof(struct cell_desc, num_irqchips), 32},
		{"num_pio_regions", offsetof(struct cell_desc, num_pio_regions), 4},
		{"num_pci_devices", offsetof(struct cell_desc, num_pci_devices), 56},
		{"num_pci_caps", offsetof(struct cell_desc, num_pci_caps), 8},
		{"num_stream_ids", offsetof(struct cell_desc, num_stream_ids), 4},
	};
	struct blob_error error;
	uint32_t right, wrong[3];
	size_t size;
	uint8_t *blob = sample_cell(&size);
	unsigned int refused;

	for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
		memcpy(&right, blob + counts[n].offset, 4);
		wrong[0] = right + 1;
		wrong[1] = 0xffffffff;
		wrong[2] = right + 0x80000000u / (counts[n].element & -counts[n].element) * 2u;
		refused = 0;
		for (size_t m = 0; m < 3; m++) {
			if (wrong[m] == right)
				wrong[m] = 0x80000000u;
			memcpy(blob + counts[n].offset, &wrong[m], 4);
			refused += blob_check_cell(blob, size, &error) == -EINVAL &&
				   error.code == BLOB_SIZE_MISMATCH;
		}
		memcpy(blob + counts[n].offset, &right, 4);
		tap_is_u64(tap, refused, 3, "%s: wrong and wrapping counts are refused",
			   counts[n].name);
	}
	free(blob);
}

/* A cell with nothing but a CPU set of this many bytes. */
static int check_cpu_set_of(size_t bytes, struct blob_error *ret_error)
{
	struct cell_desc *cell = calloc(1, sizeof(*cell) + bytes);
	int err;

	if (!cell)
		abort();
	memcpy(cell->signature, BLOB_CELL_SIGNATURE, BLOB_SIGNATURE_LEN);
	cell->revision = BLOB_REVISION;
	cell->name[0] = 'a';
	cell->cpu_set_size = (uint32_t)bytes;
	memset(cell + 1, 0xff, bytes);
	err = blob_check_cell(cell, sizeof(*cell) + bytes, ret_error);
	free(cell);
	return err;
}

static void test_cpu_set_sizes(struct tap *tap)
{
	struct blob_error error = {0};

	tap_ok(tap, check_cpu_set_of(0, &error) == -EINVAL && error.code == BLOB_CPU_SET_EMPTY,
	       "a CPU set of no bytes is refused");
	tap_ok(tap, check_cpu_set_of(1, NULL) == 0, "a CPU set of one byte is enough");
	tap_ok(tap, check_cpu_set_of(512, NULL) == 0, "a CPU set of 512 bytes is taken");
	tap_ok(tap, check_cpu_set_of(513, &error) == -EINVAL && error.code == BLOB_TOO_LARGE,
	       "a CPU set of 513 bytes is refused");
}

/* A cell, or a root cell, with so many elements of no size or no meaning in one array. */
static int check_count_of(bool root, size_t count_at, size_t element, uint32_t count,
			  struct blob_error *ret_error)
{
	size_t head = root ? offsetof(struct system_desc, root_cell) : 0;
	size_t size = head + sizeof(struct cell_desc) + 1 + count * element;
	struct system_desc *system = calloc(1, size);
	struct cell_desc *cell = (struct cell_desc *)((uint8_t *)system + head);
	int err;

	if (!system)
		abort();
	memcpy(system->signature, root ? BLOB_SYSTEM_SIGNATURE : BLOB_CELL_SIGNATURE,
	       BLOB_SIGNATURE_LEN);
	system->revision = BLOB_REVISION;
	if (root)
		system->hypervisor_memory = (struct blob_memory){.phys_start = 4096, .size = 4096};
	cell->name[0] = 'a';
	cell->cpu_set_size = 1;
	*(uint8_t *)(cell + 1) = 1;
	memcpy((uint8_t *)cell + count_at, &count, sizeof(count));
	err = root ? blob_check_system(system, size, ret_error)
		   : blob_check_cell(system, size, ret_error);
	free(system);
	return err;
}

/* The time that checks take must stay small whatever root writes: interrupts are off meanwhile. */
static void test_limits(struct tap *tap)
{
	static const struct {
		const char *name;
		size_t count_at, element;
	} arrays[] = {
		{"memory regions", offsetof(struct cell_desc, num_memory_regions), 32},
		{"interrupt controllers", offsetof(struct cell_desc, num_irqchips), 32},
		{"port ranges", offsetof(struct cell_desc, num_pio_regions), 4},
		{"PCI devices", offsetof(struct cell_desc, num_pci_devices), 56},
	};
	struct blob_error error;

	for (unsigned int n = 0; n < 2 * sizeof(arrays) / sizeof(arrays[0]); n++) {
		uint32_t limit = n % 2 ? 512 : 128;
		int err = check_count_of(n % 2, arrays[n / 2].count_at, arrays[n / 2].element,
					 limit + 1, &error);

		tap_ok(tap,
		       err == -EINVAL && error.code == BLOB_TOO_LARGE && error.expected == limit,
		       "%u %s are too many", limit + 1, arrays[n / 2].name);
		error.code = BLOB_OK;
		check_count_of(n % 2, arrays[n / 2].count_at, arrays[n / 2].element, limit, &error);
		tap_ok(tap, error.code != BLOB_TOO_LARGE, "%u %s are not", limit,
		       arrays[n / 2].name);
	}
}

static void test_texts(struct tap *tap)
{
	unsigned int good = 0;

	for (unsigned int n = 0; n < BLOB_ERROR_COUNT; n++) {
		good += strcmp(blob_error_text(n), "unknown error") != 0;
		for (unsigned int m = 0; m < n; m++)
			good -= strcmp(blob_error_text(n), blob_error_text(m)) == 0;
	}
	tap_is_u64(tap, good, BLOB_ERROR_COUNT, "every error has a text of its own");
	tap_is_str(tap, blob_error_text(BLOB_ERROR_COUNT), "unknown error", "codes end");
}

int main(void)
{
	struct tap tap = {0};
	size_t size;
	void *blob;

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		test_case(&tap, &cases[n]);
	blob = sample_cell(&size);
	test_lengths(&tap, "cell", blob_check_cell, blob, size);
	free(blob);
	blob = sample_system(&size);
	test_lengths(&tap, "system", blob_check_system, blob, size);
	free(blob);
	blob = sample_link(&size);
	test_lengths(&tap, "link", blob_check_link, blob, size);
	tap_ok(&tap, blob_check_cell(blob, size, NULL) == -EINVAL, "a link is no cell");
	free(blob);
	test_counts(&tap);
	test_cpu_set_sizes(&tap);
	test_limits(&tap);
	test_texts(&tap);
	return tap_done(&tap);
}
