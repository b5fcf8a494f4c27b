// SPDX-License-Identifier: GPL-2.0-only
/* What a device of shared memory may say of its sections, and what no device is believed. */
#include "kmod/uio_ivshmem/layout.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/tap.h"

#define PAGE   0x1000ull
#define TABLE  "state table's size"
#define COMMON "common section's size"
#define OUTPUT "output sections' size"
#define BASE   "memory's address"

static const struct {
	const char *name;
	struct layout layout;
	const char *wrong; /* NULL: nothing */
	uint64_t value;	   /* what is wrong; or the size of it all */
} cases[] = {
	{"two peers", {0x10000000, PAGE, 4 * PAGE, 2 * PAGE, 1, 2, 0}, NULL, 9 * PAGE},
	{"one peer, a table only", {PAGE, PAGE, 0, 0, 0, 1, 0}, NULL, PAGE},
	{"as many peers as the table holds",
	 {PAGE, PAGE, 0, PAGE, 1023, 1024, 0},
	 NULL,
	 1025 * PAGE},
	{"up to the last page but one",
	 {0xfffffffffffff000 - 2 * PAGE, PAGE, PAGE, 0, 0, 1, 0},
	 NULL,
	 2 * PAGE},
	{"no table", {PAGE, 0, PAGE, PAGE, 0, 1, 0}, TABLE, 0},
	{"half a page of table", {PAGE, 0x800, PAGE, PAGE, 0, 1, 0}, TABLE, 0x800},
	{"a common section that ends within a page",
	 {PAGE, PAGE, 0x1001, PAGE, 0, 1, 0},
	 COMMON,
	 0x1001},
	{"output sections that do", {PAGE, PAGE, PAGE, 0xfff, 0, 1, 0}, OUTPUT, 0xfff},
	{"memory at 0", {0, PAGE, PAGE, PAGE, 0, 1, 0}, BASE, 0},
	{"memory between pages", {0x10000010, PAGE, PAGE, PAGE, 0, 1, 0}, BASE, 0x10000010},
	{"no peers", {PAGE, PAGE, PAGE, PAGE, 0, 0, 0}, "number of peers", 0},
	{"one peer more than the table holds",
	 {PAGE, PAGE, PAGE, PAGE, 0, 1025, 0},
	 "number of peers",
	 1025},
	{"all ones for a register",
	 {PAGE, PAGE, PAGE, PAGE, UINT32_MAX, UINT32_MAX, 0},
	 "number of peers",
	 UINT32_MAX},
	{"an own number that is none", {PAGE, PAGE, PAGE, PAGE, 2, 2, 0}, "own number", 2},
	{"output sections that wrap around together",
	 {PAGE, PAGE, PAGE, 1ull << 63, 0, 2, 0},
	 OUTPUT,
	 1ull << 63},
	{"output sections that wrap around with what is before",
	 {PAGE, PAGE, PAGE, 0xfffffffffffff000, 0, 1, 0},
	 OUTPUT,
	 0xfffffffffffff000},
	{"a common section that wraps around",
	 {PAGE, PAGE, 0xfffffffffffff000, PAGE, 0, 1, 0},
	 COMMON,
	 0xfffffffffffff000},
	{"memory that wraps around",
	 {0xfffffffffffff000, PAGE, PAGE, PAGE, 0, 1, 0},
	 BASE,
	 0xfffffffffffff000},
	{"all ones for everything",
	 {UINT64_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, 0},
	 TABLE,
	 UINT32_MAX},
};

int main(void)
{
	struct tap tap = {0};

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		struct layout layout = cases[n].layout;
		uint64_t value = 0;
		const char *wrong = layout_check(&layout, &value);

		tap_is_str(&tap, wrong, cases[n].wrong, "%s: what is wrong", cases[n].name);
		tap_is_u64(&tap, wrong ? value : layout.size, cases[n].value, "%s: its value",
			   cases[n].name);
	}
	return tap_done(&tap);
}
