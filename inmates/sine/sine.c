// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calculates a sine a thousand times a second and writes it into its block of a link; every so many
 * cycles it rings all peers that say they are ready. Whoever writes the common section's block says
 * how large the sine is and how long it takes, in place of the parameters.
 *
 * Parameters:
 *   to=NAME         the link (plant)
 *   amplitude=N     (100)
 *   period-ms=N     of the sine (1000)
 *   ring-every=N    cycles; 0: never (10)
 *   cycles=N        ends after that many; 0: when it is asked to (0)
 */
#include <math.h>

#include "inmate_link.h"
#include "sine_block.h"

#define FIRST_VECTOR 0x40
#define TWO_PI	     6.283185307179586

static struct {
	char to[48];
	struct sine_command command;
	uint64_t ring_every, cycles;
} options;

static struct link link;
static struct link_writer writer;
static uint64_t cycle, commands;
static double angle; /* so that the curve has no steps when the period changes */

static void read_options(void)
{
	static const char *const names[] = {"to",	  "amplitude", "period-ms",
					    "ring-every", "cycles",    NULL};

	params_require_known(names);
	format_string(options.to, sizeof(options.to), "plant");
	if (param_string("to", options.to, sizeof(options.to)) == -EINVAL)
		inmate_fail("parameter \"to\": expected the name of a link");
	options.command.amplitude = param_int_or_fail("amplitude", 100, 0, 1000000);
	options.command.period = param_int_or_fail("period-ms", 1000, 2, 86400000) / 1000.0;
	options.ring_every = param_int_or_fail("ring-every", 10, 0, 1000000);
	options.cycles = param_int_or_fail("cycles", 0, 0, INT64_MAX);
}

static void ring_who_is_ready(void)
{
	for (unsigned int peer = 0; peer < link.peers; peer++) {
		if (peer != link.own && link_state(&link, peer) == LINK_STATE_READY)
			link_ring(&link, peer, 0);
	}
}

/* Where nobody has written one, or nothing sensible, the last one stays. */
static void take_command(void)
{
	struct sine_command command;
	struct link_stamp stamp;

	if (!link.common || link_read(link.common, link.common_bytes, 0, &command, sizeof(command),
				      &stamp) != LINK_OK)
		return;
	if (!sine_command_is_good(&command))
		return;
	commands += memcmp(&command, &options.command, sizeof(command)) != 0;
	options.command = command;
}

static void calculate(void *argument)
{
	struct sine_block block;

	take_command();
	cycle++;
	angle += TWO_PI / (options.command.period * SINE_CYCLE_HZ);
	if (angle >= TWO_PI)
		angle -= TWO_PI;
	block.seconds = (double)cycle / SINE_CYCLE_HZ;
	block.value = options.command.amplitude * sin(angle);
	block.cycle = cycle;
	block.check = sine_check(&block);
	link_write(&writer, 0, &block, sizeof(block), tsc_read());
	heartbeat_beat();
	if (options.ring_every && cycle % options.ring_every == 0)
		ring_who_is_ready();
}

static bool is_at_end(void)
{
	uint64_t cycles = __atomic_load_n(&cycle, __ATOMIC_RELAXED);

	return (options.cycles && cycles >= options.cycles) ||
	       comm_poll() == COMM_MSG_SHUTDOWN_REQUEST;
}

void inmate_main(void)
{
	int err;

	read_options();
	err = link_open(&link, options.to, FIRST_VECTOR);
	if (err)
		inmate_fail("sine: link \"%s\" cannot be opened: error %d; is it in this cell's "
			    "\"shared-memory\"?",
			    options.to, -err);
	if (link_writer_init(&writer, link_output(&link, link.own), link.output_bytes,
			     sizeof(struct sine_block), comm_region()->tsc_khz) != LINK_OK)
		inmate_fail("sine: the output section of \"%s\" is too small", options.to);
	link_set_state(link.registers, LINK_STATE_READY);
	console_printf("sine: peer %u of \"%s\", amplitude %.0f, period %.3f s\n", link.own,
		       options.to, options.command.amplitude, options.command.period);
	heartbeat_start();
	if (timer_start_periodic(SINE_CYCLE_HZ, calculate, NULL))
		inmate_fail("sine: the timer cannot do %d Hz", SINE_CYCLE_HZ);
	do {
		interrupts_disable();
		cpu_idle();
	} while (!is_at_end());
	timer_stop();
	link_set_state(link.registers, LINK_STATE_OFF);
	console_printf("sine: %lu cycles, %lu commands\n", cycle, commands);
	inmate_shut_down();
}
