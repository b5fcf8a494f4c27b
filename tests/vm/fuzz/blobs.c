// SPDX-License-Identifier: GPL-2.0-only
/* Configurations that are not what they should be, to the driver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/blob/blob_check.h"
#include "device.h"

#define COUNT_FIELDS 8 /* from cpu_set_size on */
#define COUNT_VALUES 10
#define COUNT_CASES  (COUNT_FIELDS * COUNT_VALUES)

/* A good blob and where its descriptor is in it. */
struct sample {
	uint8_t *bytes;
	size_t size;
	size_t desc; /* offset */
};

static const struct cell_desc *desc_of(const struct sample *sample, const uint8_t *bytes)
{
	return (const struct cell_desc *)(bytes + sample->desc);
}

/* Each field that says how much follows, with each value that could be trouble. */
static void set_count(const struct sample *sample, unsigned int which, uint8_t *bytes)
{
	uint8_t *field = bytes + sample->desc + offsetof(struct cell_desc, cpu_set_size) +
			 which / COUNT_VALUES * sizeof(uint32_t);
	uint32_t good;

	memcpy(&good, field, sizeof(good));
	const uint32_t values[COUNT_VALUES] = {
		0,	good + 1, good - 1,   good * 2,	  1,
		0xffff, 0x10000,  0x7fffffff, 0x80000000, 0xffffffff,
	};
	memcpy(field, &values[which % COUNT_VALUES], sizeof(good));
}

/* Try number n. Returns the size, and says in *ret_what what it is. */
static size_t make(struct mutator *mutator, const struct sample *sample, unsigned int n,
		   uint8_t *bytes, const char **ret_what)
{
	memcpy(bytes, sample->bytes, sample->size);
	if (n < COUNT_CASES) {
		*ret_what = "count";
		set_count(sample, n, bytes);
		return sample->size;
	}
	switch (n % 8) {
	case 0:
	case 1:
		*ret_what = "truncated";
		return mutator_next(mutator) % sample->size;
	case 2:
		*ret_what = "random";
		mutator_fill(mutator, bytes, BLOB_CAPACITY);
		return mutator_next(mutator) % BLOB_CAPACITY;
	case 3:
		*ret_what = "random behind the signature";
		mutator_fill(mutator, bytes + 8, BLOB_CAPACITY - 8);
		return BLOB_CAPACITY;
	default:
		*ret_what = "damaged";
		return mutator_damage(mutator, bytes, sample->size, BLOB_CAPACITY);
	}
}

static bool same_part(const void *a, size_t a_size, const void *b, size_t b_size)
{
	return a_size == b_size && memcmp(a, b, a_size) == 0;
}

static bool same_ports(const struct cell_desc *a, const struct cell_desc *b)
{
	return same_part(cell_desc_pio(a), a->num_pio_regions * sizeof(struct blob_pio),
			 cell_desc_pio(b), b->num_pio_regions * sizeof(struct blob_pio));
}

/*
 * A sound configuration that takes from Linux the devices that it works with does what it says:
 * that is no test of the driver, but the end of Linux' disk.
 */
static bool takes_devices_from_root(const struct sample *sample, const uint8_t *bytes, size_t size)
{
	const struct system_desc *system = (const void *)bytes, *good = (const void *)sample->bytes;
	const struct cell_desc *desc = desc_of(sample, bytes);
	const struct cell_desc *good_desc = desc_of(sample, sample->bytes);
	uint64_t used;

	if (size < sizeof(*system))
		return false;
	/* The driver takes as much as the counts say. */
	used = sample->desc + cell_desc_size(desc);
	if (used > size || blob_check_system(bytes, used, NULL) < 0)
		return false;
	return !same_ports(desc, good_desc) ||
	       memcmp(&system->debug_console, &good->debug_console, sizeof(good->debug_console)) ||
	       !same_part(cell_desc_memory(desc),
			  desc->num_memory_regions * sizeof(struct blob_memory),
			  cell_desc_memory(good_desc),
			  good_desc->num_memory_regions * sizeof(struct blob_memory));
}

/* Where this machine has no memory, but devices. */
#define DEVICES_START 0x80000000ull
#define DEVICES_END   (1ull << 40)

static bool takes_devices_for_cell(const struct sample *sample, const uint8_t *bytes, size_t size)
{
	const struct cell_desc *desc = desc_of(sample, bytes);
	const struct blob_memory *region;

	if (blob_check_cell(bytes, size, NULL) < 0)
		return false;
	for (region = cell_desc_memory(desc);
	     region < cell_desc_memory(desc) + desc->num_memory_regions; region++) {
		if ((region->flags & BLOB_MEM_IO) ||
		    (region->phys_start < DEVICES_END &&
		     region->phys_start + region->size > DEVICES_START))
			return true;
	}
	return !same_ports(desc, desc_of(sample, sample->bytes));
}

/* Addresses at which there is nothing to read. */
static const void *bad_pointer(const struct device *device, unsigned int n)
{
	const void *const pointers[] = {
		NULL,
		(const void *)8,
		device->edge.end,
		device->edge.end - 1,
		(const void *)0x7ffffffff000,
		(const void *)0x800000000000,	  /* not canonical */
		(const void *)0xffff888000000000, /* the kernel's */
		(const void *)0xffffffff81000000,
		(const void *)-8l,
		(const void *)-1l,
	};

	return pointers[n % (sizeof(pointers) / sizeof(pointers[0]))];
}

#define BAD_POINTERS 10

static void try_enable(struct device *device, const void *blob, const char *what)
{
	int result = device_call(device, JAILHOUSE_ENABLE, blob), undone;

	if (!result) {
		undone = device_call(device, JAILHOUSE_DISABLE, NULL);
		if (undone)
			broken("%s: enabled, and it does not close: %d", what, undone);
	}
	device_count(device, result, what);
}

void fuzz_enable(struct device *device, unsigned int tries)
{
	static uint8_t bytes[BLOB_CAPACITY];
	struct sample sample = {.desc = offsetof(struct system_desc, root_cell)};
	const char *what;
	size_t size;

	sample.bytes = blob_of_system(device, &sample.size);
	if (sample.size > BLOB_CAPACITY / 2)
		broken("this machine's configuration of %zu bytes is too large", sample.size);
	try_enable(device, sample.bytes, "good");
	if (device->accepted != 1)
		broken("the control failed: a good configuration is refused");
	claim_root_memory(device);
	for (unsigned int n = 0; n < BAD_POINTERS; n++)
		try_enable(device, bad_pointer(device, n), "bad pointer");
	for (unsigned int n = 0; device->sent < tries; n++) {
		size = make(&device->mutator, &sample, n, bytes, &what);
		if (takes_devices_from_root(&sample, bytes, size))
			device->withheld++;
		else
			try_enable(device, edge_put(&device->edge, bytes, size), what);
	}
	free(sample.bytes);
}

/* A cell that there is now has to be one like any other. */
static void live_and_end(struct device *device, const char *what)
{
	struct jailhouse_cell_id id = {.id = snapshot_next_cell(0)};
	int r;

	if (id.id < 0 || snapshot_next_cell(id.id) >= 0)
		broken("%s: made without an error, but the first cell is %d", what, id.id);
	r = device_call(device, JAILHOUSE_CELL_START, &id);
	if (r)
		broken("%s: the cell does not start: %d", what, r);
	r = device_call(device, CELLVISOR_CELL_KILL, &id);
	if (r)
		broken("%s: the cell is not killed: %d", what, r);
	r = device_call(device, JAILHOUSE_CELL_DESTROY, &id);
	if (r)
		broken("%s: the cell is not destroyed: %d", what, r);
}

static void try_create(struct device *device, const void *blob, uint64_t size, const char *what)
{
	const struct jailhouse_cell_create create = {
		.blob_address = (uintptr_t)blob,
		.blob_size = (uint32_t)size,
	};
	int result = device_call(device, JAILHOUSE_CELL_CREATE, &create);

	if (!result)
		live_and_end(device, what);
	device_count(device, result, what);
}

/* Returned memory is put together into larger pages than it was mapped with at first, once. */
static void warm_up(struct device *device, const struct sample *sample)
{
	const struct jailhouse_cell_create create = {(uintptr_t)sample->bytes,
						     (uint32_t)sample->size, 0};

	if (device_call(device, JAILHOUSE_CELL_CREATE, &create))
		broken("the control failed: a good configuration is refused");
	live_and_end(device, "first cell");
	device_settle(device);
}

/* The size may lie as well: mostly about what is behind the edge. */
static uint32_t told_size(struct mutator *mutator, size_t size)
{
	const uint32_t sizes[] = {0, 1, 131, 132, 4096, 65536, 65537, 0x7fffffff, 0xffffffff};

	switch (mutator_next(mutator) % 8) {
	case 0:
		return sizes[mutator_next(mutator) % (sizeof(sizes) / sizeof(sizes[0]))];
	case 1:
		return (uint32_t)size + 1;
	default:
		return (uint32_t)size;
	}
}

void fuzz_create(struct device *device, unsigned int tries)
{
	static uint8_t bytes[BLOB_CAPACITY];
	struct sample sample = {0};
	const char *what;
	uint32_t told;
	size_t size;

	sample.bytes = blob_of_cell(device, &sample.size);
	warm_up(device, &sample);
	try_create(device, sample.bytes, sample.size, "good");
	if (device->accepted != 1)
		broken("the control failed: a good configuration is refused");
	claim_foreign_memory(device);
	for (unsigned int n = 0; n < BAD_POINTERS; n++)
		try_create(device, bad_pointer(device, n), sample.size, "bad pointer");
	for (unsigned int n = 0; n < BAD_POINTERS; n++) {
		/* Where the argument itself lies. */
		if (!device_call(device, JAILHOUSE_CELL_CREATE, bad_pointer(device, n)))
			broken("a cell from an argument at %p", bad_pointer(device, n));
		device_count(device, -1, "bad argument");
	}
	for (unsigned int n = 0; device->sent < tries; n++) {
		size = make(&device->mutator, &sample, n, bytes, &what);
		told = told_size(&device->mutator, size);
		if (takes_devices_for_cell(&sample, bytes, told < size ? told : size))
			device->withheld++;
		else
			try_create(device, edge_put(&device->edge, bytes, size), told, what);
	}
	free(sample.bytes);
}
