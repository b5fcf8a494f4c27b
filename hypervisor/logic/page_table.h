/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables as data: building, splitting, merging and walking of radix tables with 512 entries a
 * level, for the hypervisor's own address space and for the second-level tables of cells. Pure
 * logic: memory comes from callbacks, the entry format from a table, so the same file runs in the
 * image and in host tests.
 *
 * Nothing here flushes a TLB; after any call that removed or changed a translation the caller must,
 * and pages handed to free() may be reused only after that.
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

/* What a mapping allows, independent of the format. */
#define PT_READ	   (1u << 0)
#define PT_WRITE   (1u << 1)
#define PT_EXECUTE (1u << 2)
#define PT_DEVICE  (1u << 3) /* uncached */

/*
 * One entry format. Levels count from 1 (4 KiB pages) upward; a leaf at level 2 maps 2 MiB, at
 * level 3 1 GiB. attributes() is the inverse of leaf().
 */
struct page_table_format {
	uint64_t (*leaf)(uint64_t phys, unsigned int attributes, unsigned int level);
	uint64_t (*table)(uint64_t phys);
	bool (*present)(uint64_t entry);
	bool (*is_leaf)(uint64_t entry, unsigned int level);
	uint64_t (*phys)(uint64_t entry, unsigned int level);
	unsigned int (*attributes)(uint64_t entry);
};

struct page_table {
	const struct page_table_format *format;
	unsigned int levels;	       /* 4: 48 bits of input address */
	unsigned int max_leaf_level;   /* 1..3: largest page that may be used */
	uint64_t *root;		       /* NULL until page_table_init() */
	void *(*alloc)(void *context); /* a zeroed page or NULL */
	void (*free)(void *context, void *page);
	uint64_t (*to_phys)(void *context, const void *page);
	void *(*to_virt)(void *context, uint64_t phys);
	void *context;
};

struct page_table_leaf {
	uint64_t phys;		 /* of the address asked for, offset included */
	uint64_t page_size;	 /* 4 KiB, 2 MiB, 1 GiB */
	unsigned int attributes; /* PT_* */
};

/* Allocates the root. The other members are set by the caller before. Returns 0 or -ENOMEM. */
int page_table_init(struct page_table *table);

/*
 * Maps [virt, virt + size) to phys with the attributes given, replacing what is there. All three
 * are multiples of 4 KiB, size > 0, and the range must fit the table's address width: else -EINVAL.
 * Pages as large as alignment and max_leaf_level permit (no_huge: 4 KiB only) are used; tables that
 * become uniform are merged into larger pages. -ENOMEM where the allocator failed: the part before
 * it is mapped, the rest is as before.
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
