// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cell's end of queues in both directions: does what Linux' program (programs/link-queue.c)
 * orders, run for run. Its timer is for requests to shut down only: where it is what ends a wait
 * for the other end, a ring was missed, and that is told.
 */
#include "inmate_link.h"
#include "queue_run.h"

#define FIRST_VECTOR 0x40
#define TICKS_HZ     4
#define LATE_US	     20000 /* a ring may be on its way */

static struct link link;
static struct queue_command command;
static struct queue_end end;
static uint64_t last_run, rings, missed;
static uint32_t ticks;

static void tick(void *argument)
{
	__atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

static bool wait_for(bool (*pending)(void *argument))
{
	uint32_t tick_before = __atomic_load_n(&ticks, __ATOMIC_RELAXED);
	uint32_t before = link_rings(&link, 0);
	bool found;

	if (comm_poll() == COMM_MSG_SHUTDOWN_REQUEST)
		inmate_shut_down();
	found = link_wait(&link, pending, NULL);
	if (found && __atomic_load_n(&ticks, __ATOMIC_RELAXED) != tick_before &&
	    link_rings(&link, 0) == before) {
		udelay(LATE_US);
		missed += link_rings(&link, 0) == before;
	}
	return found;
}

static bool is_ordered(void *argument)
{
	struct link_stamp stamp;

	return link_read(link.common, link.common_bytes, 0, &command, sizeof(command), &stamp) ==
		       LINK_OK &&
	       command.run != last_run;
}

static bool can(void *argument)
{
	return queue_can(&end);
}

static void begin(void)
{
	end = (struct queue_end){.records = command.records};
	if (link_receiver_init(&end.receiver, &queue_shape, link_output(&link, QUEUE_CELL),
			       link_output(&link, QUEUE_ROOT), link.output_bytes, QUEUE_CELL,
			       QUEUE_ROOT) != LINK_OK ||
	    link_sender_init(&end.sender, &queue_shape, link_output(&link, QUEUE_CELL),
			     link_output(&link, QUEUE_ROOT), link.output_bytes, QUEUE_CELL,
			     QUEUE_ROOT, (uint32_t)(tsc_read() >> 8)) != LINK_OK)
		inmate_fail("queue-peer: the sections are too small");
	link_set_one_shot(&link, command.one_shot);
	last_run = command.run;
	rings = 0;
	link_set_state(link.registers, QUEUE_RUNNING);
}

static void run(void)
{
	uint32_t interrupts = link_rings(&link, 0);

	begin();
	while (!queue_is_done(&end)) {
		if (queue_move(&end)) {
			link_ring(&link, QUEUE_ROOT, 0);
			rings++;
		} else {
			wait_for(can);
		}
	}
	console_printf("queue-peer: run %lu, %lu records, %lu wrong, %lu missed, %lu rings, %u "
		       "interrupts\n",
		       command.run, end.received, end.wrong, missed, rings,
		       link_rings(&link, 0) - interrupts);
	link_set_state(link.registers, LINK_STATE_READY);
}

void inmate_main(void)
{
	int err = link_open_number(&link, 0, FIRST_VECTOR);

	if (err)
		inmate_fail("queue-peer: no link: error %d", -err);
	/* What an earlier life did is not ordered. */
	if (is_ordered(NULL))
		last_run = command.run;
	link_set_state(link.registers, LINK_STATE_READY);
	console_printf("queue-peer: ready\n");
	timer_start_periodic(TICKS_HZ, tick, NULL);
	for (;;) {
		while (!wait_for(is_ordered))
			;
		run();
	}
}
