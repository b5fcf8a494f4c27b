// SPDX-License-Identifier: GPL-2.0-only
/*
 * The speed governor of a (simulated) steam turbine, 1000 cycles a second.
 *
 * The control cycle runs in the timer's interrupt handler, so that nothing that the main program
 * does, printing above all, can delay it. The main program reports, and watches for the end.
 *
 * Parameters:
 *   setpoint=RPM       speed to hold, 2700 … 3300 (3000)
 *   load=T:P,T:P…      load profile, s : percent of the rated power (0:40,1:60,11:30)
 *   load-period=S      the profile begins again after so many seconds; 0 never (20)
 *   cycles=N           ends with a summary after N cycles; 0 runs on (0)
 *   report-ms=MS       a line that often; 0 none (1000)
 *   deny-shutdown      refuses to be shut down
 *
 * Where the cell has the link "plant", operators command it by that, and it tells how it does
 * (turbine_link.h). No cycle exits for it but one in which an alarm comes: that one rings.
 */
#include "inmate_link.h"
#include "turbine_cycle.h"

#define CYCLE_HZ       TURBINE_TELEMETRY_HZ
#define CYCLE_S	       (1.0 / CYCLE_HZ)
#define FIRST_VECTOR   0x40
#define RAD_TO_DEGREES 57.29577951308232
/* The valve is closed well within that: a rate of 1/s from fully open, then the lag. */
#define CLOSING_CYCLES (3 * CYCLE_HZ)

static struct {
	double set_point;
	struct load_profile profile;
	uint64_t cycles; /* to run, 0: no end */
	uint64_t report_cycles;
	bool deny_shutdown;
} options;

static struct turbine turbine;
static struct turbine_exchange exchange;
static struct link link;
static struct cycle_clock at_limit; /* valid once options.cycles have run */

/* Linux takes the ring when it likes; nothing here waits for that. */
static void ring(void)
{
	if (link.own != TURBINE_PEER_LINUX &&
	    link_state(&link, TURBINE_PEER_LINUX) != LINK_STATE_OFF)
		link_ring(&link, TURBINE_PEER_LINUX,
			  link.vectors > TURBINE_ALARM_VECTOR ? TURBINE_ALARM_VECTOR : 0);
}

static void control_cycle(void *argument)
{
	struct turbine *t = argument;

	if (turbine_cycle(t, tsc_read()) && t->exchange)
		ring();
	/* Control goes on while the main program is still printing; the account ends here. */
	if (t->clock.cycles == options.cycles)
		at_limit = t->clock;
	heartbeat_beat();
}

static void snapshot(struct turbine *ret_copy)
{
	bool enabled = interrupts_save();

	*ret_copy = turbine;
	interrupts_restore(enabled);
}

static void report(const struct turbine *t)
{
	console_printf(
		"turbine: t=%.3fs cycle=%lu speed=%.1frpm valve=%.1f%% load=%.1f%% "
		"power=%.2fMW phase=%.1fdeg voltage=%.0fV skipped=%lu doubled=%lu "
		"unexpected=%lu%s\n",
		t->clock.cycles * CYCLE_S, t->clock.cycles, t->plant.speed * TURBINE_RATED_RPM,
		t->plant.valve * 100.0, t->plant.load * 100.0, t->plant.power * TURBINE_RATED_MW,
		t->plant.phase_angle * RAD_TO_DEGREES, t->voltage, t->clock.skipped,
		t->clock.doubled, interrupts_unexpected(), t->plant.tripped ? " TRIPPED" : "");
}

/* What was said of alarms last. */
struct told {
	uint32_t alarms, count;
	uint64_t cycle;
};

/*
 * The handler has rung already; this is for who reads the console. Operators that make alarms all
 * the time get no more than ten lines a second.
 */
static void report_alarms(const struct turbine *t, struct told *told)
{
	const struct turbine_control *control = &t->control;

	if ((control->alarm_count == told->count && control->alarms == told->alarms) ||
	    t->clock.cycles < told->cycle + CYCLE_HZ / 10)
		return;
	console_printf("turbine: alarms 0x%x at cycle %lu, since the last reset 0x%x%s\n",
		       control->alarms, t->clock.cycles, control->alarms_seen,
		       control->trip == TURBINE_TRIP_OVERSPEED ? ", TRIPPED by overspeed"
		       : control->trip == TURBINE_TRIP_COMMAND ? ", TRIPPED by command"
							       : "");
	*told = (struct told){control->alarms, control->alarm_count, t->clock.cycles};
}

static void summary(const struct turbine *t)
{
	const struct cycle_clock *clock =
		options.cycles && t->clock.cycles >= options.cycles ? &at_limit : &t->clock;
	uint64_t elapsed = tsc_to_ns(cycle_clock_elapsed(clock));

	console_printf("turbine: summary cycles=%lu elapsed=%.6fs skipped=%lu doubled=%lu "
		       "unexpected=%lu latest=%luns drift=%ldppm speed=%.1frpm valve=%.1f%%\n",
		       clock->cycles, elapsed / 1e9, clock->skipped, clock->doubled,
		       interrupts_unexpected(), tsc_to_ns(clock->latest),
		       cycle_clock_drift_ppm(clock), t->plant.speed * TURBINE_RATED_RPM,
		       t->plant.valve * 100.0);
}

static void read_options(void)
{
	static const char *const names[] = {"setpoint",	 "load",	  "load-period", "cycles",
					    "report-ms", "deny-shutdown", NULL};
	char text[128] = "0:40,1:60,11:30";

	params_require_known(names);
	options.set_point = param_int_or_fail("setpoint", 3000, 2700, 3300) / TURBINE_RATED_RPM;
	options.profile.period = param_int_or_fail("load-period", 20, 0, 86400);
	if (param_string("load", text, sizeof(text)) == -EINVAL ||
	    load_profile_parse(text, &options.profile))
		inmate_fail("parameter \"load=%s\": expected TIME:PERCENT,TIME:PERCENT... with "
			    "ascending seconds, percent up to 100 and at most %d steps",
			    text, TURBINE_MAX_LOAD_STEPS);
	options.cycles = param_int_or_fail("cycles", 0, 0, INT64_MAX);
	options.report_cycles = param_int_or_fail("report-ms", 1000, 0, 3600000) * CYCLE_HZ / 1000;
	options.deny_shutdown = param_bool_or_fail("deny-shutdown", false);
}

/* True when it is to end. */
static bool shutdown_wanted(void)
{
	if (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST)
		return false;
	if (!options.deny_shutdown)
		return true;
	console_printf("turbine: shutdown request denied\n");
	comm_reply(COMM_REPLY_DENIED);
	return false;
}

/*
 * The request is approved only when the valve is closed: once approved, this CPU may be taken away,
 * and a turbine under steam must not be left alone.
 */
static void close_valve(void)
{
	uint64_t deadline = turbine.clock.cycles + CLOSING_CYCLES;
	struct turbine copy;

	console_printf("turbine: shutting down, closing the valve\n");
	interrupts_disable();
	turbine.control.governor.closing = true;
	interrupts_enable();
	do {
		interrupts_disable();
		cpu_idle();
		snapshot(&copy);
	} while (copy.plant.valve > 0.0 && copy.clock.cycles < deadline);
	timer_stop();
	console_printf("turbine: valve %s after %lu cycles\n",
		       copy.plant.valve > 0.0 ? "NOT CLOSED" : "closed", copy.clock.cycles);
}

static void run(void)
{
	uint64_t next_report = options.report_cycles;
	struct told told = {0};
	struct turbine copy;

	for (;;) {
		interrupts_disable();
		/* No tick since the last look: wait for it. */
		cpu_idle();
		snapshot(&copy);
		if (options.report_cycles && copy.clock.cycles >= next_report) {
			report(&copy);
			next_report = copy.clock.cycles + options.report_cycles -
				      copy.clock.cycles % options.report_cycles;
		}
		report_alarms(&copy, &told);
		if (options.cycles && copy.clock.cycles >= options.cycles)
			return;
		if (shutdown_wanted())
			return;
	}
}

/* Without a link it is on its own, as its parameters say. */
static void open_link(void)
{
	int err = link_open(&link, TURBINE_LINK, FIRST_VECTOR);

	if (err == -ENOENT)
		return;
	if (err)
		inmate_fail("turbine: link \"" TURBINE_LINK "\" cannot be opened: error %d", -err);
	/* Commands are looked at in every cycle: who rings here would only disturb one. */
	link_register_write(link.registers, IVSHMEM_INT_CONTROL, 0);
	if (link_writer_init(&exchange.telemetry, link_output(&link, link.own), link.output_bytes,
			     sizeof(struct turbine_telemetry), comm_region()->tsc_khz) != LINK_OK)
		inmate_fail("turbine: the output section of \"" TURBINE_LINK "\" is too small");
	exchange.common = link.common;
	exchange.common_bytes = link.common_bytes;
	turbine.exchange = &exchange;
}

void inmate_main(void)
{
	struct turbine copy;

	read_options();
	turbine_start(&turbine, options.set_point, &options.profile,
		      ns_to_tsc(1000000000 / CYCLE_HZ));
	open_link();
	console_printf("turbine: governor at %d Hz, set point %.0f rpm, load %.0f%%%s\n", CYCLE_HZ,
		       options.set_point * TURBINE_RATED_RPM, turbine.plant.load * 100.0,
		       turbine.exchange ? ", commanded by link \"" TURBINE_LINK "\"" : "");
	heartbeat_start();
	if (timer_start_periodic(CYCLE_HZ, control_cycle, &turbine))
		inmate_fail("turbine: the timer cannot do %d Hz", CYCLE_HZ);
	interrupts_enable();
	if (turbine.exchange)
		link_set_state(link.registers, LINK_STATE_READY);
	run();
	snapshot(&copy);
	summary(&copy);
	close_valve();
	if (turbine.exchange)
		link_set_state(link.registers, LINK_STATE_OFF);
	console_printf("turbine: shut down\n");
	inmate_shut_down();
}
