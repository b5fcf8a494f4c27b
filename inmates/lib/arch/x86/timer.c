// SPDX-License-Identifier: BSD-2-Clause
/* One timer a CPU: the APIC's counter, or the TSC deadline where the platform says that it is
 * there. */
#include "arch/x86/cpu.h"

#define MAX_DIVIDE_SHIFT 7
/* Keeps TSC arithmetic far from its limits; the counter's own limit is lower. */
#define MAX_ONESHOT_NS	 3600000000000ull

static bool has_deadline_timer(void)
{
	return comm_region()->apic_khz == 0;
}

static void start_deadline(uint64_t ticks, bool periodic)
{
	struct cpu *cpu = this_cpu();

	cpu->timer_period = periodic ? ticks : 0;
	apic_timer_start_deadline();
	cpu->timer_deadline = tsc_read() + ticks;
	wrmsr(MSR_TSC_DEADLINE, cpu->timer_deadline);
}

/* The finest divider with which the count fits its 32 bits. */
static int start_counter(uint64_t count, bool periodic)
{
	unsigned int shift = 0;

	while (shift < MAX_DIVIDE_SHIFT && count >> shift > UINT32_MAX)
		shift++;
	count >>= shift;
	if (count == 0 || count > UINT32_MAX)
		return -EINVAL;
	apic_timer_start(count, shift, periodic);
	return 0;
}

static int start(uint64_t tsc_ticks, uint64_t apic_ticks, bool periodic, interrupt_handler handler,
		 void *argument)
{
	struct cpu *cpu = this_cpu();
	bool enabled = interrupts_save();
	int err = 0;

	timer_stop();
	cpu->timer_handler = handler;
	cpu->timer_argument = argument;
	if (has_deadline_timer())
		start_deadline(tsc_ticks, periodic);
	else
		err = start_counter(apic_ticks, periodic);
	interrupts_restore(enabled);
	return err;
}

int timer_start_periodic(unsigned int hz, interrupt_handler handler, void *argument)
{
	volatile struct comm_region *comm = comm_region();

	if (hz == 0 || !handler)
		return -EINVAL;
	return start((comm->tsc_khz * 1000ull + hz / 2) / hz,
		     (comm->apic_khz * 1000ull + hz / 2) / hz, true, handler, argument);
}

int timer_start_oneshot(uint64_t ns, interrupt_handler handler, void *argument)
{
	if (ns == 0 || ns > MAX_ONESHOT_NS || !handler)
		return -EINVAL;
	/* Rounded up: never early. */
	return start(ns_to_tsc(ns) + 1, ns * comm_region()->apic_khz / 1000000 + 1, false, handler,
		     argument);
}

void timer_stop(void)
{
	struct cpu *cpu = this_cpu();
	bool enabled = interrupts_save();

	cpu->timer_period = 0;
	if (has_deadline_timer())
		wrmsr(MSR_TSC_DEADLINE, 0);
	apic_timer_stop();
	/* A tick that is already on its way finds nobody. */
	cpu->timer_handler = NULL;
	interrupts_restore(enabled);
}

void timer_interrupt(void)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->timer_handler)
		return;
	if (cpu->timer_period) {
		cpu->timer_deadline += cpu->timer_period;
		wrmsr(MSR_TSC_DEADLINE, cpu->timer_deadline);
	}
	cpu->timer_handler(cpu->timer_argument);
}
