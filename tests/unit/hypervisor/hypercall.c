// SPDX-License-Identifier: GPL-2.0-only
/* Who may call what, with which arguments, and what happens when several CPUs call at once. */
#include "core/hypercall.h"

#include <errno.h>

#include "core/page_pool.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

static const uint32_t management[] = {
	HC_DISABLE,	   HC_CELL_CREATE,    HC_CELL_START,	   HC_CELL_SET_LOADABLE,
	HC_CELL_DESTROY,   HC_CELL_GET_STATE, HC_CV_CELL_SHUTDOWN, HC_CV_CELL_KILL,
	HC_CV_CPU_RELEASE, HC_CV_CELL_INPUT,
};

static void open_cell(uint32_t flags)
{
	struct cell_plan plan = plant;

	plan.flags = flags;
	machine_open(NULL);
	if (machine_create(&plan) < 0 || machine_hypercall(HC_CELL_START, PLANT_ID, 0) < 0)
		machine_give_up("the cell cannot be made");
}

static void test_who(struct tap *tap)
{
	static const uint32_t unknown[] = {
		HC_CONSOLE_PUTC + 1,  100,	  0x4355ffff, HC_CV_CELL_SHUTDOWN - 1,
		HC_CV_CELL_INPUT + 1, 0x435600ff, 0xffffffff};
	bool refused = true, none = true;

	open_cell(0);
	for (unsigned int n = 0; n < sizeof(management) / sizeof(management[0]); n++)
		refused = refused &&
			  machine_hypercall_of(PLANT_CPU, management[n], PLANT_ID, 0) == -EPERM;
	tap_ok(tap, refused, "a cell manages nothing, not even itself");
	tap_ok(tap,
	       machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0) == CELL_RUNNING &&
		       cell_count() == 2 && !machine.leaving,
	       "nothing has come of it");
	for (unsigned int n = 0; n < sizeof(unknown) / sizeof(unknown[0]); n++)
		none = none && machine_hypercall(unknown[n], 0, 0) == -ENOSYS &&
		       machine_hypercall_of(PLANT_CPU, unknown[n], 0, 0) == -ENOSYS;
	tap_ok(tap, none, "calls that there are not say so, to root and to cells");
}

static void test_info(struct tap *tap)
{
	open_cell(0);
	tap_is_u64(tap, machine_hypercall(HC_HYPERVISOR_GET_INFO, HV_INFO_MEM_POOL_SIZE, 0),
		   page_pool_size(), "root reads the size of the pool");
	tap_is_u64(tap, machine_hypercall(HC_HYPERVISOR_GET_INFO, HV_INFO_MEM_POOL_USED, 0),
		   page_pool_used(), "and what of it is used");
	tap_is_u64(tap, machine_hypercall(HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS, 0), 2,
		   "the root cell counts as one");
	tap_is_u64(tap, machine_hypercall(HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS + 1, 0),
		   -EINVAL, "there is no other information");
	tap_is_u64(tap, machine_hypercall(HC_HYPERVISOR_GET_INFO, 1ull << 32, 0), -EINVAL,
		   "its number is not cut off");
}

static int cpu_info(unsigned int caller, uint64_t cpu, uint64_t type)
{
	return machine_hypercall_of(caller, HC_CPU_GET_INFO, cpu, type);
}

static void test_cpu_info(struct tap *tap)
{
	const unsigned int last = CPU_INFO_STAT_BASE + EXITS_COUNT - 1;

	open_cell(0);
	cpu_by_id(PLANT_CPU)->exits[EXITS_MMIO] = 0x80000005;
	cpu_by_id(PLANT_CPU)->exits[EXITS_COUNT - 1] = 7;
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, CPU_INFO_STATE), CPU_INFO_RUNNING,
		   "root reads that a cell's CPU runs");
	cpu_by_id(PLANT_CPU)->failed = true;
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, CPU_INFO_STATE), CPU_INFO_FAILED,
		   "or that it has failed");
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, CPU_INFO_STAT_BASE + EXITS_MMIO), 5,
		   "a large counter is no error");
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, last), 7, "the last counter can be read");
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, last + 1), -EINVAL, "there is none behind it");
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, CPU_INFO_STAT_BASE - 1), -EINVAL,
		   "nor before the first");
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, 1ull << 32 | CPU_INFO_STAT_BASE), -EINVAL,
		   "a type is not cut off");
	tap_is_u64(tap, cpu_info(0, MACHINE_CPUS, CPU_INFO_STATE), -EINVAL,
		   "there is no CPU behind the last one");
	tap_is_u64(tap, cpu_info(0, 1ull << 32 | 1, CPU_INFO_STATE), -EINVAL,
		   "a CPU's number is not cut off");
	tap_is_u64(tap, cpu_info(PLANT_CPU, PLANT_CPU, last), 7, "a cell reads its own counters");
	tap_is_u64(tap, cpu_info(PLANT_CPU, 0, CPU_INFO_STAT_BASE), -EPERM,
		   "those of root it does not");
	tap_is_u64(tap, cpu_info(PLANT_CPU, 0, CPU_INFO_STATE), -EPERM, "nor whether it runs");
	machine_open(NULL);
	cpu_by_id(PLANT_CPU)->failed = true;
	machine_create(&plant);
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, CPU_INFO_STATE), CPU_INFO_RUNNING,
		   "what a CPU failed for in root is no failure of the cell that gets it");
	cpu_by_id(PLANT_CPU)->failed = true;
	machine_destroy(PLANT_ID);
	tap_is_u64(tap, cpu_info(0, PLANT_CPU, CPU_INFO_STATE), CPU_INFO_RUNNING,
		   "nor is what it fails for in the cell's end one of root's");
}

static void test_console(struct tap *tap)
{
	static const struct {
		uint32_t flags;
		int result;
		const char *name;
	} cases[] = {
		{0, -EPERM, "a cell without console writes nowhere"},
		{BLOB_CELL_CONSOLE_PERMITTED, 0, "one that may writes"},
		{BLOB_CELL_CONSOLE_ACTIVE, 0, "one whose console it is writes"},
	};
	const struct public_ring *ring;
	uint64_t root_head;

	for (unsigned int n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		open_cell(cases[n].flags);
		root_head = public_area.console.head;
		ring = &cell_by_id(PLANT_ID)->public->console;
		tap_is_u64(tap, machine_hypercall_of(PLANT_CPU, HC_CONSOLE_PUTC, 'x', 0),
			   cases[n].result, "%s", cases[n].name);
		tap_ok(tap,
		       public_area.console.head == root_head &&
			       ring->head == (cases[n].result ? 0u : 1u) &&
			       (cases[n].result || ring->buffer[0] == 'x'),
		       "%s, into its own ring if at all", cases[n].name);
	}
	machine_hypercall(HC_CONSOLE_PUTC, 'r', 0);
	tap_ok(tap, public_area.console.head == root_head + 1 && ring->head == 1,
	       "root writes into the hypervisor's");
}

struct order {
	uint32_t code;
	uint64_t arg;
};

static int give_order(uint64_t arg)
{
	const struct order *order = (const void *)arg;
	int32_t result = NO_RESULT;

	return hypercall(this_cpu(), order->code, order->arg, 0, &result) ? result : NO_RESULT;
}

static void test_several_at_once(struct tap *tap)
{
	static const struct order create = {HC_CELL_CREATE, BLOB_PHYS},
				  look = {HC_CELL_GET_STATE, PLANT_ID};
	static struct root_model model;

	machine_open(NULL);
	plan_write(&plant, machine.ram + BLOB_PHYS);
	machine_begin(0, give_order, (uint64_t)&create);
	machine_begin(1, give_order, (uint64_t)&look);
	machine_begin(PLANT_CPU, give_order, (uint64_t)&look);
	tap_is_u64(tap, machine_end(0), 0, "a cell is created while other CPUs wait to call");
	tap_is_u64(tap, machine_end(1), CELL_SHUT_DOWN,
		   "who waits is served, and then has its turn");
	tap_is_u64(tap, machine_end(PLANT_CPU), NO_RESULT,
		   "a CPU that was given away while it waited gets no answer any more");
	tap_ok(tap,
	       machine.cpus[PLANT_CPU].last_act == PENDING_PARK &&
		       cpu_by_id(PLANT_CPU)->cell == cell_by_id(PLANT_ID),
	       "it is the cell's, and stands still");
	model_root_beside_plant(&model);
	tap_is_u64(tap, model_differences(&model) + machine.stale_entries + machine.unacknowledged,
		   0, "those that waited have flushed as well");
	tap_is_u64(tap, machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0), CELL_SHUT_DOWN,
		   "nobody has kept the lock");
}

/* A management call that does not come to its end. */
static int hold_management(uint64_t dead)
{
	if (!spin_trylock(&management_lock))
		machine_give_up("the lock is not free");
	machine.cpus[this_cpu()->id].deaf = DEAF_FOR_EVER;
	this_cpu()->state = dead ? CPU_LOST : CPU_RUNNING;
	for (;;)
		arch_cpu_relax();
	return 0;
}

static void test_lock_kept(struct tap *tap)
{
	uint64_t clock;

	open_cell(0);
	machine_begin(1, hold_management, true);
	clock = machine.clock;
	tap_is_u64(tap, machine_hypercall_of(2, HC_CELL_GET_STATE, PLANT_ID, 0), CELL_RUNNING,
		   "a CPU that had an exception in the middle of a call is nobody's hindrance");
	tap_ok(tap, machine.clock - clock < 100 * CLOCK_STEP, "not even for a moment");
	tap_is_u64(tap, machine_hypercall(HC_CV_CELL_KILL, PLANT_ID, 0), 0, "cells can be killed");
	while (machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0) == -EINPROGRESS)
		;
	tap_is_u64(tap, machine_hypercall(HC_DISABLE, 0, 0), -EIO,
		   "but the hypervisor does not close: that CPU is in its memory");
	open_cell(0);
	machine_begin(1, hold_management, false);
	tap_is_u64(tap, machine_hypercall_of(2, HC_CELL_GET_STATE, PLANT_ID, 0), -EIO,
		   "a CPU that never ends its call is waited for, but not for ever");
	tap_is_u64(tap, machine_hypercall_of(0, HC_HYPERVISOR_GET_INFO, HV_INFO_NUM_CELLS, 0), 2,
		   "what needs no lock is served");
	memset(&management_lock, 0, sizeof(management_lock));
}

static void test_release(struct tap *tap)
{
	open_cell(0);
	tap_is_u64(tap, machine_hypercall(HC_CV_CPU_RELEASE, 2, 0), -EBUSY,
		   "with a cell no CPU goes alone");
	machine_open(NULL);
	tap_ok(tap,
	       machine_hypercall(HC_CV_CPU_RELEASE, 0, 0) == -EBUSY &&
		       machine_hypercall(HC_CV_CPU_RELEASE, MACHINE_CPUS, 0) == -EINVAL &&
		       machine_hypercall(HC_CV_CPU_RELEASE, ~0ull, 0) == -EINVAL,
	       "nor does the caller, or one that there is not");
	tap_ok(tap, cpu_by_id(2) && root_cell.cpus.word[0] == 0xf && !machine.cpus[2].resets,
	       "nothing has come of it");
	tap_is_u64(tap, machine_hypercall(HC_CV_CPU_RELEASE, 2, 0), 0, "a CPU of root's goes");
	tap_ok(tap,
	       machine.cpus[2].resets == 1 && !cpu_by_id(2) && root_cell.cpus.word[0] == 0xb &&
		       !machine.leaving,
	       "it stands still, has been reset, and is no longer root's");
	tap_is_u64(tap, machine_hypercall(HC_CV_CPU_RELEASE, 2, 0), -EINVAL, "it goes once");
	cpu_by_id(3)->state = CPU_LOST;
	machine.cpus[3].deaf = DEAF_FOR_EVER;
	tap_is_u64(tap, machine_hypercall(HC_DISABLE, 0, 0), -EIO,
		   "one that had an exception keeps the hypervisor");
	machine.cpus[3].keeps_init = true;
	tap_is_u64(tap, machine_hypercall(HC_CV_CPU_RELEASE, 3, 0), -EIO,
		   "if it cannot be reset it stays");
	tap_ok(tap, cpu_by_id(3) && root_cell.cpus.word[0] == 0xb, "where it was");
	machine.cpus[3].keeps_init = false;
	tap_is_u64(tap, machine_hypercall(HC_CV_CPU_RELEASE, 3, 0), 0, "if it can it goes");
	machine.cpus[1].deaf = DEAF_FOR_EVER;
	tap_is_u64(tap, machine_hypercall(HC_CV_CPU_RELEASE, 1, 0), -EIO,
		   "one that does not answer is not reset");
	tap_ok(tap, cpu_by_id(1) && !machine.cpus[1].resets, "and stays, waited for no longer");
}

/* Last: what has begun cannot be taken back. */
static void test_disable(struct tap *tap)
{
	open_cell(0);
	tap_is_u64(tap, machine_hypercall(HC_DISABLE, 0, 0), -EBUSY,
		   "with a cell the hypervisor does not close");
	tap_ok(tap, !machine.leaving && cpu_by_id(0) && root_cell.cpus.word[0] == 0x7,
	       "and no CPU has left");
	machine_open(NULL);
	tap_is_u64(tap, machine_hypercall_of(2, HC_DISABLE, 0, 0), 0, "without one it does");
	tap_ok(tap, machine.leaving && !cpu_by_id(2) && root_cell.cpus.word[0] == 0xb,
	       "the CPU that asked for it is no longer root's");
	tap_is_u64(tap, machine_create(&plant), -EBUSY, "from then on no cell is created");
	cpu_by_id(3)->state = CPU_LOST;
	tap_is_u64(tap, machine_hypercall_of(1, HC_DISABLE, 0, 0), 0,
		   "and no CPU is kept back, whoever gets lost");
	machine_open(NULL);
	machine_hypercall_of(2, HC_DISABLE, 0, 0);
	machine_begin(3, hold_management, false);
	machine_hypercall_of(1, HC_DISABLE, 0, 0);
	tap_is_u64(tap, machine_hypercall_of(0, HC_DISABLE, 0, 0), 0,
		   "nor does one wait for the lock of a call that never ends");
	tap_is_u64(tap, root_cell.cpus.word[0], 1 << 3, "all others are no longer root's");
}

int main(void)
{
	struct tap tap = {0};

	test_who(&tap);
	test_info(&tap);
	test_cpu_info(&tap);
	test_console(&tap);
	test_several_at_once(&tap);
	test_lock_kept(&tap);
	test_release(&tap);
	test_disable(&tap);
	return tap_done(&tap);
}
