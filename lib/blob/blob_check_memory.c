// SPDX-License-Identifier: GPL-2.0-only
/* Memory regions of a configuration blob, each by itself and in pairs. */
#include "lib/blob/blob_check_parts.h"

static int check_comm_region(struct blob_check *c, const struct blob_memory *r)
{
	if (c->is_root)
		return blob_fail(c, BLOB_COMM_IN_ROOT, "flags", r->flags, 0);
	/* The page is the hypervisor's: no device memory, nothing to load, nothing of root's. */
	if (r->flags & (BLOB_MEM_IO | BLOB_MEM_LOADABLE | BLOB_MEM_ROOTSHARED))
		return blob_fail(c, BLOB_CONFLICTING_FLAGS, "flags", r->flags, 0);
	if (r->size != PAGE_BYTES)
		return blob_fail(c, BLOB_COMM_SIZE, "size", r->size, PAGE_BYTES);
	if (!is_aligned(r->virt_start, PAGE_BYTES))
		return blob_fail(c, BLOB_UNALIGNED, "virt_start", r->virt_start, PAGE_BYTES);
	return blob_check_address(c, "virt_start", r->virt_start, r->size);
}

/* Byte-granular regions are for device registers: every access to them traps. */
static int check_subpage(struct blob_check *c, const struct blob_memory *r)
{
	uint64_t guest = r->virt_start & (PAGE_BYTES - 1);
	uint64_t phys = r->phys_start & (PAGE_BYTES - 1);

	if (!(r->flags & BLOB_MEM_IO))
		return blob_fail(c, BLOB_SUBPAGE_RAM, "flags", guest, phys);
	/* Else an aligned access of the guest could be one across two pages. */
	if (guest != phys)
		return blob_fail(c, BLOB_SUBPAGE_OFFSET, "virt_start", guest, phys);
	return 0;
}

static int check_memory_region(struct blob_check *c, unsigned int n)
{
	const struct blob_memory *r = &cell_desc_memory(c->cell)[n];
	int err;

	if (r->flags & ~(uint64_t)BLOB_MEM_ALL_FLAGS)
		return blob_fail(c, BLOB_UNKNOWN_FLAGS, "flags", r->flags, BLOB_MEM_ALL_FLAGS);
	if (r->flags & BLOB_MEM_COMM_REGION)
		return check_comm_region(c, r);
	/* Blobs of the field have them: they say nothing. */
	if (r->size == 0)
		return 0;
	err = blob_check_address(c, "phys_start", r->phys_start, r->size);
	if (!err)
		err = blob_check_address(c, "virt_start", r->virt_start, r->size);
	if (err)
		return err;
	if (is_subpage(r))
		return check_subpage(c, r);
	/* Second-level tables have no such pages; a silently added right would be a surprise. */
	if ((r->flags & (BLOB_MEM_WRITE | BLOB_MEM_EXECUTE)) && !(r->flags & BLOB_MEM_READ))
		return blob_fail(c, BLOB_NOT_READABLE, "flags", r->flags, 0);
	return 0;
}

/*
 * The root cell may say the same translation twice (RAM, and shared memory inside it). Elsewhere a
 * second translation of a guest address would depend on the order of the regions, and a whole-page
 * mapping of a page that is filtered byte by byte would undo the filter.
 */
static bool same_translation(const struct blob_check *c, const struct blob_memory *a,
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

static int check_memory_pair(struct blob_check *c, unsigned int n, unsigned int m)
{
	const struct blob_memory *r = cell_desc_memory(c->cell), *a = &r[n], *b = &r[m];

	c->error.other = m;
	if (a->size == 0 || b->size == 0 || same_translation(c, a, b))
		return 0;
	if (a->flags & b->flags & BLOB_MEM_COMM_REGION)
		return blob_fail(c, BLOB_COMM_TWICE, NULL, 0, 0);
	if (ranges_overlap(a->virt_start, a->size, b->virt_start, b->size))
		return blob_fail(c, BLOB_GUEST_OVERLAP, "virt_start", a->virt_start, 0);
	if ((a->flags | b->flags) & BLOB_MEM_COMM_REGION)
		return 0;
	if (ranges_overlap(a->phys_start, a->size, b->phys_start, b->size) && !may_share_phys(a, b))
		return blob_fail(c, BLOB_PHYS_OVERLAP, "phys_start", a->phys_start, 0);
	return 0;
}

static int check_memory(struct blob_check *c, unsigned int n)
{
	int err = check_memory_region(c, n);

	for (unsigned int m = 0; m < n && !err; m++)
		err = check_memory_pair(c, n, m);
	return err;
}

int blob_check_memory(struct blob_check *c)
{
	return blob_check_each(c, BLOB_PART_MEMORY, c->cell->num_memory_regions, check_memory);
}
