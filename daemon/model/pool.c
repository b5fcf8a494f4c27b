// SPDX-License-Identifier: GPL-2.0-only
#include "model/pool.h"

#include <string.h>

uint64_t pool_bytes(const struct pool *pool)
{
	uint64_t total = 0;

	for (size_t i = 0; i < pool->count; i++)
		total += pool->pieces[i].range.size;
	return total;
}

bool pool_holds(const struct pool *pool, struct address_range range)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (range_holds(pool->pieces[i].range, range))
			return true;
	}
	return false;
}

bool pool_add(struct pool *pool, struct pool_piece piece)
{
	if (pool->count == POOL_MAX_PIECES)
		return false;
	pool->pieces[pool->count++] = piece;
	return true;
}

void pool_remove(struct pool *pool, size_t index)
{
	pool->count--;
	memmove(&pool->pieces[index], &pool->pieces[index + 1],
		(pool->count - index) * sizeof(pool->pieces[0]));
}

bool pool_may_shrink(const struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (pool_piece_may_go(&pool->pieces[i]))
			return true;
	}
	return false;
}

void pool_unstick(struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		pool->pieces[i].stuck = false;
}

static const struct address_range *find(const struct address_range *ranges, size_t count,
					uint64_t start)
{
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].start == start)
			return &ranges[i];
	}
	return NULL;
}

static bool begins_one(const struct pool *pool, uint64_t start)
{
	for (size_t i = 0; i < pool->count; i++) {
		if (pool->pieces[i].range.start == start)
			return true;
	}
	return false;
}

bool pool_update(struct pool *pool, const struct address_range *there, size_t count, bool grown)
{
	bool changed = false;

	for (size_t i = 0; i < pool->count;) {
		struct address_range *known = &pool->pieces[i].range;
		const struct address_range *now = find(there, count, known->start);

		if (!now) {
			pool_remove(pool, i);
			changed = true;
			continue;
		}
		changed |= known->size != now->size;
		known->size = now->size;
		i++;
	}
	for (size_t i = 0; i < count; i++) {
		if (!begins_one(pool, there[i].start))
			changed |= pool_add(pool, (struct pool_piece){there[i], .grown = grown});
	}
	return changed;
}
