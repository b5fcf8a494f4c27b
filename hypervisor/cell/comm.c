// SPDX-License-Identifier: GPL-2.0-only
#include "cell/cell.h"

#include <errno.h>
#include <string.h>

#include "arch/arch.h"

void comm_init(struct cell *cell, enum cell_state state)
{
	struct comm_region *comm = cell->comm;
	uint32_t flags = cell->desc->flags;

	memset(cell->comm, 0, PAGE_SIZE);
	memcpy(comm->signature, COMM_REGION_MAGIC, sizeof(comm->signature));
	comm->revision = COMM_REGION_REVISION;
	comm->cell_state = state;
	if (flags & (BLOB_CELL_CONSOLE_PERMITTED | BLOB_CELL_CONSOLE_ACTIVE))
		comm->flags |= COMM_FLAG_DBG_PUTC_PERMITTED;
	if (flags & BLOB_CELL_CONSOLE_ACTIVE)
		comm->flags |= COMM_FLAG_DBG_PUTC_ACTIVE;
	comm->console = cell->desc->console;
	arch_comm_init(cell, comm);
	cell->shutdown_asked = false;
	cell->told_of_change = false;
	cell->failure_recorded = false;
	cell->public->failed = 0;
	cell->public->started = state == CELL_RUNNING ? ++cell->starts : 0;
}

uint32_t comm_state(const struct cell *cell)
{
	bool ended = cell->dying || cell->public->failed;

	return ended ? CELL_FAILED : __atomic_load_n(&cell->comm->cell_state, __ATOMIC_ACQUIRE);
}

bool comm_stopped(const struct cell *cell)
{
	uint32_t state = comm_state(cell);

	return state != CELL_RUNNING && state != CELL_RUNNING_LOCKED;
}

/* A cell that has no communication region, or says that it does not look at it, cannot be asked. */
static bool can_answer(const struct cell *cell)
{
	if (cell->desc->flags & BLOB_CELL_PASSIVE_COMMREG)
		return false;
	for_each_region (region, cell) {
		if (region->flags & BLOB_MEM_COMM_REGION)
			return true;
	}
	return false;
}

/* Returns what was answered to the message before. */
static uint32_t send(struct cell *cell, enum comm_msg_to_cell message)
{
	struct comm_region *comm = cell->comm;
	uint32_t reply =
		__atomic_exchange_n(&comm->reply_from_cell, COMM_REPLY_NONE, __ATOMIC_SEQ_CST);

	__atomic_store_n(&comm->msg_to_cell, message, __ATOMIC_SEQ_CST);
	return reply;
}

void comm_tell_change(void)
{
	for_each_cell (cell) {
		/* One that has been asked to end has that to answer; a new one does not run. */
		if (cell == &root_cell || cell->shutdown_asked || comm_stopped(cell) ||
		    !can_answer(cell))
			continue;
		send(cell, COMM_MSG_RECONFIG_COMPLETED);
		cell->told_of_change = true;
	}
}

/* All of that page is the cell's: what it says of itself leads nowhere but into its own bytes. */
int comm_put_input(struct cell *cell, uint64_t bytes, uint32_t count)
{
	struct comm_input *input = (void *)cell->comm + COMM_INPUT_OFFSET;
	uint32_t written = input->written;
	uint32_t waiting = written - __atomic_load_n(&input->read, __ATOMIC_ACQUIRE);
	uint32_t done = 0;

	if (count > sizeof(bytes))
		return -EINVAL;
	if (comm_stopped(cell) || input->magic != COMM_INPUT_MAGIC)
		return -EOPNOTSUPP;
	for (; done < count && waiting + done < COMM_INPUT_SIZE; done++, bytes >>= 8)
		input->bytes[(written + done) % COMM_INPUT_SIZE] = bytes;
	__atomic_store_n(&input->written, written + done, __ATOMIC_RELEASE);
	return done;
}

/*
 * What comes late, to what the cell was told before it was asked, is no answer to the question. Not
 * to know what one was told can be: who answers so to the question does it once.
 */
static bool is_late(struct cell *cell, uint32_t reply)
{
	if (!cell->told_of_change || reply != COMM_REPLY_RECEIVED)
		return false;
	cell->told_of_change = false;
	__atomic_compare_exchange_n(&cell->comm->reply_from_cell, &reply, COMM_REPLY_NONE, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return true;
}

int comm_ask_shutdown(struct cell *cell)
{
	uint32_t reply;

	if (comm_stopped(cell) || !can_answer(cell))
		return 0;
	if (!cell->shutdown_asked) {
		if (send(cell, COMM_MSG_SHUTDOWN_REQUEST) != COMM_REPLY_NONE)
			cell->told_of_change = false;
		cell->shutdown_asked = true;
		return -EAGAIN;
	}
	reply = __atomic_load_n(&cell->comm->reply_from_cell, __ATOMIC_ACQUIRE);
	if (reply == COMM_REPLY_NONE || is_late(cell, reply))
		return -EAGAIN;
	if (reply == COMM_REPLY_APPROVED)
		return 0;
	cell->shutdown_asked = false;
	return -EPERM;
}
