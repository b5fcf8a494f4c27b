// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which memory a configuration may claim. Whatever Linux itself works with must stay with it, and
 * what somebody else has must not be touched before the hypervisor has refused it.
 */
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "cellvisor.h"
#include "lib/blob/blob_claims.h"

#define SCRUB_CHUNK SZ_1M
#define POOL_FLAGS  (BLOB_MEM_READ | BLOB_MEM_WRITE)
#define RAM_FLAGS   (POOL_FLAGS | BLOB_MEM_EXECUTE)

/* Page-granular: [start, end). */
struct span {
	u64 start, end;
};

static struct span span_of(const struct blob_memory *region)
{
	return (struct span){region->phys_start & PAGE_MASK,
			     PAGE_ALIGN(region->phys_start + region->size)};
}

static bool spans_meet(struct span a, struct span b)
{
	return a.start < b.end && b.start < a.end;
}

/*
 * Whether root's configuration has all of the range, at its own address and with these rights at
 * least. What root cannot execute is a device.
 */
static bool root_has(const struct system_desc *system, struct span range, u64 rights)
{
	const struct blob_memory *regions = cell_desc_memory(&system->root_cell), *region;
	u32 n, count = system->root_cell.num_memory_regions;

	while (range.start < range.end) {
		for (n = 0; n < count; n++) {
			region = &regions[n];
			if (region->phys_start == region->virt_start &&
			    (region->flags & rights) == rights &&
			    region->phys_start <= range.start &&
			    range.start - region->phys_start < region->size)
				break;
		}
		if (n == count)
			return false;
		range.start = region->phys_start + region->size;
	}
	return true;
}

bool claims_root_has_ram(const struct system_desc *system, u64 start, u64 size)
{
	return root_has(system, (struct span){start, start + size}, RAM_FLAGS);
}

/* For walk_iomem_res_desc(): a piece of Linux' memory must be root's, but for the hypervisor's. */
static int check_ram(struct resource *res, void *data)
{
	const struct system_desc *system = data;
	struct span hypervisor = span_of(&system->hypervisor_memory);
	struct span ram = {PAGE_ALIGN(res->start), (res->end + 1) & PAGE_MASK};
	struct span before = {ram.start, min(ram.end, hypervisor.start)};
	struct span after = {max(ram.start, hypervisor.end), ram.end};

	if (root_has(system, before, RAM_FLAGS) && root_has(system, after, RAM_FLAGS))
		return 0;
	pr_cell(err, "Linux' memory at 0x%llx to 0x%llx is not in the root cell's configuration\n",
		ram.start, ram.end);
	return -EINVAL;
}

int claims_check_root(const struct system_desc *system)
{
	return walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0,
				   U64_MAX, (void *)system, check_ram);
}

static bool in_pool(struct span range)
{
	return pool_has(range.start, range.end - range.start);
}

/* The ivshmem device that the region is a section of, or NULL. */
static const struct blob_pci_device *device_of(const struct cell_desc *desc,
					       const struct blob_memory *region)
{
	const struct blob_pci_device *device = cell_desc_pci_devices(desc);
	u64 index = region - cell_desc_memory(desc);

	for (u32 n = 0; n < desc->num_pci_devices; n++, device++) {
		if (device->type == BLOB_PCI_IVSHMEM && index >= device->shmem_regions_start &&
		    index < shmem_end(device))
			return device;
	}
	return NULL;
}

/* Both may have it: it is shared with root, or by a link of theirs. */
static bool is_common(const struct cell_desc *a, const struct blob_memory *region_a,
		      const struct cell_desc *b, const struct blob_memory *region_b)
{
	const struct blob_pci_device *device_a = device_of(a, region_a);
	const struct blob_pci_device *device_b = device_of(b, region_b);

	if (region_a->flags & region_b->flags & BLOB_MEM_ROOTSHARED)
		return true;
	return device_a && device_b && device_a->domain == device_b->domain &&
	       device_a->bdf == device_b->bdf;
}

/* The cell that has part of the region for itself; NULL if none has. */
static const struct managed_cell *find_owner(const struct cell_desc *desc,
					     const struct blob_memory *claimed)
{
	struct span range = span_of(claimed);
	const struct blob_memory *region;
	const struct managed_cell *cell;

	list_for_each_entry (cell, &managed_cells, entry) {
		/* Root's entry has no list of regions. */
		if (!cell->id)
			continue;
		region = cell_desc_memory(cell->desc);
		for (u32 n = 0; n < cell->desc->num_memory_regions; n++, region++) {
			if (region->size && !(region->flags & BLOB_MEM_COMM_REGION) &&
			    spans_meet(range, span_of(region)) &&
			    !is_common(desc, claimed, cell->desc, region))
				return cell;
		}
	}
	return NULL;
}

/* kind: "cell" or "link". */
static int check_region(const char *kind, const struct cell_desc *desc,
			const struct blob_memory *region)
{
	struct span hypervisor = span_of(&partition->system->hypervisor_memory);
	struct span range = span_of(region);
	const struct managed_cell *owner;
	const char *link;

	if (spans_meet(range, hypervisor)) {
		pr_cell(err, "%s %s: memory at 0x%llx belongs to the hypervisor\n", kind,
			desc->name, region->phys_start);
		return -EINVAL;
	}
	/* Registers of one page may belong to several cells: the hypervisor looks closer. */
	owner = (region->flags & BLOB_MEM_IO) ? NULL : find_owner(desc, region);
	if (owner) {
		pr_cell(err, "%s %s: memory at 0x%llx belongs to cell %s\n", kind, desc->name,
			region->phys_start, owner->desc->name);
		return -EBUSY;
	}
	link = (region->flags & BLOB_MEM_ROOTSHARED) ? NULL : links_owner(range.start, range.end);
	if (link) {
		pr_cell(err, "%s %s: memory at 0x%llx belongs to link %s\n", kind, desc->name,
			region->phys_start, link);
		return -EBUSY;
	}
	if (in_pool(range))
		return 0;
	if (pool_is_moving(range.start, range.end - range.start)) {
		pr_cell(err,
			"%s %s: memory at 0x%llx, size 0x%llx is on its way to or from Linux\n",
			kind, desc->name, region->phys_start, region->size);
		return -EBUSY;
	}
	if (region_intersects(range.start, range.end - range.start, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT) {
		pr_cell(err, "%s %s: memory at 0x%llx, size 0x%llx is in use by Linux\n", kind,
			desc->name, region->phys_start, region->size);
		return -EBUSY;
	}
	/* Which devices are to be had the hypervisor says. */
	if (!(region->flags & BLOB_MEM_IO) && !root_has(partition->system, range, BLOB_MEM_READ)) {
		pr_cell(err, "%s %s: at 0x%llx, size 0x%llx the root cell has nothing\n", kind,
			desc->name, region->phys_start, region->size);
		return -EBUSY;
	}
	return 0;
}

/* What of these claims no part of the hypervisor serves. */
static u32 unserved(u32 claims)
{
	return claims & ~READ_ONCE(partition->public->served);
}

void claims_tell_root(void)
{
	u32 claims = unserved(blob_claims_system(partition->system));

	for (unsigned int claim = 0; claim < BLOB_CLAIM_COUNT; claim++) {
		if (claims & (1u << claim))
			pr_cell(info, "root cell: %s: not served, they stay Linux' unwatched\n",
				blob_claim_text(claim));
	}
}

bool claims_served(enum blob_claim claim)
{
	return !unserved(1u << claim);
}

static int check(const char *kind, const struct cell_desc *desc)
{
	const struct blob_memory *region = cell_desc_memory(desc);
	u32 claims = unserved(blob_claims_cell(desc));
	int err = 0;

	for (unsigned int claim = 0; claim < BLOB_CLAIM_COUNT; claim++) {
		if (claims & (1u << claim))
			pr_cell(err, "%s %s: asks for %s, which are not served\n", kind, desc->name,
				blob_claim_text(claim));
	}
	if (claims)
		return -EOPNOTSUPP;

	err = lockdown_check_cell(kind, desc);
	for (u32 n = 0; n < desc->num_memory_regions && !err; n++, region++) {
		if (!(region->flags & BLOB_MEM_COMM_REGION) && region->size)
			err = check_region(kind, desc, region);
	}
	return err;
}

int claims_check_cell(const struct cell_desc *desc)
{
	return check("cell", desc);
}

int claims_check_link(const struct cell_desc *desc)
{
	return check("link", desc);
}

/* What is a link's the hypervisor clears, when there is none yet. */
static bool changes_hands(const struct cell_desc *desc, const struct blob_memory *region)
{
	return !device_of(desc, region) &&
	       !(region->flags & (BLOB_MEM_COMM_REGION | BLOB_MEM_ROOTSHARED | BLOB_MEM_IO)) &&
	       (region->flags & (BLOB_MEM_WRITE | BLOB_MEM_LOADABLE));
}

/* What root cannot execute may be a device; but the pool is none, whatever the configuration says.
 */
static bool is_memory(struct span range)
{
	return root_has(partition->system, range, in_pool(range) ? POOL_FLAGS : RAM_FLAGS);
}

static int scrub_region(const struct managed_cell *cell, const struct blob_memory *region)
{
	struct span chunk;
	void *memory;
	u64 size;

	for (u64 offset = 0; offset < region->size; offset += size) {
		size = min_t(u64, region->size - offset, SCRUB_CHUNK);
		chunk.start = region->phys_start + offset;
		if (clean_has(chunk.start, chunk.start + size))
			continue;
		/* A page at a time where a device may be beside the memory. */
		chunk.end = chunk.start + size;
		if (!is_memory(chunk)) {
			size = PAGE_SIZE;
			chunk.end = chunk.start + size;
			if (!root_has(partition->system, chunk, BLOB_MEM_EXECUTE))
				continue;
		}
		memory = memremap(region->phys_start + offset, size, MEMREMAP_WB);
		if (!memory)
			return -ENOMEM;
		memset(memory, 0, size);
		machine_write_back(memory, size);
		memunmap(memory);
		if (READ_ONCE(cell->abandoned))
			return -ECANCELED;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int claims_scrub(const struct managed_cell *cell)
{
	const struct cell_desc *desc = cell->desc;
	const struct blob_memory *region = cell_desc_memory(desc);
	int err = 0;

	for (u32 n = 0; n < desc->num_memory_regions && !err; n++, region++) {
		if (changes_hands(desc, region))
			err = scrub_region(cell, region);
		clean_forget(span_of(region).start, span_of(region).end);
	}
	return err;
}

/* By whole pages: what is beside the memory in one of them is not the cell's alone. */
void claims_scrubbed(const struct cell_desc *desc)
{
	const struct blob_memory *region = cell_desc_memory(desc);
	struct span span;

	for (u32 n = 0; n < desc->num_memory_regions; n++, region++) {
		span.start = PAGE_ALIGN(region->phys_start);
		span.end = (region->phys_start + region->size) & PAGE_MASK;
		/* The hypervisor has not touched what root cannot execute. */
		if (changes_hands(desc, region) && span.start < span.end && in_pool(span) &&
		    root_has(partition->system, span, BLOB_MEM_EXECUTE))
			clean_add(span.start, span.end);
	}
}

static bool has_some(const struct cell_desc *desc, struct span range)
{
	const struct blob_memory *region = cell_desc_memory(desc);

	for (u32 n = 0; n < desc->num_memory_regions; n++, region++) {
		if (region->size && !(region->flags & BLOB_MEM_COMM_REGION) &&
		    spans_meet(range, span_of(region)))
			return true;
	}
	return false;
}

const char *claims_user(u64 start, u64 end)
{
	struct span range = {start, end};
	const struct managed_cell *cell;

	if (spans_meet(range, span_of(&partition->system->hypervisor_memory)))
		return "the hypervisor";
	list_for_each_entry (cell, &managed_cells, entry) {
		/* Root's entry has no list of regions. */
		if (cell->id && has_some(cell->desc, range))
			return cell->desc->name;
	}
	return links_owner(start, end);
}

bool claims_meet(const struct cell_desc *a, const struct cell_desc *b)
{
	const struct blob_memory *region = cell_desc_memory(a), *other;

	for (u32 n = 0; n < a->num_memory_regions; n++, region++) {
		other = cell_desc_memory(b);
		for (u32 m = 0; m < b->num_memory_regions; m++, other++) {
			if (!((region->flags | other->flags) & BLOB_MEM_COMM_REGION) &&
			    spans_meet(span_of(region), span_of(other)))
				return true;
		}
	}
	return false;
}
