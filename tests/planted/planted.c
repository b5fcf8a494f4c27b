// SPDX-License-Identifier: GPL-2.0-only
#include "core/planted.h"

#include "arch/arch.h"
#include "core/state.h"
#include "planted_faults.h"

static uint64_t pages_left; /* 0: no page is missing */
static unsigned int delay_ms;
static volatile unsigned int calls;

static void stay_away(unsigned int ms)
{
	uint64_t begin = arch_clock();
	unsigned int calls_before = calls;

	while (ms ? arch_clock() - begin < ms * arch_clock_khz() : calls == calls_before)
		arch_cpu_relax();
}

bool planted_known(uint32_t code)
{
	return code >= PLANTED_EXCEPTION && code <= PLANTED_CALL;
}

bool planted_hypercall(uint32_t code, uint64_t argument)
{
	switch (code) {
	case PLANTED_EXCEPTION:
		if (argument && spin_trylock(&management_lock))
			cpus_suspend(&(struct cpu_set){{argument >> 1}}, &(struct cpu_set){});
		__builtin_trap();
	case PLANTED_SILENCE:
		stay_away(argument);
		return true;
	case PLANTED_NO_PAGE:
		pages_left = argument + 1;
		return true;
	case PLANTED_DELAY:
		delay_ms = argument;
		return true;
	case PLANTED_CALL:
		calls++;
		return true;
	default:
		return false;
	}
}

bool planted_no_page(void)
{
	return pages_left && --pages_left == 0;
}

void planted_delay(void)
{
	if (delay_ms)
		stay_away(delay_ms);
}

void planted_step(enum image_step step)
{
	if (system_desc && system_desc->debug_console.address == PLANTED_STEP_PORT + step)
		stay_away(0);
}
