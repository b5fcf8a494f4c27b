/* SPDX-License-Identifier: GPL-2.0-only */
/* What queue-peer.c in a cell and programs/link-queue.c in Linux have agreed about. */
#ifndef QUEUE_RUN_H
#define QUEUE_RUN_H

#include "cellmgr_link_queue.h"

#define QUEUE_ROOT    0u
#define QUEUE_CELL    1u
#define QUEUE_BURST   256u /* records, until the other one is rung */
/* A state of the cell's: its ends of the queues are there. */
#define QUEUE_RUNNING 3u

struct queue_record {
	uint64_t number;
	uint64_t inverse;
	uint64_t rest;
};

/* In the common section, by Linux. */
struct queue_command {
	uint64_t run; /* another one each time */
	uint64_t records;
	uint64_t one_shot;
};

static const struct link_queue_shape queue_shape = {
	.block_bytes = 64,
	.record_bytes = sizeof(struct queue_record),
	.records = 64,
};

/* Both directions of one end. */
struct queue_end {
	struct link_sender sender;
	struct link_receiver receiver;
	uint64_t records, sent, received, wrong;
};

static inline bool queue_is_done(const struct queue_end *end)
{
	return end->sent == end->records && end->received == end->records;
}

/* There is something to do. */
static inline bool queue_can(const struct queue_end *end)
{
	uint32_t room;

	return link_pending(&end->receiver) ||
	       (end->sent < end->records && link_room(&end->sender, &room) != LINK_FULL);
}

/* Sends and receives what goes; false if nothing did. */
static inline bool queue_move(struct queue_end *end)
{
	struct queue_record record;
	enum link_result result;
	bool moved = false;

	for (unsigned int n = 0; n < QUEUE_BURST && end->sent < end->records; n++) {
		record.number = end->sent;
		record.inverse = ~record.number;
		record.rest = record.number * 0x9e3779b97f4a7c15;
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
		end->wrong += result != LINK_OK || record.number != end->received ||
			      record.inverse != ~record.number ||
			      record.rest != record.number * 0x9e3779b97f4a7c15;
		end->received++;
	}
	return moved;
}

#endif /* QUEUE_RUN_H */
