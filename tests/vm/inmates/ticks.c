// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts ticks in its heartbeat, polls for a request to shut down and does nothing that would exit
 * for another reason: parameter hz=N, or 0 for no timer and no interrupts, where it counts as fast
 * as it polls. Console, when it is stopped: "ticks: N", 0 without a timer.
 */
#include "inmate.h"

static volatile unsigned int ticks;

static void tick(void *argument)
{
	ticks++;
	heartbeat_beat();
}

void inmate_main(void)
{
	int64_t hz = param_int_or_fail("hz", 0, 0, 20000);

	heartbeat_start();
	if (hz > 0) {
		timer_start_periodic(hz, tick, NULL);
		interrupts_enable();
	}
	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST) {
		cpu_relax();
		if (hz == 0)
			heartbeat_beat();
	}
	timer_stop();
	console_printf("ticks: %u\n", ticks);
	inmate_shut_down();
}
