// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linux' end of queues in both directions, by libcellmgr-link; inmates/queue-peer.c is the other
 * one.
 *
 * usage: link-queue LINK RUN RECORDS ONE-SHOT
 *
 * Prints "records R, W wrong", and on another line what it took. Status 0: all came; 1: not; 2:
 * usage; 3: the cell went meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/link/linux_link.h"
#include "tests/vm/inmates/queue_run.h"

#define PATIENCE_MS 20000 /* longer than anything takes that was not missed */

static struct queue_end end;
static unsigned long rings, waits;

static int fail(const char *what, int err)
{
	printf("%s: %s\n", what, strerror(-err));
	return 1;
}

static bool is_gone(const struct cellmgr_link *link)
{
	return cellmgr_link_state(link, QUEUE_CELL) == LINK_STATE_OFF;
}

static int wait_for_state(struct cellmgr_link *link, uint32_t state)
{
	int err = 0;

	/* Its changes ring the first vector. */
	while (!err && cellmgr_link_state(link, QUEUE_CELL) != state)
		err = cellmgr_link_wait(link, 0, PATIENCE_MS);
	return err;
}

/* This end first: the cell sends as soon as it is ordered to. */
static int order(struct cellmgr_link *link, const struct queue_command *command)
{
	struct link_writer writer;

	end.records = command->records;
	if (cellmgr_link_receiver(link, QUEUE_CELL, &queue_shape, &end.receiver) != LINK_OK ||
	    cellmgr_link_sender(link, QUEUE_CELL, &queue_shape, &end.sender) != LINK_OK ||
	    cellmgr_link_writer(link, CELLMGR_LINK_COMMON, sizeof(*command), &writer) != LINK_OK)
		return fail("the sections are too small", 0);
	link_write(&writer, 0, command, sizeof(*command), cellmgr_link_now());
	cellmgr_link_ring(link, QUEUE_CELL, 0);
	return 0;
}

static int exchange(struct cellmgr_link *link)
{
	int err = 0;

	while (!queue_is_done(&end)) {
		if (queue_move(&end)) {
			cellmgr_link_ring(link, QUEUE_CELL, 0);
			rings++;
			continue;
		}
		waits++;
		err = cellmgr_link_wait(link, 0, PATIENCE_MS);
		if (is_gone(link)) {
			printf("the cell is gone\n");
			return 3;
		}
		if (err)
			return fail(queue_can(&end) ? "a ring was missed" : "no ring came", err);
	}
	return 0;
}

static int run(struct cellmgr_link *link, const struct queue_command *command)
{
	int err = wait_for_state(link, LINK_STATE_READY);

	if (err)
		return fail("the cell is not ready", err);
	err = order(link, command);
	if (err)
		return err;
	err = wait_for_state(link, QUEUE_RUNNING);
	if (err)
		return fail("the cell does not begin", err);
	err = exchange(link);
	printf("records %lu, %lu wrong\n%lu rings, %lu waits\n", (unsigned long)end.received,
	       (unsigned long)end.wrong, rings, waits);
	return err ? err : end.wrong != 0;
}

int main(int argc, char **argv)
{
	struct queue_command command;
	struct cellmgr_link *link;
	int err;

	if (argc != 5) {
		fprintf(stderr, "usage: link-queue LINK RUN RECORDS ONE-SHOT\n");
		return 2;
	}
	command.run = strtoull(argv[2], NULL, 10);
	command.records = strtoull(argv[3], NULL, 10);
	command.one_shot = strtoull(argv[4], NULL, 10);
	err = cellmgr_link_open(argv[1], &link);
	if (err)
		return fail(argv[1], err);
	err = run(link, &command);
	cellmgr_link_close(link);
	return err;
}
