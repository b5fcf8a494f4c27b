// SPDX-License-Identifier: GPL-2.0-only
/*
 * What root may see of the partition without an exit: the public area with its rings and records,
 * and the communication regions, which belong to their cells. Nothing read here is believed.
 *
 * Somebody else in Linux' kernel may end a cell without a word to us, at any moment. The hypervisor
 * then answers a plain move there with ones, and what moves strings, as memcpy() does, with an
 * exception.
 */
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/uaccess.h>

#include "cellvisor.h"
#include "ring.h"

static DECLARE_RWSEM(view_lock);
static bool shown; /* the hypervisor is on, and stays so while somebody looks */

/* What it kills cannot become another cell meanwhile. */
static DEFINE_MUTEX(kill_lock);

bool view_begin(void)
{
	down_read(&view_lock);
	return shown;
}

void view_end(void)
{
	up_read(&view_lock);
}

void view_change_begin(void)
{
	lockdep_assert_held(&cellvisor_lock);
	mutex_lock(&kill_lock);
	down_write(&view_lock);
}

void view_change_end(void)
{
	up_write(&view_lock);
	mutex_unlock(&kill_lock);
}

void view_show(bool on)
{
	view_change_begin();
	shown = on;
	view_change_end();
}

bool view_is_there(const struct managed_cell *cell)
{
	return cell->slot && READ_ONCE(partition->public->cells[cell->slot]);
}

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
	/* It has been ended; whoever destroys it ends it for us as well. */
	if (!view_is_there(cell) || READ_ONCE(view_cell(cell)->failed))
		return CELL_FAILED;
	state = READ_ONCE(view_comm_region(cell)->cell_state);
	return state <= CELL_FAILED_COMM_REV ? state : CELL_FAILED;
}

/* One that the hypervisor shows. */
static const struct managed_cell *find_cell(s32 id)
{
	struct jailhouse_cell_id cell_id = {.id = id};
	const struct managed_cell *cell = id < 0 ? NULL : cells_find(&cell_id);

	return cell && view_is_there(cell) ? cell : NULL;
}

/* Zeros where it cannot be had. */
static void copy_shown(void *to, const void *from, size_t size)
{
	if (copy_from_kernel_nofault(to, from, size))
		memset(to, 0, size);
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
	copy_shown(failure->message, words->text, sizeof(failure->message));
}

static void read_status(const struct managed_cell *cell, struct cellvisor_cell_status *status)
{
	const struct comm_region *comm = view_comm_region(cell);
	const struct comm_heartbeat *heartbeat = (const void *)comm + COMM_HEARTBEAT_OFFSET;
	const struct public_cell *public = view_cell(cell);

	status->id = cell->id;
	status->state = view_state(cell);
	status->reply_from_cell = READ_ONCE(comm->reply_from_cell);
	status->started = READ_ONCE(public->started);
	status->heartbeat_valid = READ_ONCE(heartbeat->magic) == COMM_HEARTBEAT_MAGIC;
	status->heartbeat = status->heartbeat_valid ? READ_ONCE(heartbeat->counter) : 0;
	if (smp_load_acquire(&public->failed))
		copy_shown(&status->failure, &public->failure, sizeof(status->failure));
	else if (status->state == CELL_FAILED)
		last_words(comm, &status->failure);
}

int view_status(struct cellvisor_cell_status *status)
{
	const struct managed_cell *cell;
	s32 id = status->id;

	if (status->reserved)
		return -EINVAL;
	memset(status, 0, sizeof(*status));
	cell = view_begin() ? find_cell(id) : NULL;
	if (cell)
		read_status(cell, status);
	view_end();
	return cell ? 0 : -ENOENT;
}

/* Where the caller wants it may be nowhere yet: nobody else waits for that. */
int view_console(struct cellvisor_cell_console *request)
{
	size_t size = min_t(size_t, request->length, PUBLIC_CONSOLE_SIZE);
	const struct managed_cell *cell;
	u8 *copy;
	int err = 0;

	copy = kvmalloc(size, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	cell = view_begin() ? find_cell(request->id) : NULL;
	if (cell)
		request->length = ring_copy(&view_cell(cell)->console, &request->offset,
					    &request->lost, copy, size);
	view_end();
	if (!cell)
		err = -ENOENT;
	else if (copy_to_user(u64_to_user_ptr(request->buffer), copy, request->length))
		err = -EFAULT;
	kvfree(copy);
	return err;
}

int view_kill(const struct jailhouse_cell_id *id)
{
	const struct managed_cell *cell;
	int err = -EINVAL;
	u32 number = 0;

	mutex_lock(&kill_lock);
	if (view_begin()) {
		cell = cells_find(id);
		err = !cell || (cell->id && !cell->slot) ? -ENOENT : cell->id ? 0 : -EINVAL;
		number = cell ? cell->id : 0;
	}
	view_end();
	if (!err)
		err = cellvisor_hypercall(HC_CV_CELL_KILL, number, 0);
	mutex_unlock(&kill_lock);
	return err;
}

int view_input(struct cellvisor_cell_input *request)
{
	u32 length = request->length, count;
	const struct managed_cell *cell;
	int taken = -ENOENT;
	u64 piece, number;

	if (length > sizeof(request->bytes))
		return -EINVAL;
	request->length = 0;
	mutex_lock(&kill_lock);
	cell = view_begin() ? find_cell(request->id) : NULL;
	number = cell ? cell->id : 0;
	view_end();
	/* Of no bytes as well: it tells whether any would be taken. */
	while (number) {
		piece = 0;
		count = min_t(u32, sizeof(piece), length - request->length);
		memcpy(&piece, request->bytes + request->length, count);
		taken = cellvisor_hypercall(HC_CV_CELL_INPUT, number | (u64)count << 32, piece);
		if (taken > 0)
			request->length += taken;
		if (taken < (int)sizeof(piece))
			break;
	}
	mutex_unlock(&kill_lock);
	return request->length ? 0 : min(taken, 0);
}
