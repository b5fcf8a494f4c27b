/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in the sections of a link (ivshmem.h) that the daemon places, for all of its peers:
 * bare programs in cells, Linux programs, the kernel, C and C++. No function waits, allocates or
 * calls.
 *
 * The common section and each output section begin with
 *
 *   0    struct link_header: of the block; who writes it counts the sequence up
 *   64   the block: values whose places writer and readers have agreed about
 *   ...  in output sections, queues to the other peers (cellmgr_link_queue.h)
 *
 * A peer may write anything at any time into what it has the right to write, and may stop in the
 * middle. So nothing that is read here is believed: sizes and places are the caller's, never the
 * memory's, indices are checked, and every loop ends. Who reads a block or a record judges what it
 * says.
 *
 * Memory order: words are loaded with acquire and stored with release semantics where others would
 * use fences. On many processors these are plain moves.
 */
#ifndef CELLMGR_LINK_H
#define CELLMGR_LINK_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include "ivshmem.h"
#include "static_assert.h"

#define LINK_MAGIC	  0x4b4e4c43u /* "CLNK" */
#define LINK_VERSION	  1u
#define LINK_HEADER_BYTES 64u
#define LINK_READ_TRIES	  64u
#define LINK_MAX_BYTES	  (1u << 20) /* of a block, or of a record of a queue */

struct link_header {
	uint32_t magic;
	uint32_t version;
	uint64_t sequence; /* odd while the block is written */
	uint64_t bytes;	   /* of the block, as its writer has it */
	/* The time stamp counter at the end of the last update; 0: none since the writer's start.
	 */
	uint64_t updated;
	uint64_t counter_khz; /* how fast that one counts; 0: the writer does not know */
	uint64_t reserved[3];
};

_Static_assert(sizeof(struct link_header) == LINK_HEADER_BYTES, "header of a block");
_Static_assert(offsetof(struct link_header, sequence) == 8, "header of a block");
_Static_assert(offsetof(struct link_header, bytes) == 16, "header of a block");
_Static_assert(offsetof(struct link_header, updated) == 24, "header of a block");
_Static_assert(offsetof(struct link_header, counter_khz) == 32, "header of a block");

/* States of a peer in the state table, by convention; a peer's reset makes its state 0. */
enum link_state {
	LINK_STATE_OFF = 0,
	LINK_STATE_STARTING = 1,
	LINK_STATE_READY = 2,
};

enum link_result {
	LINK_OK = 0,
	LINK_INVALID,	 /* arguments that cannot be: nothing was done */
	LINK_NONE,	 /* block: nobody has written one yet, or one of another version */
	LINK_SHORT,	 /* block: its writer has fewer bytes in it */
	LINK_BUSY,	 /* block: written so often that no reading came through */
	LINK_UNFINISHED, /* block: one and the same update is under way at each try; where that
			    lasts, the writer has stopped in the middle */
	LINK_EMPTY,	 /* queue: nothing to receive */
	LINK_FULL,	 /* queue: no room to send */
	LINK_RESTARTED,	 /* queue: the sender has begun anew; what it had not sent before is lost */
	LINK_BROKEN,	 /* queue: the peer's index cannot be. A receiver goes on behind it. */
};

typedef uint64_t __attribute__((may_alias)) link_word;

/* ---- Shared bytes --------------------------------------------------------------------------- */

#define LINK_IS_WORD(address, size) ((size) >= 8 && ((uintptr_t)(address)&7) == 0)

/* Copies out of shared memory; each aligned word of eight bytes is read once, in order. */
static inline void link_load(void *to, const void *from, size_t size)
{
	const uint8_t *source = (const uint8_t *)from;
	uint8_t *target = (uint8_t *)to;
	uint64_t word;

	while (size) {
		if (LINK_IS_WORD(source, size)) {
			word = __atomic_load_n((const link_word *)source, __ATOMIC_ACQUIRE);
			__builtin_memcpy(target, &word, sizeof(word));
			source += sizeof(word);
			target += sizeof(word);
			size -= sizeof(word);
		} else {
			*target++ = __atomic_load_n(source++, __ATOMIC_ACQUIRE);
			size--;
		}
	}
}

/* Copies into shared memory; each aligned word of eight bytes is written once, in order. */
static inline void link_store(void *to, const void *from, size_t size)
{
	const uint8_t *source = (const uint8_t *)from;
	uint8_t *target = (uint8_t *)to;
	uint64_t word;

	while (size) {
		if (LINK_IS_WORD(target, size)) {
			__builtin_memcpy(&word, source, sizeof(word));
			__atomic_store_n((link_word *)target, word, __ATOMIC_RELEASE);
			source += sizeof(word);
			target += sizeof(word);
			size -= sizeof(word);
		} else {
			__atomic_store_n(target++, *source++, __ATOMIC_RELEASE);
			size--;
		}
	}
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Who writes a block. One for each section; what is in here is never read back from memory. */
struct link_writer {
	struct link_header *header;
	uint64_t sequence; /* even between updates */
	uint32_t bytes;
};

static inline bool link_block_fits(const void *section, size_t section_bytes, uint32_t block_bytes)
{
	return ((uintptr_t)section & 7) == 0 && section_bytes >= LINK_HEADER_BYTES &&
	       block_bytes <= LINK_MAX_BYTES && block_bytes <= section_bytes - LINK_HEADER_BYTES;
}

/*
 * Takes over a section of section_bytes that begins at header, aligned to 8 bytes; its block gets
 * so many bytes, all zero, and is "never updated". An update that an earlier life of the writer
 * left unfinished ends here. counter_khz: how fast counts what link_write() is given. LINK_INVALID:
 * the block does not fit.
 */
static inline enum link_result link_writer_init(struct link_writer *writer, void *section,
						size_t section_bytes, uint32_t block_bytes,
						uint64_t counter_khz)
{
	struct link_header *header = (struct link_header *)section;
	uint8_t *block = (uint8_t *)section + LINK_HEADER_BYTES;
	uint64_t sequence;

	if (!link_block_fits(section, section_bytes, block_bytes))
		return LINK_INVALID;
	/* Another odd one than what is there: readers see that it is not the same update. */
	sequence = (__atomic_load_n(&header->sequence, __ATOMIC_RELAXED) | 1) + 2;
	__atomic_store_n(&header->sequence, sequence, __ATOMIC_RELAXED);
	for (uint32_t n = 0; n < block_bytes; n++)
		__atomic_store_n(&block[n], 0, __ATOMIC_RELEASE);
	__atomic_store_n(&header->version, LINK_VERSION, __ATOMIC_RELEASE);
	__atomic_store_n(&header->bytes, block_bytes, __ATOMIC_RELEASE);
	__atomic_store_n(&header->updated, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&header->counter_khz, counter_khz, __ATOMIC_RELEASE);
	__atomic_store_n(&header->magic, LINK_MAGIC, __ATOMIC_RELEASE);
	__atomic_store_n(&header->sequence, sequence + 1, __ATOMIC_RELEASE);
	writer->header = header;
	writer->sequence = sequence + 1;
	writer->bytes = block_bytes;
	return LINK_OK;
}

/*
 * The same, but a block of that size that an earlier life has left whole stays with its values and
 * the time of its last update: for set-points that outlive who wrote them.
 */
static inline enum link_result link_writer_resume(struct link_writer *writer, void *section,
						  size_t section_bytes, uint32_t block_bytes,
						  uint64_t counter_khz)
{
	struct link_header *header = (struct link_header *)section;
	uint64_t sequence;

	if (!link_block_fits(section, section_bytes, block_bytes))
		return LINK_INVALID;
	sequence = __atomic_load_n(&header->sequence, __ATOMIC_RELAXED);
	if ((sequence & 1) || header->magic != LINK_MAGIC || header->version != LINK_VERSION ||
	    header->bytes != block_bytes)
		return link_writer_init(writer, section, section_bytes, block_bytes, counter_khz);
	__atomic_store_n(&header->sequence, sequence + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&header->counter_khz, counter_khz, __ATOMIC_RELEASE);
	__atomic_store_n(&header->sequence, sequence + 2, __ATOMIC_RELEASE);
	writer->header = header;
	writer->sequence = sequence + 2;
	writer->bytes = block_bytes;
	return LINK_OK;
}

/* Begins an update of several places: readers take none of them until link_write_end(). */
static inline void link_write_begin(struct link_writer *writer)
{
	__atomic_store_n(&writer->header->sequence, writer->sequence + 1, __ATOMIC_RELAXED);
}

/* Part of an update. LINK_INVALID: size bytes at offset are not all in the block. */
static inline enum link_result link_write_part(struct link_writer *writer, uint32_t offset,
					       const void *data, uint32_t size)
{
	if (offset > writer->bytes || size > writer->bytes - offset)
		return LINK_INVALID;
	link_store((uint8_t *)writer->header + LINK_HEADER_BYTES + offset, data, size);
	return LINK_OK;
}

/* now: the time stamp counter. */
static inline void link_write_end(struct link_writer *writer, uint64_t now)
{
	__atomic_store_n(&writer->header->updated, now, __ATOMIC_RELEASE);
	writer->sequence += 2;
	__atomic_store_n(&writer->header->sequence, writer->sequence, __ATOMIC_RELEASE);
}

/* An update of one place. */
static inline enum link_result link_write(struct link_writer *writer, uint32_t offset,
					  const void *data, uint32_t size, uint64_t now)
{
	if (offset > writer->bytes || size > writer->bytes - offset)
		return LINK_INVALID;
	link_write_begin(writer);
	link_write_part(writer, offset, data, size);
	link_write_end(writer, now);
	return LINK_OK;
}

/* What goes with a reading; its writer's word, like the data. */
struct link_stamp {
	uint64_t sequence;
	uint64_t bytes;
	uint64_t updated;
	uint64_t counter_khz;
};

/* One try. The stamp's sequence is set in any case: odd, the update that was under way. */
static inline enum link_result link_read_once(const struct link_header *header, uint32_t offset,
					      void *data, uint32_t size, struct link_stamp *stamp)
{
	const uint8_t *block = (const uint8_t *)header + LINK_HEADER_BYTES;
	uint32_t magic, version;

	stamp->sequence = __atomic_load_n(&header->sequence, __ATOMIC_ACQUIRE);
	if (stamp->sequence & 1)
		return LINK_UNFINISHED;
	magic = __atomic_load_n(&header->magic, __ATOMIC_ACQUIRE);
	version = __atomic_load_n(&header->version, __ATOMIC_ACQUIRE);
	stamp->bytes = __atomic_load_n(&header->bytes, __ATOMIC_ACQUIRE);
	stamp->updated = __atomic_load_n(&header->updated, __ATOMIC_ACQUIRE);
	stamp->counter_khz = __atomic_load_n(&header->counter_khz, __ATOMIC_ACQUIRE);
	link_load(data, block + offset, size);
	/* All loads above are acquires: this one comes after them. */
	if (__atomic_load_n(&header->sequence, __ATOMIC_RELAXED) != stamp->sequence)
		return LINK_BUSY;
	if (magic != LINK_MAGIC || version != LINK_VERSION || stamp->updated == 0)
		return LINK_NONE;
	if (offset > stamp->bytes || size > stamp->bytes - offset)
		return LINK_SHORT;
	return LINK_OK;
}

/*
 * Reads size bytes at offset of the block of a section, all of one update. Data are defined with
 * LINK_OK only, the stamp with LINK_SHORT as well; its sequence always: with LINK_UNFINISHED, the
 * number of the update that is under way. Where that one is still the same after a time that no
 * writer takes, the writer has stopped in the middle.
 */
static inline enum link_result link_read(const void *section, size_t section_bytes, uint32_t offset,
					 void *data, uint32_t size, struct link_stamp *stamp)
{
	const struct link_header *header = (const struct link_header *)section;
	enum link_result result = LINK_INVALID;
	uint64_t first = 0;
	bool moved = false;

	if (((uintptr_t)section & 7) || section_bytes < LINK_HEADER_BYTES ||
	    offset > section_bytes - LINK_HEADER_BYTES ||
	    size > section_bytes - LINK_HEADER_BYTES - offset)
		return LINK_INVALID;
	for (unsigned int tries = 0; tries < LINK_READ_TRIES; tries++) {
		result = link_read_once(header, offset, data, size, stamp);
		if (result != LINK_BUSY && result != LINK_UNFINISHED)
			return result;
		if (tries == 0)
			first = stamp->sequence;
		moved |= result == LINK_BUSY || stamp->sequence != first;
	}
	return moved ? LINK_BUSY : LINK_UNFINISHED;
}

/* ---- Registers of the device (BAR 0) -------------------------------------------------------- */

static inline uint32_t link_register_read(const volatile void *registers, unsigned int offset)
{
	return *(const volatile uint32_t *)((const volatile uint8_t *)registers + offset);
}

static inline void link_register_write(volatile void *registers, unsigned int offset,
				       uint32_t value)
{
	/* Whom the device tells is to find what was written before. */
#ifdef __aarch64__
	__asm__ volatile("dmb osh" : : : "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
	*(volatile uint32_t *)((volatile uint8_t *)registers + offset) = value;
}

/*
 * The vector that every link has: the device rings it where a peer's state has changed, cellmgrd
 * where it has written a signal (WriteSignal) at all peers whose state is not 0. Who waits for it
 * looks at what it waits for.
 */
#define LINK_VECTOR_CHANGE 0u

/* Interrupts a peer. What is sent before it is there when that one looks. */
static inline void link_doorbell(volatile void *registers, unsigned int peer, unsigned int vector)
{
	link_register_write(registers, IVSHMEM_DOORBELL, IVSHMEM_RING(peer, vector));
}

/* Of a peer, from the state table; costs no exit. */
static inline uint32_t link_peer_state(const void *state_table, unsigned int peer)
{
	return __atomic_load_n((const uint32_t *)state_table + peer, __ATOMIC_ACQUIRE);
}

/* Tells the others; vector 0 interrupts them where it is a change. */
static inline void link_set_state(volatile void *registers, uint32_t state)
{
	link_register_write(registers, IVSHMEM_STATE, state);
}

#endif /* CELLMGR_LINK_H */
