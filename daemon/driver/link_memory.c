// SPDX-License-Identifier: GPL-2.0-only
#include "driver/link_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- SIGBUS --------------------------------------------------------------------------------- */

/*
 * To ask first whether the link is there would be no help: it may go right after.
 * process_vm_readv() does not read what a device maps. So whoever touches the memory is in between
 * guard_begin() and guard_end(). A page that is gone becomes one of zeros in the handler, the
 * instruction is done again, and in the end it is known: no jump out of the middle of anything.
 */
static _Thread_local volatile sig_atomic_t guarding, caught;
static uintptr_t page_mask;

static void on_sigbus(int number, siginfo_t *info, void *context)
{
	void *page = (void *)((uintptr_t)info->si_addr & page_mask);
	const int saved = errno;

	/* A fault of the memory itself (BUS_MCEERR_*) is nobody's going. */
	if (!guarding || info->si_code != BUS_ADRERR ||
	    mmap(page, ~page_mask + 1, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		signal(SIGBUS, SIG_DFL);
	else
		caught = 1;
	errno = saved;
}

static int guard_begin(void)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

	if (!page_mask) {
		page_mask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
		if (sigaction(SIGBUS, &action, NULL) < 0)
			return -errno;
	}
	caught = 0;
	guarding = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 0;
}

/* -ENODEV: something of what was touched was not there. */
static int guard_end(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	guarding = 0;
	return caught ? -ENODEV : 0;
}

/* ---- Coming and going ----------------------------------------------------------------------- */

int link_memory_open(const char *name, struct cellmgr_link **ret)
{
	struct cellmgr_link *link = NULL;
	int r, gone;

	r = guard_begin();
	if (r < 0)
		return r;
	/* It asks the device's registers. */
	r = cellmgr_link_open(name, &link);
	gone = guard_end();
	if (gone < 0 || r < 0) {
		cellmgr_link_close(link);
		return gone < 0 ? gone : r;
	}
	*ret = link;
	return 0;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static void load_part(const uint8_t *section, size_t bytes, const struct link_stamp *stamp,
		      struct link_part *part)
{
	const size_t room = bytes - LINK_HEADER_BYTES;
	const size_t block = stamp->bytes < room ? stamp->bytes : room;

	part->missing = part->offset > block || part->size > block - part->offset;
	if (part->missing)
		memset(part->data, 0, part->size);
	else
		link_load(part->data, section + LINK_HEADER_BYTES + part->offset, part->size);
}

/* link_read() reads one place; what is between two readings of none with the same sequence is of
 * one update as well. */
static enum link_result read_parts(const void *section, size_t bytes, struct link_part *parts,
				   size_t count, struct link_stamp *stamp)
{
	struct link_stamp after;
	enum link_result result = LINK_BUSY;

	for (unsigned int tries = 0; tries < LINK_READ_TRIES; tries++) {
		result = link_read(section, bytes, 0, NULL, 0, stamp);
		if (result != LINK_OK)
			return result;
		for (size_t i = 0; i < count; i++)
			load_part(section, bytes, stamp, &parts[i]);
		result = link_read(section, bytes, 0, NULL, 0, &after);
		if (result == LINK_OK && after.sequence == stamp->sequence)
			return LINK_OK;
		result = LINK_BUSY;
	}
	return result;
}

int link_memory_read(struct cellmgr_link *link, unsigned int peer, struct link_part *parts,
		     size_t count, struct link_stamp *ret_stamp)
{
	size_t bytes;
	const void *section = cellmgr_link_section(link, peer, &bytes);
	enum link_result result;
	int r;

	if (!section)
		return LINK_INVALID;
	r = guard_begin();
	if (r < 0)
		return r;
	result = read_parts(section, bytes, parts, count, ret_stamp);
	r = guard_end();
	return r < 0 ? r : (int)result;
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* What the counter counts is the same for all links, and does not change. */
static uint64_t counter_khz(struct cellmgr_link *link)
{
	static uint64_t khz;

	if (!khz)
		khz = cellmgr_link_khz(link);
	return khz;
}

/* A block of ours or of another program, whole or left in the middle of a change: values are one
 * word each, so that none of them is half. */
static bool is_block(const struct link_header *header, size_t section_bytes)
{
	return __atomic_load_n(&header->magic, __ATOMIC_ACQUIRE) == LINK_MAGIC &&
	       __atomic_load_n(&header->version, __ATOMIC_ACQUIRE) == LINK_VERSION &&
	       __atomic_load_n(&header->bytes, __ATOMIC_ACQUIRE) <=
		       section_bytes - LINK_HEADER_BYTES;
}

/* Takes over the block, with all values that are in it, and makes it so long at least. */
static void take_over(struct link_header *header, uint32_t block_bytes, uint64_t khz,
		      struct link_writer *writer)
{
	const uint64_t there = __atomic_load_n(&header->bytes, __ATOMIC_ACQUIRE);
	uint8_t *block = (uint8_t *)header + LINK_HEADER_BYTES;

	writer->header = header;
	writer->bytes = there > block_bytes ? (uint32_t)there : block_bytes;
	/* Even, and another one than what a writer before us may have left odd. */
	writer->sequence = (__atomic_load_n(&header->sequence, __ATOMIC_RELAXED) + 1) & ~1ull;
	link_write_begin(writer);
	for (uint64_t n = there; n < block_bytes; n++)
		__atomic_store_n(&block[n], 0, __ATOMIC_RELEASE);
	__atomic_store_n(&header->bytes, writer->bytes, __ATOMIC_RELEASE);
	__atomic_store_n(&header->counter_khz, khz, __ATOMIC_RELEASE);
}

static enum link_result write_part(void *section, size_t section_bytes, uint32_t block_bytes,
				   uint64_t khz, const struct link_part *part)
{
	struct link_writer writer;
	enum link_result result = LINK_OK;

	if (!link_block_fits(section, section_bytes, block_bytes) || part->offset > block_bytes ||
	    part->size > block_bytes - part->offset)
		return LINK_INVALID;
	if (!is_block(section, section_bytes)) {
		result = link_writer_init(&writer, section, section_bytes, block_bytes, khz);
		if (result != LINK_OK)
			return result;
		link_write_begin(&writer);
	} else {
		take_over(section, block_bytes, khz, &writer);
	}
	result = link_write_part(&writer, part->offset, part->data, part->size);
	link_write_end(&writer, cellmgr_link_now());
	return result;
}

/*
 * One that is off looks when it starts, and a ring is an exit. It looks after it has told its
 * state: either it finds what was written, or its state is found here. So the value is there
 * before.
 */
static void ring_peers(struct cellmgr_link *link)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int peer = 0; peer < cellmgr_link_peers(link); peer++) {
		if (peer != cellmgr_link_own(link) &&
		    cellmgr_link_state(link, peer) != LINK_STATE_OFF)
			cellmgr_link_ring(link, peer, LINK_VECTOR_CHANGE);
	}
}

int link_memory_write(struct cellmgr_link *link, unsigned int peer, uint32_t block_bytes,
		      const struct link_part *part)
{
	size_t bytes;
	void *section = cellmgr_link_writable(link, peer, &bytes);
	const uint64_t khz = counter_khz(link);
	enum link_result result;
	int r;

	if (!section)
		return LINK_INVALID;
	r = guard_begin();
	if (r < 0)
		return r;
	result = write_part(section, bytes, block_bytes, khz, part);
	if (result == LINK_OK)
		ring_peers(link);
	r = guard_end();
	return r < 0 ? r : (int)result;
}
