// SPDX-License-Identifier: GPL-2.0-only
/*
 * Orders a fault of the hypervisor on its own CPU, from an image that has them planted.
 *
 * Parameters: fault= and argument=, as in planted_faults.h; delay-ms= (1000) before it.
 */
#include "inmate.h"
#include "planted_faults.h"

void inmate_main(void)
{
	static const char *const names[] = {"fault", "argument", "delay-ms", NULL};
	int64_t fault, argument, delay_ms;

	params_require_known(names);
	fault = param_int_or_fail("fault", PLANTED_SILENCE, PLANTED_EXCEPTION, PLANTED_DELAY);
	argument = param_int_or_fail("argument", 0, 0, INT32_MAX);
	delay_ms = param_int_or_fail("delay-ms", 1000, 0, INT32_MAX);
	console_printf("planted: in %ld ms\n", delay_ms);
	udelay(delay_ms * 1000);
	hypercall((enum cell_hypercall)fault, argument, 0);
	console_printf("planted: back\n");
	while (comm_poll() != COMM_MSG_SHUTDOWN_REQUEST)
		udelay(1000);
	inmate_shut_down();
}
