// SPDX-License-Identifier: GPL-2.0-only
#include "blob_properties.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/blob/blob_check.h"
#include "lib/blob_error/blob_error.h"

/* The format's tables, in numbers. */
enum {
	SYSTEM_SIZE = 488,
	SYSTEM_ROOT = 356,
	CELL_SIZE = 132,
	CELL_NAME = 8,
	CELL_COUNTS = 48, /* CPU set size first, then the arrays' in their order */
	MEMORY_SIZE = 32,
	PIO_SIZE = 4,
	DEVICE_SIZE = 56,
	CAP_SIZE = 8,
};

enum array { CPUS, MEMORY, CACHES, CHIPS, PORTS, DEVICES, CAPS, STREAMS, ARRAYS };

static const uint32_t element_sizes[ARRAYS] = {1,	 MEMORY_SIZE, 12,	32,
					       PIO_SIZE, DEVICE_SIZE, CAP_SIZE, 4};

struct view {
	const uint8_t *cell;
	bool is_root, is_link;
	const uint8_t *array[ARRAYS];
	uint64_t count[ARRAYS];
};

static uint64_t number(const uint8_t *at, unsigned int width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | at[width];
	return value;
}

#define REQUIRE(condition, text)       \
	do {                           \
		if (!(condition))      \
			return (text); \
	} while (0)

static const char *look_at_frame(struct view *view, size_t size)
{
	uint64_t at = CELL_SIZE;

	for (unsigned int n = 0; n < ARRAYS; n++) {
		view->count[n] = number(view->cell + CELL_COUNTS + n * 4, 4);
		view->array[n] = view->cell + at;
		at += view->count[n] * element_sizes[n];
	}
	REQUIRE(at <= size, "the arrays reach behind the blob");
	return NULL;
}

static const char *look_at_cell(const struct view *view)
{
	const uint8_t *name = view->cell + CELL_NAME;
	uint64_t n;

	for (n = 0; n < 32 && name[n]; n++)
		REQUIRE(name[n] >= 0x20 && name[n] < 0x7f, "unprintable name");
	REQUIRE(n > 0 && n < 32, "name empty or without end");
	REQUIRE(view->count[CPUS] <= 512, "CPU set too large");
	REQUIRE(view->count[MEMORY] <= (view->is_root ? 512 : 128), "too many memory regions");
	if (view->is_link)
		return NULL;
	for (n = 0; n < view->count[CPUS] && !view->array[CPUS][n]; n++)
		;
	REQUIRE(n < view->count[CPUS], "CPU set empty");
	return NULL;
}

struct region {
	uint64_t phys, virt, size, flags;
};

static struct region region_at(const struct view *view, uint64_t n)
{
	const uint8_t *at = view->array[MEMORY] + n * MEMORY_SIZE;

	return (struct region){number(at, 8), number(at + 8, 8), number(at + 16, 8),
			       number(at + 24, 8)};
}

static const char *look_at_region(const struct view *view, uint64_t n)
{
	const uint64_t limit = 1ull << 52;
	struct region r = region_at(view, n);

	REQUIRE((r.flags & ~0xf81ffull) == 0, "unknown memory flags");
	if (r.size == 0)
		return NULL;
	REQUIRE(r.size <= limit && r.virt <= limit - r.size, "guest range outside 52 bits");
	if (r.flags & 0x20) {
		REQUIRE(!view->is_root && r.size == 4096 && r.virt % 4096 == 0,
			"wrong communication region");
		return NULL;
	}
	REQUIRE(r.phys <= limit - r.size, "physical range outside 52 bits");
	REQUIRE((r.flags & 0x10) ||
			(r.phys % 4096 == 0 && r.virt % 4096 == 0 && r.size % 4096 == 0),
		"RAM that is not whole pages");
	return NULL;
}

static const char *look_at_memory(const struct view *view)
{
	uint64_t comm_regions = 0;
	struct region a, b;
	const char *broken;

	for (uint64_t n = 0; n < view->count[MEMORY]; n++) {
		broken = look_at_region(view, n);
		if (broken)
			return broken;
		a = region_at(view, n);
		comm_regions += a.size && (a.flags & 0x20);
		for (uint64_t m = 0; m < n; m++) {
			b = region_at(view, m);
			REQUIRE(view->is_root || !a.size || !b.size || a.virt >= b.virt + b.size ||
					b.virt >= a.virt + a.size,
				"guest ranges overlap");
		}
	}
	REQUIRE(comm_regions <= 1, "more than one communication region");
	return NULL;
}

static const char *look_at_ports(const struct view *view)
{
	uint64_t base, length;

	for (uint64_t n = 0; n < view->count[PORTS]; n++) {
		base = number(view->array[PORTS] + n * PIO_SIZE, 2);
		length = number(view->array[PORTS] + n * PIO_SIZE + 2, 2);
		REQUIRE(length > 0 && base + length <= 0x10000, "impossible port range");
	}
	return NULL;
}

static const char *look_at_device(const struct view *view, const uint8_t *device)
{
	uint64_t first, peers;

	REQUIRE(device[0] >= 1 && device[0] <= 3, "unknown type of PCI device");
	REQUIRE(device[1] < 8, "PCI device with an IOMMU that cannot be");
	REQUIRE(number(device + 30, 2) + number(device + 32, 2) <= view->count[CAPS],
		"capabilities outside the array");
	REQUIRE(device[34] <= 32 && number(device + 36, 2) <= 2048, "too many vectors");
	if (device[0] != 3)
		return NULL;
	first = number(device + 48, 4);
	peers = device[53];
	REQUIRE(peers > 0 && device[52] < peers, "peer id outside the peers");
	REQUIRE(first + 2 + peers <= view->count[MEMORY], "sections outside the array");
	REQUIRE(region_at(view, first).size >= 4 * peers, "state table too small");
	REQUIRE(!(region_at(view, first).flags & 2), "state table writable");
	return NULL;
}

static const char *look_at_pci(const struct view *view)
{
	const char *broken;
	const uint8_t *cap;
	uint64_t start, length;

	for (uint64_t n = 0; n < view->count[DEVICES]; n++) {
		broken = look_at_device(view, view->array[DEVICES] + n * DEVICE_SIZE);
		if (broken)
			return broken;
	}
	for (uint64_t n = 0; n < view->count[CAPS]; n++) {
		cap = view->array[CAPS] + n * CAP_SIZE;
		start = number(cap + 2, 2);
		length = number(cap + 4, 2);
		REQUIRE(length > 0 && start >= 0x40 && start + length <= 0x1000,
			"capability outside configuration space");
	}
	return NULL;
}

/* One device and its sections, where they are for root and nowhere else. */
static const char *look_at_link(const struct view *view)
{
	const uint8_t *device = view->array[DEVICES];

	REQUIRE(view->count[DEVICES] == 1 && device[0] == 3, "no device of shared memory alone");
	for (unsigned int n = 0; n < ARRAYS; n++)
		REQUIRE(n == DEVICES || n == MEMORY || !view->count[n],
			"a link with more than that");
	REQUIRE(number(device + 48, 4) == 0 && view->count[MEMORY] == 2u + device[53],
		"regions beside the sections");
	for (uint64_t n = 0; n < view->count[MEMORY]; n++) {
		struct region r = region_at(view, n);

		REQUIRE(!r.size || r.phys == r.virt, "a section elsewhere for root");
		REQUIRE(!r.size || !(r.flags & ~0x8bull), "a section that is more than shared");
		REQUIRE(!r.size || !(r.flags & 2) || n == 1 || n == 2u + device[52],
			"a section of another peer writable");
	}
	return NULL;
}

static const char *look_at_system(const uint8_t *system)
{
	uint64_t start = number(system + 12, 8), size = number(system + 28, 8);

	REQUIRE(start && size && start % 4096 == 0 && size % 4096 == 0 &&
			start <= (1ull << 52) - size,
		"impossible hypervisor memory");
	REQUIRE(system[314] <= 2, "unknown APIC mode");
	REQUIRE(number(system + 76, 8) % 0x100000 == 0, "configuration space not at a bus");
	return NULL;
}

static const char *look_at_accepted(enum blob_kind kind, const uint8_t *bytes, size_t size)
{
	size_t skipped = kind == BLOB_KIND_SYSTEM ? SYSTEM_ROOT : 0;
	struct view view = {.cell = bytes + skipped,
			    .is_root = kind == BLOB_KIND_SYSTEM,
			    .is_link = kind == BLOB_KIND_LINK};
	const char *broken;

	REQUIRE(size >= skipped + CELL_SIZE, "shorter than its fixed part");
	REQUIRE(memcmp(bytes, view.is_root ? "JHSYS" : "JHCLL", 5) == 0, "wrong signature");
	REQUIRE(number(bytes + 6, 2) == 14, "wrong revision");
	broken = look_at_frame(&view, size - skipped);
	if (!broken)
		broken = look_at_cell(&view);
	if (!broken)
		broken = look_at_memory(&view);
	if (!broken)
		broken = look_at_ports(&view);
	if (!broken)
		broken = look_at_pci(&view);
	if (!broken && view.is_link)
		broken = look_at_link(&view);
	if (!broken && view.is_root)
		broken = look_at_system(bytes);
	return broken;
}

static const char *look_at_refused(int err, const struct blob_error *error)
{
	REQUIRE(err == -EINVAL, "refused with another error number");
	REQUIRE(error->code > BLOB_OK && error->code < BLOB_ERROR_COUNT, "refused without a code");
	REQUIRE(error->part < BLOB_PART_COUNT && error->index >= -1, "refused without a place");
	REQUIRE(strlen(blob_error_text(error->code)) > 0, "refused without words");
	return NULL;
}

bool blob_try(enum blob_kind kind, const uint8_t *bytes, size_t size, const char **ret_broken)
{
	struct blob_error error;
	uint8_t *copy = malloc(size + 1);
	int err;

	if (!copy)
		abort();
	/* At an odd address: nobody may count on alignment. */
	memcpy(copy + 1, bytes, size);
	memset(&error, 0xee, sizeof(error));
	err = kind == BLOB_KIND_SYSTEM ? blob_check_system(copy + 1, size, &error)
	      : kind == BLOB_KIND_LINK ? blob_check_link(copy + 1, size, &error)
				       : blob_check_cell(copy + 1, size, &error);
	*ret_broken = err ? look_at_refused(err, &error) : look_at_accepted(kind, copy + 1, size);
	if (memcmp(copy + 1, bytes, size) != 0)
		*ret_broken = "the checker changed the blob";
	free(copy);
	return err == 0;
}
