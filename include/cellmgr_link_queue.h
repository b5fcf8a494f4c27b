/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues in the output sections of a link (cellmgr_link.h), for both of their ends.
 *
 * From each peer to each other one a queue of records of one size, for one sender and one receiver,
 * without locks. The output section of a peer has a slot for each peer, by its number, with all
 * that the section's owner writes for that one: two lines with an index each (of what it has sent,
 * of what it has received), and the records that it sends. An index is a number of records, with
 * the number of the sender's life in its upper half.
 *
 * A sender that begins anew has a new life and an empty queue. A receiver that begins anew goes on
 * where its last life ended, if its section still says that, else behind what is there.
 *
 * The shape is what sender and receiver have agreed about, as they have about the block.
 */
#ifndef CELLMGR_LINK_QUEUE_H
#define CELLMGR_LINK_QUEUE_H

#include "cellmgr_link.h"

#define LINK_LINE_BYTES	 64u /* what two peers write lies this far apart */
#define LINK_MAX_RECORDS (1u << 20)

/* What sender and receiver have agreed about, as they have about the block. */
struct link_queue_shape {
	uint32_t block_bytes;  /* of the output sections */
	uint32_t record_bytes; /* 1 to LINK_MAX_BYTES */
	uint32_t records;      /* of a queue: a power of two, at most LINK_MAX_RECORDS */
};

#define LINK_SLOT_SENT	   0u
#define LINK_SLOT_RECEIVED LINK_LINE_BYTES
#define LINK_SLOT_RECORDS  (2 * LINK_LINE_BYTES)

struct link_sender {
	uint64_t *sent;
	const uint64_t *received; /* the peer's */
	uint8_t *records;
	struct link_queue_shape shape;
	uint32_t life, index;
};

struct link_receiver {
	const uint64_t *sent; /* the peer's */
	uint64_t *received;
	const uint8_t *records;
	struct link_queue_shape shape;
	uint32_t life, index;
};

static inline size_t link_round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

static inline uint64_t link_index(uint32_t life, uint32_t index)
{
	return (uint64_t)life << 32 | index;
}

/* Bytes from one record to the next: no two of them in one word. */
static inline size_t link_record_stride(const struct link_queue_shape *shape)
{
	return link_round_up(shape->record_bytes, 8);
}

/* Where the slot for that peer begins in an output section; 0: shape and section do not fit. */
static inline size_t link_slot(const struct link_queue_shape *shape, size_t section_bytes,
			       unsigned int peer)
{
	uint64_t slot, begin, end;

	if (shape->block_bytes > LINK_MAX_BYTES || shape->record_bytes == 0 ||
	    shape->record_bytes > LINK_MAX_BYTES || shape->records == 0 ||
	    shape->records > LINK_MAX_RECORDS || (shape->records & (shape->records - 1)) ||
	    peer > 0xffff)
		return 0;
	slot = LINK_SLOT_RECORDS + (uint64_t)link_record_stride(shape) * shape->records;
	slot = (slot + LINK_LINE_BYTES - 1) / LINK_LINE_BYTES * LINK_LINE_BYTES;
	begin = link_round_up(LINK_HEADER_BYTES + shape->block_bytes, LINK_LINE_BYTES);
	begin += slot * peer;
	end = begin + slot;
	return end > section_bytes ? 0 : (size_t)begin;
}

/*
 * The queue from peer "own", whose output section is "section", to peer "peer", whose output
 * section is peer_section; both have section_bytes. life: a number that differs from start to
 * start; the time stamp counter will do. LINK_INVALID: it does not fit, or a section is not
 * aligned.
 */
static inline enum link_result link_sender_init(struct link_sender *sender,
						const struct link_queue_shape *shape, void *section,
						const void *peer_section, size_t section_bytes,
						unsigned int own, unsigned int peer, uint32_t life)
{
	size_t to = link_slot(shape, section_bytes, peer);
	size_t from = link_slot(shape, section_bytes, own);

	if (!to || !from || own == peer ||
	    (((uintptr_t)section | (uintptr_t)peer_section) & (LINK_LINE_BYTES - 1)))
		return LINK_INVALID;
	sender->sent = (uint64_t *)((uint8_t *)section + to + LINK_SLOT_SENT);
	sender->received =
		(const uint64_t *)((const uint8_t *)peer_section + from + LINK_SLOT_RECEIVED);
	sender->records = (uint8_t *)section + to + LINK_SLOT_RECORDS;
	sender->shape = *shape;
	sender->life = life ? life : 1;
	sender->index = 0;
	__atomic_store_n(sender->sent, link_index(sender->life, 0), __ATOMIC_RELEASE);
	return LINK_OK;
}

/* Records that can be sent now; LINK_BROKEN makes it 0. */
static inline enum link_result link_room(const struct link_sender *sender, uint32_t *ret_room)
{
	uint64_t received = __atomic_load_n(sender->received, __ATOMIC_ACQUIRE);
	/* Of another life: it has not seen yet that this one began, with an empty queue. */
	uint32_t index = received >> 32 == sender->life ? (uint32_t)received : 0;
	uint32_t used = sender->index - index;

	*ret_room = used > sender->shape.records ? 0 : sender->shape.records - used;
	return used > sender->shape.records ? LINK_BROKEN : *ret_room ? LINK_OK : LINK_FULL;
}

/*
 * Sends a record of the agreed size. LINK_FULL, LINK_BROKEN: it was not. The receiver does not wake
 * up by this: link_doorbell().
 */
static inline enum link_result link_send(struct link_sender *sender, const void *record)
{
	uint32_t room, place = sender->index & (sender->shape.records - 1);
	enum link_result result = link_room(sender, &room);

	if (result != LINK_OK)
		return result;
	/* With release semantics: who reads some of it finds this life when it looks again. */
	link_store(sender->records + place * link_record_stride(&sender->shape), record,
		   sender->shape.record_bytes);
	sender->index++;
	__atomic_store_n(sender->sent, link_index(sender->life, sender->index), __ATOMIC_RELEASE);
	return LINK_OK;
}

static inline void link_publish_received(const struct link_receiver *receiver)
{
	__atomic_store_n(receiver->received, link_index(receiver->life, receiver->index),
			 __ATOMIC_RELEASE);
}

/* The queue from peer "peer" to peer "own"; arguments as for link_sender_init(). */
static inline enum link_result link_receiver_init(struct link_receiver *receiver,
						  const struct link_queue_shape *shape,
						  void *section, const void *peer_section,
						  size_t section_bytes, unsigned int own,
						  unsigned int peer)
{
	size_t to = link_slot(shape, section_bytes, own);
	size_t from = link_slot(shape, section_bytes, peer);
	uint64_t sent, received;

	if (!to || !from || own == peer ||
	    (((uintptr_t)section | (uintptr_t)peer_section) & (LINK_LINE_BYTES - 1)))
		return LINK_INVALID;
	receiver->sent = (const uint64_t *)((const uint8_t *)peer_section + to + LINK_SLOT_SENT);
	receiver->received = (uint64_t *)((uint8_t *)section + from + LINK_SLOT_RECEIVED);
	receiver->records = (const uint8_t *)peer_section + to + LINK_SLOT_RECORDS;
	receiver->shape = *shape;
	sent = __atomic_load_n(receiver->sent, __ATOMIC_ACQUIRE);
	received = __atomic_load_n(receiver->received, __ATOMIC_RELAXED);
	/* Memory in which nobody ever received: what is there is all that was sent. */
	if (received == 0)
		received = link_index((uint32_t)(sent >> 32), 0);
	if (received >> 32 != sent >> 32 || (uint32_t)(sent - received) > shape->records)
		received = sent;
	receiver->life = (uint32_t)(received >> 32);
	receiver->index = (uint32_t)received;
	link_publish_received(receiver);
	return LINK_OK;
}

/* Whether link_receive() would give anything but LINK_EMPTY. */
static inline bool link_pending(const struct link_receiver *receiver)
{
	return __atomic_load_n(receiver->sent, __ATOMIC_ACQUIRE) !=
	       link_index(receiver->life, receiver->index);
}

/* Whether the sender has another life than the receiver knew: its queue begins at 0. */
static inline bool link_follow_life(struct link_receiver *receiver, uint64_t sent)
{
	uint32_t life = (uint32_t)(sent >> 32);

	if (life == receiver->life)
		return false;
	receiver->life = life;
	receiver->index = 0;
	link_publish_received(receiver);
	return true;
}

/*
 * Takes the next record, of the agreed size. With anything but LINK_OK there is none in the buffer;
 * LINK_RESTARTED and LINK_BROKEN are told once, the next call goes on.
 */
static inline enum link_result link_receive(struct link_receiver *receiver, void *record)
{
	uint64_t sent = __atomic_load_n(receiver->sent, __ATOMIC_ACQUIRE);
	uint32_t pending, place, old = receiver->life;

	if (link_follow_life(receiver, sent) && old)
		return LINK_RESTARTED;
	place = receiver->index & (receiver->shape.records - 1);
	pending = (uint32_t)sent - receiver->index;
	if (pending == 0)
		return LINK_EMPTY;
	if (pending > receiver->shape.records) {
		receiver->index = (uint32_t)sent;
		link_publish_received(receiver);
		return LINK_BROKEN;
	}
	link_load(record, receiver->records + place * link_record_stride(&receiver->shape),
		  receiver->shape.record_bytes);
	/*
	 * A sender that has begun anew since may have written there. All loads of the record are
	 * acquires: this one comes after them.
	 */
	if (link_follow_life(receiver, __atomic_load_n(receiver->sent, __ATOMIC_RELAXED)))
		return LINK_RESTARTED;
	receiver->index++;
	link_publish_received(receiver);
	return LINK_OK;
}

#endif /* CELLMGR_LINK_QUEUE_H */
