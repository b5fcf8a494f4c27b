// SPDX-License-Identifier: GPL-2.0-only
/* Clients without a server: who has left keeps nobody waiting. */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/lib/tap.h"
#include "util/log.h"

#define PATIENCE_US 5000000u

struct crowd {
	struct client_context context; /* first: what they know */
	unsigned int count;
};

static const uint8_t question[] = {0x12, 0x34, 0, 0, 0, 6, 7, 4, 0, 0, 0, 1};

static int begin_read(struct signals *signals, const char *cell, struct signal_asked *asked,
		      size_t count, uint64_t timeout_us, signals_done done, void *userdata,
		      void **ret_call)
{
	return -EBUSY;
}

static void on_gone(struct client_context *context, struct client *client)
{
	((struct crowd *)context)->count--;
}

/* One that leaves while its request has yet to begin. */
static void come_and_go(struct crowd *crowd)
{
	const uint64_t end = monotonic_us() + PATIENCE_US;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0 ||
	    !client_new(&crowd->context, pair[0]) ||
	    write(pair[1], question, sizeof(question)) != sizeof(question))
		abort();
	crowd->count++;
	sd_event_run(crowd->context.event, 0);
	close(pair[1]);
	while (crowd->count && monotonic_us() < end)
		sd_event_run(crowd->context.event, 1000);
}

static void test_turns(struct tap *tap, struct crowd *crowd)
{
	for (unsigned int i = 0; i < 2000; i++)
		come_and_go(crowd);
	tap_is_u64(tap, crowd->count, 0, "all have left");
	/* Those that there can be, and one that comes. */
	tap_ok(tap,
	       crowd->context.next_us <= monotonic_us() + (MAP_MAX_CLIENTS + 1) * CLIENTS_PACE_US,
	       "nobody waits for the turns of those who have left");
}

int main(void)
{
	struct signals signals = {.read = begin_read};
	struct map map = {.references = 1, .idle_us = PATIENCE_US};
	struct crowd crowd = {
		.context = {.exchange.signals = &signals, .gone = on_gone, .map = &map}};
	struct tap tap = {0};

	log_set_target(LOG_TARGET_NULL);
	if (sd_event_new(&crowd.context.event) < 0 ||
	    answers_new(&crowd.context.exchange.answers) < 0)
		return 1;
	test_turns(&tap, &crowd);
	answers_free(crowd.context.exchange.answers);
	sd_event_unref(crowd.context.event);
	return tap_done(&tap);
}
