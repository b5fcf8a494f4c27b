/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one checker of configuration blobs (blob.h). Compiled into the hypervisor, which has the last
 * word, the kernel module, which answers early, and the daemon, which answers kindly. Whoever got 0
 * from it may use every count, index and range of the blob without looking again; what depends on
 * the machine or on other cells (is the memory there, is the CPU free) is not checked here.
 */
#ifndef BLOB_CHECK_H
#define BLOB_CHECK_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include "blob.h"
#include "page.h"
#include "words.h"

/* Bounds that the format itself does not have. */
#define BLOB_MAX_CPU_SET_SIZE  512u /* bytes: 4096 CPUs */
#define BLOB_ADDRESS_BITS      52
#define BLOB_MAX_ROOT_ELEMENTS 512u /* of an array whose elements are compared with each other */
#define BLOB_MAX_CELL_ELEMENTS 128u
#define BLOB_MAX_SHMEM_PEERS   255u /* as the field is wide */
/* In all ivshmem sections of one blob: they are zeroed at once, while others wait. */
#define BLOB_MAX_SHARED_BYTES  (64ull << 20)

/*
 * What is wrong: in words; what of struct blob_error follows them (the FIELD; and also VALUE, BOTH
 * value and expected, or OTHER); and what stands before expected or other.
 */
#define BLOB_ERRORS(X)                                                                             \
	X(BLOB_OK, "no error", NOTHING, "")                                                        \
	X(BLOB_TOO_SHORT, "shorter than its fixed part", BOTH, ", at least ")                      \
	X(BLOB_SIGNATURE, "not a configuration of this kind", NOTHING, "")                         \
	X(BLOB_ARCHITECTURE, "made for another architecture", NOTHING, "")                         \
	X(BLOB_WRONG_REVISION, "made for another revision of the format", NOTHING, "")             \
	X(BLOB_SIZE_MISMATCH, "shorter than the counts in it make it", BOTH, ", expected ")        \
	X(BLOB_NAME_EMPTY, "name is empty", NOTHING, "")                                           \
	X(BLOB_NAME_UNTERMINATED, "name is not terminated", NOTHING, "")                           \
	X(BLOB_NAME_CHARACTER, "name has an unprintable character", VALUE, "")                     \
	X(BLOB_UNKNOWN_FLAGS, "unknown flags", BOTH, ", known are ")                               \
	X(BLOB_CONFLICTING_FLAGS, "flags contradict each other or the use of the region", NOTHING, \
	  "")                                                                                      \
	X(BLOB_CPU_SET_EMPTY, "CPU set is empty", NOTHING, "")                                     \
	X(BLOB_TOO_LARGE, "larger than can be", BOTH, ", at most ")                                \
	X(BLOB_EMPTY_RANGE, "size is zero", NOTHING, "")                                           \
	X(BLOB_WRAPS, "address and size wrap around", VALUE, "")                                   \
	X(BLOB_BEYOND_LIMIT, "reaches outside the addresses that exist", BOTH,                     \
	  ", to end at most at ")                                                                  \
	X(BLOB_UNALIGNED, "not aligned", BOTH, ", to be a multiple of ")                           \
	X(BLOB_SUBPAGE_RAM, "not whole pages, and not I/O", NOTHING, "")                           \
	X(BLOB_SUBPAGE_OFFSET, "guest and physical address differ within the page", BOTH,          \
	  ", expected ")                                                                           \
	X(BLOB_NOT_READABLE, "writable or executable without being readable", NOTHING, "")         \
	X(BLOB_COMM_SIZE, "communication region is not one page", BOTH, ", expected ")             \
	X(BLOB_COMM_TWICE, "second communication region", OTHER, ", the other is ")                \
	X(BLOB_COMM_IN_ROOT, "communication region in the root cell", NOTHING, "")                 \
	X(BLOB_GUEST_OVERLAP, "guest addresses overlap those of another region", OTHER,            \
	  ", the other is ")                                                                       \
	X(BLOB_PHYS_OVERLAP, "physical addresses overlap those of another region", OTHER,          \
	  ", the other is ")                                                                       \
	X(BLOB_UNKNOWN_TYPE, "unknown type", VALUE, "")                                            \
	X(BLOB_DUPLICATE, "is there twice", OTHER, ", the other is ")                              \
	X(BLOB_CAPS_OUTSIDE, "capabilities outside the list of capabilities", BOTH,                \
	  ", there are ")                                                                          \
	X(BLOB_REGIONS_OUTSIDE, "shared-memory sections outside the list of memory regions", BOTH, \
	  ", there are ")                                                                          \
	X(BLOB_BAR_MASK, "impossible BAR mask", VALUE, "")                                         \
	X(BLOB_MSIX_TABLE, "MSI-X table is not whole pages that hold all vectors", BOTH,           \
	  ", expected ")                                                                           \
	X(BLOB_PEER_ID, "peer id is not below the number of peers", BOTH, ", there are ")          \
	X(BLOB_STATE_TABLE, "state table is smaller than the number of peers needs", BOTH,         \
	  ", at least ")                                                                           \
	X(BLOB_SECTION_GAP, "shared-memory sections do not follow each other", OTHER,              \
	  ", memory region ")                                                                      \
	X(BLOB_SECTION_SIZE, "output sections differ in size", OTHER, ", memory region ")          \
	X(BLOB_SECTION_WRITE, "state table or another peer's section is writable", OTHER,          \
	  ", memory region ")                                                                      \
	X(BLOB_NOT_IDENTITY, "root's address is not the physical one", BOTH, ", expected ")        \
	X(BLOB_NOT_OF_LINK, "is more than a link has", BOTH, ", expected ")                        \
	X(BLOB_MISSING, "must not be zero", FIELD, "")

enum blob_error_code { BLOB_ERRORS(WORD_SYMBOL) BLOB_ERROR_COUNT };

/* Where it is wrong, in words; "": the other words say it. */
#define BLOB_PARTS(X)                                \
	X(BLOB_PART_BLOB, "")                        \
	X(BLOB_PART_SYSTEM, "system")                \
	X(BLOB_PART_CELL, "cell")                    \
	X(BLOB_PART_CPU_SET, "")                     \
	X(BLOB_PART_MEMORY, "memory region")         \
	X(BLOB_PART_CACHE, "cache region")           \
	X(BLOB_PART_IRQCHIP, "interrupt controller") \
	X(BLOB_PART_PIO, "port range")               \
	X(BLOB_PART_PCI_DEVICE, "PCI device")        \
	X(BLOB_PART_PCI_CAP, "PCI capability")       \
	X(BLOB_PART_IOMMU, "IOMMU")                  \
	X(BLOB_PART_CONSOLE, "console")

enum blob_part { BLOB_PARTS(WORD_SYMBOL) BLOB_PART_COUNT };

struct blob_error {
	enum blob_error_code code;
	enum blob_part part;
	int index;	   /* of the element of an array, -1: not in an array */
	int other;	   /* a second element that it collides with, where the code has one */
	const char *field; /* as in blob.h, NULL: no single one */
	uint64_t value;	   /* found */
	uint64_t expected; /* wanted, where the code has such a thing */
};

/* A piece of a device's page: trapped, and passed through byte by byte. */
static inline bool is_subpage(const struct blob_memory *r)
{
	return (r->phys_start | r->virt_start | r->size) & (PAGE_BYTES - 1);
}

static inline bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* Where the sections of an ivshmem device are among the memory regions: from shmem_regions_start.
 */
enum shmem_section { SHMEM_STATE_TABLE, SHMEM_READ_WRITE, SHMEM_OUTPUT };

static inline unsigned int shmem_sections(const struct blob_pci_device *dev)
{
	return SHMEM_OUTPUT + (unsigned int)dev->shmem_peers;
}

/* One past the last memory region that belongs to an ivshmem device. */
static inline uint64_t shmem_end(const struct blob_pci_device *dev)
{
	return (uint64_t)dev->shmem_regions_start + shmem_sections(dev);
}

/*
 * Checks a cell blob (struct cell_desc and its arrays) or a system blob (struct system_desc and the
 * root cell's arrays) in size bytes, at any alignment; what is behind it is not looked at. Returns
 * 0 or, at the first thing that is wrong, -EINVAL with *ret_error filled in (untouched on success;
 * may be NULL). The bytes must not change meanwhile: copy them first where somebody else can write
 * them. Allocates nothing, takes no lock, callable in any context.
 */
int blob_check_cell(const void *blob, size_t size, struct blob_error *ret_error);
int blob_check_system(const void *blob, size_t size, struct blob_error *ret_error);

/*
 * The same of root's end of a link: a struct cell_desc with one device, of type BLOB_PCI_IVSHMEM,
 * and its sections, at the addresses that they have; no CPUs and nothing else.
 */
int blob_check_link(const void *blob, size_t size, struct blob_error *ret_error);

#endif /* BLOB_CHECK_H */
