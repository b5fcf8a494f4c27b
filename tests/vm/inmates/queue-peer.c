// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cell's end of queues in both directions to each peer of a link: does what Linux' program
 * (programs/link-queue.c) orders, run for run. Its timer is for requests to shut down only: where
 * it is what ends a wait for others, a ring was missed, and that is told.
 */
#include "inmate_link.h"
#include "queue_run.h"

#define FIRST_VECTOR 0x40
#define TICKS_HZ     4
#define LATE_TICKS   8	 /* emulated CPUs that run in turn have 100 ms each */
#define LIVELY_TURNS 100 /* before one dies */

static struct link link;
static struct queue_command command;
static struct queue_run run;
static uint64_t missed;
static uint32_t ticks;

static void tick(void *argument)
{
	__atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

struct waiting {
	bool (*pending)(void *argument);
	unsigned int looks;
};

static bool look(void *argument)
{
	struct waiting *waiting = argument;

	waiting->looks++;
	return waiting->pending(NULL);
}

static bool has_rung(void *before)
{
	return link_rings(&link, 0) != *(const uint32_t *)before;
}

/* Asleep, so that whoever has not rung yet can. */
static bool comes_late(uint32_t before)
{
	uint32_t first = __atomic_load_n(&ticks, __ATOMIC_RELAXED);

	while (__atomic_load_n(&ticks, __ATOMIC_RELAXED) - first < LATE_TICKS) {
		if (link_wait(&link, has_rung, &before))
			return true;
	}
	return false;
}

static bool wait_for(bool (*pending)(void *argument))
{
	struct waiting waiting = {.pending = pending};
	uint32_t tick_before = __atomic_load_n(&ticks, __ATOMIC_RELAXED);
	uint32_t before = link_rings(&link, 0);
	bool found;

	if (comm_poll() == COMM_MSG_SHUTDOWN_REQUEST)
		inmate_shut_down();
	found = link_wait(&link, look, &waiting);
	/* What is there at the first look was rung for before, if at all. */
	if (found && waiting.looks > 1 &&
	    __atomic_load_n(&ticks, __ATOMIC_RELAXED) != tick_before &&
	    link_rings(&link, 0) == before)
		missed += !comes_late(before);
	return found;
}

static bool is_ordered(void *argument)
{
	struct link_stamp stamp;

	return link_read(link.common, link.common_bytes, 0, &command, sizeof(command), &stamp) ==
		       LINK_OK &&
	       command.run != run.number;
}

static bool can_begin(void *argument)
{
	return queue_all_run(&run) || queue_absent(&run) < QUEUE_PEERS;
}

static bool can_go_on(void *argument)
{
	return queue_can(&run) || queue_gone(&run) < QUEUE_PEERS;
}

static uint32_t state_of(unsigned int peer)
{
	return link_state(&link, peer);
}

static const void *section_of(unsigned int peer, size_t *ret_bytes)
{
	*ret_bytes = link.output_bytes;
	return link_output(&link, peer);
}

static void ring(unsigned int peer)
{
	link_ring(&link, peer, 0);
}

static void open_end(unsigned int peer, const struct link_queue_shape *shape)
{
	struct queue_end *end = &run.ends[peer];

	*end = (struct queue_end){0};
	if (link_receiver_init(&end->receiver, shape, link_output(&link, link.own),
			       link_output(&link, peer), link.output_bytes, link.own,
			       peer) != LINK_OK ||
	    link_sender_init(&end->sender, shape, link_output(&link, link.own),
			     link_output(&link, peer), link.output_bytes, link.own, peer,
			     (uint32_t)(tsc_read() >> 8)) != LINK_OK)
		inmate_fail("queue-peer: the sections are too small");
}

static void begin(void)
{
	struct link_queue_shape shape = queue_shape(link.peers);

	run.number = command.run;
	run.records = command.records;
	run.words = run.torn = run.rings = 0;
	for_each_other (peer, &run)
		open_end(peer, &shape);
	link_set_one_shot(&link, command.one_shot);
	link_set_state(link.registers, QUEUE_RUNNING(run.number));
	while (!wait_for(can_begin))
		;
}

/* Not by the hypercall of those who give up: it writes where it must not. */
static void die(void)
{
	queue_stop_halfway(&run);
	console_printf("queue-peer: dies\n");
	*(volatile uint32_t *)link_output(&link, QUEUE_ROOT) = 1;
	inmate_fail("queue-peer: nobody has stopped it");
}

static void report(uint32_t interrupts)
{
	uint64_t wrong, received = queue_received(&run, &wrong);
	unsigned int gone = queue_gone(&run);

	if (gone < QUEUE_PEERS)
		console_printf("queue-peer: run %lu, peer %u is gone, %lu wrong, %lu missed\n",
			       run.number, gone, wrong, missed);
	else
		console_printf("queue-peer: run %lu, %lu records, %lu wrong, %lu missed, %lu "
			       "rings, %u interrupts\n",
			       run.number, received, wrong, missed, run.rings, interrupts);
}

static void carry_out(void)
{
	uint32_t interrupts = link_rings(&link, 0);
	unsigned int turns = 0;

	begin();
	while (!queue_all_done(&run) && queue_gone(&run) == QUEUE_PEERS) {
		if (!queue_turn(&run, tsc_read()))
			wait_for(can_go_on);
		else if (++turns == LIVELY_TURNS && command.dies == link.own)
			die();
	}
	report(link_rings(&link, 0) - interrupts);
	link_set_state(link.registers, QUEUE_DONE(run.number));
}

void inmate_main(void)
{
	int err = link_open_number(&link, 0, FIRST_VECTOR);

	if (err)
		inmate_fail("queue-peer: no link: error %d", -err);
	run = (struct queue_run){link.own, link.peers, .state = state_of, .section = section_of,
				 .ring = ring};
	if (run.peers > QUEUE_PEERS ||
	    link_writer_init(&run.block, link_output(&link, link.own), link.output_bytes,
			     QUEUE_WORDS * sizeof(uint64_t), comm_region()->tsc_khz) != LINK_OK)
		inmate_fail("queue-peer: %u peers", run.peers);
	/* What an earlier life did is not ordered. */
	if (is_ordered(NULL))
		run.number = command.run;
	link_set_state(link.registers, LINK_STATE_READY);
	console_printf("queue-peer: ready\n");
	timer_start_periodic(TICKS_HZ, tick, NULL);
	for (;;) {
		while (!wait_for(is_ordered))
			;
		carry_out();
	}
}
