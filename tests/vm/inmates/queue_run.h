/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What queue-peer.c in cells and programs/link-queue.c in Linux have agreed about: runs, in which
 * each peer of a link sends so many records to each other one. Linux, peer 0, orders them.
 */
#ifndef QUEUE_RUN_H
#define QUEUE_RUN_H

#include "cellmgr_link_queue.h"

#define QUEUE_ROOT  0u
#define QUEUE_PEERS 8u
#define QUEUE_BURST 256u /* records, until the other one is rung */
#define QUEUE_WORDS 8u	 /* of the block */

/* States beyond LINK_STATE_READY: a peer has its ends of a run's queues; it is through with it. */
#define QUEUE_RUNNING(number) (2 * (uint32_t)(number) + 2)
#define QUEUE_DONE(number)    (2 * (uint32_t)(number) + 3)

struct queue_record {
	uint64_t number;
	uint64_t inverse;
	uint64_t rest;
};

/* In the common section, by Linux. */
struct queue_command {
	uint64_t run; /* more each time, from 1 */
	uint64_t records;
	uint64_t one_shot;
	uint64_t dies; /* which peer stops in the middle of a message; 0: none */
};

/* Both directions to one peer. */
struct queue_end {
	struct link_sender sender;
	struct link_receiver receiver;
	uint64_t sent, received, wrong;
};

struct queue_run {
	unsigned int own, peers;
	uint64_t number, records;
	struct queue_end ends[QUEUE_PEERS];
	struct link_writer block; /* of words that are all the same */
	uint64_t words, torn, rings;
	/* Of the program. */
	uint32_t (*state)(unsigned int peer);
	const void *(*section)(unsigned int peer, size_t *ret_bytes);
	void (*ring)(unsigned int peer);
};

#define for_each_other(peer, run)                                \
	for (unsigned int peer = 0; peer < (run)->peers; peer++) \
		if (peer == (run)->own)                          \
			continue;                                \
		else

static inline struct link_queue_shape queue_shape(unsigned int peers)
{
	return (struct link_queue_shape){
		.block_bytes = QUEUE_WORDS * sizeof(uint64_t),
		.record_bytes = sizeof(struct queue_record),
		.records = peers > 4 ? 32 : 64,
	};
}

static inline bool queue_is_done(const struct queue_run *run, unsigned int peer)
{
	const struct queue_end *end = &run->ends[peer];

	return end->sent == run->records && end->received == run->records;
}

static inline bool queue_all_done(const struct queue_run *run)
{
	for_each_other (peer, run) {
		if (!queue_is_done(run, peer))
			return false;
	}
	return true;
}

/* All others have their ends of this run's queues. */
static inline bool queue_all_run(const struct queue_run *run)
{
	for_each_other (peer, run) {
		if (run->state(peer) < QUEUE_RUNNING(run->number))
			return false;
	}
	return true;
}

/* The peer that has left a run in the middle; QUEUE_PEERS: none. */
static inline unsigned int queue_gone(const struct queue_run *run)
{
	for_each_other (peer, run) {
		if (run->state(peer) < QUEUE_RUNNING(run->number) && !queue_is_done(run, peer))
			return peer;
	}
	return QUEUE_PEERS;
}

/* One that is not there at all, while a run begins. */
static inline unsigned int queue_absent(const struct queue_run *run)
{
	for_each_other (peer, run) {
		if (run->state(peer) == LINK_STATE_OFF)
			return peer;
	}
	return QUEUE_PEERS;
}

/* There is something to do. */
static inline bool queue_can(const struct queue_run *run)
{
	uint32_t room;

	for_each_other (peer, run) {
		const struct queue_end *end = &run->ends[peer];

		if (link_pending(&end->receiver) ||
		    (end->sent < run->records && link_room(&end->sender, &room) != LINK_FULL))
			return true;
	}
	return false;
}

static inline struct queue_record queue_record(unsigned int from, unsigned int to, uint64_t number)
{
	return (struct queue_record){
		number,
		~number,
		(number * QUEUE_PEERS * QUEUE_PEERS + from * QUEUE_PEERS + to) * 0x9e3779b97f4a7c15,
	};
}

static inline bool queue_is(const struct queue_record *record, struct queue_record expected)
{
	return record->number == expected.number && record->inverse == expected.inverse &&
	       record->rest == expected.rest;
}

/* Sends to a peer and receives what goes; false if nothing did. */
static inline bool queue_move(struct queue_run *run, unsigned int peer)
{
	struct queue_end *end = &run->ends[peer];
	struct queue_record record;
	enum link_result result;
	bool moved = false;

	for (unsigned int n = 0; n < QUEUE_BURST && end->sent < run->records; n++) {
		record = queue_record(run->own, peer, end->sent);
		if (link_send(&end->sender, &record) != LINK_OK)
			break;
		end->sent++;
		moved = true;
	}
	for (unsigned int n = 0; n < QUEUE_BURST; n++) {
		result = link_receive(&end->receiver, &record);
		if (result == LINK_EMPTY)
			break;
		moved = true;
		if (result == LINK_RESTARTED)
			continue;
		end->wrong += result != LINK_OK ||
			      !queue_is(&record, queue_record(peer, run->own, end->received));
		end->received++;
	}
	return moved;
}

/* Reads the peer's block. LINK_OK: it is there; whether it is whole is counted. */
static inline enum link_result queue_look(struct queue_run *run, unsigned int peer)
{
	uint64_t words[QUEUE_WORDS];
	struct link_stamp stamp;
	size_t bytes;
	const void *section = run->section(peer, &bytes);
	enum link_result result = link_read(section, bytes, 0, words, sizeof(words), &stamp);

	for (unsigned int n = 1; result == LINK_OK && n < QUEUE_WORDS; n++)
		run->torn += words[n] != words[0];
	return result;
}

/* Half of an update of the block and half of a record to each peer, as of one that ends there. */
static inline void queue_stop_halfway(struct queue_run *run)
{
	const uint64_t word = ~0ull;
	uint32_t room;

	link_write_begin(&run->block);
	for (uint32_t n = 0; n < QUEUE_WORDS / 2; n++)
		link_write_part(&run->block, n * sizeof(word), &word, sizeof(word));
	for_each_other (peer, run) {
		const struct link_sender *sender = &run->ends[peer].sender;

		/* Without room there is a record that the other one has not taken yet. */
		if (link_room(sender, &room) != LINK_OK)
			continue;
		link_store(sender->records + (sender->index & (sender->shape.records - 1)) *
						     link_record_stride(&sender->shape),
			   &word, sizeof(word));
	}
}

/* Does with all others what goes; false if nothing did. now: the time stamp counter. */
static inline bool queue_turn(struct queue_run *run, uint64_t now)
{
	uint64_t words[QUEUE_WORDS];
	bool moved = false;

	for_each_other (peer, run) {
		if (!queue_move(run, peer))
			continue;
		moved = true;
		run->ring(peer);
		run->rings++;
		queue_look(run, peer);
	}
	run->words += moved;
	for (unsigned int n = 0; n < QUEUE_WORDS; n++)
		words[n] = run->words;
	if (moved)
		link_write(&run->block, 0, words, sizeof(words), now);
	return moved;
}

/* The least that has come from a peer, and what was wrong of all. */
static inline uint64_t queue_received(const struct queue_run *run, uint64_t *ret_wrong)
{
	uint64_t least = UINT64_MAX;

	*ret_wrong = run->torn;
	for_each_other (peer, run) {
		const struct queue_end *end = &run->ends[peer];

		*ret_wrong += end->wrong;
		least = end->received < least ? end->received : least;
	}
	return least;
}

#endif /* QUEUE_RUN_H */
