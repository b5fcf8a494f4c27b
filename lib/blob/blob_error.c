// SPDX-License-Identifier: GPL-2.0-only
#include "lib/blob/blob_error.h"

static const char *const texts[BLOB_ERROR_COUNT] = {
	[BLOB_OK] = "no error",
	[BLOB_TOO_SHORT] = "shorter than its fixed part",
	[BLOB_SIGNATURE] = "not a configuration of this kind",
	[BLOB_ARCHITECTURE] = "made for another architecture",
	[BLOB_WRONG_REVISION] = "made for another revision of the format",
	[BLOB_SIZE_MISMATCH] = "size does not match the counts in it",
	[BLOB_NAME_EMPTY] = "name is empty",
	[BLOB_NAME_UNTERMINATED] = "name is not terminated",
	[BLOB_NAME_CHARACTER] = "name has an unprintable character",
	[BLOB_UNKNOWN_FLAGS] = "unknown flags",
	[BLOB_CONFLICTING_FLAGS] = "flags contradict each other or the use of the region",
	[BLOB_CPU_SET_EMPTY] = "CPU set is empty",
	[BLOB_TOO_LARGE] = "larger than can be",
	[BLOB_EMPTY_RANGE] = "size is zero",
	[BLOB_WRAPS] = "address and size wrap around",
	[BLOB_BEYOND_LIMIT] = "reaches outside the addresses that exist",
	[BLOB_UNALIGNED] = "not aligned",
	[BLOB_SUBPAGE_RAM] = "not whole pages, and not I/O",
	[BLOB_SUBPAGE_OFFSET] = "guest and physical address differ within the page",
	[BLOB_NOT_READABLE] = "writable or executable without being readable",
	[BLOB_COMM_SIZE] = "communication region is not one page",
	[BLOB_COMM_TWICE] = "second communication region",
	[BLOB_COMM_IN_ROOT] = "communication region in the root cell",
	[BLOB_GUEST_OVERLAP] = "guest addresses overlap those of another region",
	[BLOB_PHYS_OVERLAP] = "physical addresses overlap those of another region",
	[BLOB_UNKNOWN_TYPE] = "unknown type",
	[BLOB_DUPLICATE] = "is there twice",
	[BLOB_CAPS_OUTSIDE] = "capabilities outside the list of capabilities",
	[BLOB_REGIONS_OUTSIDE] = "shared-memory sections outside the list of memory regions",
	[BLOB_BAR_MASK] = "impossible BAR mask",
	[BLOB_MSIX_TABLE] = "MSI-X table is not whole pages that hold all vectors",
	[BLOB_PEER_ID] = "peer id is not below the number of peers",
	[BLOB_STATE_TABLE] = "state table is smaller than the number of peers needs",
	[BLOB_SECTION_GAP] = "shared-memory sections do not follow each other",
	[BLOB_SECTION_SIZE] = "output sections differ in size",
	[BLOB_SECTION_WRITE] = "state table or another peer's section is writable",
	[BLOB_MISSING] = "must not be zero",
};

const char *blob_error_text(enum blob_error_code code)
{
	if ((unsigned int)code >= BLOB_ERROR_COUNT || !texts[code])
		return "unknown error";
	return texts[code];
}

struct line {
	char *at;
	size_t left; /* without the terminating zero */
};

static void put(struct line *line, const char *text)
{
	for (; *text && line->left > 0; text++, line->left--)
		*line->at++ = *text;
	*line->at = '\0';
}

/* 32 bits are enough for it, and need no 64-bit division where that is a library call. */
static void put_decimal(struct line *line, uint32_t value)
{
	char digits[11], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	put(line, at);
}

static void put_hex(struct line *line, uint64_t value)
{
	char digits[19], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value);
	*--at = 'x';
	*--at = '0';
	put(line, at);
}

static const char *const parts[BLOB_PART_COUNT] = {
	[BLOB_PART_BLOB] = "",
	[BLOB_PART_SYSTEM] = "system",
	[BLOB_PART_CELL] = "cell",
	[BLOB_PART_CPU_SET] = "",
	[BLOB_PART_MEMORY] = "memory region",
	[BLOB_PART_CACHE] = "cache region",
	[BLOB_PART_IRQCHIP] = "interrupt controller",
	[BLOB_PART_PIO] = "port range",
	[BLOB_PART_PCI_DEVICE] = "PCI device",
	[BLOB_PART_PCI_CAP] = "PCI capability",
	[BLOB_PART_IOMMU] = "IOMMU",
	[BLOB_PART_CONSOLE] = "console",
};

static void put_place(struct line *line, const struct blob_error *error)
{
	/* Of the blob itself and the CPU set the text says what it is about. */
	if (error->part >= BLOB_PART_COUNT || !*parts[error->part])
		return;
	put(line, parts[error->part]);
	if (error->index >= 0) {
		put(line, " ");
		put_decimal(line, (uint32_t)error->index);
	}
	put(line, ": ");
}

static const char *architecture_name(uint64_t architecture)
{
	switch (architecture) {
	case BLOB_ARCH_X86:
		return "x86";
	case BLOB_ARCH_ARM:
		return "arm";
	case BLOB_ARCH_ARM64:
		return "arm64";
	default:
		return "an unknown architecture";
	}
}

/* What of an error there is to say besides its text. */
enum detail {
	DETAIL_NOTHING,
	DETAIL_FIELD,
	DETAIL_VALUE,
	DETAIL_BOTH,  /* what was found, what was expected */
	DETAIL_OTHER, /* the second element */
};

static enum detail detail_of(enum blob_error_code code)
{
	switch (code) {
	case BLOB_MISSING:
		return DETAIL_FIELD;
	case BLOB_NAME_CHARACTER:
	case BLOB_WRAPS:
	case BLOB_UNKNOWN_TYPE:
	case BLOB_BAR_MASK:
		return DETAIL_VALUE;
	case BLOB_TOO_SHORT:
	case BLOB_SIZE_MISMATCH:
	case BLOB_UNKNOWN_FLAGS:
	case BLOB_TOO_LARGE:
	case BLOB_BEYOND_LIMIT:
	case BLOB_UNALIGNED:
	case BLOB_SUBPAGE_OFFSET:
	case BLOB_COMM_SIZE:
	case BLOB_CAPS_OUTSIDE:
	case BLOB_REGIONS_OUTSIDE:
	case BLOB_MSIX_TABLE:
	case BLOB_PEER_ID:
	case BLOB_STATE_TABLE:
		return DETAIL_BOTH;
	case BLOB_COMM_TWICE:
	case BLOB_GUEST_OVERLAP:
	case BLOB_PHYS_OVERLAP:
	case BLOB_DUPLICATE:
	case BLOB_SECTION_GAP:
	case BLOB_SECTION_SIZE:
	case BLOB_SECTION_WRITE:
		return DETAIL_OTHER;
	default:
		return DETAIL_NOTHING;
	}
}

/* What the second number of DETAIL_BOTH is. */
static const char *expected_label(enum blob_error_code code)
{
	switch (code) {
	case BLOB_UNKNOWN_FLAGS:
		return ", known are ";
	case BLOB_UNALIGNED:
		return ", to be a multiple of ";
	case BLOB_TOO_LARGE:
		return ", at most ";
	case BLOB_BEYOND_LIMIT:
		return ", to end at most at ";
	case BLOB_CAPS_OUTSIDE:
	case BLOB_REGIONS_OUTSIDE:
	case BLOB_PEER_ID:
		return ", there are ";
	case BLOB_TOO_SHORT:
	case BLOB_STATE_TABLE:
		return ", at least ";
	default:
		return ", expected ";
	}
}

static void put_detail(struct line *line, const struct blob_error *error)
{
	enum detail detail = detail_of(error->code);

	if (error->field && detail != DETAIL_NOTHING) {
		put(line, ": ");
		put(line, error->field);
	}
	if (detail == DETAIL_VALUE || detail == DETAIL_BOTH) {
		put(line, error->field ? " " : ": ");
		put_hex(line, error->value);
	}
	if (detail == DETAIL_BOTH) {
		put(line, expected_label(error->code));
		put_hex(line, error->expected);
	}
	if (detail == DETAIL_OTHER) {
		/* Sections of shared memory are memory regions, though a device names them. */
		put(line, error->part == BLOB_PART_PCI_DEVICE && error->code != BLOB_DUPLICATE
				  ? ", memory region "
				  : ", the other is ");
		put_decimal(line, (uint32_t)error->other);
	}
}

void blob_error_format(const struct blob_error *error, char *buffer, size_t size)
{
	struct line line = {buffer, size - 1};

	*buffer = '\0';
	switch (error->code) {
	case BLOB_WRONG_REVISION:
		put(&line, "made for revision ");
		put_decimal(&line, (uint32_t)error->value);
		put(&line, ", this is revision ");
		put_decimal(&line, (uint32_t)error->expected);
		return;
	case BLOB_ARCHITECTURE:
		put(&line, "made for ");
		put(&line, architecture_name(error->value));
		put(&line, ", this is ");
		put(&line, architecture_name(error->expected));
		return;
	default:
		put_place(&line, error);
		put(&line, blob_error_text(error->code));
		put_detail(&line, error);
	}
}
