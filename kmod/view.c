// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root may see of the partition without an exit: the public area with its rings and records,
 * and the communication regions, which belong to their cells. Nothing read here is believed.
 */
#include <linux/uaccess.h>

#include "cellvisor.h"

const struct comm_region *view_comm_region(const struct managed_cell *cell)
{
	return partition->memory + READ_ONCE(partition->public->cells[cell->slot]);
}

const struct public_cell *view_cell(const struct managed_cell *cell)
{
	return (const void *)view_comm_region(cell) + PAGE_SIZE;
}

u32 view_state(const struct managed_cell *cell)
{
	u32 state;

	if (!cell->slot)
		return CELL_RUNNING;
	if (READ_ONCE(view_cell(cell)->failed))
		return CELL_FAILED;
	state = READ_ONCE(view_comm_region(cell)->cell_state);
	return state <= CELL_FAILED_COMM_REV ? state : CELL_FAILED;
}

ssize_t view_ring(const struct public_ring *ring, u64 *offset, u64 *lost, char __user *buffer,
		  size_t size)
{
	u64 head = smp_load_acquire(&ring->head), at = *offset;
	size_t chunk, done = 0;

	if (at > head)
		at = head; /* a cell that began anew */
	*lost = 0;
	if (head - at > PUBLIC_CONSOLE_SIZE) {
		*lost = head - PUBLIC_CONSOLE_SIZE - at;
		at += *lost;
	}
	if (size > head - at)
		size = head - at;
	while (done < size) {
		chunk = min_t(size_t, size - done,
			      PUBLIC_CONSOLE_SIZE - (at + done) % PUBLIC_CONSOLE_SIZE);
		if (copy_to_user(buffer + done, &ring->buffer[(at + done) % PUBLIC_CONSOLE_SIZE],
				 chunk))
			return -EFAULT;
		done += chunk;
	}
	*offset = at + done;
	return done;
}

/* One that the hypervisor shows: without a partition there are no cells in the list. */
static const struct managed_cell *find_cell(s32 id)
{
	struct jailhouse_cell_id cell_id = {.id = id};
	const struct managed_cell *cell = id < 0 ? NULL : cells_find(&cell_id);

	return cell && cell->slot ? cell : NULL;
}

static u32 reason_of(u32 words)
{
	switch (words) {
	case LAST_WORDS_EXCEPTION:
		return FAILURE_EXCEPTION;
	case LAST_WORDS_STACK_OVERFLOW:
		return FAILURE_STACK_OVERFLOW;
	case LAST_WORDS_MESSAGE:
		return FAILURE_MESSAGE;
	default:
		return FAILURE_NONE;
	}
}

/* What a cell that failed by itself says of that; it may say what it likes, of itself only. */
static void last_words(const struct comm_region *comm, struct failure_record *failure)
{
	const struct comm_last_words *words = (const void *)comm + COMM_LAST_WORDS_OFFSET;

	/* They are there before the state says so. */
	smp_rmb();
	if (READ_ONCE(words->magic) != COMM_LAST_WORDS_MAGIC)
		return;
	failure->reason = reason_of(READ_ONCE(words->reason));
	failure->vector = READ_ONCE(words->vector);
	failure->address = READ_ONCE(words->address);
	failure->value = READ_ONCE(words->value);
	failure->rip = READ_ONCE(words->instruction);
	memcpy(failure->message, words->text, sizeof(failure->message));
}

int view_status(struct cellvisor_cell_status *status)
{
	const struct comm_heartbeat *heartbeat;
	const struct public_cell *public;
	const struct comm_region *comm;
	const struct managed_cell *cell = find_cell(status->id);

	if (!cell)
		return -ENOENT;
	comm = view_comm_region(cell);
	public = view_cell(cell);
	memset(status, 0, sizeof(*status));
	status->id = cell->id;
	status->state = view_state(cell);
	status->reply_from_cell = READ_ONCE(comm->reply_from_cell);
	status->started = READ_ONCE(public->started);
	heartbeat = (const void *)comm + COMM_HEARTBEAT_OFFSET;
	status->heartbeat_valid = READ_ONCE(heartbeat->magic) == COMM_HEARTBEAT_MAGIC;
	status->heartbeat = status->heartbeat_valid ? READ_ONCE(heartbeat->counter) : 0;
	if (smp_load_acquire(&public->failed))
		status->failure = public->failure;
	else if (status->state == CELL_FAILED)
		last_words(comm, &status->failure);
	return 0;
}

int view_console(struct cellvisor_cell_console *request)
{
	const struct managed_cell *cell = find_cell(request->id);
	ssize_t done;

	if (!cell)
		return -ENOENT;
	done = view_ring(&view_cell(cell)->console, &request->offset, &request->lost,
			 u64_to_user_ptr(request->buffer), request->length);
	if (done < 0)
		return done;
	request->length = done;
	return 0;
}
