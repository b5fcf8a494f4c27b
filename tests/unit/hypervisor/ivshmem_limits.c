// SPDX-License-Identifier: GPL-2.0-only
/* The device of shared memory at its limits: no vectors, too many, what is hardly an access,
 * resets.
 */
#include "linked_cells.h"

#include "tests/lib/tap.h"

/* Two cells that run, the second with so many vectors. */
static void open_pair(unsigned int vectors)
{
	struct link_plan p;

	open_linked();
	plan_linked(&p, TWO, BLOB_MEM_ROOTSHARED);
	p.device.num_msix_vectors = vectors;
	if (create_linked(ONE, BLOB_MEM_ROOTSHARED) || machine_create(&p.plan) ||
	    machine_hypercall(HC_CELL_START, 1, 0) || machine_hypercall(HC_CELL_START, 2, 0))
		machine_give_up("the cells cannot be made");
	set_up(cpu_of(ONE));
	set_up(cpu_of(TWO));
	machine.on_wrmsr = on_wrmsr;
	num_sent = 0;
}

static void ring(unsigned int vector)
{
	store(cpu_of(ONE), REGISTERS + IVSHMEM_DOORBELL, 4, IVSHMEM_RING(2, vector));
}

static void test_no_vectors(struct tap *tap)
{
	const unsigned int two = cpu_of(TWO);

	open_pair(0);
	tap_ok(tap,
	       load(two, FUNCTION + IVSHMEM_CAP, 4) == 0x00200009 &&
		       load(two, FUNCTION + IVSHMEM_MSIX_CAP, 4) == 0,
	       "without vectors there is no MSI-X");
	tap_ok(tap,
	       load(two, FUNCTION + 0x14, 4) == 0 && !store(two, TABLE, 4, 0) &&
		       !store(two, 0, 4, 0),
	       "and no base address of a table, which is nowhere");
	tap_is_u64(tap, load(two, REGISTERS, 4), 2, "its registers are there");
	ring(0);
	tap_ok(tap, has_sent(0, 0, 0), "and nothing comes of rings");
}

static void test_many_vectors(struct tap *tap)
{
	const unsigned int two = cpu_of(TWO);
	unsigned int others = 0;

	open_pair(2048);
	tap_is_u64(tap, load(two, FUNCTION + IVSHMEM_MSIX_CAP + 2, 2),
		   0x8000 | (IVSHMEM_MAX_VECTORS - 1), "no more vectors than a device may have");
	for (unsigned int at = IVSHMEM_MAX_VECTORS * 16; at < 0x1000; at += 4) {
		store(two, TABLE + at, 4, ~0u);
		others += load(two, TABLE + at, 4) != 0;
	}
	tap_is_u64(tap, others, 0, "behind them the table has nothing");
	store(two, TABLE + 15 * 16, 8, MESSAGE_TO(two));
	store(two, TABLE + 15 * 16 + 8, 8, 0x4f);
	ring(15);
	tap_ok(tap, has_sent(1, two, 0x4f), "the last of them comes");
	ring(16);
	ring(16 + 15);
	tap_ok(tap, has_sent(0, 0, 0), "what is behind is not one of them");
}

static void test_accesses(struct tap *tap)
{
	const unsigned int one = cpu_of(ONE), two = cpu_of(TWO);

	open_pair(VECTORS);
	store(one, REGISTERS + IVSHMEM_DOORBELL, 1, 0);
	store(two, REGISTERS + IVSHMEM_DOORBELL, 1, 1);
	store(one, REGISTERS + IVSHMEM_DOORBELL, 2, 1);
	store(one, REGISTERS + IVSHMEM_DOORBELL, 8, IVSHMEM_RING(2, 1));
	tap_ok(tap, has_sent(0, 0, 0), "no ring but by 32 bits");
	tap_is_u64(tap, load(two, FUNCTION + IVSHMEM_MSIX_CAP + 12, 4), 0,
		   "behind its configuration space there is nothing of its table");
	tap_is_u64(tap, load(two, FUNCTION + IVSHMEM_CAP + IVSHMEM_CAP_COMMON + 4, 4), 0,
		   "upper halves of sizes");
}

/* What waits comes when all that is between has gone, and not before. */
static void test_waiting(struct tap *tap)
{
	const unsigned int two = cpu_of(TWO);

	open_pair(VECTORS);
	store(two, TABLE + 16 + 12, 4, 1);
	ring(1);
	store(two, FUNCTION + 4, 2, 2);
	store(two, TABLE + 16 + 12, 4, 0);
	tap_ok(tap, has_sent(0, 0, 0) && load(two, TABLE + 0x800, 4) == 2,
	       "a ring that was masked waits for the bus as well");
	store(two, FUNCTION + 4, 2, 6);
	tap_ok(tap, has_sent(1, two, 0x41) && load(two, TABLE + 0x800, 4) == 0,
	       "and comes with it");
}

static int fail_in_access(uint64_t argument)
{
	struct cpu *cpu = this_cpu();

	spin_lock(&cpu->cell->ivshmem->lock);
	cell_fail(cpu);
	return 0;
}

static void test_reset(struct tap *tap)
{
	const unsigned int two = cpu_of(TWO);
	uint64_t clock;

	open_pair(VECTORS);
	machine_hypercall(HC_CELL_START, 2, 0);
	store(two, FUNCTION + 0x10, 4, REGISTERS);
	store(two, FUNCTION + 4, 2, 6);
	tap_is_u64(tap, load(two, REGISTERS + IVSHMEM_INT_CONTROL, 4), 0,
		   "after a reset interrupts are off");
	set_up(two);
	store(two, REGISTERS + IVSHMEM_STATE, 4, 3);
	has_sent(1, cpu_of(ONE), 0x40);
	/* As by an exception in the middle of an access. */
	clock = machine.clock;
	machine_call(two, fail_in_access, 0);
	tap_ok(tap,
	       *(uint32_t *)(machine.ram + SHARED + 8) == 0 && has_sent(1, cpu_of(ONE), 0x40) &&
		       machine.clock - clock < 100 * CLOCK_STEP,
	       "it is reset at once where the CPU that fails had it in hand");
}

int main(void)
{
	struct tap tap = {0};

	test_no_vectors(&tap);
	test_many_vectors(&tap);
	test_accesses(&tap);
	test_waiting(&tap);
	test_reset(&tap);
	return tap_done(&tap);
}
