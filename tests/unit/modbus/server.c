// SPDX-License-Identifier: GPL-2.0-only
/* Clients on sockets: good ones, hasty ones, slow ones, and ones that leave in the middle. */
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/lib/tap.h"
#include "util/log.h"

#define MAX_CALLS   8
#define PATIENCE_US 5000000u

/* A call that waits for its answer. */
struct call {
	struct signal_asked *asked; /* NULL: none, or of one that writes */
	size_t count;
	signals_done done; /* NULL: no call */
	void *userdata;
};

struct fixture {
	struct signals signals; /* first: what the server knows */
	struct tap tap;
	sd_event *event;
	struct server *server;
	uint16_t port;
	struct call calls[MAX_CALLS];
	unsigned int begun;
	unsigned int cancelled;
};

/* ---- Signals -------------------------------------------------------------------------------- */

static int add_call(struct fixture *f, const struct call *wanted, void **ret_call)
{
	for (size_t i = 0; i < MAX_CALLS; i++) {
		if (f->calls[i].done)
			continue;
		f->calls[i] = *wanted;
		f->begun++;
		*ret_call = &f->calls[i];
		return 0;
	}
	return -ENOBUFS;
}

static int begin_read(struct signals *signals, const char *cell, struct signal_asked *asked,
		      size_t count, uint64_t timeout_us, signals_done done, void *userdata,
		      void **ret_call)
{
	return add_call((struct fixture *)signals, &(struct call){asked, count, done, userdata},
			ret_call);
}

static int begin_write(struct signals *signals, const char *cell, const char *name,
		       const struct value *value, uint64_t timeout_us, signals_done done,
		       void *userdata, void **ret_call)
{
	return add_call((struct fixture *)signals, &(struct call){NULL, 0, done, userdata},
			ret_call);
}

static void cancel(struct signals *signals, void *call)
{
	((struct fixture *)signals)->cancelled++;
	*(struct call *)call = (struct call){0};
}

static unsigned int pending(const struct fixture *f)
{
	unsigned int count = 0;

	for (size_t i = 0; i < MAX_CALLS; i++)
		count += f->calls[i].done != NULL;
	return count;
}

static void answer_calls(struct fixture *f)
{
	for (size_t i = 0; i < MAX_CALLS; i++) {
		const struct call call = f->calls[i];

		for (size_t j = 0; j < call.count; j++) {
			call.asked[j].found = true;
			call.asked[j].value = (struct value){VALUE_NATURAL, {.natural = 77}};
			call.asked[j].quality = QUALITY_GOOD;
		}
		f->calls[i] = (struct call){0};
		if (call.done)
			call.done(call.userdata, 0, "");
	}
}

/* ---- The loop ------------------------------------------------------------------------------- */

static void turn(struct fixture *f, uint64_t us)
{
	const uint64_t end = monotonic_us() + us;

	do
		sd_event_run(f->event, 1000);
	while (monotonic_us() < end);
}

/* Turns until so many calls wait. */
static bool are_pending(struct fixture *f, unsigned int count)
{
	const uint64_t end = monotonic_us() + PATIENCE_US;

	while (pending(f) != count && monotonic_us() < end)
		turn(f, 0);
	return pending(f) == count;
}

static int connect_to(struct fixture *f)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(f->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	turn(f, 0);
	return fd;
}

static void say(int fd, const void *bytes, size_t size)
{
	if (send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		abort();
}

/* Turns, and answers calls, until count bytes have come. What has come; -1: the end came before. */
static ssize_t hear(struct fixture *f, int fd, uint8_t *bytes, size_t count)
{
	const uint64_t end = monotonic_us() + PATIENCE_US;
	size_t got = 0;

	while (got < count && monotonic_us() < end) {
		const ssize_t r = recv(fd, bytes + got, count - got, MSG_DONTWAIT);

		if (r == 0 || (r < 0 && errno != EAGAIN))
			return -1;
		got += r > 0 ? (size_t)r : 0;
		answer_calls(f);
		turn(f, 0);
	}
	return (ssize_t)got;
}

static bool has_ended(struct fixture *f, int fd)
{
	uint8_t byte;

	return hear(f, fd, &byte, 1) == -1;
}

/* ---- Cases ---------------------------------------------------------------------------------- */

static const uint8_t question[] = {0x12, 0x34, 0, 0, 0, 6, 7, 4, 0, 0, 0, 1};
static const uint8_t reply[] = {0x12, 0x34, 0, 0, 0, 5, 7, 4, 2, 0, 77};

/* The answer to a question of that number, which is its second byte. */
static bool is_answered_as(struct fixture *f, int fd, uint8_t number)
{
	uint8_t bytes[sizeof(reply)], wanted[sizeof(reply)];

	memcpy(wanted, reply, sizeof(reply));
	wanted[1] = number;
	return hear(f, fd, bytes, sizeof(bytes)) == sizeof(bytes) &&
	       memcmp(bytes, wanted, sizeof(bytes)) == 0;
}

static bool is_answered(struct fixture *f, int fd)
{
	return is_answered_as(f, fd, reply[1]);
}

static void test_frames(struct fixture *f)
{
	struct tap *tap = &f->tap;
	const int fd = connect_to(f);
	uint8_t many[20 * sizeof(question)];
	unsigned int answers = 0;
	uint64_t began;

	say(fd, question, sizeof(question));
	tap_ok(tap, is_answered(f, fd), "a request is answered");
	for (size_t i = 0; i < sizeof(question); i++) {
		tap_is_u64(tap, pending(f), 0, "byte %zu of a request is waited for", i);
		say(fd, question + i, 1);
		turn(f, 1000);
	}
	tap_ok(tap, is_answered(f, fd), "a request that comes in single bytes is answered");
	for (size_t i = 0; i < 20; i++) {
		memcpy(many + i * sizeof(question), question, sizeof(question));
		many[i * sizeof(question) + 1] = (uint8_t)i;
	}
	began = monotonic_us();
	say(fd, many, sizeof(many));
	are_pending(f, 1);
	turn(f, 20000);
	tap_is_u64(tap, pending(f), 1, "of many at once one is at work");
	while (answers < 20 && is_answered_as(f, fd, (uint8_t)answers))
		answers++;
	tap_is_u64(tap, answers, 20, "all of them are answered, in order");
	tap_ok(tap, monotonic_us() - began >= 19 * CLIENT_PACE_US,
	       "no faster than a client may ask");
	say(fd, many, sizeof(question) + 8);
	tap_ok(tap, is_answered_as(f, fd, 0), "one and a half: the first is answered");
	turn(f, 20000);
	tap_is_u64(tap, pending(f), 0, "the other half is waited for");
	say(fd, question + 8, sizeof(question) - 8);
	tap_ok(tap, is_answered_as(f, fd, 1), "and is answered when it has come");
	close(fd);
	turn(f, 10000);
}

/* However many there are: what they ask for costs the daemon. */
static void test_pace_of_all(struct fixture *f)
{
	struct tap *tap = &f->tap;
	const uint64_t began = monotonic_us();
	unsigned int answers = 0;
	int fds[6];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_to(f);
		for (unsigned int n = 0; n < 5; n++)
			say(fds[i], question, sizeof(question));
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		for (unsigned int n = 0; n < 5; n++)
			answers += is_answered(f, fds[i]);
		close(fds[i]);
	}
	tap_is_u64(tap, answers, 30, "six clients at once are answered");
	tap_ok(tap, monotonic_us() - began >= 29 * CLIENTS_PACE_US,
	       "no faster than all of them may ask");
	turn(f, 10000);
}

/* The time for a frame is one, whoever sends a byte now and then. */
static void test_dribble(struct fixture *f)
{
	struct tap *tap = &f->tap;
	const int fd = connect_to(f);

	say(fd, question, 1);
	turn(f, CLIENT_FRAME_US / 2);
	say(fd, question + 1, 1);
	turn(f, CLIENT_FRAME_US / 4);
	say(fd, question + 2, 1);
	turn(f, CLIENT_FRAME_US / 2);
	tap_ok(tap, recv(fd, &(uint8_t){0}, 1, MSG_DONTWAIT) == 0,
	       "who sends a byte now and then is let go");
	close(fd);
}

/* How long many requests take in a loop that nothing wakes but clients and their time, as the
 * service's. */
static uint64_t time_of_many(struct fixture *f, unsigned int *ret_answers)
{
	const int fd = connect_to(f);
	const uint64_t began = monotonic_us();
	uint8_t many[20 * sizeof(question)];
	uint64_t took;

	for (size_t i = 0; i < 20; i++)
		memcpy(many + i * sizeof(question), question, sizeof(question));
	say(fd, many, sizeof(many));
	for (*ret_answers = 0, took = 0; *ret_answers < 20 && took < 4 * PATIENCE_US;) {
		sd_event_run(f->event, PATIENCE_US);
		*ret_answers += pending(f);
		answer_calls(f);
		took = monotonic_us() - began;
	}
	close(fd);
	turn(f, 10000);
	return took;
}

static void test_pace(struct fixture *f)
{
	unsigned int answers;
	uint64_t best = UINT64_MAX;

	for (unsigned int n = 0; n < 5 && best >= PATIENCE_US / 2; n++) {
		const uint64_t took = time_of_many(f, &answers);

		best = took < best ? took : best;
	}
	tap_is_u64(&f->tap, answers, 20, "many requests are answered");
	/* A quarter of a second for each where sd-event may choose when to wake. */
	tap_ok(&f->tap, best < PATIENCE_US / 2, "each when its time has come");
}

static void test_who_leaves(struct fixture *f)
{
	struct tap *tap = &f->tap;
	const struct linger now = {1, 0};
	const unsigned int before = f->cancelled;
	int fd = connect_to(f);

	say(fd, question, sizeof(question));
	tap_ok(tap, are_pending(f, 1), "a request is at work");
	/* A reset: nobody is there for the answer. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	tap_ok(tap, are_pending(f, 0) && f->cancelled == before + 1,
	       "who leaves is not worked for");
	fd = connect_to(f);
	say(fd, question, sizeof(question));
	shutdown(fd, SHUT_WR);
	tap_ok(tap, is_answered(f, fd), "who has said all still gets its answer");
	tap_ok(tap, has_ended(f, fd), "and then the end");
	close(fd);
	fd = connect_to(f);
	say(fd, "GET / HTTP/1.0\r\n\r\n", 18);
	tap_ok(tap, has_ended(f, fd), "who speaks something else is let go");
	close(fd);
}

static void test_many(struct fixture *f)
{
	struct tap *tap = &f->tap;
	const int first = connect_to(f), second = connect_to(f);
	int third = connect_to(f);
	uint8_t late[9];

	tap_ok(tap, has_ended(f, third), "more than max-clients are turned away");
	close(third);
	say(first, question, 5);
	say(second, question, sizeof(question));
	tap_ok(tap, is_answered(f, second), "who is slow does not hold another");
	say(first, question + 5, sizeof(question) - 5);
	tap_ok(tap, are_pending(f, 1), "the slow one's request is at work");
	say(second, question, sizeof(question));
	tap_ok(tap, are_pending(f, 2), "and the other's at the same time");
	tap_ok(tap, is_answered(f, first) && is_answered(f, second), "both are answered");
	close(second);
	turn(f, 10000);
	third = connect_to(f);
	say(third, question, sizeof(question));
	tap_ok(tap, is_answered(f, third), "a place that is free is another's");
	say(first, question, sizeof(question));
	are_pending(f, 1);
	turn(f, 1200000);
	tap_ok(tap,
	       hear(f, first, late, sizeof(late)) == sizeof(late) && late[7] == 0x84 &&
		       late[8] == MODBUS_EXCEPTION_GATEWAY_TARGET,
	       "who waits for an answer is not silent, and gets one");
	third = (close(third), connect_to(f));
	/* Longer than the map says, and than it takes. */
	turn(f, 1200000);
	tap_ok(tap, has_ended(f, first) && has_ended(f, third), "silent ones are let go");
	close(first);
	close(third);
}

static int use(struct server *server, uint16_t port, const char *keys)
{
	_cleanup_(map_unrefp) struct map *map = NULL;
	_cleanup_(freep) char *text = NULL;
	struct problems problems = {0};

	if (asprintf(&text,
		     "{ \"port\": %u, %s \"registers\": [ { \"table\": \"input\", \"address\": 0, "
		     "\"encoding\": \"u16\", \"cell\": \"a\", \"signal\": \"s\" } ] }",
		     port, keys) < 0 ||
	    map_parse(text, strlen(text), "m.json", &problems, &map) < 0)
		abort();
	problems_done(&problems);
	return server_use(server, map);
}

/* A port (0: one that nobody has), and a socket that has it. */
static uint16_t take_port(const char *address, uint16_t port, int *ret_fd)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t length = sizeof(name);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &name.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&name, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &length) < 0 || listen(fd, 1) < 0)
		abort();
	*ret_fd = fd;
	return ntohs(name.sin_port);
}

static void test_maps(struct fixture *f)
{
	struct tap *tap = &f->tap;
	const int fd = connect_to(f);
	const uint16_t before = f->port;
	int taken, other;

	say(fd, question, sizeof(question));
	are_pending(f, 1);
	f->port = take_port("127.0.0.1", 0, &taken);
	tap_is_u64(tap, (uint64_t)use(f->server, f->port, ""), (uint64_t)-EADDRINUSE,
		   "a port that somebody has is refused");
	close(taken);
	f->port = before;
	other = connect_to(f);
	say(other, question, sizeof(question));
	tap_ok(tap, is_answered(f, other), "it listens where it did before");
	tap_ok(tap, is_answered(f, fd), "and what was at work is answered");
	/* Its own socket is in the way of all addresses, and somebody else's too. */
	take_port("127.0.0.2", f->port, &taken);
	tap_is_u64(tap, (uint64_t)use(f->server, f->port, "\"listen\": \"0.0.0.0\","),
		   (uint64_t)-EADDRINUSE, "all addresses where somebody has one");
	close(taken);
	close(other);
	turn(f, 10000);
	other = connect_to(f);
	say(other, question, sizeof(question));
	tap_ok(tap, is_answered(f, other), "it listens where it did before");
	tap_is_u64(tap, (uint64_t)use(f->server, f->port, "\"listen\": \"0.0.0.0\","), 0,
		   "all addresses of its own port");
	say(fd, question, sizeof(question));
	tap_ok(tap, is_answered(f, fd), "clients that are there stay");
	close(other);
	turn(f, 10000);
	other = connect_to(f);
	say(other, question, sizeof(question));
	tap_ok(tap, is_answered(f, other), "others can come");
	close(other);
	close(fd);
}

/* TEST-NET-2 (RFC 5737) is no machine's. */
static void test_addresses_to_come(struct fixture *f)
{
	struct tap *tap = &f->tap;
	struct server *server;
	int taken;
	const uint16_t port = take_port("127.0.0.1", 0, &taken);

	if (server_new(f->event, &f->signals, &server) < 0)
		abort();
	tap_is_u64(tap, (uint64_t)use(server, port, "\"listen\": \"198.51.100.1\","), 0,
		   "at the start an address may be to come");
	tap_is_u64(tap, (uint64_t)use(server, port, "\"listen\": \"198.51.100.2\","),
		   (uint64_t)-EADDRNOTAVAIL, "later it may be a mistake");
	server_free(server);
	close(taken);
}

int main(void)
{
	struct fixture f = {.signals = {begin_read, begin_write, cancel}};
	int taken;

	log_set_target(LOG_TARGET_NULL);
	if (sd_event_new(&f.event) < 0 || server_new(f.event, &f.signals, &f.server) < 0)
		return 1;
	f.port = take_port("127.0.0.1", 0, &taken);
	close(taken);
	tap_is_u64(&f.tap, (uint64_t)use(f.server, f.port, ""), 0, "it listens");
	test_frames(&f);
	test_pace(&f);
	test_pace_of_all(&f);
	test_dribble(&f);
	test_who_leaves(&f);
	test_maps(&f);
	test_addresses_to_come(&f);
	use(f.server, f.port,
	    "\"listen\": \"127.0.0.1\", \"max-clients\": 2, \"idle-timeout\": \"1s\",");
	turn(&f, 10000);
	test_many(&f);
	server_free(f.server);
	sd_event_unref(f.event);
	return tap_done(&f.tap);
}
