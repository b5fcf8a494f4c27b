// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "driver_abi.h"
#include "model/root_regions.h"
#include "page.h"

#define IDENTITY_END	  (1ull << 48) /* as far as four levels of page tables map */
#define LOW_FIRMWARE	  0xa0000ull
#define LOW_FIRMWARE_SIZE 0x60000ull
#define MMCONFIG_BUS_SIZE (1ull << 20)
#define IOAPIC_SIZE	  4096ull

#define FLAGS_DEVICE   (BLOB_MEM_READ | BLOB_MEM_WRITE)
#define FLAGS_FIRMWARE (FLAGS_DEVICE | BLOB_MEM_EXECUTE)
#define FLAGS_RAM      (FLAGS_FIRMWARE | BLOB_MEM_DMA)
#define TAKEN	       (1ull << 63) /* whatever else is there is not root's; no flag of a blob */

struct piece {
	uint64_t start;
	uint64_t end; /* exclusive */
	uint64_t flags;
};

struct pieces {
	struct piece *items;
	size_t count;
};

static void pieces_done(struct pieces *pieces)
{
	free(pieces->items);
}

/* Adds a range with an inclusive end, rounded outwards to pages. Room has been made before. */
static void add(struct pieces *pieces, uint64_t start, uint64_t last, uint64_t flags)
{
	if (start >= IDENTITY_END)
		return;
	if (last >= IDENTITY_END)
		last = IDENTITY_END - 1;
	pieces->items[pieces->count++] = (struct piece){
		.start = start & ~(PAGE_BYTES - 1),
		.end = (last | (PAGE_BYTES - 1)) + 1,
		.flags = flags,
	};
}

static uint64_t flags_of(const struct machine_resource *resource)
{
	if (strcmp(resource->name, "System RAM") == 0 ||
	    strcmp(resource->name, "Persistent Memory") == 0 ||
	    /* Memory blocks that Linux has given up for the pool, and gets back. */
	    strcmp(resource->name, CELLVISOR_POOL_NAME) == 0)
		return FLAGS_RAM;
	/* The code of UEFI runtime services is somewhere in what is called reserved. */
	if (strcasecmp(resource->name, "Reserved") == 0)
		return FLAGS_FIRMWARE;
	return FLAGS_DEVICE;
}

static int collect(const struct machine *machine, const struct address_range *taken,
		   size_t num_taken, struct pieces *ret)
{
	ret->items = calloc(machine->iomem.count + machine->num_ioapics + 2 + num_taken,
			    sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < num_taken; i++)
		add(ret, taken[i].start, range_end(taken[i]) - 1, TAKEN);
	for (size_t i = 0; i < machine->iomem.count; i++) {
		const struct machine_resource *resource = &machine->iomem.items[i];

		if (resource->depth == 0)
			add(ret, resource->start, resource->end, flags_of(resource));
	}
	/* VGA, option ROMs and the BIOS: drivers look there whether iomem lists it or not. */
	add(ret, LOW_FIRMWARE, LOW_FIRMWARE + LOW_FIRMWARE_SIZE - 1, FLAGS_FIRMWARE);
	for (size_t i = 0; i < machine->num_ioapics; i++) {
		const uint64_t address = machine->ioapics[i].address;

		add(ret, address, address + IOAPIC_SIZE - 1, FLAGS_DEVICE);
	}
	if (machine->has_mmconfig)
		add(ret, machine->mmconfig_base,
		    machine->mmconfig_base + (machine->mmconfig_end_bus + 1) * MMCONFIG_BUS_SIZE -
			    1,
		    FLAGS_DEVICE);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All addresses where something begins or ends, sorted: two for each piece. */
static uint64_t *boundaries(const struct pieces *pieces)
{
	uint64_t *result = calloc(2 * pieces->count, sizeof(*result));

	if (!result)
		return NULL;
	for (size_t i = 0; i < pieces->count; i++) {
		result[2 * i] = pieces->items[i].start;
		result[2 * i + 1] = pieces->items[i].end;
	}
	qsort(result, 2 * pieces->count, sizeof(*result), compare);
	return result;
}

/* What may be done from address up to the next boundary; 0: nothing. */
static uint64_t flags_at(const struct pieces *pieces, uint64_t address)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < pieces->count; i++) {
		if (address >= pieces->items[i].start && address < pieces->items[i].end)
			flags |= pieces->items[i].flags;
	}
	return flags & TAKEN ? 0 : flags;
}

int root_regions_make(const struct machine *machine, const struct address_range *taken,
		      size_t num_taken, struct blob_memory **ret_regions, size_t *ret_count)
{
	_cleanup_(pieces_done) struct pieces pieces = {0};
	_cleanup_(freep) uint64_t *points = NULL;
	_cleanup_(freep) struct blob_memory *regions = NULL;
	size_t count = 0;
	int r;

	r = collect(machine, taken, num_taken, &pieces);
	if (r < 0)
		return r;
	points = boundaries(&pieces);
	regions = calloc(2 * pieces.count, sizeof(*regions));
	if (!points || !regions)
		return -ENOMEM;

	for (size_t i = 0; i + 1 < 2 * pieces.count; i++) {
		const uint64_t start = points[i];
		const uint64_t size = points[i + 1] - start;
		const uint64_t flags = size ? flags_at(&pieces, start) : 0;
		struct blob_memory *last = count ? &regions[count - 1] : NULL;

		if (flags == 0)
			continue;
		if (last && last->flags == flags && last->phys_start + last->size == start)
			last->size += size;
		else
			regions[count++] = (struct blob_memory){start, start, size, flags};
	}
	*ret_regions = TAKE_POINTER(regions);
	*ret_count = count;
	return 0;
}
