// SPDX-License-Identifier: GPL-2.0-only
/* The lines that people get to read about a refused blob. */
#include "lib/blob_error/blob_error.h"

#include <stdlib.h>

#include "tests/lib/tap.h"

static const struct {
	struct blob_error error;
	const char *line;
} cases[] = {
	{{.code = BLOB_WRONG_REVISION,
	  .index = -1,
	  .field = "revision",
	  .value = 12,
	  .expected = 14},
	 "made for revision 12, this is revision 14"},
	{{.code = BLOB_ARCHITECTURE,
	  .index = -1,
	  .value = BLOB_ARCH_ARM64,
	  .expected = BLOB_ARCH_X86},
	 "made for arm64, this is x86"},
	{{.code = BLOB_ARCHITECTURE, .index = -1, .value = 77, .expected = BLOB_ARCH_X86},
	 "made for an unknown architecture, this is x86"},
	{{.code = BLOB_WRAPS,
	  .part = BLOB_PART_MEMORY,
	  .index = 3,
	  .field = "phys_start",
	  .value = 0xfffffffffffff000},
	 "memory region 3: address and size wrap around: phys_start 0xfffffffffffff000"},
	{{.code = BLOB_SIZE_MISMATCH, .index = -1, .value = 0x100, .expected = 0x84},
	 "shorter than the counts in it make it: 0x100, expected 0x84"},
	{{.code = BLOB_NAME_EMPTY, .part = BLOB_PART_CELL, .index = -1, .field = "name"},
	 "cell: name is empty"},
	{{.code = BLOB_UNKNOWN_FLAGS,
	  .part = BLOB_PART_PCI_CAP,
	  .index = 0,
	  .field = "flags",
	  .value = 2,
	  .expected = 1},
	 "PCI capability 0: unknown flags: flags 0x2, known are 0x1"},
	{{.code = BLOB_GUEST_OVERLAP,
	  .part = BLOB_PART_MEMORY,
	  .index = 12,
	  .other = 1,
	  .field = "virt_start"},
	 "memory region 12: guest addresses overlap those of another region: virt_start, the other "
	 "is 1"},
	{{.code = BLOB_SECTION_WRITE,
	  .part = BLOB_PART_PCI_DEVICE,
	  .index = 1,
	  .other = 3,
	  .field = "shmem_regions_start"},
	 "PCI device 1: state table or another peer's section is writable: shmem_regions_start, "
	 "memory region 3"},
	{{.code = BLOB_DUPLICATE,
	  .part = BLOB_PART_PCI_DEVICE,
	  .index = 2,
	  .other = 0,
	  .field = "bdf"},
	 "PCI device 2: is there twice: bdf, the other is 0"},
	{{.code = BLOB_MISSING, .part = BLOB_PART_IOMMU, .index = 0, .field = "base"},
	 "IOMMU 0: must not be zero: base"},
	{{.code = BLOB_CPU_SET_EMPTY, .part = BLOB_PART_CPU_SET, .index = -1}, "CPU set is empty"},
};

static void test_cuts(struct tap *tap)
{
	size_t size, length = strlen(cases[3].line), right = 0;
	char *buffer;

	for (size = 1; size <= length + 1; size++) {
		buffer = malloc(size);
		if (!buffer)
			abort();
		blob_error_format(&cases[3].error, buffer, size);
		right += strlen(buffer) == size - 1 && memcmp(buffer, cases[3].line, size - 1) == 0;
		free(buffer);
	}
	tap_is_u64(tap, right, length + 1, "in any buffer the line is cut and terminated");
}

/* The longest field names and numbers of all. */
static void test_longest(struct tap *tap)
{
	struct blob_error error = {
		.index = 0x7fffffff,
		.other = 0x7fffffff,
		.field = "hypervisor_memory.phys_start",
		.value = ~0ull,
		.expected = ~0ull,
	};
	char buffer[BLOB_ERROR_LINE * 2];
	size_t longest = 0, fits = 0;

	for (unsigned int code = 1; code < BLOB_ERROR_COUNT; code++) {
		for (unsigned int part = 0; part < BLOB_PART_COUNT; part++) {
			error.code = code;
			error.part = part;
			blob_error_format(&error, buffer, sizeof(buffer));
			fits += strlen(buffer) < BLOB_ERROR_LINE;
			longest = strlen(buffer) > longest ? strlen(buffer) : longest;
		}
	}
	tap_is_u64(tap, fits, (BLOB_ERROR_COUNT - 1) * BLOB_PART_COUNT,
		   "every line fits in BLOB_ERROR_LINE bytes (the longest has %zu)", longest);
}

int main(void)
{
	struct tap tap = {0};
	char buffer[BLOB_ERROR_LINE];

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		blob_error_format(&cases[n].error, buffer, sizeof(buffer));
		tap_is_str(&tap, buffer, cases[n].line, "%s", cases[n].line);
	}
	test_cuts(&tap);
	test_longest(&tap);
	return tap_done(&tap);
}
