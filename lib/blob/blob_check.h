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

/* Bounds that the format itself does not have. */
#define BLOB_MAX_CPU_SET_SIZE 512u /* bytes: 4096 CPUs */
#define BLOB_ADDRESS_BITS     52

/* What is wrong. */
enum blob_error_code {
	BLOB_OK = 0,
	BLOB_TOO_SHORT,	     /* value: bytes given, expected: bytes needed at least */
	BLOB_SIGNATURE,	     /* not such a blob at all */
	BLOB_ARCHITECTURE,   /* value, expected: enum blob_arch */
	BLOB_WRONG_REVISION, /* value, expected: revisions */
	BLOB_SIZE_MISMATCH,  /* value: bytes given, expected: bytes that the counts make */
	BLOB_NAME_EMPTY,
	BLOB_NAME_UNTERMINATED,
	BLOB_NAME_CHARACTER, /* value: the character */
	BLOB_UNKNOWN_FLAGS,  /* value: the flags, expected: all known ones */
	BLOB_CONFLICTING_FLAGS,
	BLOB_CPU_SET_EMPTY,
	BLOB_TOO_LARGE, /* value, expected: the largest that may be */
	BLOB_EMPTY_RANGE,
	BLOB_WRAPS,	     /* value: start */
	BLOB_BEYOND_LIMIT,   /* value: start, expected: first address outside */
	BLOB_UNALIGNED,	     /* value, expected: the alignment */
	BLOB_SUBPAGE_RAM,    /* byte-granular, but not I/O */
	BLOB_SUBPAGE_OFFSET, /* value, expected: offsets in the page */
	BLOB_NOT_READABLE,
	BLOB_COMM_SIZE,	 /* value, expected: sizes */
	BLOB_COMM_TWICE, /* other: the first one */
	BLOB_COMM_IN_ROOT,
	BLOB_GUEST_OVERLAP,   /* other: the region it overlaps */
	BLOB_PHYS_OVERLAP,    /* other: the region it overlaps */
	BLOB_UNKNOWN_TYPE,    /* value */
	BLOB_DUPLICATE,	      /* other: the first of them */
	BLOB_CAPS_OUTSIDE,    /* value: end of the device's range, expected: number of them */
	BLOB_REGIONS_OUTSIDE, /* value: end of the device's range, expected: number of them */
	BLOB_BAR_MASK,	      /* value: the mask */
	BLOB_MSIX_TABLE,
	BLOB_PEER_ID,	    /* value: the id, expected: number of peers */
	BLOB_STATE_TABLE,   /* value: its size, expected: what the peers need */
	BLOB_SECTION_GAP,   /* value, expected: guest addresses; other: the region */
	BLOB_SECTION_SIZE,  /* value, expected: sizes; other: the region */
	BLOB_SECTION_WRITE, /* other: the region */
	BLOB_MISSING,	    /* must not be zero */
	BLOB_ERROR_COUNT,
};

/* Where it is wrong. */
enum blob_part {
	BLOB_PART_BLOB,
	BLOB_PART_SYSTEM,
	BLOB_PART_CELL,
	BLOB_PART_CPU_SET,
	BLOB_PART_MEMORY,
	BLOB_PART_CACHE,
	BLOB_PART_IRQCHIP,
	BLOB_PART_PIO,
	BLOB_PART_PCI_DEVICE,
	BLOB_PART_PCI_CAP,
	BLOB_PART_IOMMU,
	BLOB_PART_CONSOLE,
	BLOB_PART_COUNT,
};

struct blob_error {
	enum blob_error_code code;
	enum blob_part part;
	int index;	   /* of the element of an array, -1: not in an array */
	int other;	   /* a second element that it collides with, where the code has one */
	const char *field; /* as in blob.h, NULL: no single one */
	uint64_t value;	   /* found */
	uint64_t expected; /* wanted, where the code has such a thing */
};

/*
 * Checks a cell blob (struct cell_desc and its arrays) or a system blob (struct system_desc and the
 * root cell's arrays) of exactly size bytes, at any alignment. Returns 0 or, at the first thing
 * that is wrong, -EINVAL with *ret_error filled in (untouched on success; may be NULL). The bytes
 * must not change meanwhile: copy them first where somebody else can write them. Allocates nothing,
 * takes no lock, callable in any context; the time grows with the square of the number of memory
 * regions, so bound the size before.
 */
int blob_check_cell(const void *blob, size_t size, struct blob_error *ret_error);
int blob_check_system(const void *blob, size_t size, struct blob_error *ret_error);

/* What is wrong, for people, as half a sentence without the numbers. Never NULL. */
const char *blob_error_text(enum blob_error_code code);

#endif /* BLOB_CHECK_H */
