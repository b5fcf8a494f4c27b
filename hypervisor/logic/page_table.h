/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables as data: building, splitting, merging and walking of radix tables with 512 entries a
 * level, for the hypervisor's own address space and for the second-level tables of cells. Pages
 * come from the page pool and go back by page_pool_free_deferred(); a host test brings its own.
 *
 * Nothing here flushes a TLB; after any call that removed or changed a translation the caller must,
 * and the pages that were tables may be reused only after that.
 */
#ifndef PAGE_TABLE_H
#define PAGE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

#define PAGE_SHIFT	      12
#define PAGE_SIZE	      PAGE_BYTES
#define PAGE_MASK	      (~(PAGE_SIZE - 1))
#define PAGE_TABLE_LEVEL_BITS 9
#define PAGE_TABLE_ENTRIES    512
#define PAGE_TABLE_LEVELS     4 /* 48 bits of input address */

/* What a mapping allows, independent of the format. */
#define PT_READ	   (1u << 0)
#define PT_WRITE   (1u << 1)
#define PT_EXECUTE (1u << 2)
#define PT_DEVICE  (1u << 3) /* uncached */

/*
 * One entry format, as data, so that nothing is called for an entry. Levels count from 1 (4 KiB
 * pages) upward; a leaf at level 2 maps 2 MiB, at level 3 1 GiB. There is no execute-only or
 * write-only page: without PT_READ nothing is mapped.
 */
struct page_table_format {
	uint64_t present;    /* set in every entry that says something */
	uint64_t address;    /* where the physical address is */
	uint64_t table;	     /* all of an entry that points to a table, but for the address */
	uint64_t leaf;	     /* what every leaf has */
	uint64_t large;	     /* a leaf above level 1: the only difference between leaves */
	uint64_t write;	     /* a leaf with PT_WRITE */
	uint64_t no_execute; /* a leaf without PT_EXECUTE */
	uint64_t device;     /* a leaf with PT_DEVICE */
};

struct page_table {
	const struct page_table_format *format;
	unsigned int max_leaf_level; /* 1..3: largest page that may be used */
	uint64_t *root;		     /* NULL until page_table_init() */
	uint64_t phys_offset;	     /* from a virtual to the physical address of a table */
};

struct page_table_leaf {
	uint64_t phys;		 /* of the address asked for, offset included */
	uint64_t page_size;	 /* 4 KiB, 2 MiB, 1 GiB */
	unsigned int attributes; /* PT_* */
};

/* What an entry for a page of this level is. */
static inline uint64_t page_table_leaf_entry(const struct page_table_format *format, uint64_t phys,
					     unsigned int attributes, unsigned int level)
{
	if (!(attributes & PT_READ))
		return 0;
	return phys | format->leaf | (level > 1 ? format->large : 0) |
	       ((attributes & PT_WRITE) ? format->write : 0) |
	       ((attributes & PT_EXECUTE) ? 0 : format->no_execute) |
	       ((attributes & PT_DEVICE) ? format->device : 0);
}

/* An empty table of 4 levels. Returns 0 or -ENOMEM. */
int page_table_init(struct page_table *table, const struct page_table_format *format,
		    unsigned int max_leaf_level, uint64_t phys_offset);

/*
 * Maps [virt, virt + size) to phys with the attributes given, replacing what is there. All three
 * are multiples of 4 KiB, size > 0, and the range must fit the table's address width: else -EINVAL.
 * Pages as large as alignment and max_leaf_level permit (no_huge: 4 KiB only) are used; tables that
 * become uniform are merged into larger pages. What is mapped so already needs no page. -ENOMEM
 * where the allocator failed: the part before it is mapped, the rest is as before.
 */
int page_table_map(struct page_table *table, uint64_t virt, uint64_t phys, uint64_t size,
		   unsigned int attributes, bool no_huge);

/*
 * Removes every translation in [virt, virt + size), splitting pages that reach across its ends.
 * Splits happen first, so that on -ENOMEM no translation has changed. -EINVAL as page_table_map().
 */
int page_table_unmap(struct page_table *table, uint64_t virt, uint64_t size);

/* Looks an address up. Returns false where nothing is mapped (ret_leaf is then untouched). */
bool page_table_walk(const struct page_table *table, uint64_t virt,
		     struct page_table_leaf *ret_leaf);

/* Gives all pages back and forgets the root. Safe on a table that was never initialized. */
void page_table_destroy(struct page_table *table);

#endif /* PAGE_TABLE_H */
