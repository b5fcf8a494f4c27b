// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures how regularly the timer's interrupts arrive: the deviation of each interval from the
 * period, by the processor's counter. Only intervals are measured, so clocks that disagree show as
 * a constant part of the deviation.
 *
 * Parameters:
 *   hz=N          interrupts a second, 10 … 20000 (1000)
 *   window-ms=MS  a line of minimum, average and maximum that often (1000)
 *   cycles=N      ends with a histogram after N intervals; 0 runs until it is shut down (0)
 */
#include "inmate.h"

#define BUCKETS 24 /* the last one: 2^23 ns and more */

struct window {
	uint64_t count;
	int64_t minimum, maximum, sum; /* ns */
};

struct jitter {
	int64_t period; /* ns */
	uint64_t last;	/* TSC; 0 before the first interrupt */
	uint64_t count;
	struct window window, total;
	/* By size of the deviation: bucket n from 2^(n-1) ns to below 2^n ns, early and late. */
	uint64_t early[BUCKETS], late[BUCKETS];
};

static struct jitter jitter;

static void window_add(struct window *window, int64_t deviation)
{
	if (window->count == 0 || deviation < window->minimum)
		window->minimum = deviation;
	if (window->count == 0 || deviation > window->maximum)
		window->maximum = deviation;
	window->sum += deviation;
	window->count++;
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int bucket = ns ? 64 - __builtin_clzll(ns) : 0;

	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static void tick(void *argument)
{
	struct jitter *j = argument;
	uint64_t now = tsc_read();
	int64_t deviation;

	heartbeat_beat();
	if (j->last) {
		deviation = (int64_t)tsc_to_ns(now - j->last) - j->period;
		window_add(&j->window, deviation);
		window_add(&j->total, deviation);
		if (deviation < 0)
			j->early[bucket_of(-deviation)]++;
		else
			j->late[bucket_of(deviation)]++;
		j->count++;
	}
	j->last = now;
}

static struct window take_window(void)
{
	bool enabled = interrupts_save();
	struct window window = jitter.window;

	jitter.window = (struct window){0};
	interrupts_restore(enabled);
	return window;
}

static void print_window(const char *name, const struct window *window)
{
	if (window->count)
		console_printf("jitter: %s intervals=%lu min=%ldns avg=%ldns max=%ldns\n", name,
			       window->count, window->minimum, window->sum / (int64_t)window->count,
			       window->maximum);
}

/* The timer has been stopped. */
static void print_histogram(void)
{
	for (unsigned int n = 0; n < BUCKETS; n++) {
		if (jitter.early[n] || jitter.late[n])
			console_printf("jitter: histogram from=%luns early=%lu late=%lu\n",
				       n ? 1ul << (n - 1) : 0, jitter.early[n], jitter.late[n]);
	}
}

static void measure(uint64_t cycles, uint64_t window_ns)
{
	uint64_t next = time_ns() + window_ns;
	struct window window;

	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST) {
		interrupts_disable();
		if (cycles && jitter.count >= cycles)
			return;
		cpu_idle();
		if (time_ns() < next)
			continue;
		next += window_ns;
		window = take_window();
		print_window("window", &window);
	}
}

void inmate_main(void)
{
	static const char *const names[] = {"hz", "window-ms", "cycles", NULL};
	uint64_t window_ns, cycles;
	unsigned int hz;

	params_require_known(names);
	hz = param_int_or_fail("hz", 1000, 10, 20000);
	window_ns = param_int_or_fail("window-ms", 1000, 10, 3600000) * 1000000;
	cycles = param_int_or_fail("cycles", 0, 0, INT64_MAX);

	jitter.period = 1000000000 / hz;
	console_printf("jitter: measuring at %u Hz\n", hz);
	heartbeat_start();
	if (timer_start_periodic(hz, tick, &jitter))
		inmate_fail("jitter: the timer cannot do %u Hz", hz);
	interrupts_enable();
	measure(cycles, window_ns);
	timer_stop();
	print_window("total", &jitter.total);
	print_histogram();
	console_printf("jitter: shut down\n");
	inmate_shut_down();
}
