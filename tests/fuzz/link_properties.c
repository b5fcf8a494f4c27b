// SPDX-License-Identifier: GPL-2.0-only
/*
 * This end may write its own section only: the other one is mapped read-only for it, and what lies
 * around both is not mapped.
 */
#include "link_properties.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cellmgr_link_queue.h"

#define SECTION 4096u
#define OWN	1u
#define PEER	0u
#define CANARY	0x5a

static const struct link_queue_shape shape = {.block_bytes = 72, .record_bytes = 12, .records = 8};

struct play {
	const uint8_t *bytes;
	size_t left;
	uint8_t *own;	  /* this end's section */
	uint8_t *hostile; /* the other's, as that one has it */
	const uint8_t *peer;
	struct link_writer writer;
	struct link_sender sender;
	struct link_receiver receiver;
	unsigned int received;
	const char *broken;
};

static uint64_t take(struct play *play, unsigned int size)
{
	uint64_t value = 0;

	for (; size && play->left; size--, play->left--)
		value = value << 8 | *play->bytes++;
	return value;
}

static void expect(struct play *play, bool holds, const char *what)
{
	if (!holds && !play->broken)
		play->broken = what;
}

/* A page, with nothing around it, for both; the second mapping only reads. */
static uint8_t *make_section(const uint8_t **ret_read_only)
{
	int fd = memfd_create("section", MFD_CLOEXEC);
	uint8_t *room = mmap(NULL, 5 * SECTION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || room == MAP_FAILED || ftruncate(fd, SECTION) < 0 ||
	    mmap(room + SECTION, SECTION, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED ||
	    mmap(room + 3 * SECTION, SECTION, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED)
		abort();
	close(fd);
	if (ret_read_only)
		*ret_read_only = room + 3 * SECTION;
	return room + SECTION;
}

static void begin(struct play *play)
{
	static const uint8_t *peer;
	static uint8_t *own, *hostile;

	if (!own) {
		own = make_section(NULL);
		hostile = make_section(&peer);
	}
	play->own = own;
	play->hostile = hostile;
	play->peer = peer;
	memset(own, CANARY, SECTION);
	memset(hostile, 0, SECTION);
}

static void begin_sender(struct play *play)
{
	expect(play,
	       link_sender_init(&play->sender, &shape, play->own, play->peer, SECTION, OWN, PEER,
				(uint32_t)take(play, 1)) == LINK_OK,
	       "a sender can always begin");
}

static void begin_receiver(struct play *play)
{
	expect(play,
	       link_receiver_init(&play->receiver, &shape, play->own, play->peer, SECTION, OWN,
				  PEER) == LINK_OK,
	       "a receiver can always begin");
}

static void send(struct play *play)
{
	static const uint8_t record[12] = "record";
	uint32_t room, index = play->sender.index;
	enum link_result told = link_room(&play->sender, &room);
	enum link_result result = link_send(&play->sender, record);

	expect(play, room <= shape.records, "no more room than there is");
	expect(play, result == told, "what is told of room is what sending meets");
	expect(play, (result == LINK_OK) == (room > 0), "sent where there is room only");
	expect(play, play->sender.index - index == (result == LINK_OK), "one record sent or none");
}

static void receive(struct play *play)
{
	uint8_t *record = malloc(shape.record_bytes); /* nothing behind it */
	bool pending = link_pending(&play->receiver);
	enum link_result result;

	if (!record)
		abort();
	result = link_receive(&play->receiver, record);
	expect(play, pending || result == LINK_EMPTY, "nothing comes out where nothing is pending");
	expect(play,
	       result == LINK_OK || result == LINK_EMPTY || result == LINK_RESTARTED ||
		       result == LINK_BROKEN,
	       "receiving ends as it may");
	expect(play,
	       *play->receiver.received == link_index(play->receiver.life, play->receiver.index),
	       "what the receiver has is what it tells");
	if (result == LINK_RESTARTED || result == LINK_BROKEN)
		expect(play, link_receive(&play->receiver, record) != result,
		       "trouble is told once");
	play->received += result == LINK_OK;
	free(record);
}

static void read_block(struct play *play)
{
	uint32_t offset = (uint32_t)take(play, 2), size = (uint32_t)take(play, 1);
	uint8_t *data = malloc(size ? size : 1);
	struct link_stamp stamp;
	enum link_result result;

	if (!data)
		abort();
	result = link_read(play->peer, SECTION, offset, data, size, &stamp);
	expect(play, (result == LINK_INVALID) == (LINK_HEADER_BYTES + offset + size > SECTION),
	       "what is not in the section is not read");
	expect(play, result != LINK_BUSY, "nobody writes meanwhile");
	if (result == LINK_OK)
		expect(play, offset + size <= stamp.bytes, "what its writer has not is not read");
	free(data);
}

static void write_block(struct play *play)
{
	static const uint8_t data[256];
	uint32_t offset = (uint32_t)take(play, 2), size = (uint32_t)take(play, 1);
	enum link_result result = link_write(&play->writer, offset, data, size, 1);

	expect(play, (result == LINK_OK) == (offset + size <= shape.block_bytes),
	       "what is not in the block is not written");
}

/* What this end reads as indices, near what they should be. */
static void tamper(struct play *play)
{
	bool sent = take(play, 1) & 1;
	uint32_t index = (uint32_t)((int8_t)take(play, 1) / 8), life = (uint32_t)take(play, 1);

	life = life & 0x80 ? (sent ? play->receiver.life : play->sender.life) : life;
	index += sent ? play->receiver.index : play->sender.index;
	*(uint64_t *)(play->hostile + link_slot(&shape, SECTION, OWN) +
		      (sent ? LINK_SLOT_SENT : LINK_SLOT_RECEIVED)) = link_index(life, index);
}

static void step(struct play *play)
{
	uint64_t where, value;

	switch (take(play, 1) % 8) {
	case 0:
		where = take(play, 2) % (SECTION - 7);
		value = take(play, 8);
		memcpy(play->hostile + where, &value, sizeof(value));
		return;
	case 1:
		tamper(play);
		return;
	case 2:
		send(play);
		return;
	case 3:
		begin_sender(play);
		return;
	case 4:
		begin_receiver(play);
		return;
	case 5:
		read_block(play);
		return;
	case 6:
		write_block(play);
		return;
	default:
		receive(play);
		return;
	}
}

/* Of this end's section only the block, its header, and what is in the slot for the peer changes.
 */
static void look_at_own(struct play *play)
{
	size_t slot = link_slot(&shape, SECTION, PEER), next = link_slot(&shape, SECTION, OWN);

	for (size_t n = LINK_HEADER_BYTES + shape.block_bytes; n < SECTION; n++) {
		if (n < slot || n >= next)
			expect(play, play->own[n] == CANARY, "nothing else is written");
	}
}

/* The other end gets sensible again. */
static void make_peace(struct play *play)
{
	static const uint8_t record[12];
	uint8_t *slot = play->hostile + link_slot(&shape, SECTION, OWN);

	*(uint64_t *)(slot + LINK_SLOT_RECEIVED) =
		link_index(play->sender.life, play->sender.index);
	expect(play, link_send(&play->sender, record) == LINK_OK, "sending goes on afterwards");
	for (unsigned int n = 0; n < shape.records + 2 && link_pending(&play->receiver); n++)
		receive(play);
	expect(play, !link_pending(&play->receiver), "receiving ends");
	*(uint64_t *)(slot + LINK_SLOT_SENT) =
		link_index(play->receiver.life, play->receiver.index + 1);
	play->received = 0;
	receive(play);
	expect(play, play->received == 1, "receiving goes on afterwards");
}

unsigned int link_try(const uint8_t *bytes, size_t size, const char **ret_broken)
{
	struct play play = {.bytes = bytes, .left = size};
	unsigned int received;

	begin(&play);
	expect(&play,
	       link_writer_init(&play.writer, play.own, SECTION, shape.block_bytes, 1) == LINK_OK,
	       "a writer can always begin");
	begin_sender(&play);
	begin_receiver(&play);
	while (play.left && !play.broken)
		step(&play);
	received = play.received;
	look_at_own(&play);
	make_peace(&play);
	look_at_own(&play);
	*ret_broken = play.broken;
	return received;
}
