// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory pool: pieces out of running Linux, or reserved at boot, and back. Its own lock is
 * taken before cellvisor_lock: who has it may wait for Linux to find memory, while cells come and
 * go in what there is.
 */
#include <linux/sizes.h>
#include <linux/slab.h>

#include "clean.h"
#include "pool_parts.h"

/* As much as there are physical addresses (APM vol. 2, 1.1.3): sums of them do not wrap around. */
#define POOL_MAX BIT_ULL(52)

static DEFINE_MUTEX(pool_lock);

/* Changed with pool_lock, cellvisor_lock and view.c's; looked at with any of them. */
static struct pool_piece *pieces;

static struct pool_memory *memory_of(const struct pool_piece *piece)
{
	return container_of(piece, struct pool_memory, piece);
}

static void change_begin(void)
{
	mutex_lock(&cellvisor_lock);
	view_change_begin();
}

static void change_end(void)
{
	view_change_end();
	mutex_unlock(&cellvisor_lock);
}

void pool_list(struct pool_memory *memory)
{
	memory->piece.moving = true;
	change_begin();
	pool_pieces_add(&pieces, &memory->piece);
	change_end();
}

void pool_unlist(struct pool_memory *memory)
{
	change_begin();
	pool_pieces_drop(&pieces, &memory->piece);
	change_end();
}

static void set_moving(struct pool_memory *memory, bool moving)
{
	change_begin();
	memory->piece.moving = moving;
	change_end();
}

static struct cellvisor_pool describe(const struct pool_piece *piece)
{
	const struct pool_memory *memory = piece ? memory_of(piece) : NULL;

	if (!memory)
		return (struct cellvisor_pool){};
	return (struct cellvisor_pool){
		.size = piece->size,
		.phys_start = piece->start,
		.source = memory->source,
		.node = memory->node + 1,
	};
}

static int adopt_reserved(struct pool_memory *memory, u64 start, u64 size)
{
	int err;

	memory->piece.start = start;
	memory->piece.size = size;
	memory->source = CELLVISOR_POOL_BOOT;
	memory->node = POOL_ANY_NODE;
	err = iomem_claim(&memory->iomem, start, size, CELLVISOR_POOL_NAME);
	if (err)
		return err;
	/* Before it is shared: whoever claims some of it in between is refused. */
	pool_list(memory);
	iomem_share(&memory->iomem);
	return 0;
}

static int give_back(const struct pool_memory *memory)
{
	switch (memory->source) {
	case CELLVISOR_POOL_LINUX:
		pool_give_contiguous(memory->piece.start, memory->piece.size);
		return 0;
	case CELLVISOR_POOL_BLOCKS:
	case CELLVISOR_POOL_MOVABLE:
		return pool_give_blocks(memory);
	default:
		return 0;
	}
}

/* It is listed as on its way until it has gone. */
static int let_go(struct pool_memory *memory)
{
	int err;

	iomem_release(&memory->iomem);
	err = give_back(memory);
	if (!err)
		pool_unlist(memory);
	return err;
}

/* It does not go: the pool has it again. */
static void keep(struct pool_memory *memory)
{
	if (iomem_hold(&memory->iomem, memory->piece.start, memory->piece.size,
		       CELLVISOR_POOL_NAME))
		pr_cell(warn, "/proc/iomem is without the pool's memory at 0x%llx\n",
			memory->piece.start);
	iomem_share(&memory->iomem);
	set_moving(memory, false);
}

/* Whether the hypervisor and those who have memory already leave it to the pool. */
static int check_free(u64 start, u64 size)
{
	const char *user;

	if (!partition)
		return 0;
	user = claims_user(start, start + size);
	if (!user)
		return 0;
	pr_cell(err, "memory at 0x%llx, size 0x%llx: %s has some of it\n", start, size, user);
	return -EBUSY;
}

static int check_new(const struct pool_memory *memory)
{
	u64 start = memory->piece.start, size = memory->piece.size;
	int err;

	mutex_lock(&cellvisor_lock);
	err = check_free(start, size);
	if (!err && partition && !claims_root_has_ram(partition->system, start, size)) {
		pr_cell(err,
			"memory at 0x%llx, size 0x%llx is not in the root cell's configuration\n",
			start, size);
		err = -EINVAL;
	}
	mutex_unlock(&cellvisor_lock);
	return err;
}

/* On success it is listed as on its way. */
static int take(struct pool_memory *memory, const struct cellvisor_pool *request)
{
	int node = request->node ? (int)request->node - 1 : POOL_ANY_NODE;
	int err;

	switch (request->source) {
	case CELLVISOR_POOL_LINUX:
		err = pool_take_contiguous(memory, request->size, node);
		break;
	case CELLVISOR_POOL_BLOCKS:
		err = pool_take_blocks(memory, request->size, node);
		break;
	case CELLVISOR_POOL_BOOT:
		return adopt_reserved(memory, request->phys_start, request->size);
	default:
		return -EINVAL;
	}
	if (!err || err == -EINTR)
		return err;
	pr_cell(err,
		"no %llu MiB of %s to be had from running Linux%s; free some, ask for less, or "
		"reserve it at boot\n",
		request->size >> 20,
		request->source == CELLVISOR_POOL_LINUX ? "contiguous memory" : "memory blocks",
		err == -ETIMEDOUT ? " in time" : "");
	return -ENOMEM;
}

static bool is_valid(const struct cellvisor_pool *request)
{
	bool of_linux =
		request->source == CELLVISOR_POOL_LINUX || request->source == CELLVISOR_POOL_BLOCKS;

	return request->size && request->size <= POOL_MAX && request->phys_start <= POOL_MAX &&
	       IS_ALIGNED(request->size, POOL_ALIGN) &&
	       IS_ALIGNED(request->phys_start, PAGE_SIZE) &&
	       request->node <= (of_linux ? MAX_NUMNODES : 0);
}

static int add(struct cellvisor_pool *request)
{
	struct pool_memory *memory;
	struct cellvisor_pool got;
	int err;

	if (!is_valid(request))
		return -EINVAL;
	memory = kzalloc(sizeof(*memory), GFP_KERNEL);
	if (!memory)
		return -ENOMEM;
	err = take(memory, request);
	if (err)
		goto err_free;
	err = check_new(memory);
	if (err && !let_go(memory))
		goto err_free;
	got = describe(&memory->piece);
	clean_pool(&got);
	/* It was refused, and Linux does not take it back. */
	if (err) {
		keep(memory);
		return err;
	}
	set_moving(memory, false);
	*request = got;
	return 0;

err_free:
	kfree(memory);
	return err;
}

int pool_add(struct cellvisor_pool *pool)
{
	int err;

	if (mutex_lock_interruptible(&pool_lock))
		return -ERESTARTSYS;
	err = add(pool);
	mutex_unlock(&pool_lock);
	return err;
}

int pool_reserve(struct cellvisor_pool *pool)
{
	int err;

	if (mutex_lock_interruptible(&pool_lock))
		return -ERESTARTSYS;
	err = pieces && is_valid(pool) ? -EBUSY : add(pool);
	mutex_unlock(&pool_lock);
	return err;
}

static int check_division(const struct pool_memory *memory, u64 start, u64 size)
{
	bool of_blocks =
		memory->source == CELLVISOR_POOL_BLOCKS || memory->source == CELLVISOR_POOL_MOVABLE;

	if (!IS_ALIGNED(start | size, POOL_ALIGN) && start != memory->piece.start)
		return -EINVAL;
	return of_blocks && !pool_is_of_blocks(start, size) ? -EINVAL : 0;
}

/*
 * Sets what is to go apart from the piece that it is the end of, on its way; that may be all of the
 * piece. end is for what is left to be apart from.
 */
static int set_apart(u64 start, u64 size, struct pool_memory *end, struct pool_memory **ret)
{
	struct pool_piece *piece = pool_pieces_ending(pieces, start, size);
	int err;

	if (!piece)
		return -ENOENT;
	err = check_division(memory_of(piece), start, size);
	if (!err)
		err = check_free(start, size);
	if (!err && start != piece->start)
		err = iomem_resize(&memory_of(piece)->iomem, piece->size - size);
	if (err)
		return err;
	view_change_begin();
	if (start == piece->start) {
		*ret = memory_of(piece);
	} else {
		end->piece.start = start;
		end->piece.size = size;
		end->source = memory_of(piece)->source;
		end->node = memory_of(piece)->node;
		piece->size -= size;
		pool_pieces_add(&pieces, &end->piece);
		*ret = end;
	}
	(*ret)->piece.moving = true;
	view_change_end();
	clean_forget(start, start + size);
	return 0;
}

/* What has been set apart as the end of a piece is that again. */
static void join(struct pool_memory *end)
{
	struct pool_piece *piece =
		pool_pieces_ending(pieces, end->piece.start - POOL_ALIGN, POOL_ALIGN);

	if (piece && !iomem_resize(&memory_of(piece)->iomem, piece->size + end->piece.size)) {
		change_begin();
		pool_pieces_drop(&pieces, &end->piece);
		piece->size += end->piece.size;
		change_end();
		kfree(end);
	} else {
		keep(end);
	}
}

static int remove(u64 start, u64 size)
{
	struct pool_memory *end = kzalloc(sizeof(*end), GFP_KERNEL), *going = NULL;
	int err;

	if (!end)
		return -ENOMEM;
	mutex_lock(&cellvisor_lock);
	/* What a cell had that is destroyed is its own until it is scrubbed. */
	err = partition ? cells_await_clean(NULL) : 0;
	if (!err || !partition)
		err = set_apart(start, size, end, &going);
	mutex_unlock(&cellvisor_lock);
	if (going != end)
		kfree(end);
	if (err)
		return err;
	err = let_go(going);
	if (!err) {
		kfree(going);
		return 0;
	}
	if (going == end)
		join(end);
	else
		keep(going);
	return -EBUSY;
}

int pool_remove(const struct cellvisor_pool *pool)
{
	int err;

	if (pool->source || pool->node || pool->phys_start + pool->size < pool->size)
		return -EINVAL;
	if (mutex_lock_interruptible(&pool_lock))
		return -ERESTARTSYS;
	err = remove(pool->phys_start, pool->size);
	mutex_unlock(&pool_lock);
	return err;
}

static int begin_release(void)
{
	struct pool_piece *piece;
	int err = partition ? -EBUSY : 0;

	if (!pieces)
		return -ENOENT;
	if (err)
		return err;
	view_change_begin();
	for (piece = pieces; piece; piece = piece->next)
		piece->moving = true;
	view_change_end();
	clean_forget(0, U64_MAX);
	return 0;
}

/* With the pool's lock. What Linux does not take stays, unless it is forgotten. */
static int release(bool forget)
{
	struct pool_piece *piece, *next;
	int err, result;

	mutex_lock(&cellvisor_lock);
	result = begin_release();
	mutex_unlock(&cellvisor_lock);
	if (result)
		return result;
	for (piece = pieces; piece; piece = next) {
		next = piece->next;
		err = let_go(memory_of(piece));
		if (err && !forget) {
			keep(memory_of(piece));
			result = -EBUSY;
			continue;
		}
		if (err)
			pool_unlist(memory_of(piece));
		kfree(memory_of(piece));
	}
	return result;
}

int pool_release(void)
{
	int err;

	if (mutex_lock_interruptible(&pool_lock))
		return -ERESTARTSYS;
	err = release(false);
	mutex_unlock(&pool_lock);
	return err;
}

void pool_exit(void)
{
	mutex_lock(&pool_lock);
	release(true);
	mutex_unlock(&pool_lock);
}

void pool_info(struct cellvisor_pool *info)
{
	const struct pool_piece *piece = pieces;

	while (piece && piece->moving)
		piece = piece->next;
	*info = describe(piece);
}

void pool_tell_piece(struct cellvisor_pool *pool)
{
	*pool = describe(pool_pieces_above(pieces, pool->phys_start));
}

bool pool_has(u64 start, u64 size)
{
	return pool_pieces_have(pieces, start, size);
}

bool pool_meets(u64 start, u64 size)
{
	return pool_pieces_meet(pieces, start, size);
}

bool pool_is_moving(u64 start, u64 size)
{
	return pool_pieces_moving(pieces, start, size);
}
