// SPDX-License-Identifier: BSD-2-Clause
/* The communication region. */
#include "internal.h"
#include "page.h"

#define CUSTOMARY_ADDRESS 0x100000ul
#define HIGHEST_ADDRESS	  0xc0000000ul /* devices from there on */

static volatile struct comm_region *region;

static bool is_region(volatile struct comm_region *candidate)
{
	for (unsigned int n = 0; n < sizeof(candidate->signature); n++) {
		if (candidate->signature[n] != COMM_REGION_MAGIC[n])
			return false;
	}
	return candidate->revision == COMM_REGION_REVISION;
}

/*
 * The page behind the memory at 0. Every page from the end of the program up to it is memory of the
 * cell, so looking for it page by page touches nothing that is not there. A parameter tells of
 * other places.
 */
int comm_setup(void)
{
	uintptr_t end = ((uintptr_t)bss_end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	int64_t given;

	if (param_int("comm", &given) == 0) {
		region = (volatile struct comm_region *)given;
		return is_region(region) ? 0 : -ENOENT;
	}
	for (uintptr_t address = end > CUSTOMARY_ADDRESS ? end : CUSTOMARY_ADDRESS;
	     address < HIGHEST_ADDRESS; address += PAGE_BYTES) {
		region = (volatile struct comm_region *)address;
		if (is_region(region))
			return 0;
	}
	region = NULL;
	return -ENOENT;
}

volatile struct comm_region *comm_region(void)
{
	return region;
}

enum comm_msg_to_cell comm_poll(void)
{
	uint32_t message = __atomic_load_n(&region->msg_to_cell, __ATOMIC_ACQUIRE);

	switch (message) {
	case COMM_MSG_NONE:
	case COMM_MSG_SHUTDOWN_REQUEST:
		return message;
	case COMM_MSG_RECONFIG_COMPLETED:
		comm_reply(COMM_REPLY_RECEIVED);
		return COMM_MSG_NONE;
	default:
		comm_reply(COMM_REPLY_UNKNOWN);
		return COMM_MSG_NONE;
	}
}

void comm_reply(enum comm_reply_from_cell reply)
{
	/* In this order: a reply allows the next message, which must not be wiped out. */
	region->msg_to_cell = COMM_MSG_NONE;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	region->reply_from_cell = reply;
}

void comm_set_state(enum cell_state state)
{
	if (!region)
		return;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	region->cell_state = state;
}

void comm_last_words(const struct comm_last_words *words)
{
	volatile struct comm_last_words *place;
	static bool said;

	if (!region || __atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		return;
	place = (volatile struct comm_last_words *)((uintptr_t)region + COMM_LAST_WORDS_OFFSET);
	place->reason = words->reason;
	place->vector = words->vector;
	place->address = words->address;
	place->value = words->value;
	place->instruction = words->instruction;
	for (size_t n = 0; n < sizeof(words->text); n++)
		place->text[n] = words->text[n];
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	place->magic = COMM_LAST_WORDS_MAGIC;
}

int console_getc(void)
{
	volatile struct comm_input *input =
		(volatile struct comm_input *)((uintptr_t)region + COMM_INPUT_OFFSET);
	uint32_t next;
	int byte;

	if (!region)
		return -1;
	if (input->magic != COMM_INPUT_MAGIC) {
		input->magic = COMM_INPUT_MAGIC;
		return -1;
	}
	next = input->read;
	if (next == __atomic_load_n(&input->written, __ATOMIC_ACQUIRE))
		return -1;
	byte = input->bytes[next % COMM_INPUT_SIZE];
	__atomic_store_n(&input->read, next + 1, __ATOMIC_RELEASE);
	return byte;
}

static volatile struct comm_heartbeat *heartbeat(void)
{
	return (volatile struct comm_heartbeat *)((uintptr_t)region + COMM_HEARTBEAT_OFFSET);
}

void heartbeat_start(void)
{
	heartbeat()->counter = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	heartbeat()->magic = COMM_HEARTBEAT_MAGIC;
}

void heartbeat_beat(void)
{
	heartbeat()->counter++;
}
