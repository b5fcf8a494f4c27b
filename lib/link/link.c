// SPDX-License-Identifier: BSD-2-Clause
/* What programs do with a link once it is open. */
#include "parts.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DIRECTORY   "/dev/cellmgr/"
#define NAME_LENGTH 255
#define NS_PER_S    1000000000ull
#define NS_PER_MS   1000000ull
#define MEASURE_NS  (20 * NS_PER_MS)

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- Coming and going ----------------------------------------------------------------------- */

/* What the device says of itself has to fit what is mapped. */
static int judge(struct cellmgr_link *link)
{
	const struct map *registers = &link->maps[UIO_IVSHMEM_REGISTERS];
	const struct map *states = &link->maps[UIO_IVSHMEM_STATE_TABLE];
	const struct map *outputs = &link->maps[UIO_IVSHMEM_OUTPUTS];
	const struct map *output = &link->maps[UIO_IVSHMEM_OUTPUT];

	if (registers->size <= IVSHMEM_STATE)
		return -EINVAL;
	link->own = link_register_read(registers->memory, IVSHMEM_ID);
	link->peers = link_register_read(registers->memory, IVSHMEM_MAX_PEERS);
	if (link->own >= link->peers || states->size / sizeof(uint32_t) < link->peers)
		return -EINVAL;
	link->output_bytes = output->size;
	return outputs->size / link->peers == output->size ? 0 : -EINVAL;
}

int cellmgr_link_open(const char *name, struct cellmgr_link **ret_link)
{
	char path[sizeof(DIRECTORY) + NAME_LENGTH];
	struct cellmgr_link *link;
	int err;

	if (strlen(name) > NAME_LENGTH)
		return -EINVAL;
	snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : DIRECTORY, name);
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	for (unsigned int n = 0; n < IVSHMEM_MAX_VECTORS; n++)
		link->vectors[n] = -1;
	err = link_open_path(link, path);
	if (!err)
		err = judge(link);
	if (err) {
		link_release(link);
		free(link);
		return err;
	}
	link->counter_then = link_counter();
	link->ns_then = now_ns(CLOCK_MONOTONIC_RAW);
	link_register_write(link->maps[UIO_IVSHMEM_REGISTERS].memory, IVSHMEM_INT_CONTROL,
			    IVSHMEM_INT_ENABLE);
	*ret_link = link;
	return 0;
}

void cellmgr_link_close(struct cellmgr_link *link)
{
	if (!link)
		return;
	link_release(link);
	free(link);
}

/* ---- Peers and sections --------------------------------------------------------------------- */

unsigned int cellmgr_link_own(const struct cellmgr_link *link)
{
	return link->own;
}

unsigned int cellmgr_link_peers(const struct cellmgr_link *link)
{
	return link->peers;
}

unsigned int cellmgr_link_vectors(const struct cellmgr_link *link)
{
	return link->vector_count;
}

uint32_t cellmgr_link_state(const struct cellmgr_link *link, unsigned int peer)
{
	return peer < link->peers
		       ? link_peer_state(link->maps[UIO_IVSHMEM_STATE_TABLE].memory, peer)
		       : 0;
}

void cellmgr_link_set_state(struct cellmgr_link *link, uint32_t state)
{
	link_set_state(link->maps[UIO_IVSHMEM_REGISTERS].memory, state);
}

static const void *section_of(const struct cellmgr_link *link, unsigned int peer, size_t *ret_bytes)
{
	const struct map *common = &link->maps[UIO_IVSHMEM_COMMON];

	if (peer == CELLMGR_LINK_COMMON) {
		*ret_bytes = common->size;
		return common->memory;
	}
	*ret_bytes = peer < link->peers ? link->output_bytes : 0;
	return *ret_bytes ? (const uint8_t *)link->maps[UIO_IVSHMEM_OUTPUTS].memory +
				    peer * link->output_bytes
			  : NULL;
}

const void *cellmgr_link_section(const struct cellmgr_link *link, unsigned int peer,
				 size_t *ret_bytes)
{
	return section_of(link, peer, ret_bytes);
}

void *cellmgr_link_writable(struct cellmgr_link *link, unsigned int peer, size_t *ret_bytes)
{
	static const struct map none;
	const struct map *map = &none;

	if (peer == CELLMGR_LINK_COMMON)
		map = &link->maps[UIO_IVSHMEM_COMMON];
	else if (peer == link->own)
		map = &link->maps[UIO_IVSHMEM_OUTPUT];
	*ret_bytes = map->size;
	return map->memory;
}

/* ---- Blocks --------------------------------------------------------------------------------- */

enum link_result cellmgr_link_read(const struct cellmgr_link *link, unsigned int peer,
				   uint32_t offset, void *data, uint32_t size,
				   struct link_stamp *stamp)
{
	size_t bytes;
	const void *section = section_of(link, peer, &bytes);

	return section ? link_read(section, bytes, offset, data, size, stamp) : LINK_INVALID;
}

uint64_t cellmgr_link_now(void)
{
	return link_counter();
}

/* The longer ago the beginning was, the better the result. */
uint64_t cellmgr_link_khz(struct cellmgr_link *link)
{
	static const struct timespec pause = {.tv_nsec = MEASURE_NS};
	uint64_t ns;

	if (link->khz)
		return link->khz;
	while ((ns = now_ns(CLOCK_MONOTONIC_RAW) - link->ns_then) < MEASURE_NS)
		nanosleep(&pause, NULL);
	link->khz =
		(uint64_t)((double)(link_counter() - link->counter_then) * NS_PER_MS / (double)ns +
			   0.5);
	return link->khz;
}

enum link_result cellmgr_link_writer(struct cellmgr_link *link, unsigned int peer,
				     uint32_t block_bytes, struct link_writer *writer)
{
	size_t bytes;
	void *section = cellmgr_link_writable(link, peer, &bytes);

	if (!section)
		return LINK_INVALID;
	return link_writer_init(writer, section, bytes, block_bytes, cellmgr_link_khz(link));
}

uint64_t cellmgr_link_age(const struct link_stamp *stamp)
{
	uint64_t now = link_counter();

	if (!stamp->counter_khz || !stamp->updated)
		return UINT64_MAX;
	/* Its writer's word: it may be of tomorrow. */
	if (stamp->updated > now)
		return 0;
	return (uint64_t)((double)(now - stamp->updated) * NS_PER_MS / (double)stamp->counter_khz);
}

/* ---- Queues --------------------------------------------------------------------------------- */

enum link_result cellmgr_link_sender(struct cellmgr_link *link, unsigned int peer,
				     const struct link_queue_shape *shape,
				     struct link_sender *sender)
{
	size_t bytes, peer_bytes;
	void *own = cellmgr_link_writable(link, link->own, &bytes);
	const void *other = section_of(link, peer, &peer_bytes);

	if (!own || !other || peer == CELLMGR_LINK_COMMON)
		return LINK_INVALID;
	return link_sender_init(sender, shape, own, other, bytes, link->own, peer,
				(uint32_t)(link_counter() >> 8));
}

enum link_result cellmgr_link_receiver(struct cellmgr_link *link, unsigned int peer,
				       const struct link_queue_shape *shape,
				       struct link_receiver *receiver)
{
	size_t bytes, peer_bytes;
	void *own = cellmgr_link_writable(link, link->own, &bytes);
	const void *other = section_of(link, peer, &peer_bytes);

	if (!own || !other || peer == CELLMGR_LINK_COMMON)
		return LINK_INVALID;
	return link_receiver_init(receiver, shape, own, other, bytes, link->own, peer);
}

/* ---- Doorbells ------------------------------------------------------------------------------ */

void cellmgr_link_ring(struct cellmgr_link *link, unsigned int peer, unsigned int vector)
{
	link_doorbell(link->maps[UIO_IVSHMEM_REGISTERS].memory, peer, vector);
}

int cellmgr_link_fd(const struct cellmgr_link *link, unsigned int vector)
{
	return vector < link->vector_count ? link->vectors[vector] : -EINVAL;
}

int cellmgr_link_wait(struct cellmgr_link *link, unsigned int vector, int timeout_ms)
{
	struct pollfd poller = {.fd = cellmgr_link_fd(link, vector), .events = POLLIN};
	uint32_t count;

	if (poller.fd < 0)
		return -EINVAL;
	switch (poll(&poller, 1, timeout_ms)) {
	case 0:
		return -ETIMEDOUT;
	case -1:
		return -errno;
	}
	/* Another thread may have been faster. */
	if (read(poller.fd, &count, sizeof(count)) == sizeof(count))
		return 0;
	return errno == EAGAIN && !(poller.revents & POLLERR) ? -ETIMEDOUT : -ENODEV;
}

int cellmgr_link_wait_for(struct cellmgr_link *link, unsigned int vector,
			  const struct link_receiver *receiver, int timeout_ms)
{
	uint64_t begin = now_ns(CLOCK_MONOTONIC), passed = 0;
	int err = 0;

	while (!err && !link_pending(receiver)) {
		/* A peer may ring and send nothing for ever. */
		if (timeout_ms >= 0 && passed > (uint64_t)timeout_ms)
			return -ETIMEDOUT;
		err = cellmgr_link_wait(link, vector,
					timeout_ms < 0 ? -1 : timeout_ms - (int)passed);
		passed = (now_ns(CLOCK_MONOTONIC) - begin) / NS_PER_MS;
	}
	return err == -ETIMEDOUT && link_pending(receiver) ? 0 : err;
}
