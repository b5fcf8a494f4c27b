// SPDX-License-Identifier: GPL-2.0-only
/* The fake's memory pool: a first piece, and more. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_driver.h"

#define FIRST_START 0x20000000ull
#define MORE_START  0x40000000ull
#define MORE_STEP   0x20000000ull /* also the size that a piece can have */
#define BLOCK_SIZE  0x8000000ull

/* Blocks are whole ones. */
static void round_up(struct cellvisor_pool *pool)
{
	if (pool->source == CELLVISOR_POOL_BLOCKS)
		pool->size = (pool->size + BLOCK_SIZE - 1) / BLOCK_SIZE * BLOCK_SIZE;
}

int fake_pool_reserve(pid_t pid, uint64_t argument)
{
	struct cellvisor_pool pool;

	if (fake_read_memory(pid, argument, &pool, sizeof(pool)) < 0)
		return -EFAULT;
	if (fake.pool.source)
		return -EBUSY;
	round_up(&pool);
	if (pool.source != CELLVISOR_POOL_BOOT)
		pool.phys_start = FIRST_START;
	fake.pool = pool;
	return fake_write_memory(pid, argument, &pool, sizeof(pool));
}

int fake_pool_release(void)
{
	if (!fake.pool.source)
		return -ENOENT;
	if (fake.enabled)
		return -EBUSY;
	memset(&fake.pool, 0, sizeof(fake.pool));
	memset(fake.more, 0, sizeof(fake.more));
	return 0;
}

/* One more piece, whoever asks for it: the last that came is the lowest. */
static int bring(struct cellvisor_pool *pool)
{
	size_t index = FAKE_MAX_PIECES;

	while (index > 0 && fake.more[index - 1].size)
		index--;
	if (!index || pool->size > MORE_STEP)
		return -ENOMEM;
	pool->phys_start = MORE_START + (index - 1) * MORE_STEP;
	fake.more[index - 1] = *pool;
	return 0;
}

int fake_pool_add(pid_t pid, uint64_t argument, bool lie)
{
	struct cellvisor_pool pool;
	int r = 0;

	if (fake_read_memory(pid, argument, &pool, sizeof(pool)) < 0)
		return -EFAULT;
	if (!(fake.features & CELLVISOR_FEATURE_PIECES))
		return -ENOTTY;
	round_up(&pool);
	if (lie)
		pool.phys_start = MORE_START;
	else
		r = bring(&pool);
	return r ? r : fake_write_memory(pid, argument, &pool, sizeof(pool));
}

int fake_pool_remove(pid_t pid, uint64_t argument, bool lie)
{
	struct cellvisor_pool pool;

	if (fake_read_memory(pid, argument, &pool, sizeof(pool)) < 0)
		return -EFAULT;
	if (!(fake.features & CELLVISOR_FEATURE_PIECES))
		return -ENOTTY;
	for (size_t i = 0; i < FAKE_MAX_PIECES; i++) {
		if (!fake.more[i].size || fake.more[i].phys_start != pool.phys_start ||
		    fake.more[i].size != pool.size)
			continue;
		if (!lie)
			memset(&fake.more[i], 0, sizeof(fake.more[i]));
		return 0;
	}
	return -ENOENT;
}

int fake_pool_piece(pid_t pid, uint64_t argument)
{
	const struct cellvisor_pool *found = NULL;
	struct cellvisor_pool pool, none = {0};

	if (fake_read_memory(pid, argument, &pool, sizeof(pool)) < 0)
		return -EFAULT;
	if (!(fake.features & CELLVISOR_FEATURE_PIECES))
		return -ENOTTY;
	for (size_t i = 0; i <= FAKE_MAX_PIECES; i++) {
		const struct cellvisor_pool *piece = i ? &fake.more[i - 1] : &fake.pool;

		if (piece->size && piece->phys_start + piece->size > pool.phys_start &&
		    (!found || piece->phys_start < found->phys_start))
			found = piece;
	}
	return fake_write_memory(pid, argument, found ? found : &none, sizeof(none));
}

static unsigned int count_more(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < FAKE_MAX_PIECES; i++)
		count += fake.more[i].size != 0;
	return count;
}

static uint64_t size_of_all(void)
{
	uint64_t size = fake.pool.size;

	for (size_t i = 0; i < FAKE_MAX_PIECES; i++)
		size += fake.more[i].size;
	return size;
}

/* pool: bytes of all; pool-more: pieces beside the first; pool-bring SIZE; pool-at START SIZE */
const char *fake_pool_command(char **words, size_t count, char *buffer, size_t size)
{
	struct cellvisor_pool piece = {.source = CELLVISOR_POOL_LINUX};

	if (strcmp(words[0], "pool") == 0) {
		snprintf(buffer, size, "%llu", (unsigned long long)size_of_all());
		return buffer;
	}
	if (strcmp(words[0], "pool-more") == 0) {
		snprintf(buffer, size, "%u", count_more());
		return buffer;
	}
	if (strcmp(words[0], "pool-bring") == 0 && count == 2) {
		piece.size = strtoull(words[1], NULL, 0);
		return bring(&piece) ? "full" : "ok";
	}
	if (strcmp(words[0], "pool-at") == 0 && count == 3) {
		fake.pool.phys_start = strtoull(words[1], NULL, 0);
		fake.pool.size = strtoull(words[2], NULL, 0);
		fake.pool.source = fake.pool.size ? CELLVISOR_POOL_BOOT : CELLVISOR_POOL_NONE;
		return "ok";
	}
	return "no such command";
}
