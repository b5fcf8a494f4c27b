// SPDX-License-Identifier: GPL-2.0-only
/* Where the test device is: the page behind the communication region, or the cell is refused. */
#include <errno.h>

#include "arch/x86/setup/setup.h"
#include "cell/cell.h"
#include "core/page_pool.h"
#include "window_cell.h"

#include "tests/lib/tap.h"

static void test_device_refused(struct tap *tap)
{
	static const struct blob_memory full[] = {
		{0x400000, 0, 0x8000, RWX},
		{0, COMM, 0x1000, RW | BLOB_MEM_COMM_REGION},
		{0x500000, COMM + 0x1000, 0x1000, RWX},
	};
	static const struct blob_memory before_apic[] = {
		{0x400000, 0, 0x8000, RWX},
		{0, APIC_PAGE - 0x1000, 0x1000, RW | BLOB_MEM_COMM_REGION},
	};
	struct cell_plan bad = plan;
	uint32_t used;

	machine_open(NULL);
	bad.memory = before_apic;
	bad.num_memory = 2;
	tap_ok(tap, machine_create(&bad) == -EINVAL && machine_said("test device"),
	       "no test device in the place of the APIC, and it is told");
	machine_open(NULL);
	used = page_pool_used();
	bad.memory = full;
	bad.num_memory = 3;
	tap_is_u64(tap, machine_create(&bad), -EINVAL, "no test device where the cell has memory");
	bad.num_memory = 1;
	tap_is_u64(tap, machine_create(&bad), -EINVAL, "nor without a communication region");
	tap_ok(tap, machine_said("test device"), "it is told");
	tap_is_u64(tap, page_pool_used(), used, "and nothing stays");
	bad.num_memory = 2;
	tap_is_u64(tap, machine_create(&bad), 0, "else there is one");
	tap_ok(tap,
	       io_find(cell_by_id(1)->io[IO_MEMORY], COMM + 0x1000) &&
		       !io_find(root_cell.io[IO_MEMORY], COMM + 0x1000),
	       "in the cell's table, not in root's");
	machine_open(NULL);
	bad.flags =
		BLOB_CELL_PASSIVE_COMMREG | BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE;
	machine_create(&bad);
	tap_ok(tap, !io_find(cell_by_id(1)->io[IO_MEMORY], COMM + 0x1000),
	       "without the flag there is none");
}

int main(void)
{
	struct tap tap = {0};

	test_device_refused(&tap);
	return tap_done(&tap);
}
