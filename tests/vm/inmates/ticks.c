// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts ticks in its heartbeat and does nothing that would exit for another reason: parameter
 * hz=N, or 0 to count as fast as it can, without interrupts.
 */
#include "inmate.h"

static void tick(void *argument)
{
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
	for (;;) {
		if (hz > 0)
			cpu_relax();
		else
			heartbeat_beat();
	}
}
