// SPDX-License-Identifier: GPL-2.0-only
/* The communication region: what a cell finds in it, and how it is asked to end. */
#include "cell/cell.h"

#include <errno.h>

#include "plant_cell.h"

#include "tests/lib/tap.h"

static struct comm_region *comm;
static struct cell *cell;

static void open_cell(uint32_t flags, bool with_region)
{
	struct cell_plan plan = plant;

	plan.flags = flags;
	/* What follows the region goes with it. */
	if (!with_region)
		plan.num_memory = PLANT_COMM;
	machine_open(NULL);
	if (machine_create(&plan) < 0)
		machine_give_up("the cell cannot be made");
	cell = cell_by_id(PLANT_ID);
	comm = cell->comm;
}

static void test_content(struct tap *tap)
{
	static const struct {
		uint32_t cell, comm;
		const char *name;
	} flags[] = {
		{0, 0, "a cell without console is told so"},
		{BLOB_CELL_CONSOLE_PERMITTED, COMM_FLAG_DBG_PUTC_PERMITTED,
		 "one that may use the console is told so"},
		{BLOB_CELL_CONSOLE_ACTIVE, COMM_FLAG_DBG_PUTC_PERMITTED | COMM_FLAG_DBG_PUTC_ACTIVE,
		 "one whose console it is may use it as well"},
	};
	bool rest = true;

	for (unsigned int n = 0; n < sizeof(flags) / sizeof(flags[0]); n++) {
		open_cell(flags[n].cell, true);
		tap_is_u64(tap, comm->flags, flags[n].comm, "%s", flags[n].name);
	}
	tap_ok(tap, memcmp(comm->signature, "JHCOMM", 6) == 0 && comm->revision == 2,
	       "signature and revision are those of the cell ABI");
	tap_is_u64(tap, comm->cell_state, CELL_SHUT_DOWN, "a new cell is shut down");
	tap_is_u64(tap, comm->num_cpus, 1, "it reads how many CPUs it has");
	memset(cell->comm, 0xff, PAGE_SIZE);
	cell->shutdown_asked = true;
	comm_init(cell, CELL_RUNNING);
	for (unsigned int n = sizeof(*comm); n < PAGE_SIZE; n++)
		rest = rest && ((uint8_t *)cell->comm)[n] == 0;
	tap_ok(tap, rest && comm->msg_to_cell == 0 && comm->reply_from_cell == 0,
	       "what the last program left is gone, its heartbeat too");
	tap_is_u64(tap, comm->cell_state, CELL_RUNNING, "the state is the one given");
	tap_ok(tap, !cell->shutdown_asked, "no question is open to a new program");
}

static int put(const char *text)
{
	uint64_t count = strlen(text), bytes = 0;

	memcpy(&bytes, text, count);
	return machine_hypercall(HC_CV_CELL_INPUT, PLANT_ID | count << 32, bytes);
}

static void test_input(struct tap *tap)
{
	struct comm_input *input;
	int taken = 0;

	open_cell(0, true);
	machine_hypercall(HC_CELL_START, PLANT_ID, 0);
	input = (void *)cell->comm + COMM_INPUT_OFFSET;
	tap_is_u64(tap, put("no"), -EOPNOTSUPP, "a program that does not say so takes no input");
	tap_is_u64(tap, input->written, 0, "and gets none");
	input->magic = COMM_INPUT_MAGIC;
	tap_is_u64(tap, put(""), 0, "of one that does it is told");
	tap_is_u64(tap, put("turbine!"), 8, "eight bytes go at once");
	tap_ok(tap, memcmp(input->bytes, "turbine!", 8) == 0 && input->written == 8,
	       "in their order");
	tap_is_u64(tap, machine_hypercall(HC_CV_CELL_INPUT, PLANT_ID | 9ull << 32, 0), -EINVAL,
		   "nine do not");
	for (int n = 0; n < 16; n++)
		taken += put("12345678");
	tap_is_u64(tap, taken, COMM_INPUT_SIZE - 8, "what has no room is not taken");
	tap_ok(tap, memcmp(input->bytes, "turbine!", 8) == 0, "what waits is not written over");
	input->read = 5;
	tap_is_u64(tap, put("abcdefgh"), 5, "what was read makes room");
	tap_ok(tap, memcmp(input->bytes, "abcdene!", 8) == 0, "where it was");
	input->read = input->written + 1;
	tap_is_u64(tap, put("x"), 0, "a program that has read what is still to come gets nothing");
	input->written = input->read = UINT32_MAX - 3;
	tap_is_u64(tap, put("abcdefgh"), 8, "the counters run over");
	tap_ok(tap,
	       input->written == 4 && memcmp(input->bytes + COMM_INPUT_SIZE - 4, "abcd", 4) == 0 &&
		       memcmp(input->bytes, "efgh", 4) == 0,
	       "and the places go on");
	comm->cell_state = CELL_SHUT_DOWN;
	tap_is_u64(tap, put("x"), -EOPNOTSUPP, "one that has ended takes nothing");
	tap_is_u64(tap, machine_hypercall(HC_CV_CELL_INPUT, 0 | 1ull << 32, 'x'), -EINVAL,
		   "nor does Linux");
	tap_is_u64(tap, machine_hypercall(HC_CV_CELL_INPUT, 77 | 1ull << 32, 'x'), -ENOENT,
		   "nor one that there is not");
}

static void test_states(struct tap *tap)
{
	static const struct {
		uint32_t state;
		bool stopped, locked;
		const char *name;
	} states[] = {
		{CELL_RUNNING, false, false, "a running cell has not stopped"},
		{CELL_RUNNING_LOCKED, false, true, "nor has one that locks"},
		{CELL_SHUT_DOWN, true, false, "a cell that is shut down has"},
		{CELL_FAILED, true, false, "a failed one has"},
		{CELL_FAILED_COMM_REV, true, false, "one that wants another revision has"},
		{99, true, false, "one with a state that there is not has"},
	};

	open_cell(0, true);
	for (unsigned int n = 0; n < sizeof(states) / sizeof(states[0]); n++) {
		comm->cell_state = states[n].state;
		tap_ok(tap,
		       comm_stopped(cell) == states[n].stopped &&
			       (comm_state(cell) == CELL_RUNNING_LOCKED) == states[n].locked,
		       "%s", states[n].name);
	}
	comm->cell_state = CELL_RUNNING_LOCKED;
	cell->public->failed = 1;
	tap_ok(tap, comm_stopped(cell) && comm_state(cell) == CELL_FAILED,
	       "one that the hypervisor stopped has, and locks nothing, whatever it says");
}

static void test_question(struct tap *tap)
{
	open_cell(0, true);
	tap_ok(tap, comm_ask_shutdown(cell) == 0 && comm->msg_to_cell == COMM_MSG_NONE,
	       "a cell that does not run is not asked");
	comm->cell_state = CELL_RUNNING;
	comm->reply_from_cell = COMM_REPLY_APPROVED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EAGAIN,
		   "a running one is asked: an old answer does not count");
	tap_ok(tap,
	       comm->msg_to_cell == COMM_MSG_SHUTDOWN_REQUEST &&
		       comm->reply_from_cell == COMM_REPLY_NONE,
	       "it finds the question, and no answer");
	comm->msg_to_cell = COMM_MSG_NONE;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EAGAIN, "without an answer nothing is decided");
	tap_is_u64(tap, comm->msg_to_cell, COMM_MSG_NONE, "and the question is not put twice");
	comm->reply_from_cell = COMM_REPLY_DENIED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM, "a cell may refuse");
	comm->reply_from_cell = COMM_REPLY_APPROVED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EAGAIN, "after that it is asked anew");
	comm->reply_from_cell = COMM_REPLY_UNKNOWN;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM, "not to know the question is to refuse");
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_APPROVED;
	tap_is_u64(tap, comm_ask_shutdown(cell), 0, "a cell that approves may be stopped");
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_NONE;
	comm->cell_state = CELL_SHUT_DOWN;
	tap_is_u64(tap, comm_ask_shutdown(cell), 0, "so may one that has ended meanwhile");
}

static void test_who_cannot_answer(struct tap *tap)
{
	open_cell(BLOB_CELL_PASSIVE_COMMREG, true);
	comm->cell_state = CELL_RUNNING;
	tap_ok(tap, comm_ask_shutdown(cell) == 0 && comm->msg_to_cell == COMM_MSG_NONE,
	       "a cell that does not look at the region is not asked");
	open_cell(0, false);
	comm->cell_state = CELL_RUNNING;
	tap_ok(tap, comm_ask_shutdown(cell) == 0, "nor is one that has none");
}

static const struct blob_memory second_memory[] = {
	{0x1000000, 0, 0x1000, RWX},
};
static const struct cell_plan second = {
	.name = "second",
	.id = PLANT_ID + 1,
	.cpus = 1 << (PLANT_CPU - 1),
	.memory = second_memory,
	.num_memory = 1,
};

static void change_partition(void)
{
	machine_destroy(second.id);
	if (machine_create(&second) < 0)
		machine_give_up("the second cell cannot be made");
}

static void test_change(struct tap *tap)
{
	open_cell(0, true);
	change_partition();
	tap_is_u64(tap, comm->msg_to_cell, COMM_MSG_NONE,
		   "a cell that does not run is told nothing");
	comm->cell_state = CELL_RUNNING;
	comm->reply_from_cell = COMM_REPLY_RECEIVED;
	machine_destroy(second.id);
	tap_ok(tap,
	       comm->msg_to_cell == COMM_MSG_RECONFIG_COMPLETED &&
		       comm->reply_from_cell == COMM_REPLY_NONE,
	       "a running cell is told that another one has gone");
	comm->msg_to_cell = COMM_MSG_NONE;
	machine_create(&second);
	tap_is_u64(tap, comm->msg_to_cell, COMM_MSG_RECONFIG_COMPLETED, "and that one has come");
	tap_is_u64(tap, cell_by_id(second.id)->comm->msg_to_cell, COMM_MSG_NONE,
		   "the new one is not told of itself");
	comm->msg_to_cell = COMM_MSG_NONE;
	machine_create(&second);
	tap_is_u64(tap, comm->msg_to_cell, COMM_MSG_NONE, "of what was refused nobody is told");
	comm_ask_shutdown(cell);
	change_partition();
	tap_is_u64(tap, comm->msg_to_cell, COMM_MSG_SHUTDOWN_REQUEST,
		   "a question that is open is not lost by it");
	open_cell(BLOB_CELL_PASSIVE_COMMREG, true);
	comm->cell_state = CELL_RUNNING;
	change_partition();
	tap_is_u64(tap, comm->msg_to_cell, COMM_MSG_NONE,
		   "a cell that does not look at the region is told nothing");
}

/* A cell may answer to what it was told after it has been asked. */
static void test_late_reply(struct tap *tap)
{
	open_cell(0, true);
	comm->cell_state = CELL_RUNNING;
	change_partition();
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_RECEIVED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EAGAIN,
		   "a late reply to what a cell was told is none to the question");
	tap_is_u64(tap, comm_ask_shutdown(cell), -EAGAIN, "it is not looked at again");
	comm->reply_from_cell = COMM_REPLY_RECEIVED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM, "a second one is");
	open_cell(0, true);
	comm->cell_state = CELL_RUNNING;
	change_partition();
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_UNKNOWN;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM,
		   "not to know the question is the answer, whatever was not answered before");
	open_cell(0, true);
	comm->cell_state = CELL_RUNNING;
	change_partition();
	comm->reply_from_cell = COMM_REPLY_RECEIVED;
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_UNKNOWN;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM,
		   "where the first was in time, the next is the answer");
	comm->reply_from_cell = COMM_REPLY_NONE;
	change_partition();
	comm->reply_from_cell = COMM_REPLY_RECEIVED;
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_RECEIVED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM, "whatever it is");
	open_cell(0, true);
	comm->cell_state = CELL_RUNNING;
	change_partition();
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_DENIED;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM, "a no is a no");
	open_cell(0, true);
	comm->cell_state = CELL_RUNNING;
	change_partition();
	comm_init(cell, CELL_RUNNING);
	comm_ask_shutdown(cell);
	comm->reply_from_cell = COMM_REPLY_UNKNOWN;
	tap_is_u64(tap, comm_ask_shutdown(cell), -EPERM, "a new program was told nothing");
}

int main(void)
{
	struct tap tap = {0};

	test_content(&tap);
	test_input(&tap);
	test_states(&tap);
	test_question(&tap);
	test_who_cannot_answer(&tap);
	test_change(&tap);
	test_late_reply(&tap);
	return tap_done(&tap);
}
