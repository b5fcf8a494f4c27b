// SPDX-License-Identifier: GPL-2.0-only
/* The memory pool: the piece that the hypervisor begins with, and more of them as cells need it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/log.h"
#include "common/quantity.h"
#include "driver/memory_block.h"
#include "driver/step.h"

/* driver_pool_reserve() or driver_pool_add(). */
typedef int driver_pool_call(struct driver *driver, const struct cellvisor_pool *request,
			     struct cellvisor_pool *ret);

/*
 * What the configuration names of the memory that was reserved at boot; size 0 where it names none,
 * or something else. What is reserved and not named is somebody's.
 */
static struct address_range named_region(const struct step *step)
{
	const struct address_range named = step->config.reserved_memory;
	const struct machine *machine = step->machine;

	for (size_t i = 0; named.size && i < machine->num_reserved; i++) {
		if (range_holds(machine->reserved[i], named))
			return named;
	}
	if (named.size)
		log_warning("\"reserved-memory\" in " CONFIG_FILE ": the kernel's command line "
			    "reserves no such memory (memmap=0x%" PRIx64 "$0x%" PRIx64 ")",
			    named.size, named.start);
	return (struct address_range){0};
}

static int pool_error(struct step *step, int r)
{
	char size[QUANTITY_TEXT_MAX];

	quantity_format_bytes(step->config.pool_size, size);
	if (r == -ENOMEM || r == -ENOSPC || r == -EBUSY)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "Linux could not give up %s of contiguous memory; lower "
				 "\"pool-size\" in %s or reserve memory at boot with "
				 "memmap=SIZE$ADDRESS and name it there as \"reserved-memory\"",
				 size, CONFIG_FILE);
	return error_set(&step->error, ERROR_DRIVER,
			 "cannot reserve %s of memory: %s; the kernel log says more", size,
			 strerror(-r));
}

/* The original driver takes no memory from Linux; there it must have been reserved at boot. */
static int take_boot_region(struct step *step, struct address_range region)
{
	if (region.size == 0)
		return error_set(&step->error, ERROR_NO_RESOURCES,
				 "this driver cannot take memory from Linux; reserve some at boot "
				 "with memmap=SIZE$ADDRESS on the kernel command line and name it "
				 "as \"reserved-memory\" in %s",
				 CONFIG_FILE);
	step->pool = pool_of(region.start, region.size);
	return 0;
}

static bool node_suits(const struct step *step, const struct cellvisor_pool *pool)
{
	return step->memory_node == TOPOLOGY_NO_NODE || (int)pool->node == step->memory_node + 1;
}

/* Blocks may be more than was asked for, as few as that takes. */
static bool size_suits(const struct step *step, const struct cellvisor_pool *pool)
{
	const uint64_t wanted = step->config.pool_size;
	const uint64_t block = memory_block_size(step->machine_root);

	return pool->size == wanted || (pool->source != CELLVISOR_POOL_LINUX &&
					pool->size > wanted && pool->size - wanted < block);
}

/* Drops a pool that another configuration left behind. Returns 1 where one can be used as it is. */
static int reuse_pool(struct step *step, struct driver *driver, struct address_range region,
		      struct cellvisor_pool *ret)
{
	int r = driver_pool_info(driver, ret);
	bool suits;

	if (r < 0)
		return pool_error(step, r);
	if (ret->source == CELLVISOR_POOL_NONE)
		return 0;
	suits = region.size ? ret->phys_start == region.start && ret->size == region.size
			    : driver_pool_is_linux(ret) && size_suits(step, ret) &&
				      node_suits(step, ret);
	if (suits)
		return 1;
	r = step_release_pool(step, driver);
	return r < 0 ? pool_error(step, r) : 0;
}

static int call_pool(struct step *step, struct driver *driver, driver_pool_call *call,
		     const struct cellvisor_pool *request, struct cellvisor_pool *ret)
{
	return step_call(step, call(driver, request, ret));
}

/* Contiguous pages of Linux, or else whole blocks, where they are no more than the limit. */
static int ask_linux(struct step *step, struct driver *driver, driver_pool_call *call,
		     struct cellvisor_pool request, uint64_t limit, struct cellvisor_pool *ret)
{
	const uint64_t block = memory_block_size(step->machine_root);
	int r;

	request.source = CELLVISOR_POOL_LINUX;
	r = call_pool(step, driver, call, &request, ret);
	if (r != -ENOMEM || !driver_has(driver, CELLVISOR_FEATURE_PIECES) || !block ||
	    (request.size - 1) / block >= limit / block)
		return r;
	request.source = CELLVISOR_POOL_BLOCKS;
	return call_pool(step, driver, call, &request, ret);
}

/* So much of Linux' memory, of the node where it can be, else of any. */
static int take_from_linux(struct step *step, struct driver *driver, driver_pool_call *call,
			   uint64_t size, uint64_t limit, struct cellvisor_pool *ret)
{
	struct cellvisor_pool request = {
		.size = size,
		.node = step->memory_node == TOPOLOGY_NO_NODE ? 0 : step->memory_node + 1,
	};
	int r = ask_linux(step, driver, call, request, limit, ret);

	if (r >= 0 || r == -EINTR || !request.node)
		return r;
	log_warning("Node %u has no such memory to give up: %s. Linux is asked for that of any "
		    "node",
		    request.node - 1, strerror(-r));
	request.node = 0;
	return ask_linux(step, driver, call, request, limit, ret);
}

/* The region, or "pool-size" of Linux. */
static int request_pool(struct step *step, struct driver *driver, struct address_range region,
			struct cellvisor_pool *ret)
{
	const struct cellvisor_pool reserved = {
		.source = CELLVISOR_POOL_BOOT, .size = region.size, .phys_start = region.start};
	int r;

	if (region.size) {
		r = call_pool(step, driver, driver_pool_reserve, &reserved, ret);
		if (r >= 0 || r == -EINTR)
			return r;
		/* What was named wrongly does not keep a machine from working. */
		log_warning("\"reserved-memory\" in " CONFIG_FILE
			    " cannot be used: %s; the kernel log says more. Linux is asked for "
			    "memory instead",
			    strerror(-r));
	}
	return take_from_linux(step, driver, driver_pool_reserve, step->config.pool_size,
			       UINT64_MAX, ret);
}

static void tell_pool(const struct cellvisor_pool *pool)
{
	char size[QUANTITY_TEXT_MAX];

	quantity_format_bytes(pool->size, size);
	if (pool->source == CELLVISOR_POOL_BOOT)
		log_notice("The memory pool is %s reserved at boot, at 0x%" PRIx64
			   ", as \"reserved-memory\" in " CONFIG_FILE " says",
			   size, pool->phys_start);
	else
		log_notice("The memory pool is %s of Linux' memory, at 0x%" PRIx64 ", node %d",
			   size, pool->phys_start, (int)pool->node - 1);
}

/* All that there is: a daemon that died may have left more than one piece. */
static void note_pieces(struct step *step, struct driver *driver,
			const struct cellvisor_pool *first)
{
	struct cellvisor_pool pieces[POOL_MAX_PIECES];
	int count = driver_pool_pieces(driver, pieces, ARRAY_SIZE(pieces));

	step->pool = pool_of(first->phys_start, first->size);
	for (int i = 0; i < count; i++) {
		if (pieces[i].phys_start != first->phys_start)
			pool_add(&step->pool, (struct pool_piece){.range = {pieces[i].phys_start,
									    pieces[i].size}});
	}
}

int step_reserve_pool(struct step *step, struct driver *driver)
{
	const struct address_range region = named_region(step);
	struct cellvisor_pool pool;
	int r;

	step->pool_node = TOPOLOGY_NO_NODE;
	if (!driver_has(driver, CELLVISOR_FEATURE_POOL))
		return take_boot_region(step, region);
	r = reuse_pool(step, driver, region, &pool);
	if (r < 0)
		return r;
	if (r == 0)
		r = request_pool(step, driver, region, &pool);
	if (r < 0)
		return pool_error(step, r);
	tell_pool(&pool);
	note_pieces(step, driver, &pool);
	step->pool_from_linux = driver_pool_is_linux(&pool);
	step->pool_node = pool.node ? (int)pool.node - 1 : TOPOLOGY_NO_NODE;
	return 0;
}

int step_release_pool(struct step *step, struct driver *driver)
{
	struct cellvisor_pool pieces[POOL_MAX_PIECES];
	int count = driver_pool_pieces(driver, pieces, ARRAY_SIZE(pieces));
	int r = driver_pool_release(driver);

	/* Of those that stay there are no blocks. */
	for (int i = 0; r != -EOPNOTSUPP && i < count; i++)
		memory_blocks_online(step->machine_root, &pieces[i]);
	return r;
}

/* The piece with this address, as the driver has it; false: there is none. */
static bool find_piece(struct driver *driver, uint64_t start, struct cellvisor_pool *ret)
{
	struct cellvisor_pool pieces[POOL_MAX_PIECES];
	int count = driver_pool_pieces(driver, pieces, ARRAY_SIZE(pieces));

	for (int i = 0; i < count; i++) {
		if (pieces[i].phys_start == start) {
			*ret = pieces[i];
			return true;
		}
	}
	return false;
}

void step_grow_pool(struct step *step, struct driver *driver)
{
	struct cellvisor_pool piece, there;
	char size[QUANTITY_TEXT_MAX];
	int r = take_from_linux(step, driver, driver_pool_add, step->growth, step->growth_limit,
				&piece);

	quantity_format_bytes(step->growth, size);
	if (r == -ENOMEM)
		error_set(
			&step->error, ERROR_NO_RESOURCES,
			"the pool has no room for it, and Linux could not give up %s more in one "
			"piece; free some of its memory, destroy a cell, or raise \"pool-size\" in "
			"%s, which is taken when the hypervisor is enabled",
			size, CONFIG_FILE);
	else if (r < 0)
		error_set(&step->error, r == -EINTR ? ERROR_TIMEOUT : ERROR_DRIVER,
			  "the pool cannot grow by %s: %s; the kernel log says more", size,
			  strerror(-r));
	else if (!find_piece(driver, piece.phys_start, &there) || there.size < step->growth)
		step_driver_lied(step, "the pool is what it was");
	else
		log_notice("The memory pool has grown: %s more of Linux' memory, at 0x%" PRIx64
			   ", node %d",
			   quantity_format_bytes(piece.size, size), piece.phys_start,
			   (int)piece.node - 1);
}

/* What a daemon left that died before the hypervisor was on, or after: if there is any. */
static void release_rest(struct step *step, struct driver *driver)
{
	struct cellvisor_pool pool;
	int r;

	if (driver_pool_info(driver, &pool) < 0 || !driver_pool_is_linux(&pool))
		return;
	r = step_release_pool(step, driver);
	if (r < 0)
		pool_error(step, r);
	else
		log_notice("Linux has the memory again that the driver held for a hypervisor that "
			   "is off");
}

void step_shrink_pool(struct step *step, struct driver *driver)
{
	struct cellvisor_pool piece = {0}, there;
	char size[QUANTITY_TEXT_MAX];
	int r;

	if (!step->unused.size) {
		release_rest(step, driver);
		return;
	}
	quantity_format_bytes(step->unused.size, size);
	find_piece(driver, step->unused.start, &piece);
	r = step_call(step, driver_pool_remove(driver, step->unused));
	if (r < 0 && r != -ENOENT) {
		error_set(&step->error, r == -EBUSY ? ERROR_NO_RESOURCES : ERROR_DRIVER,
			  "%s of the pool at 0x%" PRIx64 " are needed no more and stay: %s; the "
			  "kernel log says why",
			  size, step->unused.start, strerror(-r));
		return;
	}
	if (find_piece(driver, step->unused.start, &there)) {
		step_driver_lied(step, "the pool is what it was");
		return;
	}
	memory_blocks_online(step->machine_root, &piece);
	log_notice("The memory pool has shrunk: Linux has %s at 0x%" PRIx64 " again", size,
		   step->unused.start);
}
