// SPDX-License-Identifier: BSD-2-Clause
/* Time from the processor's counter, scaled in 128 bits so that nothing wraps or drifts. */
#include "arch/x86/cpu.h"

#define SHIFT	  40
#define NS_PER_MS 1000000ull

static uint64_t ns_per_tick; /* 2^SHIFT times */
static uint64_t ticks_per_ns;
static uint64_t start_tsc;

void time_setup(void)
{
	uint64_t khz = comm_region()->tsc_khz;

	if (khz == 0)
		inmate_fail("the communication region tells no TSC frequency (tsc_khz is 0)");
	ns_per_tick = (NS_PER_MS << SHIFT) / khz;
	ticks_per_ns = (khz << SHIFT) / NS_PER_MS;
	start_tsc = tsc_read();
}

uint64_t tsc_read(void)
{
	uint32_t low, high;

	/* Not before what the program did before it (APM vol. 3, RDTSC). */
	asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

uint64_t tsc_to_ns(uint64_t ticks)
{
	return (unsigned __int128)ticks * ns_per_tick >> SHIFT;
}

uint64_t ns_to_tsc(uint64_t ns)
{
	return (unsigned __int128)ns * ticks_per_ns >> SHIFT;
}

uint64_t time_ns(void)
{
	return tsc_to_ns(tsc_read() - start_tsc);
}

void udelay(uint64_t us)
{
	uint64_t begin = tsc_read(), ticks = ns_to_tsc(us * 1000);

	while (tsc_read() - begin < ticks)
		cpu_relax();
}
