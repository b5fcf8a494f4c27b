// SPDX-License-Identifier: GPL-2.0-only
/* A cell's states: started, asked, killed, failed, locked; what its CPUs do and what root reads. */
#include <errno.h>

#include "arch/arch.h"
#include "cell/cell.h"
#include "plant_cell.h"

#include "tests/lib/tap.h"

/* The plant with two CPUs, and a neighbour that wants to know nothing of it. */
#define FIRST_CPU  2
#define SECOND_CPU 3

static const struct blob_memory neighbour_memory = {0xe00000, 0, 0x1000, RWX | BLOB_MEM_LOADABLE};
static const struct cell_plan neighbour = {
	.name = "neighbour",
	.id = 1,
	.cpus = 1 << 1,
	.memory = &neighbour_memory,
	.num_memory = 1,
};

static struct cell *cell;
static struct comm_region *comm;

static struct cell_plan plant_on_both;

static void open_cells(void)
{
	plant_on_both = plant;
	plant_on_both.cpus = 1 << FIRST_CPU | 1 << SECOND_CPU;
	machine_open(NULL);
	if (machine_create(&neighbour) < 0 || machine_create(&plant_on_both) < 0)
		machine_give_up("the cells cannot be made");
	cell = cell_by_id(PLANT_ID);
	comm = cell->comm;
}

static int start(void)
{
	return machine_hypercall(HC_CELL_START, PLANT_ID, 0);
}

static bool last_acts(enum cpu_pending first, enum cpu_pending second)
{
	return machine.cpus[FIRST_CPU].last_act == first &&
	       machine.cpus[SECOND_CPU].last_act == second;
}

static void test_ids(struct tap *tap)
{
	static const uint32_t codes[] = {HC_CELL_START,	    HC_CELL_SET_LOADABLE, HC_CELL_DESTROY,
					 HC_CELL_GET_STATE, HC_CV_CELL_SHUTDOWN,  HC_CV_CELL_KILL};
	bool unknown = true, root = true;

	open_cells();
	for (unsigned int n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
		unknown = unknown && machine_hypercall(codes[n], 99, 0) == -ENOENT;
		root = root && machine_hypercall(codes[n], 0, 0) == -EINVAL;
	}
	tap_ok(tap, unknown, "nothing is done to a cell that there is not");
	tap_ok(tap, root, "nothing of this is done to root");
}

static void test_start(struct tap *tap)
{
	uint64_t events;

	open_cells();
	tap_ok(tap, last_acts(PENDING_PARK, PENDING_PARK), "a new cell's CPUs stand still");
	tap_is_u64(tap, machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0), CELL_SHUT_DOWN,
		   "it is shut down");
	events = public_area.events;
	cpu_by_id(FIRST_CPU)->exits[EXITS_TOTAL] = 5;
	cpu_by_id(SECOND_CPU)->exits[EXITS_MMIO] = 5;
	cpu_by_id(1)->exits[EXITS_TOTAL] = 5;
	tap_is_u64(tap, start(), 0, "a cell starts");
	tap_ok(tap, last_acts(PENDING_START, PENDING_START), "all its CPUs run at once");
	tap_ok(tap,
	       cpu_by_id(FIRST_CPU)->exits[EXITS_TOTAL] == 0 &&
		       cpu_by_id(SECOND_CPU)->exits[EXITS_MMIO] == 0,
	       "its counters begin at zero");
	tap_is_u64(tap, cpu_by_id(1)->exits[EXITS_TOTAL], 5, "a neighbour's go on");
	tap_is_u64(tap, machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0), CELL_RUNNING,
		   "it is running");
	tap_ok(tap, cell->public->started == 1 && cell->public->failed == 0,
	       "root reads that it was started");
	tap_ok(tap, public_area.events != events, "and that there is something to read");
}

/* The first CPU starts the second with its first instructions. */
static void start_other(struct cpu *cpu)
{
	if (cpu->id != FIRST_CPU || cpu->state != CPU_RUNNING)
		return;
	machine.on_signals = NULL;
	cpu_post(cpu_by_id(SECOND_CPU), 0, PENDING_INIT | PENDING_SIPI);
	arch_cpu_kick(cpu_by_id(SECOND_CPU));
}

static void test_start_other(struct tap *tap)
{
	open_cells();
	machine.on_signals = start_other;
	start();
	tap_ok(tap, !machine.on_signals && last_acts(PENDING_START, PENDING_START),
	       "a cell's CPUs are started although one of them has begun to start the other");
	tap_is_u64(tap, machine.cpus[SECOND_CPU].signals, PENDING_INIT | PENDING_SIPI,
		   "which gets what was sent to it after its own start");
}

static void test_consent(struct tap *tap)
{
	unsigned int acts = machine.cpus[FIRST_CPU].acts;

	tap_is_u64(tap, start(), -EAGAIN, "a running cell is asked before it is started anew");
	comm->reply_from_cell = COMM_REPLY_DENIED;
	tap_is_u64(tap, start(), -EPERM, "it may refuse");
	tap_ok(tap,
	       machine.cpus[FIRST_CPU].acts == acts && comm->cell_state == CELL_RUNNING &&
		       machine.cpus[FIRST_CPU].in_guest,
	       "then nothing has happened to it");
	start();
	comm->reply_from_cell = COMM_REPLY_APPROVED;
	tap_is_u64(tap, machine_hypercall(HC_CV_CELL_SHUTDOWN, PLANT_ID, 0), 0,
		   "a request for shutdown does not wait");
	tap_is_u64(tap, start(), -EAGAIN, "and forgets what was answered before it");
	comm->reply_from_cell = COMM_REPLY_APPROVED;
	tap_is_u64(tap, start(), 0, "with its consent it starts anew");
}

static void test_states(struct tap *tap)
{
	for (int state = CELL_RUNNING; state <= CELL_FAILED_COMM_REV; state++) {
		comm->cell_state = state;
		tap_is_u64(tap, machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0), state,
			   "the state is what the cell says (%d)", state);
	}
	comm->cell_state = 0x80000000;
	tap_is_u64(tap, machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0), CELL_FAILED,
		   "a state that there is not is a failure, no error of the call");
}

static void test_kill(struct tap *tap)
{
	unsigned int kicks;

	open_cells();
	machine_hypercall(HC_CV_CELL_KILL, PLANT_ID, 0);
	tap_ok(tap, !cell->public->failed && comm->cell_state == CELL_SHUT_DOWN,
	       "to kill a cell that does not run is no failure of it");
	start();
	machine.cpus[FIRST_CPU].regs[VCPU_RIP] = 0xf00d;
	kicks = machine.cpus[1].kicks;
	tap_is_u64(tap, machine_hypercall(HC_CV_CELL_KILL, PLANT_ID, 0), 0, "a cell is killed");
	tap_ok(tap, last_acts(PENDING_PARK, PENDING_PARK), "its CPUs stand still");
	tap_ok(tap, cell->public->failed && comm->cell_state == CELL_FAILED,
	       "root reads that it failed");
	tap_ok(tap,
	       cell->public->failure.reason == FAILURE_KILLED &&
		       cell->public->failure.cpu == FIRST_CPU &&
		       cell->public->failure.rip == 0xf00d &&
		       cell->public->failure.vector == FAILURE_VECTOR_NONE,
	       "that it was killed, and where it was then");
	comm->cell_state = CELL_RUNNING;
	tap_is_u64(tap, machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0), CELL_FAILED,
		   "whatever the cell's own word says");
	tap_is_u64(tap, machine.cpus[1].kicks, kicks, "its neighbour was not interrupted");
}

static int fail_with(uint64_t reason)
{
	this_cpu()->failure.reason = reason;
	cell_fail(this_cpu());
	return 0;
}

static void test_fail(struct tap *tap)
{
	unsigned int root_kicks, kicks;

	open_cells();
	start();
	root_kicks = machine.cpus[0].kicks;
	kicks = machine.cpus[1].kicks;
	machine_begin(FIRST_CPU, fail_with, FAILURE_PORT_WRITE);
	machine_begin(SECOND_CPU, fail_with, FAILURE_MSR_READ);
	machine_end(FIRST_CPU);
	tap_ok(tap, last_acts(PENDING_PARK, PENDING_PARK),
	       "when one CPU of a cell fails all of them stop");
	tap_is_u64(tap, cell->public->failure.reason, FAILURE_PORT_WRITE,
		   "the first that failed tells why");
	tap_ok(tap, cell->public->failed && comm->cell_state == CELL_FAILED,
	       "the cell has failed for root");
	tap_ok(tap, cpu_by_id(FIRST_CPU)->failed && cpu_by_id(SECOND_CPU)->failed,
	       "so have the CPUs that did");
	tap_is_u64(tap, cell->public->cpus_failed.word[0], 1 << FIRST_CPU | 1 << SECOND_CPU,
		   "and root reads which they are");
	tap_ok(tap, machine.cpus[0].kicks == root_kicks && machine.cpus[1].kicks == kicks,
	       "neither root nor a neighbour is interrupted");
	tap_is_u64(tap, start(), 0, "a failed cell can be started, without being asked");
	tap_ok(tap,
	       !cpu_by_id(FIRST_CPU)->failed && !cell->public->failed &&
		       machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0) == CELL_RUNNING,
	       "nothing of the failure stays");
	machine_call(SECOND_CPU, fail_with, FAILURE_APIC);
	tap_is_u64(tap, cell->public->failure.reason, FAILURE_APIC,
		   "the next failure is told as well");
	tap_ok(tap, !cpu_by_id(FIRST_CPU)->failed && cpu_by_id(SECOND_CPU)->failed,
	       "only the CPU that failed counts as failed");
	tap_ok(tap, last_acts(PENDING_PARK, PENDING_PARK), "but the other one stops as well");
	machine_hypercall(HC_CV_CELL_KILL, PLANT_ID, 0);
	tap_is_u64(tap, cell->public->failure.reason, FAILURE_APIC,
		   "to kill it then does not hide why it failed");
	tap_is_u64(tap, machine_hypercall(HC_CELL_SET_LOADABLE, PLANT_ID, 0), 0,
		   "a failed cell can be loaded");
	tap_ok(tap,
	       !cell->public->failed && !cell->public->started &&
		       machine_hypercall(HC_CELL_GET_STATE, PLANT_ID, 0) == CELL_SHUT_DOWN,
	       "it is shut down then, as after its creation");
}

static int call(uint32_t code)
{
	return machine_hypercall(code, PLANT_ID, 0);
}

/* The neighbour is made, started, killed and destroyed; false: something of it went wrong. */
static bool others_go_on(void)
{
	bool fine = machine_hypercall(HC_CELL_START, 1, 0) == 0 &&
		    machine_hypercall(HC_CELL_GET_STATE, 1, 0) == CELL_RUNNING &&
		    machine_hypercall(HC_CV_CELL_KILL, 1, 0) == 0;

	while (machine_hypercall(HC_CELL_DESTROY, 1, 0) == -EINPROGRESS)
		;
	return fine && !cell_by_id(1) && machine_create(&neighbour) == 0 &&
	       machine_hypercall(HC_CELL_SET_LOADABLE, 1, 0) == 0;
}

static void test_cpu_lost(struct tap *tap)
{
	uint64_t clock;

	open_cells();
	start();
	machine.cpus[SECOND_CPU].deaf = DEAF_FOR_EVER;
	tap_is_u64(tap, call(HC_CV_CELL_KILL), -EIO, "to kill a cell that has lost a CPU is told");
	tap_ok(tap,
	       cell->public->failed && comm->cell_state == CELL_FAILED &&
		       cell->public->failure.reason == FAILURE_CPU_LOST &&
		       cell->public->failure.cpu == SECOND_CPU &&
		       cell->public->cpus_failed.word[0] == 1 << SECOND_CPU,
	       "it has failed, and which CPU does not answer can be read");
	tap_ok(tap, machine.cpus[FIRST_CPU].last_act == PENDING_PARK,
	       "its CPUs that answer stand still");
	clock = machine.clock;
	tap_ok(tap,
	       start() == -EIO && call(HC_CELL_SET_LOADABLE) == -EIO &&
		       call(HC_CELL_DESTROY) == -EIO && call(HC_CV_CELL_KILL) == -EIO,
	       "it is not started, loaded or destroyed");
	tap_ok(tap, machine.clock - clock < 100 * CLOCK_STEP, "nobody waits for it again");
	tap_ok(tap,
	       cell_by_id(PLANT_ID) == cell && cpu_by_id(SECOND_CPU)->cell == cell &&
		       !machine_lookup(&root_cell, plant_memory[0].phys_start),
	       "its memory and its CPUs stay its own");
	tap_is_u64(tap, machine_hypercall_of(1, HC_CPU_GET_INFO, SECOND_CPU, CPU_INFO_STATE),
		   -EPERM, "a neighbour does not hear of it");
	tap_is_u64(tap, machine_hypercall(HC_CPU_GET_INFO, SECOND_CPU, CPU_INFO_STATE),
		   CPU_INFO_FAILED, "root reads that the CPU has failed");
	tap_ok(tap, others_go_on(), "all else goes on");
	machine.cpus[SECOND_CPU].deaf = 0;
	machine_hypercall(HC_CELL_GET_STATE, 1, 0);
	tap_ok(tap, machine.cpus[SECOND_CPU].last_act == PENDING_PARK,
	       "a lost CPU that comes back stands still");
	tap_is_u64(tap, start(), 0, "then the cell can be started again");
	tap_ok(tap, !cell->public->failed && cell->public->cpus_failed.word[0] == 0,
	       "nothing of the failure stays");
}

static int except(uint64_t arg)
{
	this_cpu()->failure.reason = FAILURE_UNHANDLED_EXIT;
	cell_fail(this_cpu());
	this_cpu()->state = CPU_LOST;
	machine.cpus[this_cpu()->id].deaf = DEAF_FOR_EVER;
	for (;;)
		arch_cpu_relax();
	return 0;
}

static void test_exception(struct tap *tap)
{
	open_cells();
	start();
	machine_call(SECOND_CPU, except, 0);
	tap_ok(tap,
	       call(HC_CELL_GET_STATE) == CELL_FAILED && call(HC_CV_CELL_KILL) == 0 &&
		       cell->public->failure.reason == FAILURE_UNHANDLED_EXIT,
	       "a cell whose CPU had an exception in the hypervisor has failed for that reason");
	tap_ok(tap, start() == -EIO && call(HC_CELL_SET_LOADABLE) == -EIO, "it runs no more");
	tap_ok(tap, others_go_on(), "all else goes on");
	while (call(HC_CELL_DESTROY) == -EINPROGRESS)
		;
	tap_ok(tap, !cell_by_id(PLANT_ID), "it is destroyed: nobody uses its memory any more");
	tap_is_u64(tap, machine_create(&plant_on_both), -EIO, "no cell gets that CPU");
}

static void test_changes(struct tap *tap)
{
	uint32_t changes;

	open_cells();
	changes = cell->public->changes;
	tap_ok(tap, start() == 0 && cell->public->changes == changes + 1, "a start is counted");
	tap_is_u64(tap, cell->public->started, 1, "it is the first");
	tap_ok(tap, call(HC_CV_CELL_KILL) == 0 && cell->public->changes == changes + 2,
	       "so is a kill");
	tap_ok(tap, start() == 0 && cell->public->changes == changes + 3, "so is the next start");
	tap_is_u64(tap, cell->public->started, 2, "it is the second");
	call(HC_CV_CELL_KILL);
	tap_ok(tap, call(HC_CELL_SET_LOADABLE) == 0 && cell->public->changes == changes + 5,
	       "so is that it can be loaded");
	tap_is_u64(tap, cell->public->started, 0, "it has not been started since");
	tap_ok(tap, start() == 0 && cell->public->started == 3, "then it is the third");
}

static void test_lock(struct tap *tap)
{
	static const struct blob_memory memory = {0xf00000, 0, 0x1000, RWX};
	struct cell_plan third = {
		.name = "third",
		.id = 3,
		.cpus = 1 << SECOND_CPU,
		.memory = &memory,
		.num_memory = 1,
	};

	machine_open(NULL);
	machine_create(&neighbour);
	machine_hypercall(HC_CELL_START, 1, 0);
	comm = cell_by_id(1)->comm;
	comm->cell_state = CELL_RUNNING_LOCKED;
	tap_is_u64(tap, machine_create(&third), -EPERM, "while a cell locks none is created");
	comm->cell_state = CELL_RUNNING;
	tap_is_u64(tap, machine_create(&third), 0, "when it has let go one is");
	comm->cell_state = CELL_RUNNING_LOCKED;
	tap_is_u64(tap, machine_hypercall(HC_CELL_DESTROY, 3, 0), -EPERM,
		   "while a cell locks none is destroyed");
	tap_ok(tap, machine_said("cell neighbour has locked"), "the console says who locks");
	machine_hypercall(HC_CV_CELL_KILL, 1, 0);
	comm->cell_state = CELL_RUNNING_LOCKED;
	tap_is_u64(tap, machine_destroy(3), 0,
		   "a cell that was killed locks nothing, whatever it says");
	machine_open(NULL);
	machine_create(&plant);
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	comm = cell_by_id(PLANT_ID)->comm;
	comm->cell_state = CELL_RUNNING_LOCKED;
	tap_is_u64(tap, machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0), -EAGAIN,
		   "a cell that locks is itself asked as ever");
	comm->reply_from_cell = COMM_REPLY_APPROVED;
	while (machine_hypercall(HC_CELL_DESTROY, PLANT_ID, 0) == -EINPROGRESS)
		;
	tap_ok(tap, !cell_by_id(PLANT_ID), "and goes if it agrees");
}

/* As many cells as there is room for; most of them have nothing, and a blob of their own. */
static void test_slots(struct tap *tap)
{
	static struct {
		struct cell cell;
		struct cell_desc desc;
		struct comm_region comm;
		struct public_cell public;
	} others[PUBLIC_MAX_CELLS];
	static uint8_t no_ports[IO_BITMAP_PAGES * PAGE_SIZE];
	uint32_t used;

	machine_open(NULL);
	memset(no_ports, 0xff, sizeof(no_ports));
	for (unsigned int n = 1; n < PUBLIC_MAX_CELLS; n++) {
		others[n].desc.name[0] = 'a' + n;
		others[n].desc.id = others[n].cell.id = 100 + n;
		others[n].desc.flags = BLOB_CELL_PASSIVE_COMMREG;
		others[n].cell.desc = &others[n].desc;
		others[n].cell.comm = &others[n].comm;
		others[n].cell.public = &others[n].public;
		others[n].cell.arch.io_bitmap = no_ports;
		others[n].cell.slot = n;
		cells[n] = &others[n].cell;
	}
	used = page_pool_used();
	tap_is_u64(tap, machine_create(&plant), -ENOMEM, "there is room for so many cells");
	tap_ok(tap,
	       cells[PUBLIC_MAX_CELLS - 1] == &others[PUBLIC_MAX_CELLS - 1].cell &&
		       page_pool_used() == used && cpu_by_id(PLANT_CPU)->cell == &root_cell,
	       "and none takes the place of another one");
	cells[PUBLIC_MAX_CELLS - 1] = NULL;
	tap_ok(tap,
	       machine_create(&plant) == 0 && cells[PUBLIC_MAX_CELLS - 1] == cell_by_id(PLANT_ID) &&
		       public_area.cells[PUBLIC_MAX_CELLS - 1] != 0,
	       "the last place is one");
}

/* Root waits for the number to change and then looks. */
static void test_events(struct tap *tap)
{
	uint64_t events;

#define TELLS(what, done)                                                        \
	do {                                                                     \
		events = public_area.events;                                     \
		tap_ok(tap, (done) && public_area.events != events, "%s", what); \
	} while (0)
	machine_open(NULL);
	TELLS("root is told of a cell that comes", machine_create(&plant) == 0);
	TELLS("that starts", start() == 0);
	TELLS("that is killed", call(HC_CV_CELL_KILL) == 0);
	TELLS("that can be loaded", call(HC_CELL_SET_LOADABLE) == 0);
	start();
	TELLS("that fails", machine_call(PLANT_CPU, fail_with, FAILURE_APIC) == 0);
	start();
	machine.cpus[PLANT_CPU].deaf = DEAF_FOR_EVER;
	TELLS("whose CPU is lost", call(HC_CV_CELL_KILL) == -EIO);
	machine.cpus[PLANT_CPU].deaf = 0;
	call(HC_CELL_GET_STATE);
	start();
	machine_call(PLANT_CPU, fail_with, FAILURE_APIC);
	do
		events = public_area.events;
	while (call(HC_CELL_DESTROY) == -EINPROGRESS);
	tap_ok(tap, public_area.events != events && !cell_by_id(PLANT_ID), "that goes");
	tap_ok(tap,
	       cpu_by_id(PLANT_CPU)->cell == &root_cell &&
		       machine.cpus[PLANT_CPU].last_act == PENDING_WAIT &&
		       machine_hypercall(HC_CPU_GET_INFO, PLANT_CPU, CPU_INFO_STATE) ==
			       CPU_INFO_RUNNING,
	       "and its CPU waits for root to start it, whatever it did there");
#undef TELLS
}

int main(void)
{
	struct tap tap = {0};

	test_ids(&tap);
	test_start(&tap);
	test_consent(&tap);
	test_states(&tap);
	test_start_other(&tap);
	test_kill(&tap);
	test_fail(&tap);
	test_cpu_lost(&tap);
	test_exception(&tap);
	test_changes(&tap);
	test_lock(&tap);
	test_slots(&tap);
	test_events(&tap);
	return tap_done(&tap);
}
