// SPDX-License-Identifier: BSD-2-Clause
/* Further CPUs of the cell. */
#include "arch/x86/apic.h"
#include "arch/x86/cpu.h"

#define STARTUP_PAGE	 0 /* inmate_entry */
#define COMMAND_INIT	 (ICR_INIT | ICR_ASSERT | ICR_TO_OTHERS)
#define COMMAND_STARTUP	 (ICR_STARTUP | ICR_ASSERT | STARTUP_PAGE | ICR_TO_OTHERS)
#define INIT_DELAY_US	 10000
#define STARTUP_DELAY_US 200

static unsigned int online_cpus(void)
{
	unsigned int count = 0;

	for (unsigned int n = 0; n < INMATE_MAX_CPUS; n++)
		count += __atomic_load_n(&cpus[n].online, __ATOMIC_ACQUIRE);
	return count;
}

/* A machine without the hypervisor starts one CPU only. */
#define GATHER_NS 10000000ull

void smp_gather(void)
{
	uint64_t begin = time_ns();
	unsigned int expected = comm_region()->num_cpus;

	while (__atomic_load_n(&cpus_arrived, __ATOMIC_ACQUIRE) < expected) {
		if (time_ns() - begin > GATHER_NS)
			return;
		cpu_relax();
	}
	/* For the next start, which may find memory as it is now. */
	__atomic_store_n(&cpus_arrived, 0, __ATOMIC_RELEASE);
}

unsigned int smp_start(uint64_t timeout_ns)
{
	uint64_t begin = time_ns();
	unsigned int expected = comm_region()->num_cpus;

	if (expected > INMATE_MAX_CPUS)
		expected = INMATE_MAX_CPUS;
	cpus[0].online = true;
	if (expected <= 1)
		return 1;
	__atomic_store_n(&smp_starting, 1, __ATOMIC_SEQ_CST);
	/* The universal start-up algorithm (MP specification, B.4). Only CPUs of the own cell hear
	 * it. */
	apic_send(0, COMMAND_INIT);
	udelay(INIT_DELAY_US);
	apic_send(0, COMMAND_STARTUP);
	udelay(STARTUP_DELAY_US);
	apic_send(0, COMMAND_STARTUP);
	while (online_cpus() < expected && time_ns() - begin < timeout_ns)
		cpu_relax();
	if (online_cpus() == expected)
		__atomic_store_n(&smp_starting, 0, __ATOMIC_SEQ_CST);
	return online_cpus();
}

void smp_wait_for_work(void)
{
	struct cpu *cpu = this_cpu();
	void (*function)(void *argument);

	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	for (;;) {
		interrupts_disable();
		function = __atomic_load_n(&cpu->function, __ATOMIC_ACQUIRE);
		if (!function) {
			cpu_idle();
			continue;
		}
		interrupts_enable();
		function(cpu->function_argument);
		__atomic_store_n(&cpu->function, NULL, __ATOMIC_RELEASE);
	}
}

int smp_run(unsigned int index, void (*function)(void *argument), void *argument)
{
	struct cpu *cpu;

	if (index >= INMATE_MAX_CPUS || index == cpu_index() || index == 0 ||
	    !__atomic_load_n(&cpus[index].online, __ATOMIC_ACQUIRE))
		return -EINVAL;
	cpu = &cpus[index];
	if (smp_busy(index))
		return -EBUSY;
	cpu->function_argument = argument;
	__atomic_store_n(&cpu->function, function, __ATOMIC_RELEASE);
	apic_send(cpu->apic_id, ICR_FIXED | ICR_ASSERT | INTERRUPT_CALL);
	return 0;
}

bool smp_busy(unsigned int index)
{
	return index < INMATE_MAX_CPUS && __atomic_load_n(&cpus[index].function, __ATOMIC_ACQUIRE);
}
