// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux' end of queues in both directions to each other peer, by libcellmgr-link; the others are
 * inmates/queue-peer.c.
 *
 * usage: link-queue LINK RUN RECORDS ONE-SHOT [DIES]
 *
 * RUN: more each time, from 1. DIES: the peer that shall end in the middle of a message. Prints
 * "records R, W wrong", R from each peer, and on another line what it took. Status 0: all came; 1:
 * not; 2: usage; 3: a peer went meanwhile, which is told, and what its block and those of the
 * others say then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/link/linux_link.h"
#include "tests/vm/inmates/queue_run.h"

#define PATIENCE_MS 20000 /* longer than anything takes that was not missed */

static struct cellmgr_link *link;
static struct queue_run run;
static unsigned long waits;

static int fail(const char *what, int err)
{
	printf("%s: %s\n", what, strerror(-err));
	return 1;
}

static uint32_t state_of(unsigned int peer)
{
	return cellmgr_link_state(link, peer);
}

static const void *section_of(unsigned int peer, size_t *ret_bytes)
{
	return cellmgr_link_section(link, peer, ret_bytes);
}

static void ring(unsigned int peer)
{
	cellmgr_link_ring(link, peer, 0);
}

static bool all_are_ready(void)
{
	for_each_other (peer, &run) {
		if (state_of(peer) < LINK_STATE_READY)
			return false;
	}
	return true;
}

static bool all_have_begun(void)
{
	return queue_all_run(&run) || queue_absent(&run) < QUEUE_PEERS;
}

/* Or are no more: their reports come before that. */
static bool all_are_through(void)
{
	for_each_other (peer, &run) {
		if (state_of(peer) == QUEUE_RUNNING(run.number))
			return false;
	}
	return true;
}

/* Changes of states ring the first vector. */
static int wait_until(bool (*condition)(void))
{
	int err = 0;

	while (!err && !condition())
		err = cellmgr_link_wait(link, 0, PATIENCE_MS);
	return err;
}

/* This end first: the cells send as soon as all have theirs. */
static int order(const struct queue_command *command)
{
	struct link_queue_shape shape = queue_shape(run.peers);
	struct link_writer writer;

	run.number = command->run;
	run.records = command->records;
	for_each_other (peer, &run) {
		struct queue_end *end = &run.ends[peer];

		if (cellmgr_link_receiver(link, peer, &shape, &end->receiver) != LINK_OK ||
		    cellmgr_link_sender(link, peer, &shape, &end->sender) != LINK_OK)
			return fail("the sections are too small", 0);
	}
	if (cellmgr_link_writer(link, CELLMGR_LINK_COMMON, sizeof(*command), &writer) != LINK_OK ||
	    cellmgr_link_writer(link, run.own, shape.block_bytes, &run.block) != LINK_OK)
		return fail("there is no room for blocks", 0);
	cellmgr_link_set_state(link, QUEUE_RUNNING(run.number));
	link_write(&writer, 0, command, sizeof(*command), cellmgr_link_now());
	for_each_other (peer, &run)
		ring(peer);
	return 0;
}

static int tell_gone(unsigned int gone)
{
	static const char *const words[] = {
		[LINK_OK] = "whole", [LINK_UNFINISHED] = "unfinished", [LINK_NONE] = "none"};
	enum link_result result;

	/* What the others say of it comes before this end goes. */
	if (wait_until(all_are_through))
		return fail("the others have not learned it", 0);
	printf("peer %u is gone, %lu wrong\n", gone, (unsigned long)run.torn);
	for_each_other (peer, &run) {
		result = queue_look(&run, peer);
		printf("block of %u: %s\n", peer,
		       result <= LINK_UNFINISHED && words[result] ? words[result] : "not read");
	}
	return 3;
}

static int exchange(void)
{
	int err;

	while (!queue_all_done(&run)) {
		unsigned int gone = queue_gone(&run);

		if (gone < QUEUE_PEERS)
			return tell_gone(gone);
		if (queue_turn(&run, cellmgr_link_now()))
			continue;
		waits++;
		err = cellmgr_link_wait(link, 0, PATIENCE_MS);
		if (err)
			return fail(queue_can(&run) || queue_gone(&run) < QUEUE_PEERS
					    ? "a ring was missed"
					    : "no ring came",
				    err);
	}
	err = wait_until(all_are_through);
	return err ? fail("the others do not come to the end", err) : 0;
}

static int carry_out(const struct queue_command *command)
{
	uint64_t wrong, received;
	int err = wait_until(all_are_ready);

	if (err)
		return fail("a cell is not ready", err);
	err = order(command);
	if (err)
		return err;
	err = wait_until(all_have_begun);
	if (err)
		return fail("a cell does not begin", err);
	err = exchange();
	received = queue_received(&run, &wrong);
	if (err != 3)
		printf("records %lu, %lu wrong\n%lu rings, %lu waits\n", (unsigned long)received,
		       (unsigned long)wrong, (unsigned long)run.rings, waits);
	return err ? err : wrong != 0;
}

int main(int argc, char **argv)
{
	struct queue_command command = {0};
	int err;

	if (argc != 5 && argc != 6) {
		fprintf(stderr, "usage: link-queue LINK RUN RECORDS ONE-SHOT [DIES]\n");
		return 2;
	}
	command.run = strtoull(argv[2], NULL, 10);
	command.records = strtoull(argv[3], NULL, 10);
	command.one_shot = strtoull(argv[4], NULL, 10);
	command.dies = argc == 6 ? strtoull(argv[5], NULL, 10) : 0;
	err = cellmgr_link_open(argv[1], &link);
	if (err)
		return fail(argv[1], err);
	run = (struct queue_run){cellmgr_link_own(link), cellmgr_link_peers(link),
				 .state = state_of, .section = section_of, .ring = ring};
	err = run.peers > QUEUE_PEERS ? fail("more peers than queues", 0) : carry_out(&command);
	cellmgr_link_close(link);
	return err;
}
