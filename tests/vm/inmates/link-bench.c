// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a link between two cells costs, in ticks of the time stamp counter: instructions of all CPUs
 * together, in the deterministic machine, where one that halts takes none. Both are this program;
 * peer 0 measures, and tells in lines "measure NAME VALUE UNIT".
 */
#include "inmate_link.h"

#define FIRST_VECTOR 0x40
#define BLOCKS	     20000u
#define ROUNDS	     200u
#define RECORDS	     20000u
#define READINGS     1000u
#define WORDS	     8u
#define STATE_DONE   7u

static const struct link_queue_shape shape = {
	.block_bytes = WORDS * sizeof(uint64_t), .record_bytes = 64, .records = 16};

static struct link link;
static struct link_writer block;
static struct link_sender sender;
static struct link_receiver receiver;
static uint64_t waited_for; /* number that the other one's block shall have */
static unsigned int other;

static bool other_is_ready(void *argument)
{
	return link_state(&link, other) >= LINK_STATE_READY;
}

static bool other_is_done(void *argument)
{
	return link_state(&link, other) == STATE_DONE;
}

static bool has_come(void *argument)
{
	uint64_t words[WORDS];
	struct link_stamp stamp;

	return link_read(link_output(&link, other), link.output_bytes, 0, words, sizeof(words),
			 &stamp) == LINK_OK &&
	       words[0] == waited_for;
}

static bool has_room(void *argument)
{
	uint32_t room;

	return link_room(&sender, &room) == LINK_OK && room == shape.records;
}

static void wait_until(bool (*condition)(void *argument))
{
	while (!link_wait(&link, condition, NULL))
		;
}

static void tell(uint64_t number)
{
	uint64_t words[WORDS];

	for (unsigned int n = 0; n < WORDS; n++)
		words[n] = number;
	link_write(&block, 0, words, sizeof(words), tsc_read());
	link_ring(&link, other, 0);
}

/*
 * A block there and one back: the other one halts until it is rung, as this one does. So many that
 * Linux has nothing to do in some of them.
 */
static uint64_t measure_round(void)
{
	uint64_t best = UINT64_MAX, start, ticks;

	for (unsigned int n = 1; n <= BLOCKS; n++) {
		waited_for = n;
		start = tsc_read();
		tell(n);
		wait_until(has_come);
		ticks = tsc_read() - start;
		best = ticks < best ? ticks : best;
	}
	return best;
}

/*
 * As many records as there is room for, a ring, and until all of them were taken. The best of all
 * rounds: Linux' CPUs count too while they have something to do.
 */
static uint64_t measure_records(void)
{
	uint64_t best = UINT64_MAX, start, ticks;
	uint8_t record[64] = {0};

	for (unsigned int sent = 0; sent < RECORDS; sent += shape.records) {
		start = tsc_read();
		for (unsigned int n = 0; n < shape.records; n++)
			link_send(&sender, record);
		link_ring(&link, other, 0);
		wait_until(has_room);
		ticks = tsc_read() - start;
		best = ticks < best ? ticks : best;
	}
	return best / shape.records;
}

static uint64_t measure_ring(void)
{
	uint64_t best = UINT64_MAX, start, ticks;

	/* To a peer that there is not: what the exit costs alone is recorded in tests/sim. */
	for (unsigned int n = 0; n < ROUNDS; n++) {
		start = tsc_read();
		link_ring(&link, link.peers, 0);
		ticks = tsc_read() - start;
		best = ticks < best ? ticks : best;
	}
	return best;
}

static uint64_t measure_states(void)
{
	uint64_t best = UINT64_MAX, start, ticks;

	for (unsigned int n = 0; n < ROUNDS; n++) {
		start = tsc_read();
		for (unsigned int reading = 0; reading < READINGS; reading++)
			link_state(&link, other);
		ticks = tsc_read() - start;
		best = ticks < best ? ticks : best;
	}
	return best / READINGS;
}

static void measure(void)
{
	uint64_t round = measure_round();

	console_printf("measure block there, one way %lu instructions\n", round / 2);
	console_printf("measure record of 64 bytes, with its share of rings %lu instructions\n",
		       measure_records());
	console_printf("measure ring of nobody %lu instructions\n", measure_ring());
	console_printf("measure state of another peer %lu instructions\n", measure_states());
}

static bool is_sent(void *argument)
{
	return link_pending(&receiver);
}

static void answer(void)
{
	uint8_t record[64];

	for (unsigned int n = 1; n <= BLOCKS; n++) {
		waited_for = n;
		wait_until(has_come);
		tell(n);
	}
	for (unsigned int got = 0; got < RECORDS;) {
		wait_until(is_sent);
		while (link_receive(&receiver, record) == LINK_OK)
			got++;
		link_ring(&link, other, 0);
	}
}

void inmate_main(void)
{
	int err = link_open_number(&link, 0, FIRST_VECTOR);
	uint8_t *own, *theirs;

	if (err || link.peers != 2)
		inmate_fail("link-bench: no link of two: error %d", -err);
	other = !link.own;
	own = link_output(&link, link.own);
	theirs = link_output(&link, other);
	if (link_writer_init(&block, own, link.output_bytes, shape.block_bytes,
			     comm_region()->tsc_khz) != LINK_OK ||
	    link_receiver_init(&receiver, &shape, own, theirs, link.output_bytes, link.own,
			       other) != LINK_OK ||
	    link_sender_init(&sender, &shape, own, theirs, link.output_bytes, link.own, other,
			     (uint32_t)tsc_read()) != LINK_OK)
		inmate_fail("link-bench: the sections are too small");
	link_set_state(link.registers, LINK_STATE_READY);
	wait_until(other_is_ready);
	if (link.own == 0)
		measure();
	else
		answer();
	link_set_state(link.registers, STATE_DONE);
	wait_until(other_is_done);
	console_printf("link-bench: done\n");
	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST)
		cpu_relax();
	inmate_shut_down();
}
