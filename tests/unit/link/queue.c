// SPDX-License-Identifier: GPL-2.0-only
/* Queues of a link: nothing lost, doubled or torn, and what becomes of them when a peer begins
 * anew. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "sections.h"
#include "tests/lib/tap.h"

#define SECTION	 8192u
#define PATIENCE 400000000u
#define LIFE	 77u

struct record {
	uint64_t number;
	uint64_t inverse;
	uint32_t low; /* a record need not be whole words */
} __attribute__((packed));

static const struct link_queue_shape shape = {
	.block_bytes = 100, .record_bytes = 20, .records = 64};

static uint8_t *sections[2];
static unsigned int messages;

static void fill(struct record *record, uint64_t number)
{
	*record = (struct record){number, ~number, (uint32_t)number};
}

static bool is_whole(const struct record *record)
{
	return record->inverse == ~record->number && record->low == (uint32_t)record->number;
}

static void sender_at(struct link_sender *sender, unsigned int own, uint32_t life)
{
	if (link_sender_init(sender, &shape, sections[own], sections[!own], SECTION, own, !own,
			     life) != LINK_OK)
		abort();
}

static void receiver_at(struct link_receiver *receiver, unsigned int own)
{
	if (link_receiver_init(receiver, &shape, sections[own], sections[!own], SECTION, own,
			       !own) != LINK_OK)
		abort();
}

/* Both with memory in which nothing ever was. */
static void begin(struct link_sender *sender, struct link_receiver *receiver)
{
	memset(sections[0], 0, SECTION);
	memset(sections[1], 0, SECTION);
	receiver_at(receiver, 1);
	sender_at(sender, 0, LIFE);
}

static unsigned int send_numbers(struct link_sender *sender, uint64_t first, unsigned int count)
{
	struct record record;
	unsigned int n;

	for (n = 0; n < count; n++) {
		fill(&record, first + n);
		if (link_send(sender, &record) != LINK_OK)
			break;
	}
	return n;
}

static bool receives(struct link_receiver *receiver, uint64_t number)
{
	struct record record;

	return link_receive(receiver, &record) == LINK_OK && record.number == number &&
	       is_whole(&record);
}

/* ---- Both directions at once ---------------------------------------------------------------- */

struct peer {
	unsigned int own;
	unsigned int received, wrong;
	bool sent_all, in_time;
};

static void *exchange(void *argument)
{
	struct peer *peer = argument;
	struct link_receiver receiver;
	struct link_sender sender;
	struct record record;
	uint64_t next = 0;

	receiver_at(&receiver, peer->own);
	sender_at(&sender, peer->own, LIFE + peer->own);
	for (uint64_t n = 0; n < PATIENCE && (next < messages || peer->received < messages); n++) {
		unsigned int sent = send_numbers(&sender, next, next < messages);

		next += sent;
		if (link_receive(&receiver, &record) == LINK_OK) {
			peer->wrong += record.number != peer->received || !is_whole(&record);
			peer->received++;
		} else if (!sent) {
			sched_yield();
		}
	}
	peer->sent_all = next == messages;
	peer->in_time = !link_pending(&receiver);
	return NULL;
}

static void test_exchange(struct tap *tap)
{
	struct peer peers[2] = {{.own = 0}, {.own = 1}};
	pthread_t threads[2];

	memset(sections[0], 0, SECTION);
	memset(sections[1], 0, SECTION);
	for (unsigned int n = 0; n < 2; n++) {
		if (pthread_create(&threads[n], NULL, exchange, &peers[n]) != 0)
			abort();
	}
	for (unsigned int n = 0; n < 2; n++) {
		pthread_join(threads[n], NULL);
		tap_is_u64(tap, peers[n].received, messages, "peer %u receives a million records",
			   n);
		tap_is_u64(tap, peers[n].wrong, 0, "in order, none lost, doubled or torn");
		tap_ok(tap, peers[n].sent_all && peers[n].in_time, "and nothing is left over");
	}
}

/* ---- One direction, step by step ------------------------------------------------------------ */

static void test_room(struct tap *tap)
{
	struct link_receiver receiver;
	struct link_sender sender;
	struct record record;
	uint32_t room;

	begin(&sender, &receiver);
	tap_ok(tap, !link_pending(&receiver) || link_receive(&receiver, &record) == LINK_EMPTY,
	       "a new queue is empty");
	tap_is_u64(tap, send_numbers(&sender, 0, 1000), shape.records,
		   "a queue takes what it holds");
	tap_ok(tap, link_room(&sender, &room) == LINK_FULL && room == 0, "and is full then");
	tap_ok(tap, link_pending(&receiver) && receives(&receiver, 0), "the first comes out first");
	tap_ok(tap, link_room(&sender, &room) == LINK_OK && room == 1, "which makes room for one");
	tap_is_u64(tap, send_numbers(&sender, 64, 5), 1, "one more is taken");
	for (unsigned int n = 1; n < 65; n++)
		tap->failed += !receives(&receiver, n);
	tap_ok(tap, link_receive(&receiver, &record) == LINK_EMPTY && !link_pending(&receiver),
	       "all come out, then the queue is empty");
}

static void test_wrap(struct tap *tap)
{
	struct link_receiver receiver;
	struct link_sender sender;
	unsigned int wrong = 0;

	begin(&sender, &receiver);
	receives(&receiver, 0); /* takes note of the sender's life */
	sender.index = receiver.index = UINT32_MAX - 10;
	link_publish_received(&receiver);
	for (unsigned int n = 0; n < 100; n++) {
		wrong += send_numbers(&sender, n, 1) != 1;
		wrong += !receives(&receiver, n);
	}
	tap_is_u64(tap, wrong, 0, "indices go over their end");
}

static void test_restarts(struct tap *tap)
{
	struct link_receiver receiver;
	struct link_sender sender;
	struct record record;
	uint32_t room;

	begin(&sender, &receiver);
	send_numbers(&sender, 0, 10);
	tap_ok(tap, receives(&receiver, 0), "what was sent before the receiver looked is kept");
	receiver_at(&receiver, 1);
	tap_ok(tap, receives(&receiver, 1), "a receiver that begins anew goes on where it was");
	sender_at(&sender, 0, LIFE + 1);
	tap_ok(tap, link_room(&sender, &room) == LINK_OK && room == shape.records,
	       "a sender that begins anew has an empty queue");
	send_numbers(&sender, 100, 3);
	tap_ok(tap, link_receive(&receiver, &record) == LINK_RESTARTED,
	       "the receiver is told that the sender has begun anew");
	tap_ok(tap, receives(&receiver, 100) && receives(&receiver, 101),
	       "and gets what the new one sends, from the first record on");
	memset(sections[1] + LINK_HEADER_BYTES, 0xa5, SECTION - LINK_HEADER_BYTES);
	receiver_at(&receiver, 1);
	tap_ok(tap, link_receive(&receiver, &record) == LINK_EMPTY,
	       "a receiver whose memory says nothing of this sender begins behind what is there");
	tap_ok(tap, send_numbers(&sender, 200, 1) == 1 && receives(&receiver, 200),
	       "and gets what is sent from then on");
	memset(sections[0], 0, SECTION);
	tap_ok(tap,
	       link_receive(&receiver, &record) == LINK_RESTARTED &&
		       link_receive(&receiver, &record) == LINK_EMPTY,
	       "a sender whose memory was wiped is one that begins anew");
	sender_at(&sender, 0, LIFE + 2);
	tap_ok(tap, send_numbers(&sender, 300, 1) == 1 && receives(&receiver, 300),
	       "and is heard when it is back");
}

/*
 * The receiver is stopped in the middle of a record, at a page of it that it may not read yet, and
 * meanwhile the sender begins anew and fills the same place.
 */
#define LARGE_RECORD  6000u
#define LARGE_SECTION (4 * SECTION_PAGE)

static const struct link_queue_shape large_shape = {.record_bytes = LARGE_RECORD, .records = 1};

static struct {
	uint8_t *sections[2];
	unsigned int lives;
} large;

static void large_sender_lives(void)
{
	static uint8_t record[LARGE_RECORD];
	struct link_sender sender;

	large.lives++;
	memset(record, (int)large.lives, sizeof(record));
	if (link_sender_init(&sender, &large_shape, large.sections[0], large.sections[1],
			     LARGE_SECTION, 0, 1, large.lives) != LINK_OK ||
	    link_send(&sender, record) != LINK_OK)
		abort();
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	/* Anywhere else it is a fault of the test. */
	if (large.lives != 1 || (uint8_t *)info->si_addr < large.sections[0] ||
	    (uint8_t *)info->si_addr >= large.sections[0] + LARGE_SECTION ||
	    mprotect(large.sections[0], LARGE_SECTION, PROT_READ | PROT_WRITE) < 0)
		abort();
	large_sender_lives();
}

static void test_restart_within(struct tap *tap)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, before;
	struct link_receiver receiver;
	static uint8_t record[LARGE_RECORD];
	uint8_t *second_page;
	enum link_result result;

	for (unsigned int n = 0; n < 2; n++)
		large.sections[n] = section_make(LARGE_SECTION);
	large_sender_lives();
	if (link_receiver_init(&receiver, &large_shape, large.sections[1], large.sections[0],
			       LARGE_SECTION, 1, 0) != LINK_OK ||
	    sigaction(SIGSEGV, &action, &before) < 0)
		abort();
	second_page = (uint8_t *)(((uintptr_t)receiver.records + SECTION_PAGE) &
				  ~(uintptr_t)(SECTION_PAGE - 1));
	if (mprotect(second_page, SECTION_PAGE, PROT_NONE) < 0)
		abort();
	result = link_receive(&receiver, record);
	sigaction(SIGSEGV, &before, NULL);
	tap_is_u64(tap, large.lives, 2, "the sender began anew in the middle of a record");
	tap_is_u64(tap, result, LINK_RESTARTED,
		   "which is told, and no record of the halves of two");
	result = link_receive(&receiver, record);
	tap_ok(tap,
	       result == LINK_OK && record[0] == 2 && !memcmp(record, record + 1, LARGE_RECORD - 1),
	       "then the new one's comes, whole");
	for (unsigned int n = 0; n < 2; n++)
		section_free(large.sections[n], LARGE_SECTION);
}

static void test_late_receiver(struct tap *tap)
{
	struct link_receiver receiver;
	struct link_sender sender;

	begin(&sender, &receiver);
	memset(sections[1], 0, SECTION);
	tap_is_u64(tap, send_numbers(&sender, 0, 100), shape.records,
		   "a sender can send before there is a receiver");
	receiver_at(&receiver, 1);
	tap_ok(tap, receives(&receiver, 0) && receives(&receiver, 1),
	       "a receiver that comes later gets it");
}

static void test_broken(struct tap *tap)
{
	struct link_receiver receiver;
	struct link_sender sender;
	struct record record;
	uint64_t *received, *sent;
	uint32_t room;

	begin(&sender, &receiver);
	send_numbers(&sender, 0, 5);
	receives(&receiver, 0);
	received = receiver.received;
	sent = sender.sent;
	*received = link_index(LIFE, 6);
	tap_ok(tap,
	       link_room(&sender, &room) == LINK_BROKEN && room == 0 &&
		       link_send(&sender, &record) == LINK_BROKEN,
	       "a receiver that has more than was sent is not believed");
	*received = link_index(LIFE, UINT32_MAX - 60);
	tap_ok(tap, link_send(&sender, &record) == LINK_BROKEN,
	       "nor one that has so little that the queue was too full");
	*sent = link_index(LIFE, 1 + shape.records + 1);
	tap_ok(tap, link_receive(&receiver, &record) == LINK_BROKEN,
	       "a sender that has sent more than fits is not believed");
	tap_ok(tap, link_receive(&receiver, &record) == LINK_EMPTY,
	       "the receiver goes on behind it");
	*sent = link_index(LIFE, 5);
	tap_ok(tap,
	       link_receive(&receiver, &record) == LINK_BROKEN &&
		       link_receive(&receiver, &record) == LINK_EMPTY,
	       "nor one that takes back what it has sent");
	tap_ok(tap, send_numbers(&sender, 5, 1) == 1 && receives(&receiver, 5),
	       "both go on when what they say fits again");
}

static void test_shapes(struct tap *tap)
{
	static const struct link_queue_shape wrong[] = {
		{0, 0, 4},
		{0, 8, 0},
		{0, 8, 3},
		{0, LINK_MAX_BYTES + 1, 4},
		{0, 8, 2 * LINK_MAX_RECORDS},
		{LINK_MAX_BYTES + 1, 8, 4},
		{0, 8, 1024},
		{0, 4096, 1},
		{SECTION - 64, 8, 1},
		{UINT32_MAX, UINT32_MAX, UINT32_MAX},
	};
	struct link_receiver receiver;
	struct link_sender sender;
	unsigned int taken = 0;

	for (unsigned int n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++) {
		taken += link_sender_init(&sender, &wrong[n], sections[0], sections[1], SECTION, 0,
					  1, 1) != LINK_INVALID;
		taken += link_receiver_init(&receiver, &wrong[n], sections[0], sections[1], SECTION,
					    0, 1) != LINK_INVALID;
	}
	tap_is_u64(tap, taken, 0, "a shape that cannot be or does not fit is refused");
	tap_ok(tap,
	       !link_slot(&(struct link_queue_shape){0, LINK_MAX_BYTES + 1, 1}, SIZE_MAX, 0) &&
		       !link_slot(&(struct link_queue_shape){0, 1, 2 * LINK_MAX_RECORDS}, SIZE_MAX,
				  0) &&
		       link_slot(&(struct link_queue_shape){0, LINK_MAX_BYTES, LINK_MAX_RECORDS},
				 SIZE_MAX, 1),
	       "nor is one too large where there were room for it");
	tap_ok(tap,
	       link_record_stride(&(struct link_queue_shape){0, 5, 1}) == 8 &&
		       link_record_stride(&(struct link_queue_shape){0, 9, 1}) == 16,
	       "no two records are in one word");
	tap_ok(tap,
	       link_sender_init(&sender, &shape, sections[0], sections[1], SECTION, 0, 1, 0) ==
			       LINK_OK &&
		       sender.life,
	       "a sender has a life");
	tap_ok(tap,
	       link_sender_init(&sender, &shape, sections[0], sections[1], SECTION, 1, 1, 1) ==
			       LINK_INVALID &&
		       link_sender_init(&sender, &shape, sections[0] + 8, sections[1], SECTION - 64,
					0, 1, 1) == LINK_INVALID &&
		       link_sender_init(&sender, &shape, sections[0], sections[1], SECTION, 0,
					65536, 1) == LINK_INVALID,
	       "so are a queue to oneself, sections that are not aligned, peers that cannot be");
}

/* Whether a receiver that begins anew finds nothing to receive, where its section says that. */
static bool begins_behind(uint64_t received)
{
	static uint8_t record[LINK_MAX_BYTES];
	struct link_receiver receiver;

	link_receiver_init(&receiver, &shape, sections[1], sections[0], SECTION, 1, 0);
	*receiver.received = received;
	link_receiver_init(&receiver, &shape, sections[1], sections[0], SECTION, 1, 0);
	return link_receive(&receiver, record) == LINK_EMPTY;
}

static void test_begun_anew(struct tap *tap)
{
	static const uint8_t record[LINK_MAX_BYTES];
	struct link_sender sender;

	link_sender_init(&sender, &shape, sections[0], sections[1], SECTION, 0, 1, 7);
	link_send(&sender, record);
	link_send(&sender, record);
	tap_ok(tap, !begins_behind(link_index(7, 1)), "control: it goes on where it was");
	tap_ok(tap, begins_behind(link_index(6, 1)) && begins_behind(link_index(7, 1u << 31)),
	       "it begins behind what is there where it cannot have been");
}

/* A receiver sleeps until a doorbell rings, and a sender with a full queue rings none. */
static void test_begun_anew_full(struct tap *tap)
{
	struct link_receiver receiver;
	struct link_sender sender;
	uint32_t room;

	begin(&sender, &receiver);
	send_numbers(&sender, 0, shape.records);
	tap_ok(tap, link_room(&sender, &room) == LINK_FULL, "control: the queue is full");
	/* What another sender's receiver has left. */
	*receiver.received = link_index(LIFE - 1, 5);
	receiver_at(&receiver, 1);
	tap_ok(tap, link_room(&sender, &room) == LINK_OK && room == shape.records,
	       "a receiver that begins behind a full queue makes room before it receives");
	send_numbers(&sender, 100, 1);
	tap_ok(tap, receives(&receiver, 100), "what is sent then it receives");
}

int main(int argc, char **argv)
{
	struct tap tap = {0};

	messages = argc == 2 ? (unsigned int)atoi(argv[1]) : 0;
	if (!messages)
		return EXIT_FAILURE;
	sections[0] = section_make(SECTION);
	sections[1] = section_make(SECTION);
	test_room(&tap);
	test_wrap(&tap);
	test_restarts(&tap);
	test_restart_within(&tap);
	test_late_receiver(&tap);
	test_broken(&tap);
	test_shapes(&tap);
	test_begun_anew(&tap);
	test_begun_anew_full(&tap);
	test_exchange(&tap);
	section_free(sections[0], SECTION);
	section_free(sections[1], SECTION);
	return tap_done(&tap);
}
