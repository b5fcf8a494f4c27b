// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy of model-specific registers, written down a second time with the manuals' numbers, and
 * SVM's permission map against it, bit for bit.
 */
#include <stdlib.h>

#include "arch/x86/logic/msr_policy.h"
#include "arch/x86/msr.h"
#include "arch/x86/svm.h"
#include "arch/x86/svm/svm.h"

#include "tests/lib/msr_documented.h"
#include "tests/lib/tap.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What no row names. */
static const struct msr_documented unnamed = {.rights = "aapp"};

static const struct msr_documented *documented_for(uint32_t msr)
{
	for (unsigned int n = 0; n < COUNT(msr_documented); n++) {
		if (msr >= msr_documented[n].first && msr <= msr_documented[n].last)
			return &msr_documented[n];
	}
	return &unnamed;
}

static char letter(enum msr_access access)
{
	switch (access) {
	case MSR_REFUSE:
		return 'r';
	case MSR_PASS:
		return 'p';
	case MSR_ABSENT:
		return 'a';
	case MSR_IGNORE:
		return 'i';
	case MSR_CALL:
		return 'c';
	case MSR_NATIVE:
		return 'n';
	}
	return '?';
}

static void rights_of(uint32_t msr, char rights[5])
{
	rights[0] = letter(msr_policy(false, msr, false));
	rights[1] = letter(msr_policy(false, msr, true));
	rights[2] = letter(msr_policy(true, msr, false));
	rights[3] = letter(msr_policy(true, msr, true));
	rights[4] = 0;
}

static void test_documented_rows(struct tap *tap)
{
	for (unsigned int n = 0; n < COUNT(msr_documented); n++) {
		const struct msr_documented *row = &msr_documented[n];
		const char *expected = row->rights;
		char rights[5];

		for (uint32_t msr = row->first; msr <= row->last; msr++) {
			rights_of(msr, rights);
			if (strcmp(rights, expected) != 0)
				break;
		}
		tap_is_str(tap, rights, expected, "%s", row->name);
	}
}

/* Every number there is but for the large holes, whose edges are in. */
static void test_everything_else(struct tap *tap)
{
	static const struct {
		uint32_t first, last;
	} areas[] = {
		{0, 0x1ffff},
		{0x40000000, 0x400000ff},
		{0x7ffffff0, 0x8000000f},
		{0xbffff000, 0xc002ffff},
		{0xfffffff0, 0xffffffff},
	};
	uint32_t wrong = 0, first_wrong = 0;
	char rights[5];

	for (unsigned int n = 0; n < COUNT(areas); n++) {
		for (uint64_t msr = areas[n].first; msr <= areas[n].last; msr++) {
			rights_of(msr, rights);
			if (strcmp(rights, documented_for(msr)->rights) != 0 && wrong++ == 0)
				first_wrong = msr;
		}
	}
	if (!tap_is_u64(tap, wrong, 0, "what no row names is absent to cells and left to root"))
		tap_note(tap, "  first at MSR 0x%x", first_wrong);
}

struct row {
	uint32_t first, last;
	const char *name, *why;
};

#undef MSR_RULE
#undef MSR_ROW
#define MSR_RULE(first, last, cell_read, cell_write, root_read, root_write, why) \
	{first, last, #first, why},
#define MSR_ROW(msr, cell_read, cell_write, root_read, root_write, why) {msr, msr, #msr, why},
static const struct row common_rows[] = {
#include "arch/x86/logic/msr_policy.inc"
};
static const struct row amd_rows[] = {
#include "arch/x86/svm/msr_policy.inc"
};

static void test_table(struct tap *tap, const char *whose, const struct row *rows, size_t count)
{
	bool sorted = true, reasoned = true;
	uint64_t last = 0;

	for (size_t n = 0; n < count; n++) {
		if (rows[n].first > rows[n].last || (n > 0 && rows[n].first <= last)) {
			tap_note(tap, "row %s is out of order or meets the one before",
				 rows[n].name);
			sorted = false;
		}
		last = rows[n].last;
		if (strlen(rows[n].why) < strlen("its reason") || !strchr(rows[n].why, ' ')) {
			tap_note(tap, "row %s has no reason", rows[n].name);
			reasoned = false;
		}
	}
	tap_ok(tap, sorted, "%s rows stand in order, and none shadows another", whose);
	tap_ok(tap, reasoned, "each of %s rows has its reason", whose);
}

static void test_limits(struct tap *tap)
{
	const struct msr_rule *row = svm_msr_rules;
	unsigned int between = 0;

	for (unsigned int n = 0; n < COUNT(common_rows); n++) {
		for (unsigned int m = 0; m < COUNT(amd_rows); m++)
			between += common_rows[n].first <= amd_rows[m].last &&
				   amd_rows[m].first <= common_rows[n].last;
		between += common_rows[n].last >= 0x80000000 && common_rows[n].first < 0xc0000000;
	}
	tap_is_u64(tap, between, 0, "common rows and AMD's do not meet, none is where none may be");
	while (row->last != ~0u && row[0].last < row[1].first)
		row++;
	tap_ok(tap,
	       row->first == ~0u && row - svm_msr_rules == COUNT(common_rows) + COUNT(amd_rows),
	       "all of them stand in order, and a last one behind them");
	msr_policy_init(svm_msr_rules);
}

/*
 * APM vol. 2, 15.11, table of the MSRPM: byte offset of the first MSR's bits in each range. Four
 * MSRs a byte; of an MSR's two bits the lower is for reads.
 */
static const struct {
	uint32_t first;
	unsigned int offset;
} map_parts[] = {{0, 0}, {0xc0000000, 0x800}, {0xc0010000, 0x1000}};

static bool intercepted(const uint8_t *map, unsigned int part, unsigned int msr, bool write)
{
	uint8_t four = map[map_parts[part].offset + msr / 4];

	return (four >> (msr % 4 * 2 + write)) & 1;
}

static void test_map(struct tap *tap, bool root)
{
	const char *who = root ? "root" : "a cell";
	uint8_t *map = calloc(SVM_MSR_MAP_PAGES, 4096);
	unsigned int let_through = 0, held_up = 0, stray = 0;

	svm_msr_map_fill(map, root);
	for (unsigned int part = 0; part < COUNT(map_parts); part++) {
		for (unsigned int n = 0; n < 0x2000 * 2; n++) {
			uint32_t msr = map_parts[part].first + n / 2;
			bool write = n & 1;
			char right = documented_for(msr)->rights[root * 2 + write];
			bool holds = intercepted(map, part, n / 2, write);

			let_through += right != 'p' && !holds;
			held_up += right == 'p' && holds;
		}
	}
	for (unsigned int n = 0x1800; n < SVM_MSR_MAP_PAGES * 4096; n++)
		stray += map[n] != 0;
	tap_is_u64(tap, let_through, 0, "nothing that %s may not do gets past the map", who);
	tap_is_u64(tap, held_up, 0, "nothing that %s may do costs an exit", who);
	tap_is_u64(tap, stray, 0, "no bit of %s's map lies outside its three ranges", who);
	free(map);
}

int main(void)
{
	struct tap tap = {0};

	test_limits(&tap);
	test_table(&tap, "the common", common_rows, COUNT(common_rows));
	test_table(&tap, "AMD's", amd_rows, COUNT(amd_rows));
	test_documented_rows(&tap);
	test_everything_else(&tap);
	test_map(&tap, false);
	test_map(&tap, true);
	return tap_done(&tap);
}
